#include "shim/message.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "core/sys.h"

namespace hfoffline::shim {
namespace {

constexpr int kStderr = 2;
sys::FileId stderr_id;

bool takes_output_now() {
  struct pollfd request = {kStderr, POLLOUT, 0};
  struct timespec now = {0, 0};
  return sys::call(SYS_ppoll, sys::word(&request), 1, sys::word(&now), 0, 8) == 1 &&
         (request.revents & POLLOUT) != 0;
}

// A write to a pipe without a reader raises SIGPIPE in this thread: hold it back, and take it away
// again if it was not pending before.
void write_without_sigpipe(std::string_view line) {
  const std::uint64_t only_sigpipe = std::uint64_t{1} << (SIGPIPE - 1);
  std::uint64_t before = 0;
  std::uint64_t pending = 0;
  sys::call(SYS_rt_sigprocmask, SIG_BLOCK, sys::word(&only_sigpipe), sys::word(&before), 8);
  sys::call(SYS_rt_sigpending, sys::word(&pending), 8);
  const long written = sys::write(kStderr, line.data(), line.size());
  if (written == -32 /* EPIPE */ && (pending & only_sigpipe) == 0) {
    struct timespec now = {0, 0};
    sys::call(SYS_rt_sigtimedwait, sys::word(&only_sigpipe), 0, sys::word(&now), 8);
  }
  sys::call(SYS_rt_sigprocmask, SIG_SETMASK, sys::word(&before), 0, 8);
}

}  // namespace

void remember_stderr() {
  sys::Stat status;
  if (sys::fstat(kStderr, &status) == 0) stderr_id = sys::id_of(status);
}

void write_message(std::string_view line) {
  sys::Stat status;
  if (stderr_id.ino == 0 || sys::fstat(kStderr, &status) != 0 || !(sys::id_of(status) == stderr_id))
    return;
  if (takes_output_now()) write_without_sigpipe(line);
}

void die(int status, std::string_view message) {
  if (stderr_id.ino == 0) remember_stderr();
  write_message(message);
  sys::exit_group(status);
}

}  // namespace hfoffline::shim
