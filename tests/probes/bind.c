// bind: a Unix socket with a path makes a file.
#define _GNU_SOURCE
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "file_probe.h"
#include "probe.h"
#include "raw.h"

// The path with its NUL or without, as both are done; what does not fit in is not the matter here.
static void call_bind(const struct place* place, const struct operation* operation) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = place->path == NULL ? 0 : strlen(place->path);
  if (length >= sizeof address.sun_path) {
    report("does not fit");
    return;
  }
  memcpy(address.sun_path, place->path, length);
  int type = operation->value == 0 ? SOCK_STREAM : (int)operation->value;
  int descriptor = (int)RAW3(SYS_socket, AF_UNIX, type, 0);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  report_call(bind(descriptor, (struct sockaddr*)&address, size + (operation->text != NULL)));
}

static void call_internet(const struct place* place, const struct operation* operation) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)operation;
  strncpy(address.sun_path, place->path, sizeof address.sun_path - 1);
  int descriptor = (int)RAW3(SYS_socket, AF_INET, SOCK_DGRAM, 0);
  report_call(bind(descriptor, (struct sockaddr*)&address, sizeof address));
}

// Names that are no files.
static void call_abstract(const struct place* place, const struct operation* operation) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)operation;
  strncpy(address.sun_path + 1, place->path, sizeof address.sun_path - 2);
  int descriptor = (int)RAW3(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
  report_call(bind(descriptor, (struct sockaddr*)&address, sizeof address));
  address.sun_path[1] = '\0';
  descriptor = (int)RAW3(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
  report_call(bind(descriptor, (struct sockaddr*)&address, sizeof(sa_family_t)));
}

#define ROW(variant, breadth, call, value, text) \
  { "bind", variant, kPath, breadth, call, FUNCTION(bind), value, text }

static const struct operation operations[] = {
    ROW("", kMany, call_bind, 0, "with its end"),
    ROW("without an end", kFew, call_bind, 0, NULL),
    ROW("SOCK_DGRAM", kFew, call_bind, SOCK_DGRAM, "with its end"),
    ROW("an internet socket", kFew, call_internet, 0, 0),
    ROW("abstract", kFew, call_abstract, 0, 0),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
