// fopen and its twins: the mode decides what is opened for writing.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "file_probe.h"
#include "probe.h"

typedef FILE* fopen_function(const char*, const char*);
extern fopen_function fopen64 __attribute__((weak));
extern fopen_function _IO_fopen __attribute__((weak));
extern fopen_function setmntent __attribute__((weak));
extern fopen_function __setmntent __attribute__((weak));

static void call_fopen(const struct place* place, const struct operation* operation) {
  FILE* file = ((fopen_function*)operation->address)(place->path, operation->text);
  if (file == NULL) {
    report_call(-1);
    return;
  }
  report("stream%s, ", fcntl(fileno(file), F_GETFD) & FD_CLOEXEC ? " closed on exec" : "");
  report_fd(fileno(file));
}

#define FOPEN(mode, breadth) \
  { "fopen", #mode, kPath, breadth, call_fopen, FUNCTION(fopen), 0, mode }
#define TWIN(name, mode) \
  { #name, #mode, kPath, kFew, call_fopen, FUNCTION(name), 0, mode }

static const struct operation operations[] = {
    FOPEN("r", kMany),
    FOPEN("r+", kMany),
    FOPEN("w", kMany),
    FOPEN("a", kMany),
    FOPEN("w+", kFew),
    FOPEN("a+", kFew),
    FOPEN("rb", kFew),
    FOPEN("rb+", kFew),
    FOPEN("r+b", kFew),
    FOPEN("wb", kFew),
    FOPEN("wx", kMany),
    FOPEN("w+x", kFew),
    FOPEN("ax", kFew),
    FOPEN("rx", kFew),
    FOPEN("re", kFew),
    FOPEN("r+e", kFew),
    FOPEN("we", kFew),
    FOPEN("rce+", kFew),
    FOPEN("rm", kFew),
    FOPEN("rw", kFew),
    FOPEN("r,ccs=UTF-8", kFew),
    FOPEN("w,ccs=UTF-8", kFew),
    FOPEN("r,ccs=UTF-8+", kFew),
    FOPEN("rbbbbbbb+", kFew),
    FOPEN("", kFew),
    FOPEN("x", kFew),
    FOPEN("+r", kFew),
    TWIN(fopen64, "r"),
    TWIN(setmntent, "r"),
    TWIN(setmntent, "r+"),
    TWIN(setmntent, "w"),
    TWIN(__setmntent, "a"),
    TWIN(fopen64, "r+"),
    TWIN(fopen64, "w"),
    TWIN(fopen64, "a"),
    TWIN(_IO_fopen, "r"),
    TWIN(_IO_fopen, "r+"),
    TWIN(_IO_fopen, "w"),
    TWIN(_IO_fopen, "a"),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
