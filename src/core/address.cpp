#include "core/address.h"

namespace hfoffline {
namespace {

constexpr int kMappedPrefixBytes = 12;

bool parse_v4(std::string_view text, std::uint8_t* bytes) {
  std::size_t at = 0;
  for (int i = 0; i < 4; ++i) {
    if (i > 0) {
      if (at >= text.size() || text[at] != '.') return false;
      ++at;
    }
    const std::size_t start = at;
    while (at < text.size() && is_ascii_digit(text[at])) ++at;
    const std::string_view digits = slice(text, start, at - start);
    // "010" is eight to some programs and ten to others.
    if (digits.size() > 1 && digits[0] == '0') return false;
    std::uint64_t value = 0;
    if (!parse_decimal(digits, 255, &value)) return false;
    bytes[i] = static_cast<std::uint8_t>(value);
  }
  return at == text.size();
}

int hexadecimal_digit(char c) {
  if (is_ascii_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool parse_v6(std::string_view text, std::uint8_t* bytes) {
  std::uint8_t written[16] = {};
  int size = 0;
  int gap = -1;  // where "::" stands in `written`
  std::size_t at = 0;
  if (slice(text, 0, 2) == "::") {
    gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    const std::size_t start = at;
    unsigned group = 0;
    while (at < text.size() && hexadecimal_digit(text[at]) >= 0) {
      group = group << 4 | static_cast<unsigned>(hexadecimal_digit(text[at]));
      ++at;
      if (at - start > 4) return false;
    }
    if (at == start) return false;
    if (at < text.size() && text[at] == '.') {
      if (size > 12 || !parse_v4(slice(text, start), written + size)) return false;
      size += 4;
      break;
    }
    if (size > 14) return false;
    written[size++] = static_cast<std::uint8_t>(group >> 8);
    written[size++] = static_cast<std::uint8_t>(group);
    if (at == text.size()) break;
    if (text[at] != ':') return false;
    ++at;
    if (at < text.size() && text[at] == ':') {
      if (gap >= 0) return false;
      gap = size;
      ++at;
    } else if (at == text.size()) {
      return false;
    }
  }
  // "::" stands for at least one group.
  if (gap < 0 ? size != 16 : size > 14) return false;
  const int before = gap < 0 ? 16 : gap;
  const int after = size - before;
  for (int i = 0; i < 16; ++i) {
    if (i < before) {
      bytes[i] = written[i];
    } else if (i >= 16 - after) {
      bytes[i] = written[size - (16 - i)];
    } else {
      bytes[i] = 0;
    }
  }
  return true;
}

void append_v4(const std::uint8_t* bytes, Appender& out) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) out.add_byte('.');
    out.add_number(bytes[i]);
  }
}

std::uint8_t prefix_mask(unsigned prefix, int byte) {
  const unsigned before = static_cast<unsigned>(byte) * 8;
  if (prefix >= before + 8) return 0xff;
  if (prefix <= before) return 0;
  return static_cast<std::uint8_t>(0xff << (8 - (prefix - before)));
}

}  // namespace

bool IpAddress::is_v4() const {
  static constexpr std::uint8_t kMapped[4] = {0, 0, 0xff, 0xff};
  std::uint64_t first;
  __builtin_memcpy(&first, bytes, sizeof(first));
  std::uint32_t second;
  __builtin_memcpy(&second, bytes + 8, sizeof(second));
  std::uint32_t mapped;
  __builtin_memcpy(&mapped, kMapped, sizeof(mapped));
  return first == 0 && second == mapped;
}

IpAddress address_from_v4(const void* four_bytes) {
  const auto* from = static_cast<const std::uint8_t*>(four_bytes);
  IpAddress address;
  address.bytes[10] = 0xff;
  address.bytes[11] = 0xff;
  for (int i = 0; i < 4; ++i) address.bytes[kMappedPrefixBytes + i] = from[i];
  return address;
}

IpAddress address_from_v6(const void* sixteen_bytes) {
  const auto* from = static_cast<const std::uint8_t*>(sixteen_bytes);
  IpAddress address;
  for (int i = 0; i < 16; ++i) address.bytes[i] = from[i];
  return address;
}

bool parse_address(std::string_view text, IpAddress* address) {
  std::uint8_t bytes[16];
  if (find_byte(text, ':') != std::string_view::npos) {
    if (!parse_v6(text, bytes)) return false;
    *address = address_from_v6(bytes);
    return true;
  }
  if (!parse_v4(text, bytes)) return false;
  *address = address_from_v4(bytes);
  return true;
}

void append_address(const IpAddress& address, Appender& out) {
  if (address.is_v4()) {
    append_v4(address.bytes + kMappedPrefixBytes, out);
    return;
  }
  unsigned groups[8];
  for (int i = 0; i < 8; ++i) {
    groups[i] = static_cast<unsigned>(address.bytes[2 * i] << 8 | address.bytes[2 * i + 1]);
  }
  // RFC 5952: the first of the longest runs of zero groups, if it has more than one.
  int gap_start = 8;
  int gap_size = 1;
  for (int i = 0; i < 8; ++i) {
    int size = 0;
    while (i + size < 8 && groups[i + size] == 0) ++size;
    if (size > gap_size) {
      gap_start = i;
      gap_size = size;
    }
  }
  for (int i = 0; i < 8;) {
    if (i == gap_start) {
      out.add("::");
      i += gap_size;
      continue;
    }
    if (i > 0 && i != gap_start + gap_size) out.add_byte(':');
    out.add_number(groups[i], 16);
    ++i;
  }
}

bool contains(const Network& network, const IpAddress& address) {
  if (address.is_v4() && (network.prefix < 96 || !network.base.is_v4())) return false;
  for (int i = 0; i < 16; ++i) {
    const int differing = network.base.bytes[i] ^ address.bytes[i];
    if ((differing & prefix_mask(network.prefix, i)) != 0) return false;
  }
  return true;
}

IpAddress first_address(const Network& network) {
  IpAddress address = network.base;
  for (int i = 0; i < 16; ++i) address.bytes[i] &= prefix_mask(network.prefix, i);
  return address;
}

bool has_bits_after_prefix(const Network& network) {
  return !(first_address(network) == network.base);
}

void append_network(const Network& network, Appender& out) {
  append_address(network.base, out);
  const bool v4 = network.base.is_v4() && network.prefix >= 96;
  out.add_byte('/').add_number(v4 ? network.prefix - 96U : network.prefix);
}

bool is_loopback_or_unspecified(const IpAddress& address) {
  const std::uint8_t* bytes = address.bytes;
  if (address.is_v4()) {
    return bytes[12] == 127 || (bytes[12] | bytes[13] | bytes[14] | bytes[15]) == 0;
  }
  for (int i = 0; i < 15; ++i) {
    if (bytes[i] != 0) return false;
  }
  return bytes[15] <= 1;
}

bool is_multicast_or_broadcast(const IpAddress& address) {
  const std::uint8_t* bytes = address.bytes;
  if (!address.is_v4()) return bytes[0] == 0xff;
  if ((bytes[12] & 0xf0) == 0xe0) return true;
  return (bytes[12] & bytes[13] & bytes[14] & bytes[15]) == 0xff;
}

bool needs_scope(const IpAddress& address) {
  const std::uint8_t* bytes = address.bytes;
  if (bytes[0] == 0xfe) return (bytes[1] & 0xc0) == 0x80;
  return bytes[0] == 0xff && ((bytes[1] & 0xf) == 1 || (bytes[1] & 0xf) == 2);
}

}  // namespace hfoffline
