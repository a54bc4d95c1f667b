// Writing from inside somebody else's program, which must not get the signals of our writes.
#pragma once

#include <cstddef>

namespace hfoffline::shim {

struct WritePart {
  const void* data;
  std::size_t size;
};

// writev(2) in one call; the result is the kernel's, -errno if it failed. The SIGPIPE of a pipe
// without a reader and the SIGXFSZ of a file-size limit are held back and taken away again, unless
// they were pending before. Async-signal-safe; keeps errno.
long write_quietly(int descriptor, const WritePart* parts, std::size_t count);

}  // namespace hfoffline::shim
