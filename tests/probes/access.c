// access, faccessat, euidaccess and eaccess: they must say what a write would say.
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "file_probe.h"
#include "probe.h"

extern int eaccess(const char*, int) __attribute__((weak));

static void call_access(const struct place* place, const struct operation* operation) {
  report_call(((int (*)(const char*, int))operation->address)(place->path, (int)operation->value));
}

static void call_faccessat(const struct place* place, const struct operation* operation) {
  report_call(faccessat(place->dirfd, place->path, (int)operation->value, 0));
}

static void call_faccessat_effective(const struct place* place, const struct operation* operation) {
  report_call(faccessat(place->dirfd, place->path, (int)operation->value, AT_EACCESS));
}

static void call_faccessat_link(const struct place* place, const struct operation* operation) {
  report_call(faccessat(place->dirfd, place->path, (int)operation->value, AT_SYMLINK_NOFOLLOW));
}

static void call_faccessat_empty(const struct place* place, const struct operation* operation) {
  report_call(faccessat(place->dirfd, place->path, (int)operation->value, AT_EMPTY_PATH));
}

static void call_faccessat_unknown(const struct place* place, const struct operation* operation) {
  report_call(faccessat(place->dirfd, place->path, (int)operation->value, 0x40));
}

#define ROW(name, mode, breadth) \
  { #name, #mode, kPath, breadth, call_access, FUNCTION(name), mode, 0 }
#define AT(variant, breadth, call, mode) \
  { "faccessat", #mode variant, kAt, breadth, call, FUNCTION(faccessat), mode, 0 }

static const struct operation operations[] = {
    ROW(access, W_OK, kAll),
    ROW(access, F_OK, kFew),
    ROW(access, R_OK, kFew),
    ROW(access, X_OK, kFew),
    ROW(access, R_OK | W_OK, kFew),
    ROW(access, W_OK | X_OK, kFew),
    ROW(access, 8, kFew),
    ROW(access, 8 | W_OK, kFew),
    ROW(euidaccess, W_OK, kFew),
    ROW(euidaccess, F_OK, kFew),
    ROW(eaccess, W_OK, kFew),
    AT("", kMany, call_faccessat, W_OK),
    AT("", kFew, call_faccessat, R_OK),
    AT(", AT_EACCESS", kMany, call_faccessat_effective, W_OK),
    AT(", AT_SYMLINK_NOFOLLOW", kMany, call_faccessat_link, W_OK),
    AT(", AT_EMPTY_PATH", kMany, call_faccessat_empty, W_OK),
    AT(", an unknown flag", kFew, call_faccessat_unknown, W_OK),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
