// From a socket operation to its errno: 0 (go on), or the refusal's, already reported.
//
// Async-signal-safe; keeps errno.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#include "core/decide.h"

namespace hfoffline::shim {

// A caller's socket address, copied once: what is judged is what the kernel gets.
struct CopiedAddress {
  alignas(8) unsigned char bytes[128];
  socklen_t length = 0;
  const struct sockaddr* get() const { return reinterpret_cast<const struct sockaddr*>(bytes); }
};

enum class Direction : std::uint8_t {
  kConnect,
  kSend,
  kFastOpen,  // sending with MSG_FASTOPEN, which connects a stream socket
};
inline Direction direction_of_send(int flags) {
#if defined(__APPLE__)
  // Whether an address given to a stream that is not connected connects it is not documented.
  static_cast<void>(flags);
  return Direction::kFastOpen;
#else
  return (flags & MSG_FASTOPEN) != 0 ? Direction::kFastOpen : Direction::kSend;
#endif
}

// Fast path for what never leaves the machine: other families. False: judge_address().
inline bool needs_no_judgement(const CopiedAddress& address, Direction direction) {
  if (address.length < offsetof(struct sockaddr, sa_data)) return true;
  const sa_family_t family = address.get()->sa_family;
  if (family == AF_INET || family == AF_INET6) return false;
  // A datagram socket takes an unspecified family for IPv4; connect() takes it for "disconnect".
  return !(family == AF_UNSPEC && direction != Direction::kConnect);
}

// False: there is none, or it is too long for any address; the kernel says so.
inline bool copy_address(const struct sockaddr* address, socklen_t length, CopiedAddress* copy) {
  if (address == nullptr || length > sizeof(copy->bytes)) return false;
  copy->length = length;
  // Copies of a constant size become two moves.
  if (length == 16) {
    __builtin_memcpy(copy->bytes, address, 16);
  } else if (length == 28) {
    __builtin_memcpy(copy->bytes, address, 28);
  } else {
    __builtin_memcpy(copy->bytes, address, length);
  }
  return true;
}

// Of a message's address the kernel takes as much as fits, where connect() and sendto() refuse a
// long one; a negative length is refused everywhere, and 0 here leaves that to it.
inline socklen_t used_name_length(const struct msghdr& message) {
  constexpr socklen_t kMaximum = sizeof(CopiedAddress::bytes);
  if (static_cast<std::int32_t>(message.msg_namelen) < 0) return 0;
  return message.msg_namelen < kMaximum ? message.msg_namelen : kMaximum;
}

// Copies the address of a message that is a copy itself, and makes that the message's address.
inline bool copy_name(struct msghdr* message, CopiedAddress* copy) {
  const auto* address = static_cast<const struct sockaddr*>(message->msg_name);
  if (static_cast<std::int32_t>(message->msg_namelen) < 0 ||
      !copy_address(address, used_name_length(*message), copy))
    return false;
  message->msg_name = copy->bytes;
  message->msg_namelen = copy->length;
  return true;
}

// 127.0.0.0/8 over IPv4, what programs mostly talk to; decide_endpoint() knows the other forms.
inline bool is_plain_loopback(const CopiedAddress& address) {
  return address.length == 16 && address.get()->sa_family == AF_INET && address.bytes[4] == 127;
}

// Whether some socket may have been given an interface by a link-local address that it was bound or
// connected to. Packets from such a socket to ::1 leave through that interface.
inline std::uint32_t interface_was_chosen;
void note_chosen_interface(const CopiedAddress& address);

int judge_address(const char* operation, int descriptor, const CopiedAddress& address,
                  Direction direction);
inline int judge_copy(const char* operation, int descriptor, const CopiedAddress& address,
                      Direction direction) {
  const bool stays =
      is_plain_loopback(address) && __atomic_load_n(&interface_was_chosen, __ATOMIC_RELAXED) == 0;
  return stays || needs_no_judgement(address, direction)
             ? 0
             : judge_address(operation, descriptor, address, direction);
}

int judge_socket(const char* operation, int family, int type);

// Reports what leads out by other means than an address, and returns what to do: `error`, or 0 in
// audit mode.
int refuse_egress(Reason reason, const char* operation, std::string_view target, int error);

// A socket that came connected, from another process: whether it was connected from here to
// somewhere outside. 0 for those that were called from outside, as far as their ports tell.
int judge_connected(const char* operation, int descriptor);

// The address of an internet socket address. False for other families and short lengths.
bool endpoint_of(const struct sockaddr* address, socklen_t length, Endpoint* endpoint);

}  // namespace hfoffline::shim
