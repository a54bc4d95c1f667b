// sendmsg, also by number: as sendto, with the address in a structure.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net_probe.h"
#include "probe.h"
#include "raw.h"

enum { kFastOpen = 0x20000000 };

struct row {
  const char* variant;
  int family, type, flags;
  struct destination destination;
};

static struct iovec data = {"ping", 4};

static struct msghdr message_to(const struct row* row) {
  struct msghdr message = {0};
  message.msg_name = (void*)&row->destination.address;
  message.msg_namelen = row->destination.length;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  return message;
}

static int by_number;

static void call(const struct row* row, int fd) {
  struct msghdr message = message_to(row);
  errno = 0;
  report_call(by_number ? syscall(SYS_sendmsg, fd, &message, row->flags)
                        : sendmsg(fd, &message, row->flags));
}

static void plain(void* context) {
  const struct row* row = context;
  call(row, raw_socket(row->family, row->type, 0));
}

static void connected(void* context) {
  const struct row* row = context;
  call(row, connected_socket(row->family, row->type));
}

static void no_name(void* context) {
  const struct row* row = context;
  struct msghdr message = message_to(row);
  message.msg_name = NULL;
  message.msg_namelen = 0;
  int fd = connected_socket(row->family, row->type);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

// The kernel looks at the name only if there is one, whatever its length says.
static void null_name_with_length(void* context) {
  const struct row* row = context;
  struct msghdr message = message_to(row);
  message.msg_name = NULL;
  int fd = connected_socket(row->family, row->type);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void name_without_length(void* context) {
  const struct row* row = context;
  struct msghdr message = message_to(row);
  message.msg_namelen = 0;
  int fd = connected_socket(row->family, row->type);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void* no_access(void) {
  return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void unreadable_message(void* context) {
  const struct row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendmsg(fd, no_access(), row->flags));
}

static void unreadable_name(void* context) {
  const struct row* row = context;
  struct msghdr message = message_to(row);
  message.msg_name = no_access();
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void unreadable_data(void* context) {
  const struct row* row = context;
  struct iovec nowhere = {no_access(), 4};
  struct msghdr message = message_to(row);
  message.msg_iov = &nowhere;
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void too_many_pieces(void* context) {
  const struct row* row = context;
  struct msghdr message = message_to(row);
  message.msg_iovlen = 2000;
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendmsg(fd, &message, row->flags));
}

static void closed_descriptor(void* context) { call(context, -1); }

static void file_descriptor(void* context) {
  call(context, (int)RAW4(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0));
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

static void with(struct row row, const char* situation, void (*work)(void*)) {
  net_row(by_number ? "syscall" : "sendmsg", row.variant, row.destination.is_away, situation, work,
          &row);
}

static void one(const struct destination* destination, void* context) {
  struct row row = *(const struct row*)context;
  row.destination = *destination;
  with(row, destination->name, plain);
}

static void everywhere(const char* variant, int family, int type, int flags) {
  struct row row = {variant, family, type, flags | MSG_NOSIGNAL, {0}};
  each_destination(family, type, one, &row);
}

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  everywhere("udp", AF_INET, SOCK_DGRAM, 0);
  everywhere("udp", AF_INET6, SOCK_DGRAM, 0);
  everywhere("tcp, MSG_FASTOPEN", AF_INET, SOCK_STREAM, kFastOpen);

  by_number = 1;
  everywhere("sendmsg, udp", AF_INET, SOCK_DGRAM, 0);
  everywhere("sendmsg, tcp, MSG_FASTOPEN", AF_INET, SOCK_STREAM, kFastOpen);
  by_number = 0;

  struct row row = {"udp", AF_INET, SOCK_DGRAM, MSG_NOSIGNAL, far_away("192.0.2.1")};
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
