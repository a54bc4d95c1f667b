// What each type of setting accepts: the same for a file, a variable and a flag. Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/config.h"

namespace hfoffline {

// What is wrong with a value: a clause to follow "[egress] allow: ", the byte to point at, and what
// to do.
struct ValueMistake {
  std::size_t offset = 0;
  char problem[256] = "";
  char hint[256] = "";
};

// Checks a scalar, or one item of a list. A boolean is "true" or "false". Values from the outside
// can be any bytes: nothing is assumed of them.
bool check_value(ValueType type, std::string_view value, const PresetNames& presets,
                 ValueMistake& mistake);

// The words that a type of setting is one of, in an array of its own that lives forever. None for a
// type whose values are more than a few words.
const std::string_view* choices_of(ValueType type, std::size_t* count);

// What the type wants in a config file: "true or false", "a string", "an array of strings".
std::string_view expected_in_file(ValueType type);

}  // namespace hfoffline
