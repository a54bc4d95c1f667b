#include "shim/quiet_write.h"

#include "core/sys.h"

namespace hfoffline::shim {

// The kernel sends SIGPIPE to the process and not to the thread, so that holding it back here would
// not do: the descriptor is told to send none, and told otherwise again.
long write_quietly(int descriptor, const WritePart* parts, std::size_t count) {
  const bool told =
      sys::fcntl(descriptor, F_GETNOSIGPIPE) == 0 && sys::fcntl(descriptor, F_SETNOSIGPIPE, 1) == 0;
  // One write for all parts, or a line could be torn.
  static_assert(sizeof(WritePart) == sizeof(struct iovec));
  const long written = sys::kept([&] {
    return writev_uncancelled(descriptor, reinterpret_cast<const struct iovec*>(parts),
                              static_cast<int>(count));
  });
  if (told) sys::fcntl(descriptor, F_SETNOSIGPIPE, 0);
  return written;
}

}  // namespace hfoffline::shim
