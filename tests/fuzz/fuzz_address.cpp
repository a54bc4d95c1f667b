// Addresses, networks, allow rules: against libc, against bit-by-bit definitions, and round trips.
#include <arpa/inet.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/address.h"
#include "core/allow_rule.h"
#include "expect.h"

using namespace hfoffline;
using fuzz::expect;

namespace {

std::string text_of(const IpAddress& address) {
  char array[64];
  Appender out(array);
  append_address(address, out);
  expect(!out.overflowed(), "an address fits into 64 bytes");
  return std::string(out.view());
}

std::string text_of(const Network& network) {
  char array[64];
  Appender out(array);
  append_network(network, out);
  expect(!out.overflowed(), "a network fits into 64 bytes");
  return std::string(out.view());
}

bool bit(const IpAddress& address, int index) {
  return (address.bytes[index / 8] >> (7 - index % 8) & 1) != 0;
}

bool is_mapped(const IpAddress& address) {
  for (int i = 0; i < 96; ++i) {
    if (bit(address, i) != (i >= 80)) return false;
  }
  return true;
}

bool contains_bit_by_bit(const Network& network, const IpAddress& address) {
  for (int i = 0; i < network.prefix; ++i) {
    if (bit(network.base, i) != bit(address, i)) return false;
  }
  // An IPv4 address is in networks of IPv4 addresses only.
  return !is_mapped(address) || (network.prefix >= 96 && is_mapped(network.base));
}

void check_round_trip(const IpAddress& address) {
  const std::string text = text_of(address);
  IpAddress again;
  expect(parse_address(text, &again), "what append_address wrote is an address");
  expect(again == address, "what append_address wrote is the same address");
  expect(text_of(again) == text, "an address is written in one way");
  unsigned char bytes[16];
  const bool v4 = inet_pton(AF_INET, text.c_str(), bytes) == 1;
  expect(v4 == address.is_v4(), "IPv4 addresses are written as such");
  if (!v4) expect(inet_pton(AF_INET6, text.c_str(), bytes) == 1, "libc reads what we write");
  expect((v4 ? address_from_v4(bytes) : address_from_v6(bytes)) == address, "libc reads the same");
}

void check_parse(const std::string& text) {
  IpAddress address;
  const bool parsed = parse_address(text, &address);
  unsigned char bytes[16];
  bool libc = false;
  if (text.find('\0') == std::string::npos) {
    libc = inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
           inet_pton(AF_INET6, text.c_str(), bytes) == 1;
  }
  expect(parsed == libc, "libc and we agree about what an address is");
  if (!parsed) return;
  const bool v4 = text.find(':') == std::string::npos;
  expect((v4 ? address_from_v4(bytes) : address_from_v6(bytes)) == address,
         "libc and we agree about which address it is");
  check_round_trip(address);
}

void check_allow_rule(std::string_view text) {
  AllowRule rule;
  std::string_view why;
  std::size_t offset = text.size() + 1;
  if (!parse_allow_rule(text, &rule, &why, &offset)) {
    expect(!why.empty(), "a refused rule says why");
    expect(offset <= text.size(), "a refused rule points into its text");
    return;
  }
  expect(why.empty() && offset == text.size() + 1, "an accepted rule says nothing");
  std::string canonical;
  if (rule.is_name) {
    expect(is_host_name(rule.name), "a name in a rule is a host name");
    expect(rule.name.data() >= text.data() &&
               rule.name.data() + rule.name.size() <= text.data() + text.size(),
           "a name points into its text");
    IpAddress address;
    expect(!parse_address(rule.name, &address), "a name is no address");
    canonical = rule.name;
  } else {
    expect(rule.network.prefix <= 128, "a prefix has at most 128 bits");
    expect(!has_bits_after_prefix(rule.network), "a network has no bits after its prefix");
    canonical = "[" + text_of(rule.network) + "]";
    if (rule.network.base.is_v4() && rule.network.prefix >= 96) canonical = text_of(rule.network);
  }
  if (rule.port != 0) canonical += ":" + std::to_string(rule.port);
  AllowRule again;
  expect(parse_allow_rule(canonical, &again, &why, &offset), "a rule can be written again");
  expect(again.is_name == rule.is_name && again.name == rule.name && again.port == rule.port &&
             again.network.base == rule.network.base && again.network.prefix == rule.network.prefix,
         "a rule written again means the same");
}

void check_host_and_port(std::string_view text) {
  HostAndPort result;
  std::string_view why;
  std::size_t offset = text.size() + 1;
  AllowRule rule;
  std::string_view rule_why;
  std::size_t rule_offset = 0;
  const bool is_rule = parse_allow_rule(text, &rule, &rule_why, &rule_offset);
  if (!parse_host_and_port(text, &result, &why, &offset)) {
    expect(!why.empty() && offset <= text.size(), "a refused host says why and where");
    expect(!is_rule || text.find('/') != std::string_view::npos,
           "what an allow rule may name, explain can be asked about");
    return;
  }
  expect(is_rule, "what explain can be asked about, an allow rule may name");
  expect(rule.port == result.port && rule.is_name != result.is_address, "both read the same");
  if (result.is_address) expect(rule.network.base == result.address, "both read the same address");
}

void check_network(const std::uint8_t* data) {
  Network network;
  IpAddress address;
  for (int i = 0; i < 16; ++i) {
    network.base.bytes[i] = data[i];
    // Close to the network, or no address would ever be in it.
    address.bytes[i] = static_cast<std::uint8_t>(data[i] ^ data[16 + i]);
  }
  network.prefix = static_cast<std::uint8_t>(data[32] % 129);
  expect(contains(network, address) == contains_bit_by_bit(network, address),
         "contains agrees with its definition");
  bool bits = false;
  for (int i = network.prefix; i < 128; ++i) bits = bits || bit(network.base, i);
  expect(has_bits_after_prefix(network) == bits, "bits after the prefix are seen");
  const Network clean = {first_address(network), network.prefix};
  expect(!has_bits_after_prefix(clean), "the first address has no bits after the prefix");
  expect(contains(clean, address) == contains_bit_by_bit(clean, address),
         "contains agrees with its definition");
  check_round_trip(address);
  const bool local = is_loopback_or_unspecified(address);
  const bool many = is_multicast_or_broadcast(address);
  expect(!(local && many), "nothing is both local and multicast");
  const auto in = [&address](std::string_view text) {
    AllowRule rule;
    std::string_view why;
    std::size_t offset = 0;
    expect(parse_allow_rule(text, &rule, &why, &offset), "a fixed network is read");
    return contains_bit_by_bit(rule.network, address);
  };
  expect(local == (in("127.0.0.0/8") || in("::1") || in("0.0.0.0") || in("::")), "what is local");
  expect(many == (in("224.0.0.0/4") || in("ff00::/8") || in("255.255.255.255")),
         "what is multicast or broadcast");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_parse(std::string(text));
  check_allow_rule(text);
  check_host_and_port(text);
  if (size >= 33) check_network(data);
  if (size >= 4) check_round_trip(address_from_v4(data));
  return 0;
}
