#include "shim/judge_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "core/sys.h"
#include "core/text.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"
#include "shim/shared_state.h"

namespace hfoffline::shim {
namespace {

// Whether packets to this address stay on the machine because it is one of its own. Asks the
// routing table with a datagram socket that is connected and never sends: towards an own address
// the source is that very address.
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

// By descriptor: 0 unknown, else the type that socket() was asked for. A descriptor that came to
// its number in another way (dup, accept, passed in) may be told wrongly after a socket of that
// number was closed; all that hangs on it is whether a refused connect counts as a probe.
std::uint8_t socket_types[1024];

int socket_option(int descriptor, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  const long result = sys::call(SYS_getsockopt, descriptor, SOL_SOCKET, option, sys::word(&value),
                                sys::word(&size));
  return result == 0 ? value : -1;
}

int type_of(int descriptor) {
  if (descriptor >= 0 && descriptor < 1024) {
    const std::uint8_t known = __atomic_load_n(&socket_types[descriptor], __ATOMIC_RELAXED);
    if (known != 0) return known;
  }
  return socket_option(descriptor, SO_TYPE);
}

// A link-local address means nothing without an interface, from the address or from the socket.
bool lacks_interface(int descriptor, const CopiedAddress& address, const Endpoint& endpoint,
                     int type) {
  const std::uint8_t* bytes = endpoint.address.bytes;
  const bool unicast = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
  const bool multicast =
      type == SOCK_DGRAM && bytes[0] == 0xff && ((bytes[1] & 0xf) == 1 || (bytes[1] & 0xf) == 2);
  if (!unicast && !multicast) return false;
  std::uint32_t scope = 0;
  if (address.length >= sizeof(struct sockaddr_in6)) {
    __builtin_memcpy(&scope, address.bytes + offsetof(struct sockaddr_in6, sin6_scope_id),
                     sizeof(scope));
  }
  constexpr int kBindToInterface = 62;  // SO_BINDTOIFINDEX, Linux 5.1
  return scope == 0 && socket_option(descriptor, kBindToInterface) == 0;
}

// Whether the kernel fails this call by itself, before it thinks of the way there: not a socket, a
// family that does not fit, a stream that is connected or listens.
bool fails_anyway(int descriptor, const CopiedAddress& address, Direction direction,
                  const Endpoint& endpoint) {
  const int domain = socket_option(descriptor, SO_DOMAIN);
  const int type = socket_option(descriptor, SO_TYPE);
  const sa_family_t family = address.get()->sa_family;
  if (domain != AF_INET && domain != AF_INET6) return true;
  if (domain == AF_INET && family == AF_INET6) return true;
  if (domain == AF_INET6 && family == AF_UNSPEC) return true;
  if (direction != Direction::kSend && family == AF_INET6 &&
      lacks_interface(descriptor, address, endpoint, type)) {
    return true;
  }
  if (type == SOCK_DGRAM) return direction != Direction::kConnect && endpoint.port == 0;
  if (type != SOCK_STREAM) return false;
  if (domain == AF_INET6 && family == AF_INET) return true;
  CopiedAddress peer;
  peer.length = sizeof(peer.bytes);
  return sys::call(SYS_getpeername, descriptor, sys::word(peer.bytes), sys::word(&peer.length)) ==
             0 ||
         socket_option(descriptor, SO_ACCEPTCONN) == 1;
}

}  // namespace

bool endpoint_of(const struct sockaddr* address, socklen_t length, Endpoint* endpoint) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(address);
  sa_family_t family;
  __builtin_memcpy(&family, bytes, sizeof(family));
  if ((family == AF_INET || family == AF_UNSPEC) && length >= sizeof(struct sockaddr_in)) {
    endpoint->address = address_from_v4(bytes + offsetof(struct sockaddr_in, sin_addr));
  } else if (family == AF_INET6 && length >= 24) {  // SIN6_LEN_RFC2133: without the scope
    endpoint->address = address_from_v6(bytes + offsetof(struct sockaddr_in6, sin6_addr));
  } else {
    return false;
  }
  endpoint->port = static_cast<std::uint16_t>(bytes[2] << 8 | bytes[3]);
  return true;
}

int judge_address(const char* operation, int descriptor, const CopiedAddress& address,
                  Direction direction) {
  Endpoint endpoint;
  if (!endpoint_of(address.get(), address.length, &endpoint)) return 0;
  const Verdict verdict = decide_endpoint(policy(), endpoint);
  if (verdict.allowed) return 0;

  const bool audit = policy().audit();
  const auto error = static_cast<int>(policy().header().egress_errno);
  // Pointing a datagram socket somewhere sends nothing: programs learn their own address that way.
  const int type = type_of(descriptor);
  // A stream socket sends to its peer, whatever address it is given.
  if (direction == Direction::kSend && type == SOCK_STREAM) return 0;
  const bool probe = direction == Direction::kConnect && type == SOCK_DGRAM;
  const Reason reason = probe ? Reason::egress_probe : Reason::egress_address;
  // Many names share an address: a refusal is of the name that this program went by.
  const NameReference name = last_name(endpoint.address);
  const std::uint64_t key =
      refusal_key(operation, endpoint.address.bytes, sizeof(endpoint.address.bytes),
                  endpoint.port | (probe ? 0x10000U : 0U) | static_cast<std::uint64_t>(name) << 32);
  if (policy().name_count() != 0 && is_learned(endpoint)) return 0;
  if (count_repeated(key, reason)) return audit ? 0 : error;
  if (fails_anyway(descriptor, address, direction, endpoint)) return 0;
  if (is_own_address(address, endpoint.address)) return 0;

  char host[64];
  Appender host_text(host);
  append_address(endpoint.address, host_text);
  char target[80];
  Appender target_text(target);
  if (endpoint.address.is_v4()) {
    target_text.add(host_text.view());
  } else {
    target_text.add_byte('[').add(host_text.view()).add_byte(']');
  }
  target_text.add_byte(':').add_number(endpoint.port);

  Refusal refusal;
  refusal.reason = reason;
  refusal.operation = operation;
  refusal.target = target_text.view();
  const std::string_view name_or_none = name_text(name);
  refusal.host = name_or_none.empty() ? host_text.view() : name_or_none;
  refusal.port = endpoint.port;
  refusal.error = audit ? 0 : error;
  refusal.verdict = audit ? "audit" : "refuse";
  refusal.rule = verdict.rule;
  report(key, refusal);
  return audit ? 0 : error;
}

void remember_socket_type(int descriptor, int type) {
  if (descriptor >= 0 && descriptor < 1024) {
    __atomic_store_n(&socket_types[descriptor], static_cast<std::uint8_t>(type & 0xf),
                     __ATOMIC_RELAXED);
  }
}

int judge_socket(const char* operation, int family, int type) {
  const int error = refuse_socket(family, type);
  if (error == 0) return 0;
  const bool audit = policy().audit();
  char text[64];
  Appender target(text);
  if (error == EAFNOSUPPORT) {
    target.add("AF_VSOCK");
  } else {
    target.add(family == AF_PACKET ? "AF_PACKET" : "raw socket of family ");
    if (family != AF_PACKET) target.add_signed(family);
  }
  Refusal refusal;
  refusal.reason = Reason::egress_socket;
  refusal.operation = operation;
  refusal.target = target.view();
  refusal.error = audit ? 0 : error;
  refusal.verdict = audit ? "audit" : "refuse";
  refusal.rule = policy().text(policy().header().default_egress_rule);
  report(refusal);
  return audit ? 0 : error;
}

}  // namespace hfoffline::shim
