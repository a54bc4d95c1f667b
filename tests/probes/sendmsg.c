// sendmsg, also by number: as sendto, with the address in a structure.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "address_row.h"
#include "probe.h"
#include "raw.h"

enum { kFastOpen = 0x20000000 };

static struct iovec data = {"ping", 4};

static struct msghdr message_to(const struct address_row* row) {
  struct msghdr message = {0};
  message.msg_name = (void*)&row->destination.address;
  message.msg_namelen = row->destination.length;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  return message;
}

static void call_sendmsg(const struct address_row* row, int fd) {
  struct msghdr message = message_to(row);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void call_by_number(const struct address_row* row, int fd) {
  struct msghdr message = message_to(row);
  errno = 0;
  report_call(syscall(SYS_sendmsg, fd, &message, row->flags));
}

static void no_name(void* context) {
  const struct address_row* row = context;
  struct msghdr message = message_to(row);
  message.msg_name = NULL;
  message.msg_namelen = 0;
  int fd = connected_socket(row->family, row->type);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

// The kernel looks at the name only if there is one, whatever its length says.
static void null_name_with_length(void* context) {
  const struct address_row* row = context;
  struct msghdr message = message_to(row);
  message.msg_name = NULL;
  int fd = connected_socket(row->family, row->type);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void name_without_length(void* context) {
  const struct address_row* row = context;
  struct msghdr message = message_to(row);
  message.msg_namelen = 0;
  int fd = connected_socket(row->family, row->type);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void unreadable_message(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendmsg(fd, no_access(), row->flags));
}

static void unreadable_name(void* context) {
  const struct address_row* row = context;
  struct msghdr message = message_to(row);
  message.msg_name = no_access();
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void unreadable_data(void* context) {
  const struct address_row* row = context;
  struct iovec nowhere = {no_access(), 4};
  struct msghdr message = message_to(row);
  message.msg_iov = &nowhere;
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void too_many_pieces(void* context) {
  const struct address_row* row = context;
  struct msghdr message = message_to(row);
  message.msg_iovlen = 2000;
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void pass_descriptor(void* context) {
  (void)context;
  int pair[2];
  RAW4(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = {0};
  struct msghdr message = {0};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  control.header.cmsg_level = SOL_SOCKET;
  control.header.cmsg_type = SCM_RIGHTS;
  control.header.cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(&control.header), &pair[0], sizeof(int));
  errno = 0;
  report_call(sendmsg(pair[0], &message, MSG_NOSIGNAL));
}

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  struct address_row row = {.function = "sendmsg",
                            .variant = "udp",
                            .call = call_sendmsg,
                            .type = SOCK_DGRAM,
                            .flags = MSG_NOSIGNAL};
  everywhere(on(row, AF_INET), AF_INET);
  everywhere(on(row, AF_INET6), AF_INET6);
  struct address_row fast = on(row, AF_INET);
  fast.variant = "tcp, MSG_FASTOPEN";
  fast.type = SOCK_STREAM;
  fast.flags |= kFastOpen;
  everywhere(fast, AF_INET);

  struct address_row number = on(row, AF_INET);
  number.function = fast.function = "syscall";
  number.call = fast.call = call_by_number;
  number.variant = "sendmsg, udp";
  everywhere(number, AF_INET);
  fast.variant = "sendmsg, tcp, MSG_FASTOPEN";
  everywhere(fast, AF_INET);

  row.family = AF_INET;
  row.destination = far_away("192.0.2.1");
  with(row, "192.0.2.1, connected socket", connected);
  with(row, "192.0.2.1, unreadable message", unreadable_message);
  with(row, "192.0.2.1, unreadable name", unreadable_name);
  with(row, "192.0.2.1, unreadable data", unreadable_data);
  with(row, "192.0.2.1, too many pieces", too_many_pieces);
  with(row, "192.0.2.1, name without a length", name_without_length);
  with(row, "192.0.2.1, descriptor -1", closed_descriptor);
  with(row, "192.0.2.1, not a socket", file_descriptor);
  row.destination.length = 129;
  with(row, "192.0.2.1, length 129", plain);
  row.destination.length = (socklen_t)-1;
  with(row, "192.0.2.1, length -1", plain);
  row.destination.length = 16;
  row.family = AF_INET6;
  with(row, "192.0.2.1 on an IPv6 socket", plain);
  row.destination.address.ss_family = AF_UNSPEC;
  row.family = AF_INET;
  with(row, "AF_UNSPEC holding 192.0.2.1", plain);
  row.variant = "tcp";
  row.type = SOCK_STREAM;
  row.destination = far_away("192.0.2.1");
  with(row, "192.0.2.1, connected socket", connected);
  with(row, "192.0.2.1, fresh socket", plain);
  row.variant = "udp";
  row.type = SOCK_DGRAM;
  row.destination = near_by("127.0.0.1", SOCK_DGRAM);
  with(row, "no name, connected socket", no_name);
  with(row, "no name but a length, connected socket", null_name_with_length);
  row.variant = "unix";
  with(row, "a passed descriptor", pass_descriptor);
  row.family = AF_UNIX;
  memcpy(&row.destination.address, &servers.datagram, sizeof servers.datagram);
  row.destination.length = servers.path_length;
  with(row, "datagram path", plain);
  return fflush(stdout) == 0 ? 0 : 2;
}
