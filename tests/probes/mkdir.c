// mkdir.
#define _GNU_SOURCE
#include <sys/stat.h>

#include "file_probe.h"
#include "probe.h"

static void call_mkdir(const struct place* place, const struct operation* operation) {
  report_call(mkdir(place->path, (mode_t)operation->value));
}

static const struct operation operations[] = {
    {"mkdir", "0750", kPath, kAll, call_mkdir, FUNCTION(mkdir), 0750, 0},
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
