// ftruncate and ftruncate64.
#define _GNU_SOURCE
#include <stdint.h>
#include <unistd.h>

#include "file_probe.h"
#include "probe.h"

typedef int ftruncate_function(int, int64_t);
extern int ftruncate64(int, off64_t) __attribute__((weak));

static void call_ftruncate(const struct place* place, const struct operation* operation) {
  report_call(((ftruncate_function*)operation->address)(place->fd, operation->value));
}

static const struct operation operations[] = {
    {"ftruncate", "2", kDescriptor, kAll, call_ftruncate, FUNCTION(ftruncate), 2, 0},
    {"ftruncate", "-1", kDescriptor, kFew, call_ftruncate, FUNCTION(ftruncate), -1, 0},
    {"ftruncate64", "2", kDescriptor, kFew, call_ftruncate, FUNCTION(ftruncate64), 2, 0},
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
