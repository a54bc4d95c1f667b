// sendmmsg, also by number: it reports how many went before the one that was refused.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net_probe.h"
#include "probe.h"

enum { kMost = 4 };

struct row {
  int family, type;
  int count;
  struct destination destinations[kMost];
};

static int by_number;

static long send_all(int fd, struct mmsghdr* messages, unsigned count) {
  return by_number ? syscall(SYS_sendmmsg, fd, messages, count, MSG_NOSIGNAL)
                   : sendmmsg(fd, messages, count, MSG_NOSIGNAL);
}

static void call(void* context) {
  struct row* row = context;
  struct iovec data = {"ping", 4};
  struct mmsghdr messages[kMost] = {0};
  for (int i = 0; i < row->count; i++) {
    messages[i].msg_hdr.msg_iov = &data;
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_len = 77;
    if (row->destinations[i].length == 0) continue;
    messages[i].msg_hdr.msg_name = &row->destinations[i].address;
    messages[i].msg_hdr.msg_namelen = row->destinations[i].length;
  }
  int fd = raw_socket(row->family, row->type, 0);
  errno = 0;
  report_call(send_all(fd, messages, (unsigned)row->count));
  // Lengths of those sent; 77 where nothing was.
  for (int i = 0; i < row->count; i++) report(" %u", messages[i].msg_len);
}

static void connected_call(void* context) {
  struct row* row = context;
  struct iovec data = {"ping", 4};
  struct mmsghdr messages[2] = {0};
  for (int i = 0; i < 2; i++) {
    messages[i].msg_hdr.msg_iov = &data;
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  messages[1].msg_hdr.msg_name = &row->destinations[0].address;
  messages[1].msg_hdr.msg_namelen = row->destinations[0].length;
  int fd = connected_socket(row->family, row->type);
  errno = 0;
  report_call(send_all(fd, messages, 2));
}

static void unreadable(void* context) {
  struct row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  void* page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  errno = 0;
  report_call(send_all(fd, page, 2));
}

static void closed_descriptor(void* context) {
  struct row* row = context;
  struct mmsghdr messages[1] = {0};
  messages[0].msg_hdr.msg_name = &row->destinations[0].address;
  messages[0].msg_hdr.msg_namelen = row->destinations[0].length;
  errno = 0;
  report_call(send_all(-1, messages, 1));
}

static void row(int is_away, const char* situation, void (*work)(void*), int count,
                const char* first, const char* second, const char* third) {
  const char* texts[] = {first, second, third};
  struct row row = {AF_INET, SOCK_DGRAM, count, {{0}}};
  for (int i = 0; i < count && i < 3; i++) {
    if (texts[i] == NULL) continue;
    row.destinations[i] =
        strncmp(texts[i], "127.", 4) == 0 ? near_by(texts[i], SOCK_DGRAM) : far_away(texts[i]);
    if (strchr(texts[i], ':')) row.family = AF_INET6;
  }
  net_row(by_number ? "syscall" : "sendmmsg", by_number ? "sendmmsg, udp" : "udp", is_away,
          situation, work, &row);
}

static void rows(void) {
  row(0, "127.0.0.1", call, 1, "127.0.0.1", NULL, NULL);
  row(0, "127.0.0.1 twice", call, 2, "127.0.0.1", "127.0.0.2", NULL);
  row(1, "127.0.0.1, then 192.0.2.1", call, 2, "127.0.0.1", "192.0.2.1", NULL);
  row(1, "127.0.0.1, 192.0.2.1, 127.0.0.1", call, 3, "127.0.0.1", "192.0.2.1", "127.0.0.1");
  row(1, "twice 127.0.0.1, then 192.0.2.1", call, 3, "127.0.0.1", "127.0.0.1", "192.0.2.1");
  row(1, "192.0.2.1", call, 1, "192.0.2.1", NULL, NULL);
  row(1, "192.0.2.1, then 127.0.0.1", call, 2, "192.0.2.1", "127.0.0.1", NULL);
  row(1, "2001:db8::1", call, 1, "2001:db8::1", NULL, NULL);
  row(0, "no address", call, 1, NULL, NULL, NULL);
  row(0, "127.0.0.1, then no address", call, 2, "127.0.0.1", NULL, NULL);
  row(0, "nothing", call, 0, NULL, NULL, NULL);
  row(0, "unreadable", unreadable, 0, NULL, NULL, NULL);
  row(1, "192.0.2.1, descriptor -1", closed_descriptor, 1, "192.0.2.1", NULL, NULL);
  row(1, "connected: none, then 192.0.2.1", connected_call, 1, "192.0.2.1", NULL, NULL);
  row(0, "connected: none, then 127.0.0.1", connected_call, 1, "127.0.0.1", NULL, NULL);
}

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  for (; by_number <= 1; by_number++) rows();
  return fflush(stdout) == 0 ? 0 : 2;
}
