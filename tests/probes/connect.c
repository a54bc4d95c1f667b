// connect, __connect, and connect by number.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net_probe.h"
#include "probe.h"
#include "raw.h"

typedef int connect_function(int, const struct sockaddr*, socklen_t);
extern connect_function __connect __attribute__((weak));

static int connect_by_number(int fd, const struct sockaddr* address, socklen_t length) {
  return (int)syscall(SYS_connect, fd, address, length);
}

struct row {
  const char* function;
  const char* variant;
  connect_function* call;
  int family, type;
  struct destination destination;
  socklen_t length;
};

static void call(const struct row* row, int fd) {
  errno = 0;
  report_call(row->call(fd, (const struct sockaddr*)&row->destination.address, row->length));
}

static void plain(void* context) {
  const struct row* row = context;
  call(row, raw_socket(row->family, row->type, 0));
}

static void one(const struct destination* destination, void* context) {
  struct row row = *(const struct row*)context;
  row.destination = *destination;
  row.length = destination->length;
  net_row(row.function, row.variant, destination->is_away, destination->name, plain, &row);
}

static void everywhere(const char* function, connect_function* call, const char* variant,
                       int socket_family, int type, int address_family) {
  struct row row = {function, variant, call, socket_family, type, {0}, 0};
  each_destination(address_family, type & 0xf, one, &row);
}

static void with(struct row row, const char* situation, void (*work)(void*)) {
  net_row(row.function, row.variant, row.destination.is_away, situation, work, &row);
}

static struct row row_to(struct destination destination, int type) {
  struct row row = {"connect",
                    (type & 0xf) == SOCK_STREAM ? "tcp" : "udp",
                    connect,
                    destination.family,
                    type,
                    destination,
                    destination.length};
  return row;
}

static void unreadable(void* context) {
  const struct row* row = context;
  void* page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  errno = 0;
  report_call(row->call(raw_socket(row->family, row->type, 0), page, row->length));
}

static void closed_descriptor(void* context) { call(context, -1); }

static void file_descriptor(void* context) {
  call(context, (int)RAW4(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0));
}

static void listening(void* context) {
  const struct row* row = context;
  int fd = raw_socket(row->family, SOCK_STREAM, 0);
  RAW2(SYS_listen, fd, 1);
  call(row, fd);
}

static void connected(void* context) {
  const struct row* row = context;
  call(row, connected_socket(row->family, row->type));
}

static void bound_to_loopback(void* context) {
  const struct row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  struct sockaddr_storage address;
  socklen_t length = make_address(&address, "127.0.0.1", 0, 0);
  RAW3(SYS_bind, fd, &address, length);
  call(row, fd);
}

static void with_broadcast(void* context) {
  const struct row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  int one = 1;
  RAW5(SYS_setsockopt, fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
  call(row, fd);
}

// A socket must stay usable after a refusal.
static void then_local(void* context) {
  const struct row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  call(row, fd);
  struct destination local = near_by("127.0.0.1", row->type);
  errno = 0;
  report(", then ");
  report_call(row->call(fd, (const struct sockaddr*)&local.address, local.length));
}

// What is said of an address on one interface is not said of it without any.
static void after_a_scope(void* context) {
  const struct row* row = context;
  struct row scoped = *row;
  ((struct sockaddr_in6*)&scoped.destination.address)->sin6_scope_id = 2;
  call(&scoped, raw_socket(row->family, row->type, 0));
  errno = 0;
  report(", then ");
  call(row, raw_socket(row->family, row->type, 0));
}

static void connected_then_dissolved(void* context) {
  const struct row* row = context;
  int fd = connected_socket(row->family, row->type);
  call(row, fd);
}

static void icmp(void* context) {
  const struct row* row = context;
  call(row,
       raw_socket(row->family, SOCK_DGRAM, row->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6));
}

// A version 6 SCTP stream takes version 4 addresses, and any SMC socket connects by TCP.
static void sctp(void* context) {
  const struct row* row = context;
  call(row, raw_socket(row->family, row->type, IPPROTO_SCTP));
}

static void smc(void* context) {
  const struct row* row = context;
  call(row, raw_socket(43 /* AF_SMC */, row->type, 0));
}

// Where the interface for groups comes from the socket, the address needs none.
static void with_group_interface(void* context) {
  const struct row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  int lo = 1;
  RAW5(SYS_setsockopt, fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &lo, sizeof lo);
  call(row, fd);
}

static void netlink(void* context) {
  const struct row* row = context;
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
    struct row row = row_to(far, type);
    row.length = (socklen_t)lengths[i].length;
    char name[64];
    snprintf(name, sizeof name, "192.0.2.1, %s", lengths[i].name);
    with(row, name, plain);
    row = row_to(near, type);
    row.length = (socklen_t)lengths[i].length;
    snprintf(name, sizeof name, "127.0.0.1, %s", lengths[i].name);
    with(row, name, plain);
  }
  struct row row = row_to(far6, type);
  row.length = 24;  // without the scope: as RFC 2133 had it, and legal still
  with(row, "2001:db8::1, length 24", plain);
  row.length = 23;
  with(row, "2001:db8::1, length 23", plain);
  row = row_to(near6, type);
  row.length = 24;
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
  struct row dissolve = row_to(unspecified, type);
  dissolve.family = AF_INET;
  with(dissolve, "AF_UNSPEC, IPv4 socket", plain);
  with(dissolve, "AF_UNSPEC, connected IPv4 socket", connected_then_dissolved);
  dissolve.family = AF_INET6;
  with(dissolve, "AF_UNSPEC, IPv6 socket", plain);
  struct destination unknown = near;
  unknown.address.ss_family = 77;
  struct row strange = row_to(unknown, type);
  strange.family = AF_INET;
  with(strange, "unknown family", plain);

  struct row mixed = row_to(far, type);
  mixed.family = AF_INET6;
  with(mixed, "192.0.2.1 on an IPv6 socket", plain);
  mixed = row_to(near, type);
  mixed.family = AF_INET6;
  with(mixed, "127.0.0.1 on an IPv6 socket", plain);
  mixed = row_to(far6, type);
  mixed.family = AF_INET;
  with(mixed, "2001:db8::1 on an IPv4 socket", plain);
  mixed = row_to(near6, type);
  mixed.family = AF_INET;
  with(mixed, "::1 on an IPv4 socket", plain);
  mixed = row_to(far, type);
  mixed.family = AF_UNIX;
  with(mixed, "192.0.2.1 on a Unix socket", plain);
}

static void unix_sockets(void) {
  struct row row = {"connect", "unix", connect, AF_UNIX, SOCK_STREAM, {0}, 0};
  memcpy(&row.destination.address, &servers.stream, sizeof servers.stream);
  row.length = servers.path_length;
  with(row, "path", plain);
  memcpy(&row.destination.address, &servers.abstract, sizeof servers.abstract);
  row.length = servers.abstract_length;
  with(row, "abstract name", plain);
  memcpy(&row.destination.address, &servers.datagram, sizeof servers.datagram);
  row.length = servers.path_length;
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
  everywhere("connect", connect, "tcp", AF_INET, SOCK_STREAM, AF_INET);
  everywhere("connect", connect, "tcp, nonblocking", AF_INET, SOCK_STREAM | SOCK_NONBLOCK, AF_INET);
  everywhere("connect", connect, "udp", AF_INET, SOCK_DGRAM, AF_INET);
  everywhere("connect", connect, "tcp", AF_INET6, SOCK_STREAM, AF_INET6);
  everywhere("connect", connect, "udp", AF_INET6, SOCK_DGRAM, AF_INET6);
  if (__connect) everywhere("__connect", __connect, "tcp", AF_INET, SOCK_STREAM, AF_INET);
  everywhere("syscall", connect_by_number, "connect, tcp", AF_INET, SOCK_STREAM, AF_INET);
  everywhere("syscall", connect_by_number, "connect, udp", AF_INET6, SOCK_DGRAM, AF_INET6);
  shapes(SOCK_STREAM);
  shapes(SOCK_DGRAM);
  unix_sockets();
  struct row row = row_to(far_away("192.0.2.1"), SOCK_DGRAM);
  row.variant = "icmp";
  with(row, "192.0.2.1", icmp);
  row = row_to(far_away("2001:db8::1"), SOCK_DGRAM);
  row.variant = "icmp";
  with(row, "2001:db8::1", icmp);
  row = row_to(near_by("127.0.0.1", SOCK_DGRAM), SOCK_DGRAM);
  row.variant = "icmp";
  with(row, "127.0.0.1", icmp);
  for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type += SOCK_SEQPACKET - SOCK_STREAM) {
    struct row away = row_to(far_away("192.0.2.1"), type);
    away.variant = type == SOCK_STREAM ? "sctp, stream" : "sctp, many";
    with(away, "192.0.2.1", sctp);
    away.family = AF_INET6;
    with(away, "192.0.2.1 on an IPv6 socket", sctp);
  }
  struct row away = row_to(far_away("192.0.2.1"), SOCK_STREAM);
  away.variant = "smc";
  with(away, "192.0.2.1", smc);
  away = row_to(far_away("ff02::1"), SOCK_DGRAM);
  with(away, "ff02::1, IPV6_MULTICAST_IF", with_group_interface);
  memset(&row.destination.address, 0, sizeof row.destination.address);
  row.variant = "netlink";
  row.destination.address.ss_family = AF_NETLINK;
  row.length = 12;
  with(row, "the kernel", netlink);
  return fflush(stdout) == 0 ? 0 : 2;
}
