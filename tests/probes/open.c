// open and its twins.
#define _GNU_SOURCE
#include <fcntl.h>

#include "file_probe.h"
#include "probe.h"

typedef int open_function(const char*, int, ...);
extern open_function open64 __attribute__((weak));
extern open_function __open __attribute__((weak));
extern open_function __open64 __attribute__((weak));
extern int __open_2(const char*, int) __attribute__((weak));
extern int __open64_2(const char*, int) __attribute__((weak));

static void call_open(const struct place* place, const struct operation* operation) {
  report_fd(((open_function*)operation->address)(place->path, (int)operation->value, 0640));
}

static void call_open_2(const struct place* place, const struct operation* operation) {
  report_fd(((int (*)(const char*, int))operation->address)(place->path, (int)operation->value));
}

#define OPEN(flags, breadth) \
  { "open", #flags, kPath, breadth, call_open, FUNCTION(open), flags, 0 }
#define TWIN(name, flags) \
  { #name, #flags, kPath, kFew, call_open, FUNCTION(name), flags, 0 }
#define TWIN_2(name, flags) \
  { #name, #flags, kPath, kFew, call_open_2, FUNCTION(name), flags, 0 }
#define TWINS(name)                                                         \
  TWIN(name, O_WRONLY), TWIN(name, O_RDWR | O_CREAT), TWIN(name, O_RDONLY), \
      TWIN(name, O_RDONLY | O_TRUNC)
#define TWINS_2(name)                                                               \
  TWIN_2(name, O_WRONLY), TWIN_2(name, O_RDONLY), TWIN_2(name, O_RDONLY | O_TRUNC), \
      TWIN_2(name, O_RDWR | O_CREAT)

static const struct operation operations[] = {
    OPEN(O_WRONLY, kAll),
    OPEN(O_RDWR | O_CREAT, kAll),
    OPEN(O_RDONLY | O_CREAT, kAll),
    OPEN(O_WRONLY | O_CREAT | O_EXCL, kAll),
    OPEN(O_RDONLY | O_TRUNC, kAll),
    OPEN(O_RDONLY, kAll),
    OPEN(O_RDWR, kFew),
    OPEN(O_WRONLY | O_CREAT | O_TRUNC, kMany),
    OPEN(O_WRONLY | O_APPEND, kFew),
    OPEN(O_WRONLY | O_NOFOLLOW, kMany),
    OPEN(O_RDONLY | O_CREAT | O_NOFOLLOW, kFew),
    OPEN(O_RDONLY | O_CREAT | O_EXCL, kFew),
    OPEN(O_RDONLY | O_CREAT | O_TRUNC, kFew),
    OPEN(O_TMPFILE | O_RDWR, kMany),
    OPEN(O_TMPFILE | O_WRONLY | O_EXCL, kFew),
    OPEN(O_TMPFILE | O_RDONLY, kFew),
    OPEN(O_TMPFILE | O_RDWR | O_CREAT, kFew),
    OPEN(O_DIRECTORY | O_RDWR, kMany),
    OPEN(O_DIRECTORY | O_CREAT, kMany),
    OPEN(O_PATH | O_RDWR, kMany),
    OPEN(O_PATH | O_WRONLY | O_CREAT | O_TRUNC, kFew),
    OPEN(O_WRONLY | O_EXCL, kFew),
    OPEN(O_ACCMODE, kFew),
    OPEN(O_ACCMODE | O_CREAT, kFew),
    OPEN(O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_SYNC, kFew),
    TWINS(open64),
    TWINS(__open),
    TWINS(__open64),
    TWINS_2(__open_2),
    TWINS_2(__open64_2),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
