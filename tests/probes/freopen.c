// freopen and freopen64: with a path, and with NULL, which reopens what the stream has open.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>

#include "file_probe.h"
#include "probe.h"

typedef FILE* freopen_function(const char*, const char*, FILE*);
extern freopen_function freopen64 __attribute__((weak));

static void finish(FILE* file) {
  if (file == NULL) {
    report_call(-1);
    return;
  }
  report("stream, ");
  report_fd(fileno(file));
}

static void call_freopen(const struct place* place, const struct operation* operation) {
  FILE* before = fopen("/dev/null", "r");
  errno = 0;
  finish(((freopen_function*)operation->address)(place->path, operation->text, before));
}

// The stream reads from the place's descriptor; no path is given.
static void call_freopen_itself(const struct place* place, const struct operation* operation) {
  FILE* before = fdopen(place->fd, "r");
  if (before == NULL) {
    report("no stream to reopen: ");
    report_call(-1);
    return;
  }
  errno = 0;
  finish(((freopen_function*)operation->address)(NULL, operation->text, before));
}

#define ROW(name, mode, breadth) \
  { #name, #mode, kPath, breadth, call_freopen, FUNCTION(name), 0, mode }
#define ITSELF(name, mode, breadth) \
  { #name, "itself, " #mode, kDescriptor, breadth, call_freopen_itself, FUNCTION(name), 0, mode }

static const struct operation operations[] = {
    ROW(freopen, "r", kFew),      ROW(freopen, "r+", kMany),    ROW(freopen, "w", kMany),
    ROW(freopen, "a", kFew),      ROW(freopen, "wx", kFew),     ROW(freopen, "", kFew),
    ITSELF(freopen, "r", kMany),  ITSELF(freopen, "r+", kMany), ITSELF(freopen, "w", kMany),
    ITSELF(freopen, "a", kMany),  ROW(freopen64, "r", kFew),    ROW(freopen64, "r+", kFew),
    ROW(freopen64, "w", kFew),    ITSELF(freopen64, "r", kFew), ITSELF(freopen64, "r+", kFew),
    ITSELF(freopen64, "w", kFew),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
