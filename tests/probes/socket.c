// socket, also by number: only what could send without naming an address to a hooked function is
// refused here.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net_probe.h"
#include "probe.h"
#include "raw.h"

enum { kStranger = 65534, kPacketType = 10, kXdp = 44, kEveryProtocol = 0x300 };

struct row {
  int family, type, protocol;
  int stranger, by_number;
};

static void call(void* context) {
  const struct row* row = context;
  if (row->stranger) {
    RAW2(SYS_setgroups, 0, NULL);
    RAW3(SYS_setresgid, kStranger, kStranger, kStranger);
    RAW3(SYS_setresuid, kStranger, kStranger, kStranger);
  }
  errno = 0;
  int fd = row->by_number ? (int)syscall(SYS_socket, row->family, row->type, row->protocol)
                          : socket(row->family, row->type, row->protocol);
  if (fd < 0) {
    report_call(fd);
    return;
  }
  long flags = RAW2(SYS_fcntl, fd, F_GETFD);
  long status = RAW2(SYS_fcntl, fd, F_GETFL);
  report("fd%s%s", flags & FD_CLOEXEC ? ", closed on exec" : "",
         status & O_NONBLOCK ? ", nonblocking" : "");
  if (errno != 0) report(" errno=%s", errno_name(errno));
}

#define ROW(family, type, protocol, is_away) \
  { #family ", " #type ", " #protocol, {family, type, protocol, 0, 0 }, is_away }

static const struct {
  const char* name;
  struct row row;
  int is_away;
} rows[] = {
    ROW(AF_INET, SOCK_STREAM, 0, 0),
    ROW(AF_INET, SOCK_DGRAM, 0, 0),
    ROW(AF_INET6, SOCK_STREAM, 0, 0),
    ROW(AF_INET6, SOCK_DGRAM, 0, 0),
    ROW(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP, 0),
    ROW(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP, 0),
    ROW(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, 0),
    ROW(AF_INET, SOCK_DGRAM, IPPROTO_ICMP, 0),
    ROW(AF_INET, SOCK_STREAM, 262, 0),
    ROW(AF_INET, SOCK_STREAM, IPPROTO_UDP, 0),
    ROW(AF_INET, SOCK_SEQPACKET, 0, 0),
    ROW(AF_INET, 15, 0, 0),
    ROW(AF_UNIX, SOCK_STREAM, 0, 0),
    ROW(AF_UNIX, SOCK_DGRAM, 0, 0),
    ROW(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, 0),
    ROW(AF_UNIX, SOCK_RAW, 0, 0),
    ROW(AF_NETLINK, SOCK_RAW, 0, 0),
    ROW(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0, 0),
    ROW(AF_NETLINK, SOCK_DGRAM, 15, 0),
    ROW(AF_UNSPEC, SOCK_STREAM, 0, 0),
    ROW(99, SOCK_STREAM, 0, 0),
    ROW(-1, SOCK_STREAM, 0, 0),
    ROW(AF_INET, SOCK_RAW, IPPROTO_ICMP, 1),
    ROW(AF_INET, SOCK_RAW, IPPROTO_RAW, 1),
    ROW(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP, 1),
    ROW(AF_INET, SOCK_RAW, 0, 1),
    ROW(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, 1),
    ROW(AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_RAW, 1),
    ROW(AF_INET, kPacketType, kEveryProtocol, 1),
    ROW(AF_PACKET, SOCK_RAW, kEveryProtocol, 1),
    ROW(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0, 1),
    ROW(AF_VSOCK, SOCK_STREAM, 0, 1),
    ROW(AF_VSOCK, SOCK_DGRAM, 0, 1),
    ROW(kXdp, SOCK_RAW, 0, 1),
    ROW(AF_CAN, SOCK_RAW, 1, 1),
    ROW(AF_BLUETOOTH, SOCK_SEQPACKET, 0, 1),
    ROW(AF_TIPC, SOCK_RDM, 0, 1),
    ROW(AF_RXRPC, SOCK_DGRAM, PF_INET, 1),
    ROW(AF_X25, SOCK_SEQPACKET, 0, 1),
    ROW(AF_KEY, SOCK_RAW, 2, 0),
    ROW(AF_ALG, SOCK_SEQPACKET, 0, 0),
};

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  int privileged = RAW1(SYS_geteuid, 0) == 0;
  for (int stranger = !privileged; stranger <= 1; stranger++)
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      struct row row = rows[i].row;
      row.stranger = stranger && privileged;
      char name[160];
      snprintf(name, sizeof name, "%s [%s]", rows[i].name, stranger ? "other" : "root");
      net_row("socket", "", rows[i].is_away, name, call, &row);
      row.by_number = 1;
      if (!row.stranger) net_row("syscall", "socket", rows[i].is_away, name, call, &row);
    }
  return fflush(stdout) == 0 ? 0 : 2;
}
