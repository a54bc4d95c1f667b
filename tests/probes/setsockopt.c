// setsockopt, and control messages of sendmsg: what leads past the loopback interface.
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net_probe.h"
#include "probe.h"
#include "raw.h"

enum { kLoopback = 1, kBindToIndex = 62, kUnicastInterface6 = 76, kMissingInterface = 77 };

struct row {
  int family, level, option;
  const void* value;
  socklen_t size;
  int by_number;
};

// The way out where there is one (namespaces.py), else an interface that does not exist.
static int outside(void) {
  struct ifreq request = {.ifr_name = "probe0"};
  int fd = raw_socket(AF_INET, SOCK_DGRAM, 0);
  int found = RAW3(SYS_ioctl, fd, SIOCGIFINDEX, &request) == 0;
  RAW1(SYS_close, fd);
  return found ? request.ifr_ifindex : kMissingInterface;
}

static struct destination loopback(int family) {
  return near_by(family == AF_INET ? "127.0.0.1" : "::1", SOCK_DGRAM);
}

static void send_to_loopback(int family, int fd) {
  struct destination to = loopback(family);
  long sent = RAW6(SYS_sendto, fd, "ping", 4, MSG_NOSIGNAL, &to.address, to.length);
  if (sent < 0) report(", then sending to loopback says %s", errno_name((int)-sent));
}

static void set(void* context) {
  const struct row* row = context;
  int fd = row->family < 0 ? -1 : raw_socket(row->family, SOCK_DGRAM, 0);
  errno = 0;
  int result = row->by_number ? (int)syscall(SYS_setsockopt, fd, row->level, row->option,
                                             row->value, row->size)
                              : setsockopt(fd, row->level, row->option, row->value, row->size);
  report_call(result);
  if (result == 0 && (row->family == AF_INET || row->family == AF_INET6))
    send_to_loopback(row->family, fd);
}

static void control(void* context) {
  const struct row* row = context;
  struct destination to = loopback(row->family);
  struct iovec data = {"ping", 4};
  _Alignas(struct cmsghdr) char buffer[256] = {0};
  struct msghdr message = {.msg_name = &to.address,
                           .msg_namelen = to.length,
                           .msg_iov = &data,
                           .msg_iovlen = 1,
                           .msg_control = buffer,
                           .msg_controllen = CMSG_SPACE(row->size)};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = row->level;
  header->cmsg_type = row->option;
  header->cmsg_len = CMSG_LEN(row->size);
  memcpy(CMSG_DATA(header), row->value, row->size);
  int fd = raw_socket(row->family, SOCK_DGRAM, 0);
  errno = 0;
  report_call(row->by_number ? syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL)
                             : sendmsg(fd, &message, MSG_NOSIGNAL));
}

static void probe(int is_away, int family, int level, int option, const void* value, size_t size,
                  const char* situation) {
  struct row row = {family, level, option, value, (socklen_t)size, 0};
  net_row("setsockopt", family == AF_INET6 ? "v6" : "v4", is_away, situation, set, &row);
  row.by_number = 1;
  net_row("syscall", family == AF_INET6 ? "setsockopt, v6" : "setsockopt, v4", is_away, situation,
          set, &row);
}

static void probe_control(int is_away, int family, int level, int type, const void* value,
                          size_t size, const char* situation) {
  struct row row = {family, level, type, value, (socklen_t)size, 0};
  net_row("sendmsg", family == AF_INET6 ? "v6, control" : "v4, control", is_away, situation,
          control, &row);
  row.by_number = 1;
  net_row("syscall", family == AF_INET6 ? "sendmsg, v6, control" : "sendmsg, v4, control", is_away,
          situation, control, &row);
}

#define OF(value) &(value), sizeof(value)

static void by_index(int is_away, int index, const char* whose) {
  char name[96];
  int big_endian = (int)htonl((uint32_t)index);
#define NAMED(option) (snprintf(name, sizeof name, "%s, %s", #option, whose), name)
  probe(is_away, AF_INET, SOL_SOCKET, kBindToIndex, OF(index), NAMED(SO_BINDTOIFINDEX));
  probe(is_away, AF_INET6, SOL_SOCKET, kBindToIndex, OF(index), NAMED(SO_BINDTOIFINDEX));
  probe(is_away, AF_INET, IPPROTO_IP, IP_UNICAST_IF, OF(big_endian), NAMED(IP_UNICAST_IF));
  probe(is_away, AF_INET6, IPPROTO_IPV6, kUnicastInterface6, OF(big_endian),
        NAMED(IPV6_UNICAST_IF));
  struct in6_pktinfo sticky = {.ipi6_ifindex = (unsigned)index};
  probe(is_away, AF_INET6, IPPROTO_IPV6, IPV6_PKTINFO, OF(sticky), NAMED(IPV6_PKTINFO));
  struct in_pktinfo packet = {.ipi_ifindex = index};
  probe_control(is_away, AF_INET, IPPROTO_IP, IP_PKTINFO, OF(packet), NAMED(IP_PKTINFO));
  probe_control(is_away, AF_INET6, IPPROTO_IPV6, IPV6_PKTINFO, OF(sticky), NAMED(IPV6_PKTINFO));
#undef NAMED
}

static void joins(int is_away, int index, const char* interface, const char* whose) {
  char name[96];
#define NAMED(option) (snprintf(name, sizeof name, "%s, %s", #option, whose), name)
  struct ip_mreqn four = {.imr_ifindex = index};
  struct ip_mreq_source source = {.imr_sourceaddr.s_addr = htonl(0x7f000001)};
  struct ipv6_mreq six = {.ipv6mr_interface = (unsigned)index};
  struct group_req group = {.gr_interface = (unsigned)index}, group6 = group;
  make_address(&group.gr_group, "239.1.2.3", 0, 0);
  make_address(&group6.gr_group, "ff0e::1", 0, 0);
  four.imr_multiaddr = source.imr_multiaddr = ((struct sockaddr_in*)&group.gr_group)->sin_addr;
  six.ipv6mr_multiaddr = ((struct sockaddr_in6*)&group6.gr_group)->sin6_addr;
  struct sockaddr_storage address;
  make_address(&address, interface, 0, 0);
  source.imr_interface = ((struct sockaddr_in*)&address)->sin_addr;
  probe(is_away, AF_INET, IPPROTO_IP, IP_ADD_MEMBERSHIP, OF(four), NAMED(IP_ADD_MEMBERSHIP));
  four.imr_ifindex = 0;
  four.imr_address = source.imr_interface;
  probe(is_away, AF_INET, IPPROTO_IP, IP_ADD_MEMBERSHIP, OF(four),
        NAMED(IP_ADD_MEMBERSHIP by address));
  probe(is_away, AF_INET, IPPROTO_IP, IP_ADD_MEMBERSHIP, &four, sizeof(struct ip_mreq),
        NAMED(IP_ADD_MEMBERSHIP by address alone));
  probe(is_away, AF_INET, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, OF(source),
        NAMED(IP_ADD_SOURCE_MEMBERSHIP));
  probe(is_away, AF_INET, IPPROTO_IP, MCAST_JOIN_GROUP, OF(group), NAMED(MCAST_JOIN_GROUP));
  probe(is_away, AF_INET6, IPPROTO_IPV6, MCAST_JOIN_GROUP, OF(group6), NAMED(MCAST_JOIN_GROUP));
  probe(is_away, AF_INET6, IPPROTO_IPV6, IPV6_JOIN_GROUP, OF(six), NAMED(IPV6_JOIN_GROUP));
#undef NAMED
}

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  by_index(1, outside(), "another interface");
  by_index(0, kLoopback, "lo");
  by_index(0, 0, "none");
  joins(1, outside(), "10.99.0.1", "another interface");
  joins(1, 0, "0.0.0.0", "any interface");
  joins(0, kLoopback, "127.0.0.1", "lo");

  static const struct {
    const char* name;
    int is_away;
    socklen_t size;
  } devices[] = {{"probe0", 1, 7}, {"probe0", 1, 6}, {"lo", 0, 3},
                 {"lo", 0, 2},     {"", 0, 1},       {"", 0, 0}};
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
    char name[96];
    snprintf(name, sizeof name, "SO_BINDTODEVICE \"%s\", %d bytes", devices[i].name,
             (int)devices[i].size);
    probe(devices[i].is_away, AF_INET, SOL_SOCKET, SO_BINDTODEVICE, devices[i].name,
          devices[i].size, name);
    probe(devices[i].is_away, AF_INET6, SOL_SOCKET, SO_BINDTODEVICE, devices[i].name,
          devices[i].size, name);
  }

  // By way of 192.0.2.1.
  static const unsigned char route[] = {1, 131, 7, 4, 192, 0, 2, 1};
  static const unsigned char strict[] = {1, 137, 7, 4, 192, 0, 2, 1};
  static const unsigned char nothing[] = {1, 1, 1, 0};
  probe(1, AF_INET, IPPROTO_IP, IP_OPTIONS, OF(route), "IP_OPTIONS, loose source route");
  probe(1, AF_INET, IPPROTO_IP, IP_OPTIONS, OF(strict), "IP_OPTIONS, strict source route");
  probe_control(1, AF_INET, IPPROTO_IP, IP_RETOPTS, OF(route), "IP_RETOPTS, loose source route");
  probe(0, AF_INET, IPPROTO_IP, IP_OPTIONS, OF(nothing), "IP_OPTIONS, nothing");
  probe(0, AF_INET, IPPROTO_IP, IP_OPTIONS, nothing, 0, "IP_OPTIONS, none");
  // A segment routing header by way of 2001:db8::1.
  static const unsigned char segments[40] = {0, 4,          4, 1,    1,    0,       0,
                                             0, [8] = 0x20, 1, 0x0d, 0xb8, [23] = 1};
  probe(1, AF_INET6, IPPROTO_IPV6, IPV6_RTHDR, OF(segments), "IPV6_RTHDR");
  probe_control(1, AF_INET6, IPPROTO_IPV6, IPV6_RTHDR, OF(segments), "IPV6_RTHDR");
  probe(0, AF_INET6, IPPROTO_IPV6, IPV6_RTHDR, segments, 0, "IPV6_RTHDR, none");

  // What everybody sets, and what the kernel refuses.
  static const int one = 1, lo = kLoopback;
  probe(0, AF_INET, SOL_SOCKET, SO_REUSEADDR, OF(one), "SO_REUSEADDR");
  probe(0, AF_INET, SOL_SOCKET, SO_BROADCAST, OF(one), "SO_BROADCAST");
  probe(0, AF_INET, IPPROTO_IP, IP_TTL, OF(one), "IP_TTL");
  probe(0, AF_INET, IPPROTO_IP, IP_PKTINFO, OF(one), "IP_PKTINFO, receiving it");
  probe(0, AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, OF(one), "IPV6_V6ONLY");
  probe(0, AF_INET6, IPPROTO_IPV6, IPV6_RECVPKTINFO, OF(one), "IPV6_RECVPKTINFO");
  probe(0, AF_INET6, IPPROTO_IPV6, IPV6_MULTICAST_IF, OF(lo), "IPV6_MULTICAST_IF, lo");
  probe(0, AF_INET, SOL_SOCKET, kBindToIndex, &one, 1, "SO_BINDTOIFINDEX, too short");
  probe(0, AF_INET, IPPROTO_IP, IP_ADD_MEMBERSHIP, &one, 4, "IP_ADD_MEMBERSHIP, too short");
  probe(0, AF_INET, IPPROTO_IP, IP_ADD_MEMBERSHIP, NULL, 8, "IP_ADD_MEMBERSHIP, no value");
  static const char long_value[4096];
  probe(0, AF_INET, IPPROTO_IP, IP_OPTIONS, OF(long_value), "IP_OPTIONS, far too long");
  static const int missing = kMissingInterface;
  static const struct group_req elsewhere = {.gr_interface = kMissingInterface};
  probe(0, AF_INET, IPPROTO_IP, MCAST_JOIN_GROUP, &elsewhere, 100, "MCAST_JOIN_GROUP, too short");
  probe(0, AF_INET, IPPROTO_IPV6, IPV6_RTHDR, OF(segments), "IPV6_RTHDR, IPv4 socket");
  probe(0, AF_UNIX, SOL_SOCKET, kBindToIndex, OF(lo), "SO_BINDTOIFINDEX, Unix socket");
  probe(0, -1, SOL_SOCKET, kBindToIndex, OF(missing), "SO_BINDTOIFINDEX, descriptor -1");
  return fflush(stdout) == 0 ? 0 : 2;
}
