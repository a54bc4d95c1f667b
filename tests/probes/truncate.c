// truncate and truncate64.
#define _GNU_SOURCE
#include <stdint.h>
#include <unistd.h>

#include "file_probe.h"
#include "probe.h"

// off_t has 64 bits wherever these probes run, so one type serves both.
typedef int truncate_function(const char*, int64_t);
extern int truncate64(const char*, off64_t) __attribute__((weak));

static void call_truncate(const struct place* place, const struct operation* operation) {
  report_call(((truncate_function*)operation->address)(place->path, operation->value));
}

static const struct operation operations[] = {
    {"truncate", "2", kPath, kAll, call_truncate, FUNCTION(truncate), 2, 0},
    {"truncate", "100", kPath, kFew, call_truncate, FUNCTION(truncate), 100, 0},
    {"truncate", "-1", kPath, kMany, call_truncate, FUNCTION(truncate), -1, 0},
    {"truncate64", "2", kPath, kFew, call_truncate, FUNCTION(truncate64), 2, 0},
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
