// TOML 1.0 integers. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace hfoffline {

// Reads the whole of `text` as an integer in any of TOML's four bases. On failure returns false and
// points *why to a static English clause, or leaves it empty if `text` does not look like an
// integer.
bool parse_toml_integer(std::string_view text, std::int64_t* value, std::string_view* why);

// "a float", "a date or time", or empty if `text` looks like neither. Good for naming what was
// found, not for telling whether it is valid.
std::string_view name_other_number(std::string_view text);

}  // namespace hfoffline
