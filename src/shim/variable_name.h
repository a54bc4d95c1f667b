// Names of variables as they stand in memory, by whole words (text_words.h): getenv is felt by
// programs that ask all the time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shim/text_words.h"

namespace hfoffline::shim {

// How many bytes there are before a NUL or '='.
inline std::size_t length_of_name(const char* text) {
  return length_by_words(text, SIZE_MAX, [](std::uint64_t word) {
    // A byte is falsely told to be zero only behind one that is: the first is right.
    return first_zero_byte(word) | first_zero_byte(word ^ (kOneInEachByte * '='));
  });
}

// The value in an entry "NAME=VALUE" if this is its name, which ends at its NUL; else null.
__attribute__((noinline)) inline const char* value_if_named(const char* entry, const char* name) {
  constexpr std::uintptr_t kPage = 4096;  // or more
  for (;; entry += 8, name += 8) {
    if (reinterpret_cast<std::uintptr_t>(entry) % kPage > kPage - 8 ||
        reinterpret_cast<std::uintptr_t>(name) % kPage > kPage - 8) {
      break;
    }
    std::uint64_t theirs;
    std::uint64_t wanted;
    __builtin_memcpy(&theirs, entry, 8);
    __builtin_memcpy(&wanted, name, 8);
    const std::uint64_t end = first_zero_byte(wanted);
    if (end == 0) {
      if (theirs != wanted) return nullptr;
      continue;
    }
    const std::uint64_t before_end = ((end & -end) >> 7) - 1;
    const auto length = static_cast<std::size_t>(__builtin_ctzll(end)) / 8;
    if (((theirs ^ wanted) & before_end) != 0 || entry[length] != '=') return nullptr;
    return entry + length + 1;
  }
  while (*name != '\0' && *entry == *name) ++entry, ++name;
  return *name == '\0' && *entry == '=' ? entry + 1 : nullptr;
}

}  // namespace hfoffline::shim
