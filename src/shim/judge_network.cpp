#include "shim/judge_network.h"

#include <errno.h>
#include <netinet/in.h>

#include "core/sys.h"
#include "core/text.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"
#include "shim/shared_state.h"
#include "shim/socket_facts.h"
#include "shim/test_allowance.h"

namespace hfoffline::shim {

bool endpoint_of(const struct sockaddr* address, socklen_t length, Endpoint* endpoint) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(address);
  sa_family_t family;
  __builtin_memcpy(&family, bytes + offsetof(struct sockaddr, sa_family), sizeof(family));
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

namespace {

// The address alone, and "192.0.2.1:443" or "[2001:db8::1]:443".
void append_endpoint(const Endpoint& endpoint, Appender& host, Appender& target) {
  append_address(endpoint.address, host);
  if (endpoint.address.is_v4()) {
    target.add(host.view());
  } else {
    target.add_byte('[').add(host.view()).add_byte(']');
  }
  target.add_byte(':').add_number(endpoint.port);
}

// Whether the running test may reach it, which is then recorded. Not part of its callers, whose
// stack may be small.
[[gnu::noinline]] bool is_allowed_in_test(const char* operation, const Endpoint& endpoint,
                                          NameReference name) {
  TestAllowance allowance;
  if (!test_may_reach(endpoint, &allowance)) return false;
  char host[64];
  Appender host_text(host);
  char target[80];
  Appender target_text(target);
  append_endpoint(endpoint, host_text, target_text);
  const std::string_view name_or_none = name_text(name);
  const std::uint64_t key =
      refusal_key(operation, endpoint.address.bytes, sizeof(endpoint.address.bytes),
                  endpoint.port | 0x20000U | static_cast<std::uint64_t>(name) << 32);
  report_allowance(key, operation, target_text.view(),
                   name_or_none.empty() ? host_text.view() : name_or_none, endpoint.port,
                   allowance);
  return true;
}

void report_address(std::uint64_t key, Reason reason, const char* operation,
                    const Endpoint& endpoint, NameReference name, std::string_view rule,
                    int error) {
  const bool audit = policy().audit();
  char host[64];
  Appender host_text(host);
  char target[80];
  Appender target_text(target);
  append_endpoint(endpoint, host_text, target_text);
  Refusal refusal;
  refusal.reason = reason;
  refusal.operation = operation;
  refusal.target = target_text.view();
  const std::string_view name_or_none = name_text(name);
  refusal.host = name_or_none.empty() ? host_text.view() : name_or_none;
  refusal.port = endpoint.port;
  refusal.error = audit ? 0 : error;
  refusal.verdict = audit ? "audit" : "refuse";
  refusal.rule = rule;
  report(key, refusal);
}

// The interface that a link-local address names; 0 for other addresses, which need none.
std::uint32_t scope_of(const CopiedAddress& address) {
  Endpoint endpoint;
  std::uint32_t scope = 0;
  if (address.length < sizeof(struct sockaddr_in6) ||
      !endpoint_of(address.get(), address.length, &endpoint) || !needs_scope(endpoint.address))
    return 0;
  __builtin_memcpy(&scope, address.bytes + offsetof(struct sockaddr_in6, sin6_scope_id),
                   sizeof(scope));
  return scope;
}

// A link-local address that names no interface is meant on the socket's own.
bool takes_scope_of_socket(int descriptor, const CopiedAddress& address, CopiedAddress* scoped) {
  const auto scope = static_cast<std::uint32_t>(interface_of_socket(descriptor));
  if (scope == 0 || scope_of(address) != 0) return false;
  *scoped = address;
  scoped->length = sizeof(struct sockaddr_in6);
  __builtin_memcpy(scoped->bytes + offsetof(struct sockaddr_in6, sin6_scope_id), &scope,
                   sizeof(scope));
  return true;
}

// Loopback addresses, from a socket that may have an interface of its own.
int judge_chosen_interface(const char* operation, int descriptor, Direction direction) {
  const int interface = interface_of_socket(descriptor);
  if (interface == 0 || (direction == Direction::kSend && is_tcp(descriptor))) return 0;
  char text[64];
  Appender target(text);
  target.add("loopback by interface ").add_signed(interface);
  return refuse_egress(Reason::egress_interface, operation, target.view(),
                       static_cast<int>(policy().header().egress_errno));
}

}  // namespace

void note_chosen_interface(const CopiedAddress& address) {
  constexpr std::uint32_t kLoopbackIndex = 1;  // in every network namespace
  if (scope_of(address) > kLoopbackIndex)
    __atomic_store_n(&interface_was_chosen, 1, __ATOMIC_RELAXED);
}

int judge_address(const char* operation, int descriptor, const CopiedAddress& address,
                  Direction direction) {
  Endpoint endpoint;
  if (!endpoint_of(address.get(), address.length, &endpoint)) return 0;
  const Policy ours = policy();
  const Verdict verdict = decide_endpoint(ours, endpoint);
  if (direction == Direction::kConnect) note_chosen_interface(address);
  if (verdict.allowed) {
    return __atomic_load_n(&interface_was_chosen, __ATOMIC_RELAXED) != 0 &&
                   is_loopback_or_unspecified(endpoint.address)
               ? judge_chosen_interface(operation, descriptor, direction)
               : 0;
  }

  const bool links = needs_scope(endpoint.address);
  CopiedAddress scoped;
  if (links && takes_scope_of_socket(descriptor, address, &scoped))
    return judge_address(operation, descriptor, scoped, direction);

  const bool audit = ours.audit();
  const auto error = static_cast<int>(ours.header().egress_errno);
  int type = known_socket_type(descriptor);
  // What is no violation must be true: a number that was freed unseen may be another's by now.
  if (type == SOCK_DGRAM && direction == Direction::kConnect) type = ask_socket_type(descriptor);
  if (type == -1) return 0;  // not a socket, as the kernel will say
  if (direction == Direction::kSend && type == SOCK_STREAM && is_tcp(descriptor)) return 0;
  // Pointing a datagram socket somewhere sends nothing: programs learn their own address that way.
  const bool probe = direction == Direction::kConnect && type == SOCK_DGRAM;
  const Reason reason = probe ? Reason::egress_probe : Reason::egress_address;
  // Many names share an address: a refusal is of the name that this program went by.
  const NameReference name = last_name(endpoint.address);
  const std::uint64_t key =
      refusal_key(operation, endpoint.address.bytes, sizeof(endpoint.address.bytes),
                  endpoint.port | (probe ? 0x10000U : 0U) | scope_of(address) << 17 |
                      static_cast<std::uint64_t>(name) << 32);
  if (ours.name_count() != 0 && is_learned(endpoint)) return 0;
  if (ours.allow_from_tests() && is_allowed_in_test(operation, endpoint, name)) return 0;
  if (is_multicast_or_broadcast(endpoint.address) &&
      goes_out_through_loopback(descriptor, address, endpoint)) {
    return 0;
  }
  // What was said of it with a scope does not hold without one.
  if (links && fails_anyway(descriptor, address, direction, endpoint)) return 0;
  if (count_repeated(key, reason)) return audit ? 0 : error;
  if (fails_anyway(descriptor, address, direction, endpoint)) return 0;
  if (is_own_address(address, endpoint.address)) return 0;

  report_address(key, reason, operation, endpoint, name, verdict.rule, error);
  return audit ? 0 : error;
}

int refuse_egress(Reason reason, const char* operation, std::string_view target, int error) {
  const bool audit = policy().audit();
  Refusal refusal;
  refusal.reason = reason;
  refusal.operation = operation;
  refusal.target = target;
  refusal.error = audit ? 0 : error;
  refusal.verdict = audit ? "audit" : "refuse";
  refusal.rule = policy().text(policy().header().default_egress_rule);
  report(refusal);
  return audit ? 0 : error;
}

int judge_socket(const char* operation, int family, int type) {
  const int error = refuse_socket(family, type);
  if (error == 0) return 0;
  char text[64];
  Appender target(text);
#if defined(__APPLE__)
  constexpr int kPacketFamily = 27;
  constexpr std::string_view kPacketName = "AF_NDRV";
#else
  constexpr int kPacketFamily = AF_PACKET;
  constexpr std::string_view kPacketName = "AF_PACKET";
#endif
  if (family == kPacketFamily) {
    target.add(kPacketName);
  } else if (family == AF_VSOCK) {
    target.add("AF_VSOCK");
  } else {
    target.add((type & 0xf) == SOCK_RAW ? "raw socket of family " : "socket of family ");
    target.add_signed(family);
  }
  return refuse_egress(Reason::egress_socket, operation, target.view(), error);
}

int judge_connected(const char* operation, int descriptor) {
  // What Linux takes ports from for those who call; who is called waits at another.
  constexpr std::uint16_t kFirstPassingPort = 32768;
  CopiedAddress own, peer;
  own.length = sizeof(own.bytes);
  peer.length = sizeof(peer.bytes);
  Endpoint own_endpoint, endpoint;
  if (sys::getpeername(descriptor, peer.bytes, &peer.length) != 0 ||
      sys::getsockname(descriptor, own.bytes, &own.length) != 0 ||
      !endpoint_of(peer.get(), peer.length, &endpoint) ||
      !endpoint_of(own.get(), own.length, &own_endpoint))
    return 0;
  if (own_endpoint.port < kFirstPassingPort || endpoint.port >= kFirstPassingPort) return 0;
  const Verdict verdict = decide_endpoint(policy(), endpoint);
  if (verdict.allowed || (policy().name_count() != 0 && is_learned(endpoint)) ||
      is_own_address(peer, endpoint.address))
    return 0;
  const auto error = static_cast<int>(policy().header().egress_errno);
  const NameReference name = last_name(endpoint.address);
  if (policy().allow_from_tests() && is_allowed_in_test(operation, endpoint, name)) return 0;
  const std::uint64_t key =
      refusal_key(operation, endpoint.address.bytes, sizeof(endpoint.address.bytes), endpoint.port);
  if (!count_repeated(key, Reason::egress_address))
    report_address(key, Reason::egress_address, operation, endpoint, name, verdict.rule, error);
  return policy().audit() ? 0 : error;
}

}  // namespace hfoffline::shim
