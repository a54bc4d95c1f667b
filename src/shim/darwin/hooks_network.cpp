// Sockets of macOS: judged where an address is given, never where an internet socket is made.
#include <errno.h>
#include <sys/socket.h>

#include "shim/darwin/undeclared.h"
#include "shim/interpose.h"
#include "shim/judge_network.h"
#include "shim/judge_socket_file.h"

using namespace hfoffline::shim;

namespace {

// Copies an address that must be judged, and judges the copy. False: the caller's goes on.
bool copy_if_judged(const char* operation, int descriptor, const struct sockaddr* address,
                    socklen_t length, Direction direction, CopiedAddress* copy, int* error) {
  *error = 0;
  if (!copy_address(address, length, copy)) return false;
  *error = judge_copy(operation, descriptor, *copy, direction);
  return true;
}

}  // namespace

#define INTERPOSE_CONNECT(name)                                                              \
  INTERPOSE(int, name, (int descriptor, const struct sockaddr* address, socklen_t length)) { \
    CopiedAddress copy;                                                                      \
    int error;                                                                               \
    if (!copy_if_judged("connect", descriptor, address, length, Direction::kConnect, &copy,  \
                        &error))                                                             \
      return NEXT(name)(descriptor, address, length);                                        \
    return error != 0 ? fail(error) : NEXT(name)(descriptor, copy.get(), copy.length);       \
  }
INTERPOSE_CONNECT(connect)
INTERPOSE_CONNECT(connect$NOCANCEL)

INTERPOSE(int, connectx,
          (int descriptor, const sa_endpoints_t* endpoints, sae_associd_t association,
           unsigned flags, const struct iovec* parts, unsigned count, size_t* sent,
           sae_connid_t* connection)) {
  if (endpoints == nullptr) {
    return NEXT(connectx)(descriptor, endpoints, association, flags, parts, count, sent,
                          connection);
  }
  sa_endpoints_t judged = *endpoints;
  CopiedAddress copy;
  int error;
  // Data goes along, so that a datagram is sent and not only pointed somewhere.
  const Direction direction = parts != nullptr ? Direction::kFastOpen : Direction::kConnect;
  if (copy_if_judged("connectx", descriptor, judged.sae_dstaddr, judged.sae_dstaddrlen, direction,
                     &copy, &error)) {
    if (error != 0) return fail(error);
    judged.sae_dstaddr = copy.get();
    judged.sae_dstaddrlen = copy.length;
  }
  return NEXT(connectx)(descriptor, &judged, association, flags, parts, count, sent, connection);
}

#define INTERPOSE_SENDTO(name)                                                                  \
  INTERPOSE(ssize_t, name,                                                                      \
            (int descriptor, const void* data, size_t size, int flags,                          \
             const struct sockaddr* address, socklen_t length)) {                               \
    CopiedAddress copy;                                                                         \
    int error;                                                                                  \
    if (!copy_if_judged("sendto", descriptor, address, length, direction_of_send(flags), &copy, \
                        &error))                                                                \
      return NEXT(name)(descriptor, data, size, flags, address, length);                        \
    return error != 0 ? fail(error)                                                             \
                      : NEXT(name)(descriptor, data, size, flags, copy.get(), copy.length);     \
  }
INTERPOSE_SENDTO(sendto)
INTERPOSE_SENDTO(sendto$NOCANCEL)

#define INTERPOSE_SENDMSG(name)                                                               \
  INTERPOSE(ssize_t, name, (int descriptor, const struct msghdr* message, int flags)) {       \
    if (message == nullptr) return NEXT(name)(descriptor, message, flags);                    \
    struct msghdr judged = *message;                                                          \
    CopiedAddress copy;                                                                       \
    int error;                                                                                \
    if (copy_if_judged("sendmsg", descriptor, static_cast<struct sockaddr*>(judged.msg_name), \
                       used_name_length(judged), direction_of_send(flags), &copy, &error)) {  \
      if (error != 0) return fail(error);                                                     \
      judged.msg_name = copy.bytes;                                                           \
      judged.msg_namelen = copy.length;                                                       \
    }                                                                                         \
    return NEXT(name)(descriptor, &judged, flags);                                            \
  }
INTERPOSE_SENDMSG(sendmsg)
INTERPOSE_SENDMSG(sendmsg$NOCANCEL)

// One message at a time: there is no heap for a copy of any number of addresses.
INTERPOSE(ssize_t, sendmsg_x,
          (int descriptor, const struct msghdr_x* messages, unsigned count, int flags)) {
  bool named = false;
  for (unsigned i = 0; messages != nullptr && i < count; ++i)
    named = named || messages[i].msg_name != nullptr;
  if (!named) return NEXT(sendmsg_x)(descriptor, messages, count, flags);
  ssize_t sent = 0;
  for (; sent < static_cast<ssize_t>(count); ++sent) {
    struct msghdr_x judged = messages[sent];
    CopiedAddress copy;
    int error;
    if (copy_if_judged("sendmsg_x", descriptor, static_cast<struct sockaddr*>(judged.msg_name),
                       judged.msg_namelen, direction_of_send(flags), &copy, &error)) {
      if (error != 0) return sent == 0 ? fail(error) : sent;
      judged.msg_name = copy.bytes;
      judged.msg_namelen = copy.length;
    }
    const ssize_t result = NEXT(sendmsg_x)(descriptor, &judged, 1, flags);
    if (result < 1) return sent == 0 ? result : sent;
  }
  return sent;
}

INTERPOSE(int, bind, (int descriptor, const struct sockaddr* address, socklen_t length)) {
  CopiedAddress copy;
  if (!copy_address(address, length, &copy) || !names_socket_file(copy) || !has_protected_trees())
    return NEXT(bind)(descriptor, address, length);
  if (const int error = judge_socket_file("bind", descriptor, copy)) return fail(error);
  return NEXT(bind)(descriptor, copy.get(), copy.length);
}

INTERPOSE(int, socket, (int family, int type, int protocol)) {
  if (const int error = judge_socket("socket", family, type)) return fail(error);
  return NEXT(socket)(family, type, protocol);
}
