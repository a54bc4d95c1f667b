// Sockets: judged where an address is given, never where an internet socket is made.
#include <errno.h>
#include <sys/socket.h>

#include "shim/interpose.h"
#include "shim/judge_network.h"
#include "shim/judge_socket_option.h"
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

namespace {

// As many messages as are judged, copied and sent at a time: there is no heap for a vector of any
// length, and little stack in some threads.
constexpr unsigned kBatch = 8;
constexpr unsigned kMostMessages = 1024;  // UIO_MAXIOV, where the kernel stops

struct Batch {
  struct mmsghdr messages[kBatch];
  CopiedAddress addresses[kBatch];
};

bool needs_judgement(const struct mmsghdr* messages, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const struct msghdr& message = messages[i].msg_hdr;
    if (message.msg_name != nullptr || has_control_messages(message)) return true;
  }
  return false;
}

// Fills the batch up to the first message that is refused; *error says why it stopped there.
unsigned judge_batch(int descriptor, const struct mmsghdr* messages, unsigned count, int flags,
                     Batch& batch, int* error) {
  for (unsigned i = 0; i < count; ++i) {
    struct mmsghdr& judged = batch.messages[i];
    judged = messages[i];
    if (has_control_messages(judged.msg_hdr)) {
      *error = judge_control_messages("sendmmsg", descriptor, judged.msg_hdr);
      if (*error != 0) return i;
    }
    const auto* address = static_cast<const struct sockaddr*>(judged.msg_hdr.msg_name);
    const socklen_t length = used_name_length(judged.msg_hdr);
    CopiedAddress& copy = batch.addresses[i];
    if (needs_no_judgement(address, length, direction_of_send(flags)) ||
        !copy_address(address, length, &copy)) {
      continue;
    }
    *error = judge_copy("sendmmsg", descriptor, copy, direction_of_send(flags));
    if (*error != 0) return i;
    judged.msg_hdr.msg_name = copy.bytes;
    judged.msg_hdr.msg_namelen = copy.length;
  }
  return count;
}

using SendMessages = int(int, struct mmsghdr*, unsigned, int);

// As the kernel does: an error is only told if nothing was sent before it.
int send_in_batches(SendMessages* next, int descriptor, struct mmsghdr* messages, unsigned count,
                    int flags) {
  Batch batch;
  unsigned sent = 0;
  if (count > kMostMessages) count = kMostMessages;
  while (sent < count) {
    const unsigned wanted = count - sent < kBatch ? count - sent : kBatch;
    int error = 0;
    const unsigned allowed = judge_batch(descriptor, messages + sent, wanted, flags, batch, &error);
    if (allowed == 0 && error != 0) return sent == 0 ? fail(error) : static_cast<int>(sent);
    const int result = next(descriptor, batch.messages, allowed, flags);
    if (result < 0) return sent == 0 ? result : static_cast<int>(sent);
    for (int i = 0; i < result; ++i) messages[sent + i].msg_len = batch.messages[i].msg_len;
    sent += static_cast<unsigned>(result);
    if (static_cast<unsigned>(result) < wanted) break;
  }
  return static_cast<int>(sent);
}

}  // namespace

#define INTERPOSE_SENDMMSG(name)                                                                \
  INTERPOSE(int, name, (int descriptor, struct mmsghdr* messages, unsigned count, int flags)) { \
    if (messages == nullptr || !needs_judgement(messages, count))                               \
      return NEXT(name)(descriptor, messages, count, flags);                                    \
    return send_in_batches(NEXT(name), descriptor, messages, count, flags);                     \
  }

INTERPOSE_SENDMMSG(sendmmsg)
INTERPOSE_SENDMMSG(__sendmmsg)

INTERPOSE(int, socket, (int family, int type, int protocol)) {
  if (const int error = judge_socket("socket", family, type)) return fail(error);
  const int descriptor = NEXT(socket)(family, type, protocol);
  remember_socket_type(descriptor, type);
  return descriptor;
}
