// connect, __connect, and connect by number.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "address_row.h"
#include "probe.h"
#include "raw.h"

extern int __connect(int, const struct sockaddr*, socklen_t) __attribute__((weak));

static const struct sockaddr* address_of(const struct address_row* row) {
  return (const struct sockaddr*)&row->destination.address;
}

static void call_connect(const struct address_row* row, int fd) {
  errno = 0;
  report_call(connect(fd, address_of(row), row->destination.length));
}

static void call___connect(const struct address_row* row, int fd) {
  errno = 0;
  report_call(__connect(fd, address_of(row), row->destination.length));
}

static void call_by_number(const struct address_row* row, int fd) {
  errno = 0;
  report_call(syscall(SYS_connect, fd, address_of(row), row->destination.length));
}

static void call(const struct address_row* row, int fd) { row->call(row, fd); }

static struct address_row row_to(struct destination destination, int type) {
  struct address_row row = {.function = "connect",
                            .variant = (type & 0xf) == SOCK_STREAM ? "tcp" : "udp",
                            .call = call_connect,
                            .family = destination.family,
                            .type = type,
                            .destination = destination};
  return row;
}

static void unreadable(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  void* page = no_access();
  errno = 0;
  report_call(connect(fd, page, row->destination.length));
}

static void listening(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, SOCK_STREAM, 0);
  RAW2(SYS_listen, fd, 1);
  call(row, fd);
}

static void bound_to_loopback(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  struct sockaddr_storage address;
  socklen_t length = make_address(&address, "127.0.0.1", 0, 0);
  RAW3(SYS_bind, fd, &address, length);
  call(row, fd);
}

// A socket must stay usable after a refusal.
static void then_local(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  call(row, fd);
  struct address_row local = *row;
  local.destination = near_by("127.0.0.1", row->type);
  report(", then ");
  call(&local, fd);
}

// What is said of an address on one interface is not said of it without any.
static void after_a_scope(void* context) {
  const struct address_row* row = context;
  struct address_row scoped = *row;
  ((struct sockaddr_in6*)&scoped.destination.address)->sin6_scope_id = 2;
  call(&scoped, raw_socket(row->family, row->type, 0));
  report(", then ");
  call(row, raw_socket(row->family, row->type, 0));
}

static void icmp(void* context) {
  const struct address_row* row = context;
  call(row,
       raw_socket(row->family, SOCK_DGRAM, row->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6));
}

// A version 6 SCTP stream takes version 4 addresses, and any SMC socket connects by TCP.
static void sctp(void* context) {
  const struct address_row* row = context;
  call(row, raw_socket(row->family, row->type, IPPROTO_SCTP));
}

static void smc(void* context) {
  const struct address_row* row = context;
  call(row, raw_socket(43 /* AF_SMC */, row->type, 0));
}

// Where the interface for groups comes from the socket, the address needs none.
static void with_group_interface(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  int lo = 1;
  RAW5(SYS_setsockopt, fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &lo, sizeof lo);
  call(row, fd);
}

static void netlink(void* context) {
  const struct address_row* row = context;
  call(row, raw_socket(AF_NETLINK, SOCK_RAW, 0));
}

static void shapes(int type) {
  struct destination far = far_away("192.0.2.1"), far6 = far_away("2001:db8::1");
  struct destination near = near_by("127.0.0.1", type), near6 = near_by("::1", type);
  static const struct {
    const char* name;
    int length;
  } lengths[] = {{"length 0", 0},     {"length 1", 1},     {"length 2", 2},
                 {"length 8", 8},     {"length 15", 15},   {"length 28", 28},
                 {"length 128", 128}, {"length 129", 129}, {"length -1", -1}};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct address_row row = row_to(far, type);
    row.destination.length = (socklen_t)lengths[i].length;
    char name[64];
    snprintf(name, sizeof name, "192.0.2.1, %s", lengths[i].name);
    with(row, name, plain);
    row = row_to(near, type);
    row.destination.length = (socklen_t)lengths[i].length;
    snprintf(name, sizeof name, "127.0.0.1, %s", lengths[i].name);
    with(row, name, plain);
  }
  struct address_row row = row_to(far6, type);
  row.destination.length = 24;  // without the scope: as RFC 2133 had it, and legal still
  with(row, "2001:db8::1, length 24", plain);
  row.destination.length = 23;
  with(row, "2001:db8::1, length 23", plain);
  row = row_to(near6, type);
  row.destination.length = 24;
  with(row, "::1, length 24", plain);

  with(row_to(far, type), "unreadable address", unreadable);
  with(row_to(far, type), "192.0.2.1, descriptor -1", closed_descriptor);
  with(row_to(far, type), "192.0.2.1, not a socket", file_descriptor);
  with(row_to(near, type), "127.0.0.1, descriptor -1", closed_descriptor);
  if (type == SOCK_STREAM) with(row_to(far, type), "192.0.2.1, listening socket", listening);
  with(row_to(far, type), "192.0.2.1, connected socket", connected);
  with(row_to(far6, type), "2001:db8::1, connected socket", connected);
  with(row_to(near, type), "127.0.0.1, connected socket", connected);
  with(row_to(far, type), "192.0.2.1, bound to loopback", bound_to_loopback);
  with(row_to(far_away("fe80::1"), type),
       "fe80::1, link-local on interface 2, then without a scope", after_a_scope);
  with(row_to(far, type), "192.0.2.1, then 127.0.0.1", then_local);
  with(row_to(far_away("255.255.255.255"), type), "255.255.255.255, SO_BROADCAST", with_broadcast);

  // AF_UNSPEC dissolves an association; on a fresh UDP socket it is the IPv4 address it holds.
  struct destination unspecified = far;
  unspecified.address.ss_family = AF_UNSPEC;
  with(row_to(unspecified, type), "AF_UNSPEC holding 192.0.2.1", plain);
  struct address_row dissolve = row_to(unspecified, type);
  with(on(dissolve, AF_INET), "AF_UNSPEC, IPv4 socket", plain);
  with(on(dissolve, AF_INET), "AF_UNSPEC, connected IPv4 socket", connected);
  with(on(dissolve, AF_INET6), "AF_UNSPEC, IPv6 socket", plain);
  struct destination unknown = near;
  unknown.address.ss_family = 77;
  with(on(row_to(unknown, type), AF_INET), "unknown family", plain);

  with(on(row_to(far, type), AF_INET6), "192.0.2.1 on an IPv6 socket", plain);
  with(on(row_to(near, type), AF_INET6), "127.0.0.1 on an IPv6 socket", plain);
  with(on(row_to(far6, type), AF_INET), "2001:db8::1 on an IPv4 socket", plain);
  with(on(row_to(near6, type), AF_INET), "::1 on an IPv4 socket", plain);
  with(on(row_to(far, type), AF_UNIX), "192.0.2.1 on a Unix socket", plain);
}

static void unix_sockets(void) {
  struct address_row row = {.function = "connect",
                            .variant = "unix",
                            .call = call_connect,
                            .family = AF_UNIX,
                            .type = SOCK_STREAM};
  memcpy(&row.destination.address, &servers.stream, sizeof servers.stream);
  row.destination.length = servers.path_length;
  with(row, "path", plain);
  memcpy(&row.destination.address, &servers.abstract, sizeof servers.abstract);
  row.destination.length = servers.abstract_length;
  with(row, "abstract name", plain);
  memcpy(&row.destination.address, &servers.datagram, sizeof servers.datagram);
  row.destination.length = servers.path_length;
  with(row, "path of the wrong type", plain);
  row.type = SOCK_DGRAM;
  with(row, "datagram path", plain);
  struct sockaddr_un missing = servers.stream;
  strcat(missing.sun_path, ".missing");
  memcpy(&row.destination.address, &missing, sizeof missing);
  with(row, "missing path", plain);
  row.family = AF_INET;
  with(row, "path on an IPv4 socket", plain);
}

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  struct address_row row = {
      .function = "connect", .variant = "tcp", .call = call_connect, .type = SOCK_STREAM};
  everywhere(on(row, AF_INET), AF_INET);
  everywhere(on(row, AF_INET6), AF_INET6);
  row.variant = "tcp, nonblocking";
  row.type = SOCK_STREAM | SOCK_NONBLOCK;
  everywhere(on(row, AF_INET), AF_INET);
  row.variant = "udp";
  row.type = SOCK_DGRAM;
  everywhere(on(row, AF_INET), AF_INET);
  everywhere(on(row, AF_INET6), AF_INET6);
  row.function = "syscall";
  row.variant = "connect, udp";
  row.call = call_by_number;
  everywhere(on(row, AF_INET6), AF_INET6);
  row.variant = "connect, tcp";
  row.type = SOCK_STREAM;
  everywhere(on(row, AF_INET), AF_INET);
  row.function = "__connect";
  row.variant = "tcp";
  row.call = call___connect;
  if (__connect) everywhere(on(row, AF_INET), AF_INET);
  shapes(SOCK_STREAM);
  shapes(SOCK_DGRAM);
  unix_sockets();
  row = row_to(far_away("192.0.2.1"), SOCK_DGRAM);
  row.variant = "icmp";
  with(row, "192.0.2.1", icmp);
  row = row_to(far_away("2001:db8::1"), SOCK_DGRAM);
  row.variant = "icmp";
  with(row, "2001:db8::1", icmp);
  row = row_to(near_by("127.0.0.1", SOCK_DGRAM), SOCK_DGRAM);
  row.variant = "icmp";
  with(row, "127.0.0.1", icmp);
  for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type += SOCK_SEQPACKET - SOCK_STREAM) {
    struct address_row away = row_to(far_away("192.0.2.1"), type);
    away.variant = type == SOCK_STREAM ? "sctp, stream" : "sctp, many";
    with(away, "192.0.2.1", sctp);
    with(on(away, AF_INET6), "192.0.2.1 on an IPv6 socket", sctp);
  }
  struct address_row away = row_to(far_away("192.0.2.1"), SOCK_STREAM);
  away.variant = "smc";
  with(away, "192.0.2.1", smc);
  away = row_to(far_away("ff02::1"), SOCK_DGRAM);
  with(away, "ff02::1, IPV6_MULTICAST_IF", with_group_interface);
  memset(&row.destination.address, 0, sizeof row.destination.address);
  row.variant = "netlink";
  row.destination.address.ss_family = AF_NETLINK;
  row.destination.length = 12;
  with(row, "the kernel", netlink);
  return fflush(stdout) == 0 ? 0 : 2;
}
