#include "shim/send_messages.h"

#include <errno.h>

#include "shim/interpose.h"
#include "shim/judge_network.h"
#include "shim/judge_socket_option.h"

namespace hfoffline::shim {
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
    CopiedAddress& copy = batch.addresses[i];
    if (!copy_name(&judged.msg_hdr, &copy)) continue;
    *error = judge_copy("sendmmsg", descriptor, copy, direction_of_send(flags));
    if (*error != 0) return i;
  }
  return count;
}

// As the kernel does: an error is only told if nothing was sent before it.
int send_in_batches(SendMessages* next, int descriptor, struct mmsghdr* messages, unsigned count,
                    int flags) {
  const int saved = errno;
  Batch batch;
  unsigned sent = 0;
  if (count > kMostMessages) count = kMostMessages;
  while (sent < count) {
    const unsigned wanted = count - sent < kBatch ? count - sent : kBatch;
    int error = 0;
    const unsigned allowed = judge_batch(descriptor, messages + sent, wanted, flags, batch, &error);
    if (allowed == 0 && error != 0) return sent == 0 ? fail(error) : static_cast<int>(sent);
    const int result = next(descriptor, batch.messages, allowed, flags);
    if (result < 0) {
      if (sent == 0) return result;
      errno = saved;
      break;
    }
    for (int i = 0; i < result; ++i) messages[sent + i].msg_len = batch.messages[i].msg_len;
    sent += static_cast<unsigned>(result);
    if (static_cast<unsigned>(result) < wanted) break;
  }
  return static_cast<int>(sent);
}

}  // namespace

int send_messages(SendMessages* next, int descriptor, struct mmsghdr* messages, unsigned count,
                  int flags) {
  if (messages == nullptr || !needs_judgement(messages, count))
    return next(descriptor, messages, count, flags);
  return send_in_batches(next, descriptor, messages, count, flags);
}

}  // namespace hfoffline::shim
