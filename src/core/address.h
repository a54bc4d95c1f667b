// Internet addresses as 16 bytes (IPv4 as v4-mapped), literals, CIDR networks and what is local by
// definition. Pure, no I/O, async-signal-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/text.h"

namespace hfoffline {

struct IpAddress {
  std::uint8_t bytes[16] = {};

  bool is_v4() const;  // v4-mapped (::ffff:a.b.c.d)
  friend bool operator==(const IpAddress& a, const IpAddress& b) {
    for (int i = 0; i < 16; ++i) {
      if (a.bytes[i] != b.bytes[i]) return false;
    }
    return true;
  }
};

// From network byte order, as in sockaddr_in.sin_addr / sockaddr_in6.sin6_addr.
IpAddress address_from_v4(const void* four_bytes);
IpAddress address_from_v6(const void* sixteen_bytes);

// Strict dotted quads ("10.0.0.1", no leading zeros, no short forms) and RFC 4291 IPv6 text, with
// an embedded dotted quad; no zone, no brackets.
bool parse_address(std::string_view text, IpAddress* address);
// RFC 5952 text; v4-mapped addresses as dotted quads.
void append_address(const IpAddress& address, Appender& out);

struct Network {
  IpAddress base;
  std::uint8_t prefix = 128;  // in bits of the 16-byte form; an IPv4 /8 is 104
};
// IPv4 addresses are in IPv4 networks only: "::/0" means every IPv6 address, and lets no v4-mapped
// one through.
bool contains(const Network& network, const IpAddress& address);
// Whether bits of the base are set after the prefix ("10.0.0.1/8"), and the base without them.
bool has_bits_after_prefix(const Network& network);
IpAddress first_address(const Network& network);
// "10.0.0.0/8", "2001:db8::/32".
void append_network(const Network& network, Appender& out);

// 127.0.0.0/8, ::1, their v4-mapped forms, 0.0.0.0 and :: (connecting to them means loopback).
bool is_loopback_or_unspecified(const IpAddress& address);
// 224.0.0.0/4, ff00::/8 or 255.255.255.255: never the machine's own address, whatever the kernel
// says.
bool is_multicast_or_broadcast(const IpAddress& address);
// Means something only together with an interface: fe80::/10, and groups that do not leave a link.
bool needs_scope(const IpAddress& address);

}  // namespace hfoffline
