// statvfs, statfs and their kin: whether they say that writing is no use.
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "file_probe.h"
#include "probe.h"

extern int statvfs64(const char*, struct statvfs64*) __attribute__((weak));
extern int fstatvfs64(int, struct statvfs64*) __attribute__((weak));
extern int statfs64(const char*, struct statfs64*) __attribute__((weak));
extern int fstatfs64(int, struct statfs64*) __attribute__((weak));
extern int __statfs(const char*, struct statfs*) __attribute__((weak));

static void report_flags(int result, unsigned long flags) {
  report_call(result);
  if (result == 0) report(" %s", flags & ST_RDONLY ? "read-only" : "writable");
}

#define PATH_CALL(name, status, field)                                                    \
  static void call_##name(const struct place* place, const struct operation* operation) { \
    struct status facts = {0};                                                            \
    (void)operation;                                                                      \
    int result = name(place->path, &facts);                                               \
    report_flags(result, (unsigned long)facts.field);                                     \
  }
#define DESCRIPTOR_CALL(name, status, field)                                              \
  static void call_##name(const struct place* place, const struct operation* operation) { \
    struct status facts = {0};                                                            \
    (void)operation;                                                                      \
    int result = name(place->fd, &facts);                                                 \
    report_flags(result, (unsigned long)facts.field);                                     \
  }

PATH_CALL(statvfs, statvfs, f_flag)
PATH_CALL(statvfs64, statvfs64, f_flag)
PATH_CALL(statfs, statfs, f_flags)
PATH_CALL(statfs64, statfs64, f_flags)
PATH_CALL(__statfs, statfs, f_flags)
DESCRIPTOR_CALL(fstatvfs, statvfs, f_flag)
DESCRIPTOR_CALL(fstatvfs64, statvfs64, f_flag)
DESCRIPTOR_CALL(fstatfs, statfs, f_flags)
DESCRIPTOR_CALL(fstatfs64, statfs64, f_flags)

#define ROW(name, kind, breadth) \
  { #name, "", kind, breadth, call_##name, FUNCTION(name), 0, 0 }

static const struct operation operations[] = {
    ROW(statvfs, kPath, kAll),          ROW(statvfs64, kPath, kFew),
    ROW(statfs, kPath, kMany),          ROW(statfs64, kPath, kFew),
    ROW(__statfs, kPath, kFew),         ROW(fstatvfs, kDescriptor, kMany),
    ROW(fstatvfs64, kDescriptor, kFew), ROW(fstatfs, kDescriptor, kMany),
    ROW(fstatfs64, kDescriptor, kFew),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
