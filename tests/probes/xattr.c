// Extended attributes: setxattr, removexattr and their kin.
#define _GNU_SOURCE
#include <sys/xattr.h>

#include "file_probe.h"
#include "probe.h"

typedef int set_function(const char*, const char*, const void*, size_t, int);
typedef int remove_function(const char*, const char*);

static void call_set(const struct place* place, const struct operation* operation) {
  report_call(((set_function*)operation->address)(place->path, operation->text, "value", 5,
                                                  (int)operation->value));
}

static void call_fset(const struct place* place, const struct operation* operation) {
  report_call(fsetxattr(place->fd, operation->text, "value", 5, (int)operation->value));
}

static void call_remove(const struct place* place, const struct operation* operation) {
  report_call(((remove_function*)operation->address)(place->path, operation->text));
}

static void call_fremove(const struct place* place, const struct operation* operation) {
  report_call(fremovexattr(place->fd, operation->text));
}

#define NAME "user.probe"

static const struct operation operations[] = {
    {"setxattr", NAME, kPath, kMany, call_set, FUNCTION(setxattr), 0, NAME},
    {"setxattr", "an unknown flag", kPath, kFew, call_set, FUNCTION(setxattr), 64, NAME},
    {"setxattr", "no name", kPath, kFew, call_set, FUNCTION(setxattr), 0, ""},
    {"lsetxattr", NAME, kPath, kMany, call_set, FUNCTION(lsetxattr), 0, NAME},
    {"fsetxattr", NAME, kDescriptor, kMany, call_fset, FUNCTION(fsetxattr), 0, NAME},
    {"removexattr", NAME, kPath, kMany, call_remove, FUNCTION(removexattr), 0, NAME},
    {"lremovexattr", NAME, kPath, kMany, call_remove, FUNCTION(lremovexattr), 0, NAME},
    {"fremovexattr", NAME, kDescriptor, kMany, call_fremove, FUNCTION(fremovexattr), 0, NAME},
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
