#include "shim/quiet_write.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "core/sys.h"

namespace hfoffline::shim {

long write_quietly(int descriptor, const WritePart* parts, std::size_t count) {
  constexpr std::uint64_t kHeld = std::uint64_t{1} << (SIGPIPE - 1) | std::uint64_t{1}
                                                                          << (SIGXFSZ - 1);
  std::uint64_t before = 0;
  std::uint64_t pending = 0;
  sys::call(SYS_rt_sigprocmask, SIG_BLOCK, sys::word(&kHeld), sys::word(&before), 8);
  sys::call(SYS_rt_sigpending, sys::word(&pending), 8);
  const long written =
      sys::call(SYS_writev, descriptor, sys::word(parts), static_cast<long>(count));
  // A write that a limit cuts short raises nothing; the next one would.
  if (written == -EPIPE || written == -EFBIG) {
    const std::uint64_t raised = kHeld & ~pending;
    struct timespec now = {0, 0};
    if (raised != 0) sys::call(SYS_rt_sigtimedwait, sys::word(&raised), 0, sys::word(&now), 8);
  }
  sys::call(SYS_rt_sigprocmask, SIG_SETMASK, sys::word(&before), 0, 8);
  return written;
}

}  // namespace hfoffline::shim
