// A caller's path, copied and looked over in one pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/path.h"

namespace hfoffline::shim {

// Lives on the stack. Longer paths do not fit: they are for caller_path.h.
class ShortPath {
 public:
  // Reads whole blocks of memory, never into a page that the path is not in: what checks memory by
  // the byte (Valgrind) may complain.
  explicit ShortPath(const char* path) {
    std::uint64_t last_is_slash = 0;  // of the block before, its last byte in the lowest place
    std::uint64_t doubtful = 0;
    while (size_ + sizeof(Bytes) <= sizeof(text_)) {
      const Bytes block = block_at(path + size_);
      __builtin_memcpy(text_ + size_, &block, sizeof(block));
      const Halves slashes = halves_of(block == '/');
      const Halves slashes_and_dots = halves_of((block | 1) == '/');  // 0x2f and 0x2e
      const Halves ends = halves_of(block == 0);
      doubtful |= slashes_and_dots.low & (slashes.low << 8 | last_is_slash);
      doubtful |= slashes_and_dots.high & (slashes.high << 8 | slashes.low >> 56);
      if ((ends.low | ends.high) != 0) {
        size_ += ends.low != 0 ? first_byte(ends.low) : 8 + first_byte(ends.high);
        // What comes behind the end in the last block may be doubtful for nothing.
        is_plain_ = (doubtful == 0 && text_[0] != '.') || is_plain(text());
        return;
      }
      last_is_slash = slashes.high >> 56;
      size_ += sizeof(Bytes);
    }
  }

  // False as well where the path did not fit: there is no text then.
  bool is_plain_text() const { return is_plain_; }
  std::string_view text() const { return {text_, size_}; }

 private:
  using Bytes = std::uint8_t __attribute__((vector_size(16)));
  using Words = std::uint64_t __attribute__((vector_size(16)));
  struct Halves {
    std::uint64_t low, high;
  };
  template <class Mask>
  static Halves halves_of(Mask mask) {
    const auto words = reinterpret_cast<Words>(mask);
    return {words[0], words[1]};
  }
  static Bytes block_at(const char* text) {
    constexpr std::uintptr_t kPage = 4096;  // or more
    Bytes block{};
    if (reinterpret_cast<std::uintptr_t>(text) % kPage <= kPage - sizeof(Bytes)) {
      __builtin_memcpy(&block, text, sizeof(block));
      return block;
    }
    char bytes[sizeof(Bytes)] = {};
    for (std::size_t i = 0; i < sizeof(bytes); ++i) {
      bytes[i] = text[i];
      if (bytes[i] == '\0') break;
    }
    __builtin_memcpy(&block, bytes, sizeof(block));
    return block;
  }
  // Both architectures are little-endian.
  static std::size_t first_byte(std::uint64_t mask) {
    return static_cast<std::size_t>(__builtin_ctzll(mask)) / 8;
  }

  char text_[1024];
  std::size_t size_ = 0;
  bool is_plain_ = false;
};

}  // namespace hfoffline::shim
