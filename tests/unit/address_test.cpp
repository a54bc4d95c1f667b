#include "core/address.h"

#include <arpa/inet.h>

#include <cstring>
#include <random>
#include <string>

#include "catch.h"

using namespace hfoffline;

namespace {

std::string text_of(const IpAddress& address) {
  char array[64];
  Appender out(array);
  append_address(address, out);
  REQUIRE_FALSE(out.overflowed());
  return std::string(out.view());
}

IpAddress address_of(std::string_view text) {
  IpAddress address;
  CAPTURE(text);
  REQUIRE(parse_address(text, &address));
  return address;
}

// What libc says about the same text.
bool libc_parses(const std::string& text, IpAddress* address) {
  unsigned char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) {
    *address = address_from_v4(bytes);
    return true;
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes) == 1) {
    *address = address_from_v6(bytes);
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("addresses are read and written in RFC 5952 form") {
  struct Row {
    std::string_view text;
    std::string_view canonical;
  };
  const Row rows[] = {
      {"0.0.0.0", "0.0.0.0"},
      {"10.0.0.1", "10.0.0.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8::1", "2001:db8::1"},
      {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one zero group is not shortened
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of equals
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"::ffff:10.0.0.1", "10.0.0.1"},
      {"::ffff:a00:1", "10.0.0.1"},
      {"::10.0.0.1", "::a00:1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"fe80::1", "fe80::1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const IpAddress address = address_of(row.text);
    CHECK(text_of(address) == row.canonical);
    CHECK(address_of(row.canonical) == address);
    IpAddress libc;
    REQUIRE(libc_parses(std::string(row.text), &libc));
    CHECK(libc == address);
  }
}

TEST_CASE("anything but a strict address is refused") {
  const std::string_view rows[] = {
      "",
      " ",
      "1",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.4.",
      ".1.2.3.4",
      "1..2.3",
      "256.0.0.1",
      "1.2.3.256",
      "01.2.3.4",
      "1.2.3.04",
      "1.2.3.4 ",
      " 1.2.3.4",
      "0x7f.0.0.1",
      "127.1",
      "1.2.3.-4",
      "1.2.3.+4",
      "1.2.3.a",
      ":",
      ":::",
      "1:",
      ":1",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8::",
      "::1:2:3:4:5:6:7:8",
      "1:2:3:4::5:6:7:8",
      "12345::",
      "::g",
      "[::1]",
      "::1]",
      "fe80::1%eth0",
      "::1.2.3",
      "::1.2.3.256",
      "1.2.3.4::",
      "::1.2.3.4:5",
      "1:2:3:4:5:6:7:1.2.3.4",
      "::01.2.3.4",
      "::1/64",
      "1.2.3.4/8",
      "1:2:3:4:5:6:7:8:",
      ":1:2:3:4:5:6:7:8",
      "::-1",
      "::0x1",
      "1.2.3.4:80",
  };
  for (const std::string_view text : rows) {
    CAPTURE(text);
    IpAddress address = address_of("9.9.9.9");
    CHECK_FALSE(parse_address(text, &address));
    CHECK(address == address_of("9.9.9.9"));
    IpAddress libc;
    CHECK_FALSE(libc_parses(std::string(text), &libc));
  }
  IpAddress address;
  CHECK_FALSE(parse_address({"1.2.3.4\0", 8}, &address));
  CHECK_FALSE(parse_address({"::1\0", 4}, &address));
}

TEST_CASE("random addresses survive writing and reading, and libc agrees") {
  std::mt19937 random(11);
  for (int i = 0; i < 5000; ++i) {
    IpAddress address;
    // Many zero bytes, so that runs of zero groups of every length and place occur.
    for (std::uint8_t& byte : address.bytes) byte = random() % 3 == 0 ? random() & 0xff : 0;
    if (i % 4 == 0) address = address_from_v4(address.bytes);
    const std::string text = text_of(address);
    CAPTURE(text);
    CHECK(address_of(text) == address);
    IpAddress libc;
    REQUIRE(libc_parses(text, &libc));
    CHECK(libc == address);
    if (!address.is_v4()) {
      char expected[INET6_ADDRSTRLEN];
      REQUIRE(inet_ntop(AF_INET6, address.bytes, expected, sizeof expected) != nullptr);
      // glibc writes the deprecated ::a.b.c.d with dots, RFC 5952 does not ask for it.
      if (std::strchr(expected, '.') == nullptr) CHECK(text == expected);
    }
  }
}

TEST_CASE("random near-addresses are accepted exactly where libc accepts them") {
  std::mt19937 random(13);
  const std::string_view pieces[] = {
      "0", "1", "255", "256", "ffff", "abcd", "00",      "01", "12345",
      ":", ":", "::",  ":",   ".",    ".",    "1.2.3.4", "g",  ""};
  int accepted = 0;
  for (int i = 0; i < 50000; ++i) {
    std::string text;
    const int count = static_cast<int>(random() % 16);
    for (int j = 0; j < count; ++j) text += pieces[random() % std::size(pieces)];
    CAPTURE(text);
    IpAddress ours;
    IpAddress libc;
    const bool ok = parse_address(text, &ours);
    REQUIRE(ok == libc_parses(text, &libc));
    if (ok) {
      ++accepted;
      REQUIRE(ours == libc);
    }
  }
  CHECK(accepted > 200);
}

TEST_CASE("a network contains what shares its prefix, within its family") {
  struct Row {
    std::string_view base;
    int prefix;
    std::string_view address;
    bool contained;
  };
  const Row rows[] = {
      {"10.0.0.0", 104, "10.0.0.0", true},
      {"10.0.0.0", 104, "10.255.255.255", true},
      {"10.0.0.0", 104, "11.0.0.0", false},
      {"10.0.0.0", 104, "9.255.255.255", false},
      {"10.0.0.0", 104, "::a00:1", false},
      {"192.168.4.0", 118, "192.168.7.255", true},
      {"192.168.4.0", 118, "192.168.8.0", false},
      {"10.0.0.5", 128, "10.0.0.5", true},
      {"10.0.0.5", 128, "10.0.0.4", false},
      {"0.0.0.0", 96, "8.8.8.8", true},
      {"0.0.0.0", 96, "2001:db8::1", false},
      {"::", 0, "2001:db8::1", true},
      {"::", 0, "8.8.8.8", false},
      {"::", 64, "8.8.8.8", false},
      {"::", 64, "::5", true},
      {"::fffe:0:0", 95, "10.0.0.1", false},
      {"2001:db8::", 32, "2001:db8:ffff::1", true},
      {"2001:db8::", 32, "2001:db9::", false},
      {"2001:db8::", 33, "2001:db8:8000::", false},
      {"fe80::", 10, "febf::1", true},
      {"fe80::", 10, "fec0::1", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.base, row.prefix, row.address);
    const Network network{address_of(row.base), static_cast<std::uint8_t>(row.prefix)};
    CHECK(contains(network, address_of(row.address)) == row.contained);
  }
}

TEST_CASE("a network without the bits after its prefix") {
  const Network network{address_of("10.1.2.3"), 104};
  CHECK(has_bits_after_prefix(network));
  CHECK(first_address(network) == address_of("10.0.0.0"));
  CHECK_FALSE(has_bits_after_prefix({address_of("10.0.0.0"), 104}));
  CHECK_FALSE(has_bits_after_prefix({address_of("10.1.2.3"), 128}));
  CHECK(has_bits_after_prefix({address_of("::1"), 127}));
  CHECK(has_bits_after_prefix({address_of("8000::"), 0}));

  char array[64];
  Appender out(array);
  append_network({address_of("10.0.0.0"), 104}, out);
  out.add(" ");
  append_network({address_of("2001:db8::"), 32}, out);
  out.add(" ");
  append_network({address_of("::"), 0}, out);
  CHECK(out.view() == "10.0.0.0/8 2001:db8::/32 ::/0");
}

TEST_CASE("loopback, unspecified, multicast and broadcast") {
  struct Row {
    std::string_view address;
    bool local;
    bool many;
  };
  const Row rows[] = {
      {"127.0.0.1", true, false},
      {"127.255.255.255", true, false},
      {"126.255.255.255", false, false},
      {"128.0.0.0", false, false},
      {"0.0.0.0", true, false},
      {"0.0.0.1", false, false},
      {"::", true, false},
      {"::1", true, false},
      {"::2", false, false},
      {"::ffff:127.0.0.2", true, false},
      {"::127.0.0.1", false, false},
      {"1::1", false, false},
      {"224.0.0.1", false, true},
      {"239.255.255.255", false, true},
      {"223.255.255.255", false, false},
      {"240.0.0.0", false, false},
      {"255.255.255.255", false, true},
      {"255.255.255.254", false, false},
      {"ff02::1", false, true},
      {"fe80::1", false, false},
      {"10.0.0.1", false, false},
      {"8.8.8.8", false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.address);
    const IpAddress address = address_of(row.address);
    CHECK(is_loopback_or_unspecified(address) == row.local);
    CHECK(is_multicast_or_broadcast(address) == row.many);
  }
}

TEST_CASE("only link-local addresses need an interface") {
  for (const char* text : {"fe80::1", "febf::1", "ff02::1", "ff01::1"}) {
    CAPTURE(text);
    CHECK(needs_scope(address_of(text)));
  }
  for (const char* text : {"fec0::1", "fe7f::1", "ff0e::1", "2001:db8::1", "::1", "224.0.0.1"}) {
    CAPTURE(text);
    CHECK_FALSE(needs_scope(address_of(text)));
  }
}

TEST_CASE("addresses come from socket addresses in network byte order") {
  const unsigned char v4[] = {192, 0, 2, 1};
  CHECK(address_from_v4(v4) == address_of("192.0.2.1"));
  CHECK(address_from_v4(v4).is_v4());
  in6_addr v6{};
  REQUIRE(inet_pton(AF_INET6, "2001:db8::5", &v6) == 1);
  CHECK(address_from_v6(&v6) == address_of("2001:db8::5"));
  CHECK_FALSE(address_from_v6(&v6).is_v4());
}
