// sendmmsg with every address and control message judged, and the judged copies sent.
//
// Async-signal-safe; sets errno as sendmmsg does.
#pragma once

#include <sys/socket.h>

namespace hfoffline::shim {

using SendMessages = int(int, struct mmsghdr*, unsigned, int);

// `next` sends what is allowed. As the kernel does: an error is only told if nothing was sent
// before it.
int send_judged(SendMessages* next, int descriptor, struct mmsghdr* messages, unsigned count,
                int flags);

}  // namespace hfoffline::shim
