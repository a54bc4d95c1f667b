// From a socket option or the control messages of a datagram to an errno: 0 (go on), or the
// refusal's, already reported.
//
// Async-signal-safe; keeps errno.
#pragma once

#include <sys/socket.h>

#include <cstddef>

namespace hfoffline::shim {

// What becomes of a setsockopt(2): the error, or what the kernel is to be given, which was judged.
struct OptionCall {
  int error = 0;
  const void* value;
  socklen_t size;
  // No option that is judged has a longer value.
  static constexpr socklen_t kLongestValue = 512;
  alignas(8) unsigned char copy[kLongestValue];

  OptionCall(int descriptor, int level, int option, const void* given, socklen_t given_size);
};

// getsockopt(2), one option of which connects.
int judge_option_read(int descriptor, int level, int option, const void* value,
                      const socklen_t* size);

// `message` with the address that was judged. Its control messages are read where they lie: what
// another thread changes behind our back is not seen.
int judge_control_messages(const char* operation, int descriptor, const struct msghdr& message);

inline bool has_control_messages(const struct msghdr& message) {
  return message.msg_control != nullptr && message.msg_controllen != 0;
}

}  // namespace hfoffline::shim
