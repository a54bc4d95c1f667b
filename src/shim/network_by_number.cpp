#include "shim/network_by_number.h"

#include <sys/socket.h>
#include <unistd.h>

#include "shim/control_messages.h"
#include "shim/interpose.h"
#include "shim/judge_network.h"
#include "shim/judge_path.h"
#include "shim/judge_socket_file.h"
#include "shim/judge_socket_option.h"
#include "shim/send_messages.h"
#include "shim/system_call_numbers.h"

namespace hfoffline::shim {
namespace {

// Judges the address of a call and passes the judged copy on, never the caller's own, which another
// thread may change in between. `pass(address, length)` makes the call.
template <class Pass>
long judged_call(const char* operation, int descriptor, const void* address, long length,
                 Direction direction, const Pass& pass) {
  CopiedAddress copy;
  if (!copy_address(static_cast<const struct sockaddr*>(address), static_cast<socklen_t>(length),
                    &copy))
    return pass(address, length);
  if (const int error = judge_copy(operation, descriptor, copy, direction)) return fail(error);
  return pass(static_cast<const void*>(copy.bytes), static_cast<long>(copy.length));
}

int send_messages_by_number(int descriptor, struct mmsghdr* messages, unsigned count, int flags) {
  return static_cast<int>(NEXT(syscall)(SYS_sendmmsg, descriptor, messages, count, flags));
}

}  // namespace

long connect_by_number(const SystemCallArguments& a) {
  return judged_call("connect", a.number(0), a.pointer<void>(1), a.word[2], Direction::kConnect,
                     [&](const void* address, long length) {
                       return NEXT(syscall)(SYS_connect, a.word[0], address, length);
                     });
}

long sendto_by_number(const SystemCallArguments& a) {
  return judged_call("sendto", a.number(0), a.pointer<void>(4), a.word[5],
                     direction_of_send(a.number(3)), [&](const void* address, long length) {
                       return NEXT(syscall)(SYS_sendto, a.word[0], a.word[1], a.word[2], a.word[3],
                                            address, length);
                     });
}

long sendmsg_by_number(const SystemCallArguments& a) {
  const auto* message = a.pointer<const struct msghdr>(1);
  if (message == nullptr) return NEXT(syscall)(SYS_sendmsg, a.word[0], a.word[1], a.word[2]);
  struct msghdr judged = *message;
  if (has_control_messages(judged)) {
    if (const int error = judge_control_messages("sendmsg", a.number(0), judged))
      return fail(error);
  }
  CopiedAddress copy;
  if (copy_name(&judged, &copy)) {
    if (const int error = judge_copy("sendmsg", a.number(0), copy, direction_of_send(a.number(2))))
      return fail(error);
  }
  return NEXT(syscall)(SYS_sendmsg, a.word[0], &judged, a.word[2]);
}

long sendmmsg_by_number(const SystemCallArguments& a) {
  return send_messages(send_messages_by_number, a.number(0), a.pointer<struct mmsghdr>(1),
                       static_cast<unsigned>(a.word[2]), a.number(3));
}

long setsockopt_by_number(const SystemCallArguments& a) {
  const OptionCall judged(a.number(0), a.number(1), a.number(2), a.pointer<void>(3),
                          static_cast<socklen_t>(a.word[4]));
  if (judged.error != 0) return fail(judged.error);
  return NEXT(syscall)(SYS_setsockopt, a.word[0], a.word[1], a.word[2], judged.value, judged.size);
}

long bind_by_number(const SystemCallArguments& a) {
  const auto* given = a.pointer<const struct sockaddr>(1);
  const auto length = static_cast<socklen_t>(a.word[2]);
  CopiedAddress copy;
  if (!copy_address(given, length, &copy)) return NEXT(syscall)(SYS_bind, a.word[0], given, length);
  note_chosen_interface(copy);
  if (has_protected_trees()) {
    if (const int error = judge_socket_file("bind", a.number(0), copy)) return fail(error);
  }
  return NEXT(syscall)(SYS_bind, a.word[0], copy.get(), copy.length);
}

}  // namespace hfoffline::shim
