// sendto, also by number: datagrams without a connection, MSG_FASTOPEN, and the addresses that are
// ignored.
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

enum { kFastOpen = 0x20000000 };

static char payload[70000] = "ping";

static void call_sendto(const struct address_row* row, int fd) {
  errno = 0;
  report_call(sendto(fd, payload, row->size, row->flags,
                     (const struct sockaddr*)&row->destination.address, row->destination.length));
}

static void call_by_number(const struct address_row* row, int fd) {
  errno = 0;
  report_call(syscall(SYS_sendto, fd, payload, row->size, row->flags, &row->destination.address,
                      row->destination.length));
}

static void no_address(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendto(fd, payload, row->size, row->flags, NULL, 0));
}

static void no_address_connected(void* context) {
  const struct address_row* row = context;
  int fd = connected_socket(row->family, row->type);
  errno = 0;
  report_call(sendto(fd, payload, row->size, row->flags, NULL, 0));
}

static void null_with_length(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendto(fd, payload, row->size, row->flags, NULL, row->destination.length));
}

static void unreadable_address(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendto(fd, payload, row->size, row->flags, no_access(), row->destination.length));
}

static void unreadable_data(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(sendto(fd, no_access(), row->size, row->flags,
                     (const struct sockaddr*)&row->destination.address, row->destination.length));
}

static void icmp(void* context) {
  const struct address_row* row = context;
  // An echo request; the kernel fills in its checksum.
  memcpy(payload, row->family == AF_INET ? "\10\0\0\0\0\0\0\0" : "\200\0\0\0\0\0\0\0", 8);
  row->call(row, raw_socket(row->family, SOCK_DGRAM,
                            row->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6));
}

static void reused_number(void* context) {
  const struct address_row* row = context;
  int stream = socket(AF_INET, SOCK_STREAM, 0);
  RAW1(SYS_close, stream);
  int fd = raw_socket(row->family, row->type, 0);
  if (fd != stream) report("the probe itself failed: %d is not %d; ", fd, stream);
  row->call(row, fd);
}

static void netlink(void* context) {
  const struct address_row* row = context;
  // RTM_GETLINK, asking for everything.
  static const unsigned char request[32] = {32, 0, 0, 0, 18, 0, 1, 3};
  memcpy(payload, request, sizeof request);
  row->call(row, raw_socket(AF_NETLINK, SOCK_RAW, 0));
}

static struct address_row row_to(const char* variant, struct destination destination, int type) {
  struct address_row row = {.function = "sendto",
                            .variant = variant,
                            .call = call_sendto,
                            .family = destination.family,
                            .type = type,
                            .destination = destination,
                            .flags = MSG_NOSIGNAL,
                            .size = 4};
  return row;
}

static void send_everywhere(struct address_row row, int family, int type, int flags) {
  row.family = family;
  row.type = type;
  row.flags = flags | MSG_NOSIGNAL;
  row.size = 4;
  everywhere(row, family);
}

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  struct address_row udp = {.function = "sendto", .variant = "udp", .call = call_sendto};
  struct address_row tcp = {
      .function = "sendto", .variant = "tcp, MSG_FASTOPEN", .call = call_sendto};
  send_everywhere(udp, AF_INET, SOCK_DGRAM, 0);
  send_everywhere(udp, AF_INET6, SOCK_DGRAM, 0);
  send_everywhere(tcp, AF_INET, SOCK_STREAM, kFastOpen);
  send_everywhere(tcp, AF_INET6, SOCK_STREAM, kFastOpen);
  udp.function = tcp.function = "syscall";
  udp.call = tcp.call = call_by_number;
  udp.variant = "sendto, udp";
  tcp.variant = "sendto, tcp, MSG_FASTOPEN";
  send_everywhere(udp, AF_INET, SOCK_DGRAM, 0);
  send_everywhere(udp, AF_INET6, SOCK_DGRAM, 0);
  send_everywhere(tcp, AF_INET, SOCK_STREAM, kFastOpen);

  struct destination far = far_away("192.0.2.1"), far6 = far_away("2001:db8::1");
  struct destination near = near_by("127.0.0.1", SOCK_DGRAM);
  struct address_row row = row_to("udp", far, SOCK_DGRAM);
  with(row, "192.0.2.1, connected socket", connected);
  with(row, "192.0.2.1, unreadable address", unreadable_address);
  with(row, "192.0.2.1, unreadable data", unreadable_data);
  with(row, "192.0.2.1, descriptor -1", closed_descriptor);
  with(row, "192.0.2.1, not a socket", file_descriptor);
  row.size = 0;
  with(row, "192.0.2.1, nothing to send", plain);
  row.size = 65536;
  with(row, "192.0.2.1, more than a datagram holds", plain);
  row.size = 4;
  row.flags |= MSG_OOB;
  with(row, "192.0.2.1, MSG_OOB", plain);
  row.flags = MSG_DONTWAIT | MSG_CONFIRM;
  with(row, "192.0.2.1, MSG_DONTWAIT", plain);
  row.flags = MSG_NOSIGNAL;
  row.destination.length = 8;
  with(row, "192.0.2.1, length 8", plain);
  row.destination.length = 28;
  with(row, "192.0.2.1, length 28", plain);
  row.destination.length = 129;
  with(row, "192.0.2.1, length 129", plain);
  row.destination.length = 16;
  row.destination.address.ss_family = AF_UNSPEC;
  with(row, "AF_UNSPEC holding 192.0.2.1", plain);
  row.family = AF_INET6;
  with(row, "AF_UNSPEC holding 192.0.2.1 on an IPv6 socket", plain);
  row.destination = far;
  with(row, "192.0.2.1 on an IPv6 socket", plain);
  row = row_to("udp", far6, SOCK_DGRAM);
  with(row, "2001:db8::1, connected socket", connected);
  row.destination.length = 24;
  with(row, "2001:db8::1, length 24", plain);
  row.destination.length = 28;
  row.family = AF_INET;
  with(row, "2001:db8::1 on an IPv4 socket", plain);
  row = row_to("udp", far_away("255.255.255.255"), SOCK_DGRAM);
  with(row, "255.255.255.255, SO_BROADCAST", with_broadcast);
  row = row_to("udp", far_away("10.99.0.255"), SOCK_DGRAM);
  with(row, "10.99.0.255, SO_BROADCAST", with_broadcast);

  row = row_to("udp", near, SOCK_DGRAM);
  with(row, "127.0.0.1, connected socket", connected);
  with(row, "no address", no_address);
  with(row, "no address, connected socket", no_address_connected);
  with(row, "no address but a length", null_with_length);
  row.destination.address.ss_family = AF_UNSPEC;
  with(row, "AF_UNSPEC holding 127.0.0.1", plain);
  row.destination = near;
  row.family = AF_INET6;
  with(row, "127.0.0.1 on an IPv6 socket", plain);

  // A stream that is connected ignores the address; one that is not says so.
  row = row_to("tcp", far, SOCK_STREAM);
  with(row, "192.0.2.1, connected socket", connected);
  with(row, "192.0.2.1, fresh socket", plain);
  row.variant = "tcp, MSG_FASTOPEN";
  row.flags |= kFastOpen;
  with(row, "192.0.2.1, connected socket", connected);
  row.size = 0;
  with(row, "192.0.2.1, nothing to send", plain);
  row = row_to("tcp", near_by("127.0.0.1", SOCK_STREAM), SOCK_STREAM);
  with(row, "127.0.0.1, connected socket", connected);
  with(row, "127.0.0.1, fresh socket", plain);
  with(row, "no address", no_address);
  with(row, "no address, connected socket", no_address_connected);

  row = row_to("unix", near, SOCK_DGRAM);
  row.family = AF_UNIX;
  memcpy(&row.destination.address, &servers.datagram, sizeof servers.datagram);
  row.destination.length = servers.path_length;
  with(row, "datagram path", plain);
  strcat(((struct sockaddr_un*)&row.destination.address)->sun_path, ".missing");
  with(row, "missing path", plain);

  // After a stream of the C library's, a datagram socket of the same number that it knows nothing
  // of.
  with(row_to("udp", far, SOCK_DGRAM), "192.0.2.1, number of a closed TCP socket", reused_number);
  with(row_to("udp", near, SOCK_DGRAM), "127.0.0.1, number of a closed TCP socket", reused_number);

  row = row_to("icmp", far, SOCK_DGRAM);
  row.size = 8;
  with(row, "192.0.2.1", icmp);
  make_address(&row.destination.address, "192.0.2.1", 0, 0);
  with(row, "192.0.2.1, port 0", icmp);
  row.destination = near;
  row.destination.is_away = 0;
  with(row, "127.0.0.1", icmp);
  row = row_to("icmp", far6, SOCK_DGRAM);
  row.size = 8;
  with(row, "2001:db8::1", icmp);

  row = row_to("netlink", near, SOCK_RAW);
  memset(&row.destination.address, 0, sizeof row.destination.address);
  row.destination.address.ss_family = AF_NETLINK;
  row.destination.length = 12;
  row.size = 32;
  with(row, "the kernel", netlink);
  return fflush(stdout) == 0 ? 0 : 2;
}
