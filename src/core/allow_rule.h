// One entry of [egress] allow: what it may look like, and what it means.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/address.h"

namespace hfoffline {

struct AllowRule {
  bool is_name = false;
  std::string_view name;   // as written, without port and trailing dot; compare ignoring case
  Network network;         // when !is_name
  std::uint16_t port = 0;  // 0: every port
};

// Accepts HOST, HOST:PORT, V4, V4:PORT, V6, [V6], [V6]:PORT, V4/BITS, V4/BITS:PORT, V6/BITS,
// [V6/BITS]:PORT. On failure returns false and points *why to a static English clause such as
// "the network 10.0.0.1/8 has bits set after its /8 prefix" or "port must be 1 to 65535", and
// *offset to the offending byte of `text`.
bool parse_allow_rule(std::string_view text, AllowRule* rule, std::string_view* why,
                      std::size_t* offset);

// "huggingface.co", "huggingface.co:443", "10.0.0.1", "[::1]:80": what `hfoffline explain` takes.
struct HostAndPort {
  std::string_view host;  // without brackets, port and trailing dot
  IpAddress address;      // when is_address
  bool is_address = false;
  std::uint16_t port = 0;  // 0: none given
};
bool parse_host_and_port(std::string_view text, HostAndPort* result, std::string_view* why,
                         std::size_t* offset);

// RFC 1123 letters, digits, hyphens, dots, plus underscores; labels of 1 to 63 bytes that neither
// start nor end with a hyphen; at most 253 bytes, no trailing dot.
bool is_host_name(std::string_view text);

}  // namespace hfoffline
