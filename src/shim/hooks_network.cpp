// Sockets: judged where an address is given, never where an internet socket is made.
#include <errno.h>
#include <sys/socket.h>

#include "shim/interpose.h"
#include "shim/judge_network.h"
#include "shim/judge_socket_file.h"
#include "shim/judge_socket_option.h"
#include "shim/send_judged.h"
#include "shim/socket_facts.h"
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
  if (message != nullptr && has_control_messages(*message)) {
    if (const int error = judge_control_messages("sendmsg", descriptor, *message))
      return fail(error);
  }
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

#define INTERPOSE_SENDMMSG(name)                                                                \
  INTERPOSE(int, name, (int descriptor, struct mmsghdr* messages, unsigned count, int flags)) { \
    return send_judged(NEXT(name), descriptor, messages, count, flags);                         \
  }

INTERPOSE_SENDMMSG(sendmmsg)
INTERPOSE_SENDMMSG(__sendmmsg)

INTERPOSE(int, bind, (int descriptor, const struct sockaddr* address, socklen_t length)) {
  CopiedAddress copy;
  if (!names_socket_file(address, length) || !copy_address(address, length, &copy))
    return NEXT(bind)(descriptor, address, length);
  if (const int error = judge_socket_file("bind", descriptor, copy)) return fail(error);
  return NEXT(bind)(descriptor, copy.get(), copy.length);
}

INTERPOSE(int, socket, (int family, int type, int protocol)) {
  if (const int error = judge_socket("socket", family, type)) return fail(error);
  const int descriptor = NEXT(socket)(family, type, protocol);
  remember_socket_type(descriptor, type);
  return descriptor;
}
