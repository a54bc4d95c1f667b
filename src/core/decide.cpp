#include "core/decide.h"

#include <errno.h>
#include <sys/socket.h>

#include "core/text.h"

namespace hfoffline {
namespace {

#if defined(__APPLE__)
// Those of macOS: the routing table and the kernel's own sockets stay on the machine; NDRV (raw
// packets), vsock and the others do not.
constexpr int kJudgedOrLocal[] = {AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_ROUTE, AF_SYSTEM};
constexpr int kLastFamily = AF_MAX;
constexpr int kPacketFamily = 27;  // AF_NDRV
#else
// Families that stay on the machine (Unix, netlink, key management, kernel crypto, a multiplexer
// over a connected TCP socket), and those whose addresses are judged where they are given: the
// internet's and SMC, which uses them. 0 is the kernel's to refuse.
constexpr int kJudgedOrLocal[] = {AF_UNSPEC,  AF_UNIX, AF_INET,         AF_INET6, AF_KEY,
                                  AF_NETLINK, AF_ALG,  41 /* AF_KCM */, 43 /* AF_SMC */};
// AF_MCTP, the last family of Linux 6.18. Whatever is above does not exist.
constexpr int kLastFamily = 45;
constexpr int kPacketFamily = AF_PACKET;
#endif

bool is_judged_or_local(int family) {
  if (family < 0 || family > kLastFamily) return true;
  for (const int known : kJudgedOrLocal) {
    if (family == known) return true;
  }
  return false;
}

std::string_view without_trailing_dot(std::string_view name) {
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  return name;
}

}  // namespace

Verdict decide_endpoint(const Policy& policy, const Endpoint& endpoint) {
  if (is_loopback_or_unspecified(endpoint.address)) return {true, Reason::none, "loopback"};
  for (std::size_t i = 0; i < policy.network_count(); ++i) {
    const NetworkRow& row = policy.network(i);
    if (row.port != 0 && row.port != endpoint.port) continue;
    Network network;
    __builtin_memcpy(network.base.bytes, row.base, sizeof(row.base));
    network.prefix = row.prefix;
    if (contains(network, endpoint.address)) return {true, Reason::none, policy.text(row.rule)};
  }
  return {false, Reason::egress_address, policy.text(policy.header().default_egress_rule)};
}

Verdict decide_name(const Policy& policy, std::string_view name, std::uint16_t port) {
  name = without_trailing_dot(name);
  for (std::size_t i = 0; i < policy.name_count(); ++i) {
    const NameRow& row = policy.name(i);
    if (row.port != 0 && port != 0 && row.port != port) continue;
    if (equals_ignoring_case(name, policy.text(row.name))) {
      return {true, Reason::none, policy.text(row.rule)};
    }
  }
  return {false, Reason::egress_name, policy.text(policy.header().default_egress_rule)};
}

int refuse_socket(int family, int type) {
  // What an unprivileged process is told; the type's high bits are SOCK_NONBLOCK and SOCK_CLOEXEC.
  if (family == kPacketFamily) return EPERM;
  // vsock, CAN, Bluetooth, TIPC, XDP ...: devices and buses that lead out, with addresses of their
  // own.
  if (!is_judged_or_local(family)) return EAFNOSUPPORT;
  const int kind = type & 0xf;
  if ((family == AF_INET || family == AF_INET6) && kind == SOCK_RAW) return EPERM;
  // SOCK_PACKET, the obsolete way to AF_PACKET.
  if (family == AF_INET && kind == 10) return EPERM;
  return 0;
}

bool is_localhost(std::string_view name) {
  name = without_trailing_dot(name);
  constexpr std::string_view kLocalhost = "localhost";
  if (equals_ignoring_case(name, kLocalhost)) return true;
  return name.size() > kLocalhost.size() + 1 && name[name.size() - kLocalhost.size() - 1] == '.' &&
         equals_ignoring_case(slice(name, name.size() - kLocalhost.size()), kLocalhost);
}

}  // namespace hfoffline
