#include "shim/caller_path.h"

#include <errno.h>

#include "core/sys.h"
#include "shim/text_words.h"
#include "shim/valgrind.h"

namespace hfoffline::shim {

// This call copies the path in, and fails for its empty second path before it does anything.
bool is_readable_path(const char* path) {
  return sys::call(SYS_symlinkat, sys::word(path), -1, sys::word("")) != -EFAULT;
}

std::size_t bytes_of_text(const char* text) {
  if (text == nullptr) return 0;
  std::size_t length = 0;
  if (runs_in_valgrind()) {
    while (length < kMostPathBytes && text[length] != '\0') ++length;
  } else {
    length = length_by_words(text, kMostPathBytes);
  }
  return (length < kMostPathBytes ? length : kMostPathBytes) + 1;
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
