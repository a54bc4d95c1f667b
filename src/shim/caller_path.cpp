#include "shim/caller_path.h"

#include <errno.h>

#include "core/sys.h"
#include "shim/valgrind.h"

namespace hfoffline::shim {

// This call copies the path in, and fails for its empty second path before it does anything.
bool is_readable_path(const char* path) {
  return sys::call(SYS_symlinkat, sys::word(path), -1, sys::word("")) != -EFAULT;
}

std::size_t bytes_of_text(const char* text) {
  if (text == nullptr) return 0;
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = kOnes * 0x80;
  std::size_t length = 0;
  // Eight at a time, from where they cannot reach into another page. Valgrind would ask what is
  // behind the end.
  while (length < kMostPathBytes && text[length] != '\0') {
    ++length;
    if (reinterpret_cast<std::uintptr_t>(text + length) % 8 != 0 || runs_in_valgrind()) continue;
    while (length + 8 <= kMostPathBytes) {
      std::uint64_t word;
      __builtin_memcpy(&word, text + length, 8);
      if (((word - kOnes) & ~word & kHighs) != 0) break;
      length += 8;
    }
  }
  return length + 1;
}

std::size_t bytes_of_path(const char* path) {
  return path != nullptr && is_readable_path(path) ? bytes_of_text(path) : 0;
}

char* copy_of_text(const char* text, std::size_t bytes, void* memory) {
  if (bytes == 0) return const_cast<char*>(text == nullptr ? nullptr : unreadable_path());
  auto* copy = static_cast<char*>(memory);
  __builtin_memcpy(copy, text, bytes - 1);
  copy[bytes - 1] = '\0';
  return copy;
}

}  // namespace hfoffline::shim
