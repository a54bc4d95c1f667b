// mkstemp and its kin: files whose names libc makes up.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_probe.h"
#include "probe.h"
#include "raw.h"

extern int mkstemp64(char*) __attribute__((weak));
extern int mkstemps64(char*, int) __attribute__((weak));
extern int mkostemp64(char*, int) __attribute__((weak));
extern int mkostemps64(char*, int, int) __attribute__((weak));

static char pattern[8192];

// Beside what the situation names, or with no place for the name at all.
static int make_pattern(const struct place* place, const struct operation* operation) {
  if (place->path == NULL) {
    report("no pattern");
    return 0;
  }
  snprintf(pattern, sizeof pattern, "%s%s", place->path, operation->text);
  return 1;
}

static void report_descriptor(int descriptor) {
  if (descriptor >= 0) RAW3(SYS_unlinkat, AT_FDCWD, pattern, 0);
  report_call(descriptor < 0 ? -1 : 0);
}

static void call_mkstemp(const struct place* place, const struct operation* operation) {
  if (make_pattern(place, operation))
    report_descriptor(((int (*)(char*))operation->address)(pattern));
}

// With a suffix's length, or with flags.
static void call_with_number(const struct place* place, const struct operation* operation) {
  if (make_pattern(place, operation))
    report_descriptor(((int (*)(char*, int))operation->address)(pattern, (int)operation->value));
}

static void call_with_both(const struct place* place, const struct operation* operation) {
  if (make_pattern(place, operation))
    report_descriptor(
        ((int (*)(char*, int, int))operation->address)(pattern, (int)operation->value, O_CLOEXEC));
}

static void call_mkdtemp(const struct place* place, const struct operation* operation) {
  if (!make_pattern(place, operation)) return;
  char* made = mkdtemp(pattern);
  if (made != NULL) RAW3(SYS_unlinkat, AT_FDCWD, pattern, 0x200 /* AT_REMOVEDIR */);
  report_call(made == NULL ? -1 : 0);
}

static const struct operation operations[] = {
    {"mkstemp", "", kPath, kMany, call_mkstemp, FUNCTION(mkstemp), 0, "XXXXXX"},
    {"mkstemp", "no pattern", kPath, kFew, call_mkstemp, FUNCTION(mkstemp), 0, "X"},
    {"mkstemp64", "", kPath, kFew, call_mkstemp, FUNCTION(mkstemp64), 0, "XXXXXX"},
    {"mkstemps", "", kPath, kFew, call_with_number, FUNCTION(mkstemps), 4, "XXXXXX.txt"},
    {"mkstemps64", "", kPath, kFew, call_with_number, FUNCTION(mkstemps64), 4, "XXXXXX.txt"},
    {"mkostemp", "", kPath, kFew, call_with_number, FUNCTION(mkostemp), O_CLOEXEC, "XXXXXX"},
    {"mkostemp64", "", kPath, kFew, call_with_number, FUNCTION(mkostemp64), O_CLOEXEC, "XXXXXX"},
    {"mkostemps", "", kPath, kFew, call_with_both, FUNCTION(mkostemps), 4, "XXXXXX.txt"},
    {"mkostemps64", "", kPath, kFew, call_with_both, FUNCTION(mkostemps64), 4, "XXXXXX.txt"},
    {"mkdtemp", "", kPath, kMany, call_mkdtemp, FUNCTION(mkdtemp), 0, "XXXXXX"},
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
