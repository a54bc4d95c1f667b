// link and linkat.
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "file_probe.h"
#include "probe.h"

static void call_link(const struct place* place, const struct operation* operation) {
  (void)operation;
  report_call(link(place->path, place->to));
}

static void call_linkat(const struct place* place, const struct operation* operation) {
  report_call(linkat(place->dirfd, place->path, place->to_dirfd, place->to, (int)operation->value));
}

#define AT(variant, breadth, flags) \
  { "linkat", variant, kTwoAt, breadth, call_linkat, FUNCTION(linkat), flags, 0 }

static const struct operation operations[] = {
    {"link", "", kTwoPaths, kMany, call_link, FUNCTION(link), 0, 0},
    AT("0", kMany, 0),
    AT("AT_SYMLINK_FOLLOW", kMany, AT_SYMLINK_FOLLOW),
    AT("AT_EMPTY_PATH", kMany, AT_EMPTY_PATH),
    AT("an unknown flag", kFew, 0x40),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
