// A text of the caller's, copied once: what is judged is what the kernel gets, whatever another
// thread or process writes there meanwhile.
//
//   COPY_PATH(path);  // a parameter: now the copy, as long as the calling function runs
//   if (is_text(path)) ... judge it ...
//   return NEXT(...)(path);
//
// On the caller's stack, as much of it as the path is long. Null stays null. Async-signal-safe,
// safe between vfork and exec; keeps errno.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shim/mapping.h"

namespace hfoffline::shim {

// As much as the kernel reads. A path that has no NUL by then is cut off here, and too long for the
// kernel all the same (ENAMETOOLONG).
inline constexpr std::size_t kMostPathBytes = 4096;

// Two of these fit on any stack.
inline constexpr std::size_t kShortPathBytes = 1024;

// Stands in for a path that cannot be read: the kernel says EFAULT of it, and nobody can give this
// address memory meanwhile.
inline const char* unreadable_path() { return reinterpret_cast<const char*>(~std::uintptr_t{0}); }
inline bool is_text(const char* path) { return path != unreadable_path(); }

// Whether the kernel can read the path; reading a wild pointer here would kill the program. One
// system call.
bool is_readable_path(const char* path);

// How much a copy takes: 0 if there is nothing to copy.
std::size_t bytes_of_text(const char* text);
std::size_t bytes_of_path(const char* path);
char* copy_of_text(const char* text, std::size_t bytes, void* memory);

// A block of fixed size, such as openat2's struct open_how. Null stays null.
template <class T>
T* copy_of_block(T* block, std::size_t bytes, void* memory) {
  if (block == nullptr) return nullptr;
  __builtin_memcpy(memory, block, bytes);
  return static_cast<T*>(memory);
}

}  // namespace hfoffline::shim

#define COPY_PATH(path)                                                  \
  const std::size_t path##_bytes = hfoffline::shim::bytes_of_path(path); \
  path = hfoffline::shim::copy_of_text(path, path##_bytes, __builtin_alloca(path##_bytes))

// The same for the second of two paths: where there is room for one long path, there may be none
// for two. To be used where the calling function itself goes on to the next, and neither cancels
// nor execs.
#define COPY_SECOND_PATH(path)                                             \
  const std::size_t path##_bytes = hfoffline::shim::bytes_of_path(path);   \
  const hfoffline::shim::Mapping path##_mapping(                           \
      path##_bytes > hfoffline::shim::kShortPathBytes ? path##_bytes : 0); \
  path = hfoffline::shim::copy_of_text(                                    \
      path, path##_bytes,                                                  \
      path##_mapping.get() != nullptr ? path##_mapping.get() : __builtin_alloca(path##_bytes))

// The same without asking whether it can be read, for what libc itself reads, or where a system
// call more is too many.
#define COPY_TEXT(text)                                                  \
  const std::size_t text##_bytes = hfoffline::shim::bytes_of_text(text); \
  text = hfoffline::shim::copy_of_text(text, text##_bytes, __builtin_alloca(text##_bytes))

#define COPY_BLOCK(block, bytes) \
  block = hfoffline::shim::copy_of_block(block, bytes, __builtin_alloca(bytes))
