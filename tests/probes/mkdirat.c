// mkdirat.
#define _GNU_SOURCE
#include <sys/stat.h>

#include "file_probe.h"
#include "probe.h"

static void call_mkdirat(const struct place* place, const struct operation* operation) {
  report_call(mkdirat(place->dirfd, place->path, (mode_t)operation->value));
}

static const struct operation operations[] = {
    {"mkdirat", "0750", kAt, kMany, call_mkdirat, FUNCTION(mkdirat), 0750, 0},
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
