#include "shim/message.h"

#include <poll.h>
#if !defined(__APPLE__)
#include <time.h>
#endif

#include "core/sys.h"
#include "shim/quiet_write.h"
#include "shim/start_data.h"

namespace hfoffline::shim {
namespace {

constexpr int kStderr = 2;
START_DATA sys::FileId stderr_id;

bool takes_output_now() {
  struct pollfd request = {kStderr, POLLOUT, 0};
#if defined(__APPLE__)
  const long ready = sys::kept([&] { return poll_uncancelled(&request, 1, 0); });
#else
  struct timespec now = {0, 0};
  const long ready = sys::call(SYS_ppoll, sys::word(&request), 1, sys::word(&now), 0, 8);
#endif
  return ready == 1 && (request.revents & POLLOUT) != 0;
}

}  // namespace

void remember_stderr() {
  // By fstat(2), which every filter of system calls knows: this is asked in every program.
  sys::FileId id;
  if (sys::directory_id(kStderr, &id)) stderr_id = id;
}

void write_message(std::string_view line) {
  sys::FileId id;
  if (stderr_id.ino == 0 || !sys::directory_id(kStderr, &id) || !(id == stderr_id)) return;
  const WritePart text = {line.data(), line.size()};
  if (takes_output_now()) write_quietly(kStderr, &text, 1);
}

void die(int status, std::string_view message) {
  if (stderr_id.ino == 0) remember_stderr();
  write_message(message);
  sys::exit_group(status);
}

}  // namespace hfoffline::shim
