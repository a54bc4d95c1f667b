// Text by whole words. They never reach into a page that the text is not in, but what checks memory
// by the byte (Valgrind) may complain of the bytes beside it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hfoffline::shim {

inline constexpr std::uint64_t kOneInEachByte = 0x0101010101010101;

// The lowest bit that is set is the highest of the first byte that is zero; 0 if none is. Both
// architectures are little-endian: the first byte is the lowest.
inline std::uint64_t first_zero_byte(std::uint64_t word) {
  return (word - kOneInEachByte) & ~word & (kOneInEachByte << 7);
}

// Where a text ends: `end_of(word)` is as first_zero_byte(). Does not look for the end behind
// `most` bytes; the result may be up to seven bytes more.
template <class EndOf>
__attribute__((always_inline)) inline std::size_t length_by_words(const char* text,
                                                                  std::size_t most, EndOf end_of) {
  const std::size_t before = reinterpret_cast<std::uintptr_t>(text) % 8;
  const char* at = text - before;
  std::uint64_t word;
  __builtin_memcpy(&word, __builtin_assume_aligned(at, 8), 8);
  // What stands before the text counts as no end.
  word |= (std::uint64_t{1} << (8 * before)) - 1;
  for (;;) {
    const std::uint64_t end = end_of(word);
    if (end != 0) return static_cast<std::size_t>(at - text + __builtin_ctzll(end) / 8);
    at += 8;
    if (static_cast<std::size_t>(at - text) >= most) return static_cast<std::size_t>(at - text);
    __builtin_memcpy(&word, __builtin_assume_aligned(at, 8), 8);
  }
}
inline std::size_t length_by_words(const char* text, std::size_t most = SIZE_MAX) {
  return length_by_words(text, most, first_zero_byte);
}

}  // namespace hfoffline::shim
