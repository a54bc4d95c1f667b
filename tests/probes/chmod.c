// chmod, lchmod, fchmod and fchmodat.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "file_probe.h"
#include "probe.h"

extern int lchmod(const char*, mode_t) __attribute__((weak));

static void call_chmod(const struct place* place, const struct operation* operation) {
  report_call(((int (*)(const char*, mode_t))operation->address)(place->path, 0600));
}

static void call_fchmod(const struct place* place, const struct operation* operation) {
  report_call(fchmod(place->fd, (mode_t)operation->value));
}

static void call_fchmodat(const struct place* place, const struct operation* operation) {
  report_call(fchmodat(place->dirfd, place->path, 0600, (int)operation->value));
}

#define AT(variant, breadth, flags) \
  { "fchmodat", variant, kAt, breadth, call_fchmodat, FUNCTION(fchmodat), flags, 0 }

static const struct operation operations[] = {
    {"chmod", "0600", kPath, kAll, call_chmod, FUNCTION(chmod), 0, 0},
    {"lchmod", "0600", kPath, kMany, call_chmod, FUNCTION(lchmod), 0, 0},
    {"fchmod", "0600", kDescriptor, kAll, call_fchmod, FUNCTION(fchmod), 0600, 0},
    AT("0", kMany, 0),
    AT("AT_SYMLINK_NOFOLLOW", kMany, AT_SYMLINK_NOFOLLOW),
    AT("AT_EMPTY_PATH", kMany, AT_EMPTY_PATH),
    AT("an unknown flag", kFew, 0x40),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
