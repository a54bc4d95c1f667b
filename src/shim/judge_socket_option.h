// From a socket option or the control messages of a datagram to an errno: 0 (go on), or the
// refusal's, already reported.
//
// Async-signal-safe; keeps errno.
#pragma once

#include <sys/socket.h>

#include <cstddef>

namespace hfoffline::shim {

int judge_socket_option(int descriptor, int level, int option, const void* value, std::size_t size);

// `message` with the address that was judged. Its control messages are read where they lie: what
// another thread changes behind our back is not seen.
int judge_control_messages(const char* operation, int descriptor, const struct msghdr& message);

// SCTP_SOCKOPT_CONNECTX: several packed addresses at once. Each is judged.
int judge_packed_addresses(int descriptor, const void* addresses, std::size_t size);

}  // namespace hfoffline::shim
