// Paths as text: what can be said about them without asking the kernel. Pure.
#pragma once

#include <string_view>

namespace hfoffline {

// Whether `path` is `tree` or below it, on component boundaries: "/models" holds "/models/a" and
// not
// "/modelsX". Both absolute and without "." or ".." components; `tree` has no trailing slash.
bool is_at_or_below(std::string_view path, std::string_view tree);

// Whether a component of the path is "..".
bool has_parent_component(std::string_view path);

// Whether an absolute path, read as text and with "//" and "/./" skipped, names `tree` or something
// below it. Only meaningful for a path without ".." components.
bool lexically_below(std::string_view path, std::string_view tree);

// Whether the path has no "//", "." or ".." component, and no NUL, so that its bytes can be
// compared as they are. One pass; a component that starts with two dots counts as one of those.
bool is_plain(std::string_view path);

struct SplitPath {
  std::string_view parent;  // "" : the directory the path is relative to; keeps "/" for the root
  std::string_view last;    // "" : the path has no last component ("/", "//", "")
  bool trailing_slash = false;
};
// "a/b//" -> parent "a/", last "b", trailing slash.
SplitPath split_path(std::string_view path);

}  // namespace hfoffline
