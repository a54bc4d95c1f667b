// openat, its twins, and openat2 where the libc has it (glibc 2.43).
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>

#include "file_probe.h"
#include "probe.h"

typedef int openat_function(int, const char*, int, ...);
typedef int openat_2_function(int, const char*, int);
typedef int openat2_function(int, const char*, const struct open_how*, size_t);
extern openat_function openat64 __attribute__((weak));
extern openat_2_function __openat_2 __attribute__((weak));
extern openat_2_function __openat64_2 __attribute__((weak));
extern openat2_function openat2 __attribute__((weak));

static void call_openat(const struct place* place, const struct operation* operation) {
  report_fd(((openat_function*)operation->address)(place->dirfd, place->path, (int)operation->value,
                                                   0640));
}

static void call_openat_2(const struct place* place, const struct operation* operation) {
  report_fd(
      ((openat_2_function*)operation->address)(place->dirfd, place->path, (int)operation->value));
}

static void call_openat2(const struct place* place, const struct operation* operation) {
  struct open_how how = {.flags = (unsigned long)operation->value};
  if (operation->value & O_CREAT) how.mode = 0640;
  report_fd(((openat2_function*)operation->address)(place->dirfd, place->path, &how, sizeof how));
}

#define ROW(name, call, breadth, flags) \
  { #name, #flags, kAt, breadth, call, FUNCTION(name), flags, 0 }

static const struct operation operations[] = {
    ROW(openat, call_openat, kAll, O_WRONLY),
    ROW(openat, call_openat, kMany, O_RDWR | O_CREAT),
    ROW(openat, call_openat, kMany, O_RDONLY | O_CREAT),
    ROW(openat, call_openat, kMany, O_WRONLY | O_CREAT | O_EXCL),
    ROW(openat, call_openat, kMany, O_RDONLY | O_TRUNC),
    ROW(openat, call_openat, kMany, O_TMPFILE | O_RDWR),
    ROW(openat, call_openat, kMany, O_PATH | O_RDWR),
    ROW(openat, call_openat, kFew, O_RDONLY),
    ROW(openat64, call_openat, kFew, O_WRONLY),
    ROW(openat64, call_openat, kFew, O_RDWR | O_CREAT),
    ROW(openat64, call_openat, kFew, O_RDONLY | O_TRUNC),
    ROW(openat64, call_openat, kFew, O_RDONLY),
    ROW(__openat_2, call_openat_2, kFew, O_WRONLY),
    ROW(__openat_2, call_openat_2, kFew, O_RDONLY | O_TRUNC),
    ROW(__openat_2, call_openat_2, kFew, O_RDONLY),
    ROW(__openat_2, call_openat_2, kFew, O_RDWR | O_CREAT),
    ROW(__openat64_2, call_openat_2, kFew, O_WRONLY),
    ROW(__openat64_2, call_openat_2, kFew, O_RDONLY | O_TRUNC),
    ROW(__openat64_2, call_openat_2, kFew, O_RDONLY),
    ROW(__openat64_2, call_openat_2, kFew, O_RDWR | O_CREAT),
    ROW(openat2, call_openat2, kMany, O_WRONLY),
    ROW(openat2, call_openat2, kMany, O_RDWR | O_CREAT),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
