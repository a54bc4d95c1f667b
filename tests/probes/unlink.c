// unlink, unlinkat, remove and rmdir.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "file_probe.h"
#include "probe.h"

static void call_path(const struct place* place, const struct operation* operation) {
  report_call(((int (*)(const char*))operation->address)(place->path));
}

static void call_unlinkat(const struct place* place, const struct operation* operation) {
  report_call(unlinkat(place->dirfd, place->path, (int)operation->value));
}

static const struct operation operations[] = {
    {"unlink", "", kPath, kAll, call_path, FUNCTION(unlink), 0, 0},
    {"rmdir", "", kPath, kAll, call_path, FUNCTION(rmdir), 0, 0},
    {"remove", "", kPath, kAll, call_path, FUNCTION(remove), 0, 0},
    {"unlinkat", "0", kAt, kMany, call_unlinkat, FUNCTION(unlinkat), 0, 0},
    {"unlinkat", "AT_REMOVEDIR", kAt, kMany, call_unlinkat, FUNCTION(unlinkat), AT_REMOVEDIR, 0},
    {"unlinkat", "an unknown flag", kAt, kFew, call_unlinkat, FUNCTION(unlinkat), 1, 0},
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
