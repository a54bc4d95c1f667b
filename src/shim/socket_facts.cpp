#include "shim/socket_facts.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "core/sys.h"

namespace hfoffline::shim {
namespace {

constexpr int kRemembered = 1024;
std::uint8_t socket_types[kRemembered];  // by descriptor; 0: not known

constexpr int kMptcp = 262;           // IPPROTO_MPTCP, Linux 5.6
constexpr int kBindToInterface = 62;  // SO_BINDTOIFINDEX, Linux 5.1

int option_of(int descriptor, int level, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  const long result =
      sys::call(SYS_getsockopt, descriptor, level, option, sys::word(&value), sys::word(&size));
  return result == 0 ? value : -1;
}

}  // namespace

int socket_option(int descriptor, int option) { return option_of(descriptor, SOL_SOCKET, option); }

namespace {

std::uint32_t scope_of(const CopiedAddress& address) {
  std::uint32_t scope = 0;
  if (address.get()->sa_family == AF_INET6 && address.length >= sizeof(struct sockaddr_in6)) {
    __builtin_memcpy(&scope, address.bytes + offsetof(struct sockaddr_in6, sin6_scope_id),
                     sizeof(scope));
  }
  return scope;
}

// A link-local address means nothing without an interface, from the address or from the socket.
bool lacks_interface(int descriptor, const CopiedAddress& address, const Endpoint& endpoint,
                     int type) {
  const std::uint8_t* bytes = endpoint.address.bytes;
  const bool unicast = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
  const bool multicast =
      type == SOCK_DGRAM && bytes[0] == 0xff && ((bytes[1] & 0xf) == 1 || (bytes[1] & 0xf) == 2);
  if (!unicast && !multicast) return false;
  if (scope_of(address) != 0 || socket_option(descriptor, kBindToInterface) != 0) return false;
  return unicast || option_of(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF) == 0;
}

// A datagram to port 0 is sent nowhere, unless the protocol has no ports: ICMP ("ping") sockets.
bool has_ports(int descriptor) {
  const int protocol = socket_option(descriptor, SO_PROTOCOL);
  return protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE;
}

bool is_connected_or_listens(int descriptor) {
  CopiedAddress peer;
  peer.length = sizeof(peer.bytes);
  return sys::call(SYS_getpeername, descriptor, sys::word(peer.bytes), sys::word(&peer.length)) ==
             0 ||
         socket_option(descriptor, SO_ACCEPTCONN) == 1;
}

}  // namespace

void remember_socket_type(int descriptor, int type) {
  if (descriptor < 0 || descriptor >= kRemembered) return;
  __atomic_store_n(&socket_types[descriptor], static_cast<std::uint8_t>(type & 0xf),
                   __ATOMIC_RELAXED);
}

void forget_socket_type(int descriptor) { remember_socket_type(descriptor, 0); }

void forget_socket_types(unsigned first, unsigned last) {
  for (unsigned i = first; i <= last && i < kRemembered; ++i)
    forget_socket_type(static_cast<int>(i));
}

int known_socket_type(int descriptor) {
  if (descriptor >= 0 && descriptor < kRemembered) {
    const std::uint8_t known = __atomic_load_n(&socket_types[descriptor], __ATOMIC_RELAXED);
    if (known != 0) return known;
  }
  return ask_socket_type(descriptor);
}

bool goes_out_through_loopback(int descriptor, const CopiedAddress& address,
                               const Endpoint& endpoint) {
  constexpr int kLoopbackIndex = 1;  // in every network namespace
  if (ask_socket_type(descriptor) != SOCK_DGRAM) return false;
  const int bound = socket_option(descriptor, kBindToInterface);
  if (bound > 0) return bound == kLoopbackIndex;
  if (endpoint.address.is_v4()) {
    // The address of the interface in network byte order. One chosen by another index has been
    // refused by then.
    const int chosen = option_of(descriptor, IPPROTO_IP, IP_MULTICAST_IF);
    unsigned char first;
    __builtin_memcpy(&first, &chosen, 1);
    return chosen != -1 && first == 127;
  }
  const std::uint32_t scope = scope_of(address);
  if (scope != 0) return scope == kLoopbackIndex;
  return option_of(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF) == kLoopbackIndex;
}

int interface_of_socket(int descriptor) {
  constexpr int kLoopbackIndex = 1;
  const int bound = socket_option(descriptor, kBindToInterface);
  return bound > kLoopbackIndex ? bound : 0;
}

int ask_socket_type(int descriptor) { return socket_option(descriptor, SO_TYPE); }

bool is_unix_socket(int descriptor) { return socket_option(descriptor, SO_DOMAIN) == AF_UNIX; }

bool takes_level(int descriptor, int level) {
  const int domain = socket_option(descriptor, SO_DOMAIN);
  return domain == AF_INET6 || (domain == AF_INET && level != IPPROTO_IPV6);
}

bool is_tcp(int descriptor) {
  const int protocol = socket_option(descriptor, SO_PROTOCOL);
  return protocol == IPPROTO_TCP || protocol == kMptcp;
}

bool fails_anyway(int descriptor, const CopiedAddress& address, Direction direction,
                  const Endpoint& endpoint) {
  const int domain = socket_option(descriptor, SO_DOMAIN);
  const sa_family_t family = address.get()->sa_family;
  // Only of these is it known that an internet address does nothing; AF_SMC, for one, connects.
  if (domain == -1 || domain == AF_UNIX || domain == AF_NETLINK) return true;
  if (domain != AF_INET && domain != AF_INET6) return false;
  if (domain == AF_INET && family == AF_INET6) return true;
  if (domain == AF_INET6 && family == AF_UNSPEC) return true;
  const int type = ask_socket_type(descriptor);
  if (direction != Direction::kSend && family == AF_INET6 &&
      lacks_interface(descriptor, address, endpoint, type)) {
    return true;
  }
  if (type == SOCK_DGRAM) {
    return direction != Direction::kConnect && endpoint.port == 0 && has_ports(descriptor);
  }
  if (type != SOCK_STREAM) return false;
  // SCTP's version 6 sockets take version 4 addresses.
  if (domain == AF_INET6 && family == AF_INET && is_tcp(descriptor)) return true;
  return is_connected_or_listens(descriptor);
}

// Asks the routing table with a datagram socket that is connected and never sends: towards an own
// address the source is that very address.
bool is_own_address(const CopiedAddress& address, const IpAddress& wanted) {
  if (is_multicast_or_broadcast(wanted)) return false;
  const bool v6 = address.get()->sa_family == AF_INET6;
  const long descriptor =
      sys::call(SYS_socket, v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  CopiedAddress target = address;
  // Port 0 cannot be connected to on every kernel; any other will do.
  const std::uint16_t port = htons(9);
  __builtin_memcpy(target.bytes + 2, &port, 2);
  if (target.get()->sa_family == AF_UNSPEC) {
    const sa_family_t family = AF_INET;
    __builtin_memcpy(target.bytes, &family, sizeof(family));
  }
  bool own = false;
  if (sys::call(SYS_connect, descriptor, sys::word(target.bytes), target.length) == 0) {
    CopiedAddress source;
    source.length = sizeof(source.bytes);
    Endpoint endpoint;
    own = sys::call(SYS_getsockname, descriptor, sys::word(source.bytes),
                    sys::word(&source.length)) == 0 &&
          endpoint_of(source.get(), source.length, &endpoint) && endpoint.address == wanted;
  }
  sys::close(static_cast<int>(descriptor));
  return own;
}

}  // namespace hfoffline::shim
