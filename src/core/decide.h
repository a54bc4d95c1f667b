// decide(request) -> verdict for the network: pure, no I/O, a few comparisons.
//
// What only the kernel knows (is this the machine's own address?) is asked by the caller after
// kRefuse.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/address.h"
#include "core/policy.h"
#include "core/reasons.h"

namespace hfoffline {

struct Verdict {
  bool allowed = true;
  Reason reason = Reason::none;
  std::string_view rule;  // what decided: "--allow", "hfoffline.toml:12", "loopback", "default"
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
};

// Loopback, unspecified addresses and the allow-list's networks.
Verdict decide_endpoint(const Policy& policy, const Endpoint& endpoint);

// Whether an address that `name` resolved to may be reached on `port`; port 0 asks about any port.
// Names match ignoring case and one trailing dot.
Verdict decide_name(const Policy& policy, std::string_view name, std::uint16_t port);

// AF_PACKET, raw sockets of the internet families, and every family that leads out of the machine
// by addresses that are not judged (vsock, CAN, Bluetooth, XDP ...). Returns 0 (allowed) or the
// errno.
int refuse_socket(int family, int type);

bool is_localhost(std::string_view name);  // localhost, *.localhost, with or without a trailing dot

}  // namespace hfoffline
