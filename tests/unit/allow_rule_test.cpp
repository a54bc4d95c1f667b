#include "core/allow_rule.h"

#include <string>

#include "catch.h"

using namespace hfoffline;

namespace {

std::string network_text(const Network& network) {
  char array[64];
  Appender out(array);
  append_network(network, out);
  return std::string(out.view());
}

}  // namespace

TEST_CASE("allow rules for addresses and networks") {
  struct Row {
    std::string_view text;
    std::string_view network;
    int port;
  };
  const Row rows[] = {
      {"10.0.0.5", "10.0.0.5/32", 0},
      {"10.0.0.5:9000", "10.0.0.5/32", 9000},
      {"10.0.0.5:1", "10.0.0.5/32", 1},
      {"10.0.0.5:65535", "10.0.0.5/32", 65535},
      {"192.168.0.0/16", "192.168.0.0/16", 0},
      {"192.168.0.0/16:443", "192.168.0.0/16", 443},
      {"10.0.0.5/32", "10.0.0.5/32", 0},
      {"0.0.0.0/0", "0.0.0.0/0", 0},
      {"::1", "::1/128", 0},
      {"[::1]", "::1/128", 0},
      {"[::1]:80", "::1/128", 80},
      {"2001:db8::1:443", "2001:db8::1:443/128", 0},  // an address, not a port
      {"fd00::/8", "fd00::/8", 0},
      {"[fd00::/8]", "fd00::/8", 0},
      {"[fd00::/8]:443", "fd00::/8", 443},
      {"::/0", "::/0", 0},
      {"::ffff:10.0.0.0/104", "10.0.0.0/8", 0},
      {"::ffff:10.0.0.5", "10.0.0.5/32", 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    AllowRule rule;
    std::string_view why = "untouched";
    std::size_t offset = 99;
    REQUIRE(parse_allow_rule(row.text, &rule, &why, &offset));
    CHECK_FALSE(rule.is_name);
    CHECK(rule.name.empty());
    CHECK(network_text(rule.network) == row.network);
    CHECK(rule.port == row.port);
    CHECK(why == "untouched");
    CHECK(offset == 99);
  }
}

TEST_CASE("allow rules for names") {
  struct Row {
    std::string_view text;
    std::string_view name;
    int port;
  };
  const std::string longest = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                              std::string(63, 'c') + "." + std::string(61, 'd');
  const Row rows[] = {
      {"huggingface.co", "huggingface.co", 0},
      {"HuggingFace.CO:443", "HuggingFace.CO", 443},
      {"minio.ci.:9000", "minio.ci", 9000},
      {"localhost", "localhost", 0},
      {"my_service", "my_service", 0},
      {"_sip._tcp.example", "_sip._tcp.example", 0},
      {"a-b.c", "a-b.c", 0},
      {"1a.b2", "1a.b2", 0},
      {"xn--bcher-kva.example", "xn--bcher-kva.example", 0},
      {"0xg", "0xg", 0},
      {longest, longest, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    AllowRule rule;
    std::string_view why;
    std::size_t offset = 0;
    REQUIRE(parse_allow_rule(row.text, &rule, &why, &offset));
    CHECK(rule.is_name);
    CHECK(rule.name == row.name);
    CHECK(rule.port == row.port);
  }
}

TEST_CASE("what is wrong with an allow rule, and where") {
  struct Row {
    std::string_view text;
    std::size_t offset;
    std::string_view why;
  };
  const std::string long_label = std::string(64, 'a') + ".b";
  const std::string long_name = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                std::string(63, 'c') + "." + std::string(62, 'd');
  const std::string_view labels =
      "between its dots a host name has 1 to 63 bytes, which neither start nor end with a hyphen";
  const std::string_view letters =
      "a host name has letters, digits, hyphens, underscores and dots only";
  const std::string_view ports = "the port must be 1 to 65535";
  const std::string_view v4_prefix = "the prefix length of an IPv4 network must be 0 to 32";
  const std::string_view v6_prefix = "the prefix length of an IPv6 network must be 0 to 128";
  const std::string_view not_v4 = "it is not a whole IPv4 address, and no host name";
  const Row rows[] = {
      {"", 0, "it is empty"},
      {":443", 0, "the host is missing"},
      {"[]:443", 1, "the host is missing"},
      {"/8", 0, "the host is missing"},
      {"host:", 5, "a port is missing after the colon"},
      {"host:0", 5, ports},
      {"host:65536", 5, ports},
      {"host:-1", 5, ports},
      {"host:https", 5, ports},
      {"host:0443", 5, ports},
      {"host: 443", 5, ports},
      {"10.0.0.1:99999999999999999999", 9, ports},
      {"[::1]:0", 6, ports},
      {"10.0.0.1/8", 0, "the network has bits set after its prefix"},
      {"[fd00::1/8]:443", 1, "the network has bits set after its prefix"},
      {"2001:db8::1/64", 0, "the network has bits set after its prefix"},
      {"10.0.0.0/33", 9, v4_prefix},
      {"10.0.0.0/", 9, v4_prefix},
      {"10.0.0.0/08", 9, v4_prefix},
      {"10.0.0.0/a", 9, v4_prefix},
      {"10.0.0.0/8/8", 9, v4_prefix},
      {"10.0.0.0/255.0.0.0", 9, v4_prefix},
      {"::/129", 3, v6_prefix},
      {"[::/129]:1", 4, v6_prefix},
      {"fd00::/8:443", 7, "an IPv6 network with a port needs brackets"},
      {"[::1", 0, "the bracket is not closed"},
      {"[::]/8", 4, "the prefix length belongs inside the brackets"},
      {"[::1]443", 5, "only a port may follow the bracket"},
      {"[10.0.0.1]:80", 0, "brackets are for IPv6 addresses only"},
      {"[host]:80", 0, "brackets are for IPv6 addresses only"},
      {"fe80::1%eth0", 7, "an address has no zone here"},
      {"1:2:3", 0, "it is not an IPv6 address"},
      {"host:80:90", 0, "it is not an IPv6 address"},
      {"10.0.0", 0, not_v4},
      {"10.0.0.256", 0, not_v4},
      {"010.0.0.1", 0, not_v4},
      {"0x7f.1:80", 0, not_v4},
      {"0x", 0, not_v4},
      {"1234", 0, not_v4},
      {"host.1", 0, not_v4},
      {"10.0.0.1.", 0, not_v4},
      {"*.hf.co", 0, "names cannot have wildcards"},
      {"cdn.*.co:443", 4, "names cannot have wildcards"},
      {"b\xc3\xbc"
       "cher.example",
       1, "a name outside ASCII must be written in its xn-- form"},
      {"my host", 2, "a host has no blanks"},
      {" host", 0, "a host has no blanks"},
      {"host ", 4, "a host has no blanks"},
      {"user@host", 4, letters},
      {{"ho\0st", 5}, 2, letters},
      {"hf.co/models", 5, "a host name has no path and no prefix length"},
      {"hf.co/8", 5, "a host name has no path and no prefix length"},
      {"https://huggingface.co", 0, "it is a URL, where only a host and a port belong"},
      {"a..b", 0, labels},
      {".a", 0, labels},
      {".", 0, labels},
      {"a..", 0, labels},
      {"-a.b", 0, labels},
      {"a-.b", 0, labels},
      {long_label, 0, labels},
      {long_name, 0, "a host name has at most 253 bytes"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    AllowRule rule;
    std::string_view why;
    std::size_t offset = 99;
    CHECK_FALSE(parse_allow_rule(row.text, &rule, &why, &offset));
    CHECK(why == row.why);
    CHECK(offset == row.offset);
  }
}

TEST_CASE("a network with bits after its prefix is handed back as written") {
  AllowRule rule;
  std::string_view why;
  std::size_t offset = 0;
  REQUIRE_FALSE(parse_allow_rule("10.1.2.3/8", &rule, &why, &offset));
  CHECK(network_text(rule.network) == "10.1.2.3/8");
}

TEST_CASE("a host and a port, as explain takes them") {
  struct Row {
    std::string_view text;
    std::string_view host;
    bool is_address;
    int port;
  };
  const Row rows[] = {
      {"huggingface.co", "huggingface.co", false, 0},
      {"huggingface.co:443", "huggingface.co", false, 443},
      {"huggingface.co.", "huggingface.co", false, 0},
      {"10.0.0.1", "10.0.0.1", true, 0},
      {"10.0.0.1:80", "10.0.0.1", true, 80},
      {"::1", "::1", true, 0},
      {"[::1]", "::1", true, 0},
      {"[::1]:80", "::1", true, 80},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    HostAndPort result;
    std::string_view why;
    std::size_t offset = 0;
    REQUIRE(parse_host_and_port(row.text, &result, &why, &offset));
    CHECK(result.host == row.host);
    CHECK(result.is_address == row.is_address);
    CHECK(result.port == row.port);
    IpAddress address;
    CHECK(parse_address(row.host, &address) == row.is_address);
    if (row.is_address) CHECK(result.address == address);
  }

  HostAndPort result;
  std::string_view why;
  std::size_t offset = 0;
  CHECK_FALSE(parse_host_and_port("10.0.0.0/8", &result, &why, &offset));
  CHECK(why == "a host and a port have no slash");
  CHECK(offset == 8);
  CHECK_FALSE(parse_host_and_port("host:70000", &result, &why, &offset));
  CHECK(why == "the port must be 1 to 65535");
  CHECK(offset == 5);
}

TEST_CASE("host names") {
  for (const std::string_view name : {"a", "a.b", "A-1.b_c", "1", "_x", "a--b"}) {
    CAPTURE(name);
    CHECK(is_host_name(name));
  }
  for (const std::string_view name :
       {"", ".", "a.", ".a", "a..b", "-a", "a-", "a b", "a/b", "a:1"}) {
    CAPTURE(name);
    CHECK_FALSE(is_host_name(name));
  }
}
