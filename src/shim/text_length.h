// strlen by whole aligned words. They never reach into a page that the text is not in, but what
// checks memory by the byte (Valgrind) may complain of the bytes beside it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hfoffline::shim {

// Does not look for the end behind `most` bytes; the result may be up to seven bytes more.
inline std::size_t length_by_words(const char* text, std::size_t most = SIZE_MAX) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = kOnes * 0x80;
  const std::size_t before = reinterpret_cast<std::uintptr_t>(text) % 8;
  const char* at = text - before;
  std::uint64_t word;
  __builtin_memcpy(&word, __builtin_assume_aligned(at, 8), 8);
  // What stands before the text counts as no end.
  word |= (std::uint64_t{1} << (8 * before)) - 1;
  for (;;) {
    // Both architectures are little-endian: the lowest bit is the first end's.
    const std::uint64_t ends = (word - kOnes) & ~word & kHighs;
    if (ends != 0) return static_cast<std::size_t>(at - text + __builtin_ctzll(ends) / 8);
    at += 8;
    if (static_cast<std::size_t>(at - text) >= most) return static_cast<std::size_t>(at - text);
    __builtin_memcpy(&word, __builtin_assume_aligned(at, 8), 8);
  }
}

}  // namespace hfoffline::shim
