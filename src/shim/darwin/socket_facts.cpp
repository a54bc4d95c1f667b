// socket_facts.h for macOS, whose kernel tells the type of a socket, and neither its protocol nor,
// by an option, its family.
#include "shim/socket_facts.h"

#include <netinet/in.h>

#include "core/sys.h"

namespace hfoffline::shim {
namespace {

constexpr int kLoopbackIndex = 1;  // lo0 is made first, at boot

int option_of(int descriptor, int level, int option) {
  int value = -1;
  std::uint32_t size = sizeof(value);
  return sys::getsockopt(descriptor, level, option, &value, &size) == 0 ? value : -1;
}

// -1 for what is not a socket.
int family_of(int descriptor) {
  CopiedAddress own;
  own.length = sizeof(own.bytes);
  return sys::getsockname(descriptor, own.bytes, &own.length) == 0 ? own.get()->sa_family : -1;
}

bool is_connected_or_listens(int descriptor) {
  CopiedAddress peer;
  peer.length = sizeof(peer.bytes);
  return sys::getpeername(descriptor, peer.bytes, &peer.length) == 0 ||
         socket_option(descriptor, SO_ACCEPTCONN) > 0;
}

}  // namespace

int socket_option(int descriptor, int option) { return option_of(descriptor, SOL_SOCKET, option); }

// Nothing is remembered: close(2) is not interposed, and a number that was given away would lie.
void remember_socket_type(int, int) {}
void forget_socket_type(int) {}
void forget_socket_types(unsigned, unsigned) {}
int known_socket_type(int descriptor) { return ask_socket_type(descriptor); }

int ask_socket_type(int descriptor) { return socket_option(descriptor, SO_TYPE); }

bool takes_level(int descriptor, int level) {
  const int family = family_of(descriptor);
  return family == AF_INET6 || (family == AF_INET && level != IPPROTO_IPV6);
}

bool is_unix_socket(int descriptor) { return family_of(descriptor) == AF_UNIX; }

// What a bound socket's interface is, macOS does not tell.
int interface_of_socket(int) { return 0; }

bool is_tcp(int descriptor) { return ask_socket_type(descriptor) == SOCK_STREAM; }

bool fails_anyway(int descriptor, const CopiedAddress& address, Direction,
                  const Endpoint& endpoint) {
  static_cast<void>(endpoint);
  const int own = family_of(descriptor);
  if (own == -1 || own == AF_UNIX) return true;
  if (own == AF_INET && address.get()->sa_family == AF_INET6) return true;
  return ask_socket_type(descriptor) == SOCK_STREAM && is_connected_or_listens(descriptor);
}

bool goes_out_through_loopback(int descriptor, const CopiedAddress& address,
                               const Endpoint& endpoint) {
  if (ask_socket_type(descriptor) != SOCK_DGRAM) return false;
  if (endpoint.address.is_v4()) {
    unsigned char chosen[4] = {};
    std::uint32_t size = sizeof(chosen);
    return sys::getsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_IF, chosen, &size) == 0 &&
           chosen[0] == 127;
  }
  std::uint32_t scope = 0;
  if (address.get()->sa_family == AF_INET6 && address.length >= sizeof(struct sockaddr_in6)) {
    __builtin_memcpy(&scope, address.bytes + offsetof(struct sockaddr_in6, sin6_scope_id),
                     sizeof(scope));
  }
  if (scope != 0) return scope == kLoopbackIndex;
  return option_of(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF) == kLoopbackIndex;
}

// Asks the routing table with a datagram socket that is connected and never sends: towards an own
// address the source is that very address.
bool is_own_address(const CopiedAddress& address, const IpAddress& wanted) {
  if (is_multicast_or_broadcast(wanted)) return false;
  const bool v6 = address.get()->sa_family == AF_INET6;
  const auto descriptor =
      static_cast<int>(sys::kept([&] { return ::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0); }));
  if (descriptor < 0) return false;
  sys::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  CopiedAddress target = address;
  const unsigned char discard[2] = {0, 9};  // port 9
  __builtin_memcpy(target.bytes + 2, discard, sizeof(discard));
  target.bytes[offsetof(struct sockaddr, sa_len)] = static_cast<unsigned char>(target.length);
  if (target.get()->sa_family == AF_UNSPEC)
    target.bytes[offsetof(struct sockaddr, sa_family)] = AF_INET;
  bool own = false;
  if (sys::kept([&] { return ::connect(descriptor, target.get(), target.length); }) == 0) {
    CopiedAddress source;
    source.length = sizeof(source.bytes);
    Endpoint endpoint;
    own = sys::getsockname(descriptor, source.bytes, &source.length) == 0 &&
          endpoint_of(source.get(), source.length, &endpoint) && endpoint.address == wanted;
  }
  sys::close(descriptor);
  return own;
}

}  // namespace hfoffline::shim
