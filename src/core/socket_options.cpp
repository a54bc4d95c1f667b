#include "core/socket_options.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace hfoffline {
namespace {

// lo has this index in every network namespace (linux/include/net/net_namespace.h).
constexpr std::uint32_t kLoopbackIndex = 1;

struct Bytes {
  const unsigned char* data;
  std::size_t size;

  std::uint32_t word(std::size_t offset) const {
    std::uint32_t value;
    __builtin_memcpy(&value, data + offset, sizeof(value));
    return value;
  }
  std::uint32_t network_word(std::size_t offset) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | data[offset + i];
    return value;
  }
};

// What makes a value harmless.
enum class Rule : std::uint8_t {
  device_name,        // "lo" or none
  interface,          // an index, 0 for none
  network_interface,  // the same in network byte order
  join_by_address,    // struct ip_mreq, ip_mreqn: the interface by address or index
  join_source,        // struct ip_mreq_source: the interface by address
  join_by_index,      // an index that must be given
  join_group,         // the same in struct group_req
  join_group_source,  // and in struct group_source_req
  no_route,           // IP options without a source route
  none,               // nothing does
};

constexpr std::size_t kGroupBytes = sizeof(struct group_req);
constexpr std::size_t kGroupSourceBytes = sizeof(struct group_source_req);

struct Row {
  int level;
  int option;
  Rule rule;
  std::uint8_t offset;  // of the index in the value
  int error;
  std::string_view name;
};

// The errors are those of interfaces that do not exist. Setting a route is no error in a namespace,
// but no datagram finds its way then.
constexpr Row kOptions[] = {
    {SOL_SOCKET, 25, Rule::device_name, 0, ENODEV, "SO_BINDTODEVICE"},
    {SOL_SOCKET, 62, Rule::interface, 0, ENODEV, "SO_BINDTOIFINDEX"},
    {IPPROTO_IP, 4, Rule::no_route, 0, EPERM, "IP_OPTIONS"},
    {IPPROTO_IP, 32, Rule::interface, 8, EADDRNOTAVAIL, "IP_MULTICAST_IF"},
    {IPPROTO_IP, 35, Rule::join_by_address, 8, ENODEV, "IP_ADD_MEMBERSHIP"},
    {IPPROTO_IP, 39, Rule::join_source, 4, ENODEV, "IP_ADD_SOURCE_MEMBERSHIP"},
    {IPPROTO_IP, 42, Rule::join_group, 0, ENODEV, "MCAST_JOIN_GROUP"},
    {IPPROTO_IP, 46, Rule::join_group_source, 0, ENODEV, "MCAST_JOIN_SOURCE_GROUP"},
    {IPPROTO_IP, 50, Rule::network_interface, 0, EADDRNOTAVAIL, "IP_UNICAST_IF"},
    {IPPROTO_IPV6, 5, Rule::none, 0, EPERM, "IPV6_2292RTHDR"},
    {IPPROTO_IPV6, 6, Rule::none, 0, EPERM, "IPV6_2292PKTOPTIONS"},
    {IPPROTO_IPV6, 20, Rule::join_by_index, 16, ENODEV, "IPV6_JOIN_GROUP"},
    {IPPROTO_IPV6, 27, Rule::join_by_index, 16, ENODEV, "IPV6_JOIN_ANYCAST"},
    {IPPROTO_IPV6, 42, Rule::join_group, 0, ENODEV, "MCAST_JOIN_GROUP"},
    {IPPROTO_IPV6, 46, Rule::join_group_source, 0, ENODEV, "MCAST_JOIN_SOURCE_GROUP"},
    {IPPROTO_IPV6, 50, Rule::interface, 16, ENODEV, "IPV6_PKTINFO"},
    {IPPROTO_IPV6, 57, Rule::none, 0, EPERM, "IPV6_RTHDR"},
    {IPPROTO_IPV6, 76, Rule::network_interface, 0, EADDRNOTAVAIL, "IPV6_UNICAST_IF"},
};

// Interfaces in control messages are the caller's to judge, since programs that answer on one of
// the machine's own addresses name the interface that has it.
constexpr Row kMessages[] = {
    {IPPROTO_IP, 7, Rule::no_route, 0, ENETUNREACH, "IP_RETOPTS"},
    {IPPROTO_IP, 8, Rule::interface, 0, 0, "IP_PKTINFO"},
    {IPPROTO_IPV6, 2, Rule::interface, 16, 0, "IPV6_2292PKTINFO"},
    {IPPROTO_IPV6, 5, Rule::none, 0, ENETUNREACH, "IPV6_2292RTHDR"},
    {IPPROTO_IPV6, 50, Rule::interface, 16, 0, "IPV6_PKTINFO"},
    {IPPROTO_IPV6, 57, Rule::none, 0, ENETUNREACH, "IPV6_RTHDR"},
    // Further addresses of the peer.
    {IPPROTO_SCTP, 7, Rule::none, 0, ENETUNREACH, "SCTP_DSTADDRV4"},
    {IPPROTO_SCTP, 8, Rule::none, 0, ENETUNREACH, "SCTP_DSTADDRV6"},
};

const Row* find_row(const Row* rows, std::size_t count, int level, int option) {
  for (std::size_t i = 0; i < count; ++i) {
    if (rows[i].option == option && rows[i].level == level) return &rows[i];
  }
  return nullptr;
}

bool is_loopback_name(Bytes value) {
  if (value.size == 0 || value.data[0] == '\0') return true;
  return value.size >= 2 && value.data[0] == 'l' && value.data[1] == 'o' &&
         (value.size == 2 || value.data[2] == '\0');
}

bool has_source_route(Bytes value) {
  constexpr unsigned char kEnd = 0;
  constexpr unsigned char kNothing = 1;
  constexpr unsigned char kLoose = 131;
  constexpr unsigned char kStrict = 137;
  for (std::size_t at = 0; at < value.size && value.data[at] != kEnd;) {
    if (value.data[at] == kNothing) {
      ++at;
      continue;
    }
    if (value.data[at] == kLoose || value.data[at] == kStrict) return true;
    if (at + 1 >= value.size || value.data[at + 1] < 2) return false;  // the kernel refuses it
    at += value.data[at + 1];
  }
  return false;
}

bool has_word(Bytes value, std::size_t offset) { return value.size >= offset + 4; }

bool is_loopback_address(Bytes value, std::size_t offset) { return value.data[offset] == 127; }

bool is_harmless(const Row& row, Bytes value) {
  switch (row.rule) {
    case Rule::device_name:
      return is_loopback_name(value);
    case Rule::interface:
      return !has_word(value, row.offset) || value.word(row.offset) <= kLoopbackIndex;
    case Rule::network_interface:
      return !has_word(value, row.offset) || value.network_word(row.offset) <= kLoopbackIndex;
    case Rule::join_by_address:
      if (!has_word(value, 4)) return true;
      if (has_word(value, row.offset) && value.word(row.offset) != 0)
        return value.word(row.offset) == kLoopbackIndex;
      return is_loopback_address(value, 4);
    case Rule::join_source:
      return !has_word(value, row.offset) || is_loopback_address(value, row.offset);
    case Rule::join_by_index:
      return !has_word(value, row.offset) || value.word(row.offset) == kLoopbackIndex;
    case Rule::join_group:
      return value.size < kGroupBytes || value.word(row.offset) == kLoopbackIndex;
    case Rule::join_group_source:
      return value.size < kGroupSourceBytes || value.word(row.offset) == kLoopbackIndex;
    case Rule::no_route:
      return !has_source_route(value);
    case Rule::none:
      return value.size == 0;
  }
  return false;
}

}  // namespace

bool is_judged_option(int level, int option) {
  return find_row(kOptions, sizeof(kOptions) / sizeof(kOptions[0]), level, option) != nullptr;
}

OptionVerdict refuse_socket_option(int level, int option, const void* value, std::size_t size) {
  const Row* row = find_row(kOptions, sizeof(kOptions) / sizeof(kOptions[0]), level, option);
  if (row == nullptr || value == nullptr ||
      is_harmless(*row, {static_cast<const unsigned char*>(value), size})) {
    return {};
  }
  return {row->error, row->name};
}

OptionVerdict refuse_control_message(int level, int type, const void* data, std::size_t size,
                                     std::uint32_t* interface) {
  *interface = 0;
  const Row* row = find_row(kMessages, sizeof(kMessages) / sizeof(kMessages[0]), level, type);
  const Bytes value = {static_cast<const unsigned char*>(data), size};
  if (row == nullptr || is_harmless(*row, value)) return {};
  if (row->rule == Rule::interface) *interface = value.word(row->offset);
  return {row->error, row->name};
}

}  // namespace hfoffline
