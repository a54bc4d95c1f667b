// abseil's string functions for std::string_view.
//
// Whether absl::string_view is std::string_view depends on how a distribution built abseil (Debian
// 12: it is not), so arguments are converted here and nowhere else.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace hfoffline::cli {

inline absl::string_view to_absl(std::string_view text) { return {text.data(), text.size()}; }

template <class T>
decltype(auto) cat_argument(const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return to_absl(value);
  } else {
    return (value);
  }
}

template <class... Values>
std::string cat(const Values&... values) {
  return absl::StrCat(cat_argument(values)...);
}
template <class... Values>
void append(std::string* text, const Values&... values) {
  absl::StrAppend(text, cat_argument(values)...);
}

// The parts of `text` between any of the bytes `separators`; points into `text`.
std::vector<std::string_view> split(std::string_view text, std::string_view separators);
std::vector<std::string_view> split_skipping_empty(std::string_view text,
                                                   std::string_view separators);

template <class Texts>
std::string join(const Texts& texts, std::string_view between) {
  std::string result;
  bool first = true;
  for (const auto& text : texts) {
    if (!first) result.append(between);
    first = false;
    result.append(text);
  }
  return result;
}

std::string replace_all(
    std::string_view text,
    std::initializer_list<std::pair<std::string_view, std::string_view>> replacements);

std::string_view strip_blanks(std::string_view text);  // spaces, tabs and line ends at both sides

}  // namespace hfoffline::cli
