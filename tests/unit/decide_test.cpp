#include "core/decide.h"

#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "catch.h"
#include "policy_test_support.h"

using namespace hfoffline;
using namespace hfoffline::test;

namespace {

// A policy whose allow-list is given as a config file's array.
class Allowing {
 public:
  explicit Allowing(std::string_view entries, std::string_view more = "") {
    PolicyMaker maker;
    REQUIRE(maker.read("[egress]\nallow = [" + std::string(entries) + "]\n" + std::string(more)));
    REQUIRE(maker.build());
    bytes_ = maker.made;
    REQUIRE(policy.attach(bytes_.data(), bytes_.size()) == PolicyProblem::kNone);
  }
  // The rule that allows it, or "" and the reason is checked.
  std::string address(std::string_view text, std::uint16_t port) const {
    Endpoint endpoint;
    REQUIRE(parse_address(text, &endpoint.address));
    endpoint.port = port;
    return rule(decide_endpoint(policy, endpoint), Reason::egress_address);
  }
  std::string name(std::string_view text, std::uint16_t port = 0) const {
    return rule(decide_name(policy, text, port), Reason::egress_name);
  }
  Policy policy;

 private:
  static std::string rule(const Verdict& verdict, Reason refusal) {
    CHECK(verdict.reason == (verdict.allowed ? Reason::none : refusal));
    if (verdict.allowed) {
      CHECK_FALSE(verdict.rule.empty());
      return std::string(verdict.rule);
    }
    CHECK(verdict.rule == "default");
    return "";
  }
  AlignedBytes bytes_;
};

}  // namespace

TEST_CASE("decide: loopback and the unspecified addresses need no rule, on any port") {
  const Allowing nothing("");
  for (const char* address :
       {"127.0.0.1", "127.0.0.0", "127.255.255.255", "127.1.2.3", "::1", "::ffff:127.0.0.1",
        "::ffff:127.255.255.255", "0.0.0.0", "::", "::ffff:0.0.0.0"}) {
    for (const std::uint16_t port : {0, 1, 443, 65535}) {
      CAPTURE(address, port);
      CHECK(nothing.address(address, port) == "loopback");
    }
  }
}

TEST_CASE("decide: everything else is refused without a rule") {
  const Allowing nothing("");
  for (const char* address :
       {"126.255.255.255", "128.0.0.0", "0.0.0.1", "1.0.0.0", "8.8.8.8", "10.0.0.1", "169.254.1.1",
        "192.168.1.1", "224.0.0.1", "255.255.255.255", "::2", "::1:0", "::ffff:126.0.0.1",
        "::ffff:8.8.8.8", "1::1", "fe80::1", "fc00::1", "ff02::1", "2001:4860:4860::8888",
        // Neither v4-mapped nor loopback, however much they look like it.
        "::127.0.0.1", "::fffe:127.0.0.1", "64:ff9b::127.0.0.1", "7f00::1"}) {
    CAPTURE(address);
    CHECK(nothing.address(address, 443) == "");
  }
}

TEST_CASE("decide: networks, from their first to their last address") {
  const Allowing rules("\"10.0.0.0/8\", \"192.168.4.0/22\", \"2001:db8::/33\", \"10.9.8.7/32\"");
  for (const char* inside : {"10.0.0.0", "10.255.255.255", "192.168.4.0", "192.168.7.255",
                             "::ffff:10.1.2.3", "2001:db8::", "2001:db8:7fff:ffff::ffff"}) {
    CAPTURE(inside);
    CHECK(rules.address(inside, 443) == "hfoffline.toml:2");
  }
  for (const char* outside : {"9.255.255.255", "11.0.0.0", "192.168.3.255", "192.168.8.0",
                              "2001:db7:ffff::", "2001:db8:8000::", "::a00:0"}) {
    CAPTURE(outside);
    CHECK(rules.address(outside, 443) == "");
  }
}

TEST_CASE("decide: every IPv6 address is no IPv4 address, and the other way round") {
  const Allowing six("\"::/0\"");
  CHECK(six.address("2001:db8::1", 1) != "");
  CHECK(six.address("8.8.8.8", 1) == "");
  const Allowing four("\"0.0.0.0/0\"");
  CHECK(four.address("8.8.8.8", 1) != "");
  CHECK(four.address("2001:db8::1", 1) == "");
}

TEST_CASE("decide: a rule with a port is for that port only") {
  const Allowing rules("\"10.0.0.5:9000\", \"[2001:db8::1]:443\", \"192.168.0.0/16:80\"");
  CHECK(rules.address("10.0.0.5", 9000) == "hfoffline.toml:2");
  CHECK(rules.address("10.0.0.5", 9001) == "");
  CHECK(rules.address("10.0.0.5", 0) == "");
  CHECK(rules.address("10.0.0.6", 9000) == "");
  CHECK(rules.address("2001:db8::1", 443) != "");
  CHECK(rules.address("2001:db8::1", 80) == "");
  CHECK(rules.address("192.168.77.1", 80) != "");
  CHECK(rules.address("192.168.77.1", 443) == "");
  // 9000 in the other byte order.
  CHECK(rules.address("10.0.0.5", 10275) == "");
}

TEST_CASE("decide: of several rules the first that fits is named") {
  const Allowing rules("\n\"10.0.0.5:1\",\n\"10.0.0.0/24\",\n\"10.0.0.0/8:2\",\n\"0.0.0.0/0:3\"\n");
  CHECK(rules.address("10.0.0.5", 1) == "hfoffline.toml:3");
  CHECK(rules.address("10.0.0.5", 2) == "hfoffline.toml:4");
  CHECK(rules.address("10.0.1.5", 2) == "hfoffline.toml:5");
  CHECK(rules.address("10.0.1.5", 3) == "hfoffline.toml:6");
  CHECK(rules.address("10.0.1.5", 4) == "");
}

TEST_CASE("decide: names, in any case and with or without a dot at the end") {
  const Allowing rules("\"HuggingFace.co\", \"minio.ci.:9000\"");
  for (const char* name :
       {"huggingface.co", "HUGGINGFACE.CO", "HuggingFace.Co", "huggingface.co."}) {
    CAPTURE(name);
    CHECK(rules.name(name) == "hfoffline.toml:2");
    CHECK(rules.name(name, 443) == "hfoffline.toml:2");
  }
  for (const char* name :
       {"", ".", "huggingface", "huggingface.co..", ".huggingface.co", "www.huggingface.co",
        "xhuggingface.co", "huggingface.com", "huggingface_co", "huggingface.c", "co"}) {
    CAPTURE(name);
    CHECK(rules.name(name) == "");
  }
}

TEST_CASE("decide: a name's port counts where one is asked about") {
  const Allowing rules("\"minio.ci:9000\", \"minio.ci:9001\"");
  CHECK(rules.name("minio.ci", 0) == "hfoffline.toml:2");
  CHECK(rules.name("minio.ci", 9000) != "");
  CHECK(rules.name("minio.ci", 9001) != "");
  CHECK(rules.name("minio.ci", 9002) == "");
}

TEST_CASE("decide: a name with a NUL or with bytes outside ASCII is another name") {
  const Allowing rules("\"minio.ci\"");
  CHECK(rules.name(std::string_view("minio.ci\0", 9)) == "");
  CHECK(rules.name(std::string_view("minio\0ci", 8)) == "");
  CHECK(rules.name("m\xc4\xb1nio.ci") == "");  // dotless i, which is no i to us
}

TEST_CASE("decide: audit mode changes no verdict, only what is made of it") {
  const Allowing rules("\"10.0.0.5\"", "mode = \"audit\"\n");
  REQUIRE(rules.policy.audit());
  CHECK(rules.address("10.0.0.5", 1) != "");
  CHECK(rules.address("10.0.0.6", 1) == "");
  CHECK(rules.name("minio.ci") == "");
}

TEST_CASE("decide: sockets that bypass addresses get what an unprivileged process gets") {
  struct Case {
    int family;
    int type;
    int error;
  };
  const Case cases[] = {
      {AF_PACKET, SOCK_RAW, EPERM},
      {AF_PACKET, SOCK_DGRAM, EPERM},
      {40 /* AF_VSOCK */, SOCK_STREAM, EAFNOSUPPORT},
      {40, SOCK_SEQPACKET, EAFNOSUPPORT},
      {AF_BLUETOOTH, SOCK_SEQPACKET, EAFNOSUPPORT},
      {29 /* AF_CAN */, SOCK_RAW, EAFNOSUPPORT},
      {30 /* AF_TIPC */, SOCK_RDM, EAFNOSUPPORT},
      {44 /* AF_XDP */, SOCK_RAW, EAFNOSUPPORT},
      {AF_UNSPEC, SOCK_STREAM, 0},  // the kernel refuses it
      {99, SOCK_STREAM, 0},
      {-1, SOCK_STREAM, 0},
      {38 /* AF_ALG */, SOCK_SEQPACKET, 0},
      {43 /* AF_SMC */, SOCK_STREAM, 0},
      {AF_INET, SOCK_RAW, EPERM},
      {AF_INET6, SOCK_RAW, EPERM},
      {AF_INET, 10 /* SOCK_PACKET */, EPERM},
      {AF_INET, SOCK_STREAM, 0},
      {AF_INET6, SOCK_STREAM, 0},
      {AF_INET, SOCK_DGRAM, 0},
      {AF_INET6, SOCK_DGRAM, 0},
      {AF_INET, SOCK_SEQPACKET, 0},
      {AF_UNIX, SOCK_STREAM, 0},
      {AF_UNIX, SOCK_DGRAM, 0},
      {AF_UNIX, SOCK_RAW, 0},  // the kernel makes it a datagram socket
      {AF_NETLINK, SOCK_RAW, 0},
      {AF_NETLINK, SOCK_DGRAM, 0},
  };
  for (const Case& c : cases) {
    for (const int flags : {0, static_cast<int>(SOCK_NONBLOCK), static_cast<int>(SOCK_CLOEXEC),
                            static_cast<int>(SOCK_NONBLOCK) | static_cast<int>(SOCK_CLOEXEC)}) {
      CAPTURE(c.family, c.type, flags);
      CHECK(refuse_socket(c.family, c.type | flags) == c.error);
    }
  }
}

TEST_CASE("decide: what localhost is") {
  for (const char* name :
       {"localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.LocalHost.", "x.localhost"}) {
    CAPTURE(name);
    CHECK(is_localhost(name));
  }
  for (const char* name :
       {"", ".", "localhost..", ".localhost", "localhostx", "xlocalhost", "x-localhost",
        "localhost.localdomain", "localhost.example", "ocalhost"}) {
    CAPTURE(name);
    CHECK_FALSE(is_localhost(name));
  }
}
