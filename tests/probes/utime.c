// utime, utimes, lutimes, futimes, futimesat, utimensat and futimens.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "file_probe.h"
#include "probe.h"
#include "scene.h"

// The operation's value says which times are given.
enum { kNow, kGiven, kOmitBoth, kOmitAccess, kBadNanoseconds };

static const struct timeval* microseconds(long which) {
  static struct timeval times[2];
  times[0].tv_sec = times[1].tv_sec = kProbeTime;
  times[0].tv_usec = times[1].tv_usec = which == kBadNanoseconds ? 2000000 : 0;
  return which == kNow ? NULL : times;
}

static const struct timespec* nanoseconds(long which) {
  static struct timespec times[2];
  times[0].tv_sec = times[1].tv_sec = kProbeTime;
  if (which == kBadNanoseconds) times[0].tv_nsec = 2000000000;
  if (which == kOmitBoth || which == kOmitAccess) times[0].tv_nsec = UTIME_OMIT;
  if (which == kOmitBoth) times[1].tv_nsec = UTIME_OMIT;
  return which == kNow ? NULL : times;
}

static void call_utime(const struct place* place, const struct operation* operation) {
  struct utimbuf times = {kProbeTime, kProbeTime};
  report_call(utime(place->path, operation->value == kNow ? NULL : &times));
}

static void call_utimes(const struct place* place, const struct operation* operation) {
  typedef int function(const char*, const struct timeval[2]);
  report_call(((function*)operation->address)(place->path, microseconds(operation->value)));
}

static void call_futimes(const struct place* place, const struct operation* operation) {
  report_call(futimes(place->fd, microseconds(operation->value)));
}

static void call_futimens(const struct place* place, const struct operation* operation) {
  report_call(futimens(place->fd, nanoseconds(operation->value)));
}

static void call_futimesat(const struct place* place, const struct operation* operation) {
  report_call(futimesat(place->dirfd, place->path, microseconds(operation->value)));
}

static void call_utimensat(const struct place* place, const struct operation* operation) {
  report_call(utimensat(place->dirfd, place->path, nanoseconds(operation->value), 0));
}

static void call_utimensat_link(const struct place* place, const struct operation* operation) {
  report_call(
      utimensat(place->dirfd, place->path, nanoseconds(operation->value), AT_SYMLINK_NOFOLLOW));
}

static void call_utimensat_empty(const struct place* place, const struct operation* operation) {
  report_call(utimensat(place->dirfd, place->path, nanoseconds(operation->value), AT_EMPTY_PATH));
}

static void call_utimensat_unknown(const struct place* place, const struct operation* operation) {
  report_call(utimensat(place->dirfd, place->path, nanoseconds(operation->value), 0x40));
}

#define ROW(name, variant, kind, breadth, call, value) \
  { #name, variant, kind, breadth, call, FUNCTION(name), value, 0 }

static const struct operation operations[] = {
    ROW(utime, "given", kPath, kMany, call_utime, kGiven),
    ROW(utime, "now", kPath, kFew, call_utime, kNow),
    ROW(utimes, "given", kPath, kAll, call_utimes, kGiven),
    ROW(utimes, "now", kPath, kFew, call_utimes, kNow),
    ROW(utimes, "2 s of microseconds", kPath, kFew, call_utimes, kBadNanoseconds),
    ROW(lutimes, "given", kPath, kMany, call_utimes, kGiven),
    ROW(lutimes, "now", kPath, kFew, call_utimes, kNow),
    ROW(futimes, "given", kDescriptor, kAll, call_futimes, kGiven),
    ROW(futimes, "now", kDescriptor, kFew, call_futimes, kNow),
    ROW(futimens, "given", kDescriptor, kAll, call_futimens, kGiven),
    ROW(futimens, "now", kDescriptor, kAll, call_futimens, kNow),
    ROW(futimens, "UTIME_OMIT twice", kDescriptor, kAll, call_futimens, kOmitBoth),
    ROW(futimens, "2 s of nanoseconds", kDescriptor, kFew, call_futimens, kBadNanoseconds),
    ROW(futimesat, "given", kAt, kMany, call_futimesat, kGiven),
    ROW(futimesat, "now", kAt, kFew, call_futimesat, kNow),
    ROW(utimensat, "given", kAt, kMany, call_utimensat, kGiven),
    ROW(utimensat, "now", kAt, kMany, call_utimensat, kNow),
    ROW(utimensat, "UTIME_OMIT twice", kAt, kMany, call_utimensat, kOmitBoth),
    ROW(utimensat, "UTIME_OMIT once", kAt, kFew, call_utimensat, kOmitAccess),
    ROW(utimensat, "2 s of nanoseconds", kAt, kFew, call_utimensat, kBadNanoseconds),
    ROW(utimensat, "given, AT_SYMLINK_NOFOLLOW", kAt, kMany, call_utimensat_link, kGiven),
    ROW(utimensat, "given, AT_EMPTY_PATH", kAt, kMany, call_utimensat_empty, kGiven),
    ROW(utimensat, "given, an unknown flag", kAt, kFew, call_utimensat_unknown, kGiven),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
