// Sockets: judged where an address is given, never where an internet socket is made.
#include <errno.h>
#include <sys/socket.h>

#include "shim/interpose.h"
#include "shim/judge_network.h"
#include "shim/judge_socket_file.h"
#include "shim/judge_socket_option.h"
#include "shim/send_messages.h"
#include "shim/socket_facts.h"
#include "shim/undeclared.h"

using namespace hfoffline::shim;

#define INTERPOSE_CONNECT(name)                                                                \
  INTERPOSE(int, name, (int descriptor, const struct sockaddr* address, socklen_t length)) {   \
    CopiedAddress copy;                                                                        \
    if (!copy_address(address, length, &copy)) return NEXT(name)(descriptor, address, length); \
    if (const int error = judge_copy("connect", descriptor, copy, Direction::kConnect))        \
      return fail(error);                                                                      \
    return NEXT(name)(descriptor, copy.get(), copy.length);                                    \
  }

INTERPOSE_CONNECT(connect)
INTERPOSE_CONNECT(__connect)

INTERPOSE(ssize_t, sendto,
          (int descriptor, const void* data, size_t size, int flags, const struct sockaddr* address,
           socklen_t length)) {
  CopiedAddress copy;
  if (!copy_address(address, length, &copy))
    return NEXT(sendto)(descriptor, data, size, flags, address, length);
  if (const int error = judge_copy("sendto", descriptor, copy, direction_of_send(flags)))
    return fail(error);
  return NEXT(sendto)(descriptor, data, size, flags, copy.get(), copy.length);
}

INTERPOSE(ssize_t, sendmsg, (int descriptor, const struct msghdr* message, int flags)) {
  if (message == nullptr) return NEXT(sendmsg)(descriptor, message, flags);
  struct msghdr judged = *message;
  if (has_control_messages(judged)) {
    if (const int error = judge_control_messages("sendmsg", descriptor, judged)) return fail(error);
  }
  CopiedAddress copy;
  if (copy_name(&judged, &copy)) {
    if (const int error = judge_copy("sendmsg", descriptor, copy, direction_of_send(flags)))
      return fail(error);
  }
  return NEXT(sendmsg)(descriptor, &judged, flags);
}

#define INTERPOSE_SENDMMSG(name)                                                                \
  INTERPOSE(int, name, (int descriptor, struct mmsghdr* messages, unsigned count, int flags)) { \
    return send_messages(NEXT(name), descriptor, messages, count, flags);                       \
  }

INTERPOSE_SENDMMSG(sendmmsg)
INTERPOSE_SENDMMSG(__sendmmsg)

INTERPOSE(int, bind, (int descriptor, const struct sockaddr* address, socklen_t length)) {
  CopiedAddress copy;
  if (!copy_address(address, length, &copy)) return NEXT(bind)(descriptor, address, length);
  note_chosen_interface(copy);
  if (has_protected_trees()) {
    if (const int error = judge_socket_file("bind", descriptor, copy)) return fail(error);
  }
  return NEXT(bind)(descriptor, copy.get(), copy.length);
}

INTERPOSE(int, socket, (int family, int type, int protocol)) {
  if (const int error = judge_socket("socket", family, type)) return fail(error);
  const int descriptor = NEXT(socket)(family, type, protocol);
  remember_socket_type(descriptor, type);
  return descriptor;
}
