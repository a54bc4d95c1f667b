// Descriptors that come from other processes, which nobody judged when they were opened.
//
// Async-signal-safe; keeps errno.
#pragma once

#include <sys/socket.h>

namespace hfoffline::shim {

// A file of a protected tree that is open for writing becomes one that is open for reading, under
// the same number; a socket that is connected to somewhere outside becomes one that is not
// connected. Recorded.
void hold_received(const char* operation, int descriptor);
// All that came with a message.
void hold_received_in(const char* operation, const struct msghdr& message);

}  // namespace hfoffline::shim
