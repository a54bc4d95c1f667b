#include "shim/judge_socket_option.h"

#include <errno.h>
#include <netinet/in.h>

#include "core/socket_options.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/control_messages.h"
#include "shim/judge_network.h"
#include "shim/socket_facts.h"

namespace hfoffline::shim {
namespace {

bool goes_to_loopback(int descriptor, const struct msghdr& message) {
  CopiedAddress peer;
  const auto* address = static_cast<const struct sockaddr*>(message.msg_name);
  socklen_t length = used_name_length(message);
  if (address == nullptr) {
    peer.length = sizeof(peer.bytes);
    if (sys::call(SYS_getpeername, descriptor, sys::word(peer.bytes), sys::word(&peer.length)) != 0)
      return false;
    address = peer.get();
    length = peer.length;
  }
  Endpoint endpoint;
  return endpoint_of(address, length, &endpoint) && is_loopback_or_unspecified(endpoint.address);
}

// SCTP_SOCKOPT_CONNECTX: several packed addresses at once. Each is judged.
int judge_packed_addresses(int descriptor, const void* addresses, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(addresses);
  for (std::size_t at = 0; at + sizeof(struct sockaddr_in) <= size;) {
    CopiedAddress copy;
    sa_family_t family;
    __builtin_memcpy(&family, bytes + at, sizeof(family));
    copy.length = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (copy.length > size - at) return 0;
    __builtin_memcpy(copy.bytes, bytes + at, copy.length);
    if (const int error = judge_copy("sctp_connectx", descriptor, copy, Direction::kConnect))
      return error;
    at += copy.length;
  }
  return 0;
}

int judge_socket_option(int descriptor, int level, int option, const void* value,
                        std::size_t size) {
  const OptionVerdict verdict = refuse_socket_option(level, option, value, size);
  if (verdict.error == 0 || !takes_level(descriptor, level)) return 0;
  char text[64];
  Appender target(text);
  target.add(verdict.name);
  if (level == SOL_SOCKET && option == SO_BINDTODEVICE) {
    const std::string_view name(static_cast<const char*>(value), size);
    target.add_byte(' ').add(slice(name, 0, find_byte(slice(name, 0, 15), '\0')));
  }
  return refuse_egress(Reason::egress_interface, "setsockopt", target.view(), verdict.error);
}

// Of linux/sctp.h.
constexpr int kConnectOld = 107;
constexpr int kConnect = 110;
constexpr int kConnectAndGetId = 111;

bool connects_sctp(int level, int option) {
  return level == IPPROTO_SCTP && (option == kConnectOld || option == kConnect);
}

}  // namespace

OptionCall::OptionCall(int descriptor, int level, int option, const void* given,
                       socklen_t given_size)
    : value(given), size(given_size) {
  const bool connects = connects_sctp(level, option);
  if (given == nullptr || given_size == 0 || (!connects && !is_judged_option(level, option)))
    return;
  // The kernel takes no more of a shorter option; SCTP counts the addresses.
  if (size > kLongestValue) {
    if (connects || static_cast<int>(size) < 0) {
      error = EINVAL;
      return;
    }
    size = kLongestValue;
  }
  __builtin_memcpy(copy, given, size);
  value = copy;
  error = connects ? judge_packed_addresses(descriptor, copy, size)
                   : judge_socket_option(descriptor, level, option, copy, size);
}

int judge_option_read(int descriptor, int level, int option, const void* value,
                      const socklen_t* size) {
  struct Request {  // struct sctp_getaddrs_old
    int association;
    int bytes;
    const void* addresses;
  };
  if (level != IPPROTO_SCTP || option != kConnectAndGetId || value == nullptr || size == nullptr ||
      *size < sizeof(Request)) {
    return 0;
  }
  const auto* request = static_cast<const Request*>(value);
  return judge_packed_addresses(descriptor, request->addresses,
                                static_cast<unsigned>(request->bytes));
}

int judge_control_messages(const char* operation, int descriptor, const struct msghdr& message) {
  return each_control_message(
      message, [&](const struct cmsghdr& header, const unsigned char* data, std::size_t size) {
        std::uint32_t interface = 0;
        const OptionVerdict verdict =
            refuse_control_message(header.cmsg_level, header.cmsg_type, data, size, &interface);
        if ((verdict.error == 0 && interface == 0) || !takes_level(descriptor, header.cmsg_level) ||
            (interface != 0 && !goes_to_loopback(descriptor, message))) {
          return 0;
        }
        return refuse_egress(Reason::egress_interface, operation, verdict.name,
                             interface != 0 ? ENODEV : verdict.error);
      });
}

}  // namespace hfoffline::shim
