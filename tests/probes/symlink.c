// symlink, mknod, mkfifo and their kin: what is made by name and is no directory.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file_probe.h"
#include "probe.h"

extern int mknod(const char*, mode_t, dev_t) __attribute__((weak));
extern int mknodat(int, const char*, mode_t, dev_t) __attribute__((weak));
extern int __xmknod(int, const char*, mode_t, dev_t*) __attribute__((weak));
extern int __xmknodat(int, int, const char*, mode_t, dev_t*) __attribute__((weak));

static void call_symlink(const struct place* place, const struct operation* operation) {
  report_call(symlink(operation->text, place->path));
}

static void call_symlinkat(const struct place* place, const struct operation* operation) {
  report_call(symlinkat(operation->text, place->dirfd, place->path));
}

static void call_mknod(const struct place* place, const struct operation* operation) {
  report_call(mknod(place->path, (mode_t)operation->value, makedev(1, 3)));
}

static void call_mknodat(const struct place* place, const struct operation* operation) {
  report_call(mknodat(place->dirfd, place->path, (mode_t)operation->value, makedev(1, 3)));
}

static void call_old_mknod(const struct place* place, const struct operation* operation) {
  dev_t device = makedev(1, 3);
  report_call(__xmknod(0, place->path, (mode_t)operation->value, &device));
}

static void call_old_mknodat(const struct place* place, const struct operation* operation) {
  dev_t device = makedev(1, 3);
  report_call(__xmknodat(0, place->dirfd, place->path, (mode_t)operation->value, &device));
}

static void call_mkfifo(const struct place* place, const struct operation* operation) {
  report_call(mkfifo(place->path, (mode_t)operation->value));
}

static void call_mkfifoat(const struct place* place, const struct operation* operation) {
  report_call(mkfifoat(place->dirfd, place->path, (mode_t)operation->value));
}

static const struct operation operations[] = {
    {"symlink", "anything", kPath, kAll, call_symlink, FUNCTION(symlink), 0, "anything"},
    {"symlink", "nothing", kPath, kFew, call_symlink, FUNCTION(symlink), 0, ""},
    {"symlinkat", "anything", kAt, kMany, call_symlinkat, FUNCTION(symlinkat), 0, "anything"},
    {"mknod", "a file", kPath, kMany, call_mknod, FUNCTION(mknod), S_IFREG | 0640, 0},
    {"mknod", "a device", kPath, kFew, call_mknod, FUNCTION(mknod), S_IFCHR | 0600, 0},
    {"mknod", "a directory", kPath, kFew, call_mknod, FUNCTION(mknod), S_IFDIR | 0700, 0},
    {"mknodat", "a pipe", kAt, kMany, call_mknodat, FUNCTION(mknodat), S_IFIFO | 0640, 0},
    {"__xmknod", "a file", kPath, kFew, call_old_mknod, FUNCTION(__xmknod), S_IFREG | 0640, 0},
    {"__xmknodat", "a file", kAt, kFew, call_old_mknodat, FUNCTION(__xmknodat), S_IFREG | 0640, 0},
    {"mkfifo", "0640", kPath, kMany, call_mkfifo, FUNCTION(mkfifo), 0640, 0},
    {"mkfifoat", "0640", kAt, kMany, call_mkfifoat, FUNCTION(mkfifoat), 0640, 0},
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
