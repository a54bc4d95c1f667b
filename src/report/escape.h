// Texts of records inside of other formats. A record holds whatever programs called things, so
// nothing of it is written anywhere but through one of these. Pure.
#pragma once

#include <string>
#include <string_view>

namespace hfoffline::report {

// For people: control characters, what turns the direction of writing, and broken UTF-8 are made
// visible ("\x1B").
std::string display(std::string_view text);

// The same as the text or the attribute of an HTML or XML element.
std::string markup(std::string_view text);

// Appends the inside of a JSON string; bytes that are not UTF-8 become U+FFFD.
void append_json(std::string_view text, std::string* out);
std::string json(std::string_view text);  // with the quotes around it

// For a workflow command of GitHub Actions: what is behind its "::", and one of its properties.
std::string github_message(std::string_view text);
std::string github_property(std::string_view text);

// A path as that of a URI: everything but letters, digits and "-._~/" as %XX.
std::string uri_path(std::string_view path);

// At most `columns` columns, counted as characters; "..." stands for the middle of what is longer.
std::string shorten(std::string_view text, std::size_t columns);

// Breaks `text` at blanks into lines of at most `width` columns; each but the first starts with
// `indent` blanks, which do not count. A word that is longer than a line is not broken.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace hfoffline::report
