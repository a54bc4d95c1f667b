#define _GNU_SOURCE
#include "address_row.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "raw.h"

void with(struct address_row row, const char* situation, void (*work)(void*)) {
  net_row(row.function, row.variant, row.destination.is_away, situation, work, &row);
}

static void one(const struct destination* destination, void* context) {
  struct address_row row = *(const struct address_row*)context;
  row.destination = *destination;
  with(row, destination->name, plain);
}

void everywhere(struct address_row row, int address_family) {
  const int kind = row.type & 0xf;  // without SOCK_NONBLOCK and the like
  each_destination(address_family, kind, one, &row);
}

struct address_row on(struct address_row row, int family) {
  row.family = family;
  return row;
}

void plain(void* context) {
  const struct address_row* row = context;
  row->call(row, raw_socket(row->family, row->type, 0));
}

void connected(void* context) {
  const struct address_row* row = context;
  row->call(row, connected_socket(row->family, row->type));
}

void closed_descriptor(void* context) {
  const struct address_row* row = context;
  row->call(row, -1);
}

void file_descriptor(void* context) {
  const struct address_row* row = context;
  row->call(row, (int)RAW4(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0));
}

void with_broadcast(void* context) {
  const struct address_row* row = context;
  int fd = raw_socket(row->family, row->type, 0);
  int one = 1;
  RAW5(SYS_setsockopt, fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
  row->call(row, fd);
}

void* no_access(void) { return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
