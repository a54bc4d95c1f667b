#include "core/socket_options.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <vector>

#include "catch.h"
#include "core/errnos.h"

using namespace hfoffline;

namespace {

int set(int level, int option, const std::vector<unsigned char>& value) {
  const int error = refuse_socket_option(level, option, value.data(), value.size()).error;
  // A record names every refusal's error.
  CHECK((error == 0 || !errno_name(error).empty()));
  return error;
}

std::vector<unsigned char> zeros_with(std::size_t size, std::size_t offset,
                                      const std::vector<unsigned char>& bytes) {
  std::vector<unsigned char> value(size);
  std::memcpy(value.data() + offset, bytes.data(), bytes.size());
  return value;
}

}  // namespace

TEST_CASE("socket options: most are nobody's business") {
  CHECK_FALSE(is_judged_option(SOL_SOCKET, SO_REUSEADDR));
  CHECK_FALSE(is_judged_option(IPPROTO_TCP, 4));  // the number of IP_OPTIONS on another level
  CHECK(set(SOL_SOCKET, SO_KEEPALIVE, {9, 9, 9, 9}) == 0);
  CHECK(refuse_socket_option(SOL_SOCKET, 25, nullptr, 0).error == 0);
}

TEST_CASE("socket options: a device other than lo") {
  constexpr int kBindToDevice = 25;
  for (const char* name : {"eth0", "l", "lo0", "loo", "x"}) {
    CAPTURE(name);
    CHECK(refuse_socket_option(SOL_SOCKET, kBindToDevice, name, std::strlen(name)).error == ENODEV);
    CHECK(refuse_socket_option(SOL_SOCKET, kBindToDevice, name, std::strlen(name) + 1).error ==
          ENODEV);
  }
  CHECK(refuse_socket_option(SOL_SOCKET, kBindToDevice, "lo", 2).error == 0);
  CHECK(refuse_socket_option(SOL_SOCKET, kBindToDevice, "lo\0eth0", 7).error == 0);
  CHECK(refuse_socket_option(SOL_SOCKET, kBindToDevice, "", 1).error == 0);
  CHECK(refuse_socket_option(SOL_SOCKET, kBindToDevice, "", 0).error == 0);
}

TEST_CASE("socket options: interfaces by index, in either byte order") {
  CHECK(set(SOL_SOCKET, 62, zeros_with(4, 0, {0})) == 0);
  CHECK(set(SOL_SOCKET, 62, zeros_with(4, 0, {1})) == 0);
  CHECK(set(SOL_SOCKET, 62, zeros_with(4, 0, {2})) == ENODEV);
  CHECK(set(SOL_SOCKET, 62, {2}) == 0);  // too short: the kernel's to refuse
  CHECK(set(IPPROTO_IP, 50, {0, 0, 0, 1}) == 0);
  CHECK(set(IPPROTO_IP, 50, {0, 0, 0, 2}) == EADDRNOTAVAIL);
  CHECK(set(IPPROTO_IPV6, 76, {0, 0, 0, 2}) == EADDRNOTAVAIL);
  CHECK(set(IPPROTO_IPV6, 50, zeros_with(20, 16, {1})) == 0);
  CHECK(set(IPPROTO_IPV6, 50, zeros_with(20, 16, {3})) == ENODEV);
}

TEST_CASE("socket options: groups are joined on lo alone") {
  constexpr int kAddMembership = 35;
  CHECK(set(IPPROTO_IP, kAddMembership, zeros_with(8, 4, {127, 0, 0, 1})) == 0);
  CHECK(set(IPPROTO_IP, kAddMembership, zeros_with(8, 4, {10, 0, 0, 1})) == ENODEV);
  CHECK(set(IPPROTO_IP, kAddMembership, zeros_with(8, 4, {0})) == ENODEV);
  CHECK(set(IPPROTO_IP, kAddMembership, zeros_with(12, 8, {1})) == 0);
  CHECK(set(IPPROTO_IP, kAddMembership, zeros_with(12, 8, {2})) == ENODEV);
  // By address alone it is judged when something is sent.
  constexpr int kMulticastInterface = 32;
  CHECK(set(IPPROTO_IP, kMulticastInterface, {10, 0, 0, 1}) == 0);
  CHECK(set(IPPROTO_IP, kMulticastInterface, zeros_with(12, 8, {2})) == EADDRNOTAVAIL);
  CHECK(set(IPPROTO_IP, kMulticastInterface, zeros_with(12, 8, {1})) == 0);
  // The index counts where both are given.
  auto both = zeros_with(12, 8, {2});
  both[4] = 127;
  CHECK(set(IPPROTO_IP, kAddMembership, both) == ENODEV);
  CHECK(set(IPPROTO_IP, 39, zeros_with(12, 4, {127, 0, 0, 1})) == 0);
  CHECK(set(IPPROTO_IP, 39, zeros_with(12, 4, {10, 0, 0, 1})) == ENODEV);
  for (const int level : {IPPROTO_IP, IPPROTO_IPV6}) {
    for (const int option : {42, 46}) {
      CHECK(set(level, option, zeros_with(264, 0, {1})) == 0);
      CHECK(set(level, option, zeros_with(264, 0, {0})) == ENODEV);
      CHECK(set(level, option, zeros_with(264, 0, {2})) == ENODEV);
      CHECK(set(level, option, zeros_with(100, 0, {2})) == 0);  // too short: the kernel's to refuse
    }
  }
  CHECK(set(IPPROTO_IPV6, 20, zeros_with(20, 16, {1})) == 0);
  CHECK(set(IPPROTO_IPV6, 20, zeros_with(20, 16, {0})) == ENODEV);
  CHECK(set(IPPROTO_IPV6, 27, zeros_with(20, 16, {2})) == ENODEV);
}

TEST_CASE("socket options: source routes") {
  CHECK(set(IPPROTO_IP, 4, {1, 131, 7, 4, 192, 0, 2, 1}) == EPERM);
  CHECK(set(IPPROTO_IP, 4, {137, 7, 4, 192, 0, 2, 1, 0}) == EPERM);
  CHECK(set(IPPROTO_IP, 4, {7, 7, 4, 0, 0, 0, 0, 131}) == EPERM);  // behind a record of the route
  CHECK(set(IPPROTO_IP, 4, {7, 7, 4, 0, 0, 0, 131, 0}) == 0);      // inside of one
  CHECK(set(IPPROTO_IP, 4, {0, 131, 7, 4}) == 0);                  // behind the end
  CHECK(set(IPPROTO_IP, 4, {7, 0, 131}) == 0);                     // not well-formed
  CHECK(set(IPPROTO_IP, 4, {7}) == 0);
  CHECK(set(IPPROTO_IP, 4, {}) == 0);
  CHECK(set(IPPROTO_IPV6, 57, {0}) == EPERM);
  CHECK(set(IPPROTO_IPV6, 57, {}) == 0);
}

TEST_CASE("control messages: interfaces are the caller's to judge, routes are not") {
  std::uint32_t interface = 7;
  unsigned char packet[12] = {3};
  CHECK(refuse_control_message(IPPROTO_IP, 8, packet, sizeof(packet), &interface).error == 0);
  CHECK(interface == 3);
  packet[0] = 1;
  CHECK(refuse_control_message(IPPROTO_IP, 8, packet, sizeof(packet), &interface).error == 0);
  CHECK(interface == 0);
  unsigned char packet6[20] = {};
  packet6[16] = 9;
  CHECK(refuse_control_message(IPPROTO_IPV6, 50, packet6, sizeof(packet6), &interface).name ==
        "IPV6_PKTINFO");
  CHECK(interface == 9);
  const unsigned char route[] = {131, 7, 4, 192, 0, 2, 1, 0};
  CHECK(refuse_control_message(IPPROTO_IP, 7, route, sizeof(route), &interface).error ==
        ENETUNREACH);
  CHECK(interface == 0);
  const unsigned char address[] = {192, 0, 2, 1};
  CHECK(refuse_control_message(IPPROTO_SCTP, 7, address, 4, &interface).error == ENETUNREACH);
  CHECK(refuse_control_message(SOL_SOCKET, 1 /* SCM_RIGHTS */, address, 4, &interface).error == 0);
}
