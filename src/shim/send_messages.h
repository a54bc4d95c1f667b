// sendmmsg(2): each message is judged and sent with the address that was judged.
//
// Async-signal-safe; sets errno as sendmmsg does.
#pragma once

#include <sys/socket.h>

namespace hfoffline::shim {

// sendmmsg or what stands for it.
using SendMessages = int(int, struct mmsghdr*, unsigned, int);

int send_messages(SendMessages* next, int descriptor, struct mmsghdr* messages, unsigned count,
                  int flags);

}  // namespace hfoffline::shim
