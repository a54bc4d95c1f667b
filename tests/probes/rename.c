// rename, renameat and renameat2.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>

#include "file_probe.h"
#include "probe.h"

typedef int renameat2_function(int, const char*, int, const char*, unsigned);
extern renameat2_function renameat2 __attribute__((weak));

enum { kNoReplace = 1, kExchange = 2, kWhiteout = 4 };

static void call_rename(const struct place* place, const struct operation* operation) {
  (void)operation;
  report_call(rename(place->path, place->to));
}

static void call_renameat(const struct place* place, const struct operation* operation) {
  (void)operation;
  report_call(renameat(place->dirfd, place->path, place->to_dirfd, place->to));
}

static void call_renameat2(const struct place* place, const struct operation* operation) {
  report_call(((renameat2_function*)operation->address)(place->dirfd, place->path, place->to_dirfd,
                                                        place->to, (unsigned)operation->value));
}

#define ROW2(variant, breadth, flags) \
  { "renameat2", variant, kTwoAt, breadth, call_renameat2, FUNCTION(renameat2), flags, 0 }

static const struct operation operations[] = {
    {"rename", "", kTwoPaths, kMany, call_rename, FUNCTION(rename), 0, 0},
    {"renameat", "", kTwoAt, kMany, call_renameat, FUNCTION(renameat), 0, 0},
    ROW2("0", kFew, 0),
    ROW2("RENAME_NOREPLACE", kMany, kNoReplace),
    ROW2("RENAME_EXCHANGE", kMany, kExchange),
    ROW2("RENAME_WHITEOUT", kFew, kWhiteout),
    ROW2("RENAME_NOREPLACE | RENAME_EXCHANGE", kFew, kNoReplace | kExchange),
    ROW2("an unknown flag", kFew, 64),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
