// Sockets: judged where an address is given, never where an internet socket is made.
#include <errno.h>
#include <sys/socket.h>

#include "shim/interpose.h"
#include "shim/judge_network.h"
#include "shim/undeclared.h"

using namespace hfoffline::shim;

#define INTERPOSE_CONNECT(name)                                                              \
  INTERPOSE(int, name, (int descriptor, const struct sockaddr* address, socklen_t length)) { \
    CopiedAddress copy;                                                                      \
    if (needs_no_judgement(address, length, Direction::kConnect) ||                          \
        !copy_address(address, length, &copy)) {                                             \
      return NEXT(name)(descriptor, address, length);                                        \
    }                                                                                        \
    if (const int error = judge_copy("connect", descriptor, copy, Direction::kConnect))      \
      return fail(error);                                                                    \
    return NEXT(name)(descriptor, copy.get(), copy.length);                                  \
  }

INTERPOSE_CONNECT(connect)
INTERPOSE_CONNECT(__connect)

INTERPOSE(ssize_t, sendto,
          (int descriptor, const void* data, size_t size, int flags, const struct sockaddr* address,
           socklen_t length)) {
  CopiedAddress copy;
  if (needs_no_judgement(address, length, direction_of_send(flags)) ||
      !copy_address(address, length, &copy)) {
    return NEXT(sendto)(descriptor, data, size, flags, address, length);
  }
  if (const int error = judge_copy("sendto", descriptor, copy, direction_of_send(flags)))
    return fail(error);
  return NEXT(sendto)(descriptor, data, size, flags, copy.get(), copy.length);
}

INTERPOSE(ssize_t, sendmsg, (int descriptor, const struct msghdr* message, int flags)) {
  const auto* address =
      message == nullptr ? nullptr : static_cast<const struct sockaddr*>(message->msg_name);
  CopiedAddress copy;
  if (message == nullptr ||
      needs_no_judgement(address, used_name_length(*message), direction_of_send(flags)) ||
      !copy_address(address, used_name_length(*message), &copy)) {
    return NEXT(sendmsg)(descriptor, message, flags);
  }
  if (const int error = judge_copy("sendmsg", descriptor, copy, direction_of_send(flags)))
    return fail(error);
  struct msghdr judged = *message;
  judged.msg_name = copy.bytes;
  judged.msg_namelen = copy.length;
  return NEXT(sendmsg)(descriptor, &judged, flags);
}

namespace {

// How many messages from the start may be sent; *error is the refusal of the one behind them.
unsigned count_allowed(int descriptor, const struct mmsghdr* messages, unsigned count, int flags,
                       int* error) {
  *error = 0;
  for (unsigned i = 0; i < count; ++i) {
    const struct msghdr& message = messages[i].msg_hdr;
    const auto* address = static_cast<const struct sockaddr*>(message.msg_name);
    CopiedAddress copy;
    if (needs_no_judgement(address, used_name_length(message), direction_of_send(flags)) ||
        !copy_address(address, used_name_length(message), &copy)) {
      continue;
    }
    *error = judge_copy("sendmmsg", descriptor, copy, direction_of_send(flags));
    if (*error != 0) return i;
  }
  return count;
}

}  // namespace

// As the kernel does: an error is only told if nothing was sent before it. The message's addresses
// are not copied: with a vector of any length there is no place for them without a heap.
#define INTERPOSE_SENDMMSG(name)                                                                 \
  INTERPOSE(int, name, (int descriptor, struct mmsghdr* messages, unsigned count, int flags)) {  \
    int error = 0;                                                                               \
    const unsigned allowed =                                                                     \
        messages == nullptr ? count : count_allowed(descriptor, messages, count, flags, &error); \
    if (allowed == 0 && error != 0) return fail(error);                                          \
    return NEXT(name)(descriptor, messages, allowed, flags);                                     \
  }

INTERPOSE_SENDMMSG(sendmmsg)
INTERPOSE_SENDMMSG(__sendmmsg)

INTERPOSE(int, socket, (int family, int type, int protocol)) {
  if (const int error = judge_socket("socket", family, type)) return fail(error);
  const int descriptor = NEXT(socket)(family, type, protocol);
  remember_socket_type(descriptor, type);
  return descriptor;
}
