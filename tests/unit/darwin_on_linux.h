// What code for macOS asks of the kernel, answered by Linux: as far as it is POSIX, the same code
// can be tried here. Included before everything else by the compiler; tests only.
#pragma once

#include <fcntl.h>
#include <sys/param.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "core/sys.h"

#define O_EVTONLY O_PATH

namespace hfoffline::sys {

inline long path_of(int descriptor, char* path, std::size_t size) {
  char link[64];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
  const long length = readlinkat(kCurrentDirectory, link, path, size - 1);
  if (length < 0) return length;
  path[length] = '\0';
  return length + 1;
}

inline long pread(int descriptor, void* buffer, std::size_t size, std::uint64_t offset) {
  return call(SYS_pread64, descriptor, word(buffer), static_cast<long>(size),
              static_cast<long>(offset));
}

}  // namespace hfoffline::sys
