// Ways for a descriptor to come from another process.
#include <sys/socket.h>

#include "shim/interpose.h"
#include "shim/received.h"
#include "shim/undeclared.h"

using namespace hfoffline::shim;

INTERPOSE(ssize_t, recvmsg, (int descriptor, struct msghdr* message, int flags)) {
  const ssize_t result = NEXT(recvmsg)(descriptor, message, flags);
  if (result >= 0 && message->msg_controllen != 0) hold_received_in("recvmsg", *message);
  return result;
}

INTERPOSE(int, recvmmsg,
          (int descriptor, struct mmsghdr* messages, unsigned count, int flags,
           struct timespec* timeout)) {
  const int result = NEXT(recvmmsg)(descriptor, messages, count, flags, timeout);
  for (int i = 0; i < result; ++i) hold_received_in("recvmmsg", messages[i].msg_hdr);
  return result;
}

INTERPOSE(int, pidfd_getfd, (int process, int target, unsigned flags)) {
  const int descriptor = NEXT(pidfd_getfd)(process, target, flags);
  if (descriptor >= 0) hold_received("pidfd_getfd", descriptor);
  return descriptor;
}
