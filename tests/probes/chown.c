// chown, lchown, fchown and fchownat, without a change and as far as the caller may.
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "file_probe.h"
#include "probe.h"

enum { kUnchanged = -1 };

static void call_chown(const struct place* place, const struct operation* operation) {
  report_call(((int (*)(const char*, uid_t, gid_t))operation->address)(
      place->path, (uid_t)operation->value, (gid_t)kUnchanged));
}

static void call_fchown(const struct place* place, const struct operation* operation) {
  report_call(fchown(place->fd, (uid_t)operation->value, (gid_t)kUnchanged));
}

static void call_fchownat(const struct place* place, const struct operation* operation) {
  report_call(fchownat(place->dirfd, place->path, (uid_t)kUnchanged, (gid_t)kUnchanged,
                       (int)operation->value));
}

#define AT(variant, breadth, flags) \
  { "fchownat", variant, kAt, breadth, call_fchownat, FUNCTION(fchownat), flags, 0 }

static const struct operation operations[] = {
    {"chown", "nobody new", kPath, kAll, call_chown, FUNCTION(chown), kUnchanged, 0},
    {"chown", "a stranger", kPath, kFew, call_chown, FUNCTION(chown), 65533, 0},
    {"lchown", "nobody new", kPath, kMany, call_chown, FUNCTION(lchown), kUnchanged, 0},
    {"fchown", "nobody new", kDescriptor, kAll, call_fchown, FUNCTION(fchown), kUnchanged, 0},
    AT("0", kMany, 0),
    AT("AT_SYMLINK_NOFOLLOW", kMany, AT_SYMLINK_NOFOLLOW),
    AT("AT_EMPTY_PATH", kMany, AT_EMPTY_PATH),
    AT("an unknown flag", kFew, 0x40),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
