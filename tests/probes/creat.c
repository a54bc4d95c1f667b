// creat and creat64.
#define _GNU_SOURCE
#include <fcntl.h>

#include "file_probe.h"
#include "probe.h"

typedef int creat_function(const char*, mode_t);
extern creat_function creat64 __attribute__((weak));

static void call_creat(const struct place* place, const struct operation* operation) {
  report_fd(((creat_function*)operation->address)(place->path, (mode_t)operation->value));
}

static const struct operation operations[] = {
    {"creat", "0640", kPath, kMany, call_creat, FUNCTION(creat), 0640, 0},
    {"creat64", "0640", kPath, kFew, call_creat, FUNCTION(creat64), 0640, 0},
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
