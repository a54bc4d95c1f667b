// Streams open files inside libc, where the hooks of open(2) are not passed: the mode is read here
// as libc reads it.
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>

#include "core/read_only.h"
#include "shim/caller_path.h"
#include "shim/interpose.h"
#include "shim/judge_path.h"
#include "shim/redirect.h"
#include "shim/undeclared.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

int flags_of_mode(const char* mode) {
  return libc_is_glibc() ? open_flags_of_mode(mode) : open_flags_of_mode_in_musl(mode);
}

// The flags of a mode that writes, else -1.
int writing_flags(const char* mode) {
  const int flags = flags_of_mode(mode);
  return flags >= 0 && open_can_write(flags) ? flags : -1;
}

int judge_stream(const char* operation, const char* path, int flags) {
  return is_text(path) ? judge_open(operation, AT_FDCWD, path, flags) : 0;
}

int descriptor_of(FILE* stream) {
  const auto fileno_of = reinterpret_cast<int (*)(FILE*)>(find_next("fileno"));
  return fileno_of != nullptr ? fileno_of(stream) : -1;
}

// Without a path, glibc reopens the stream's own file through /proc/self/fd; musl keeps the
// descriptor and changes its flags, which makes nothing writable.
int judge_reopened_stream(const char* operation, const char* path, int flags, FILE* stream) {
  if (path != nullptr) return judge_stream(operation, path, flags);
  if (stream == nullptr || !libc_is_glibc()) return 0;
  const int descriptor = descriptor_of(stream);
  return descriptor < 0 ? 0 : judge_reopen(operation, descriptor, flags);
}

}  // namespace

// What a stream is opened with, in a hook with parameters `path` and `mode`: where it can write,
// the path and the mode become copies, `error` says what was judged, else it is 0.
#define JUDGE_STREAM(error, judged)                          \
  int error = 0;                                             \
  if (mode != nullptr && has_protected_trees()) {            \
    COPY_TEXT(mode);                                         \
    if (const int flags = writing_flags(mode); flags >= 0) { \
      COPY_PATH(path);                                       \
      REDIRECT(path);                                        \
      error = (judged);                                      \
    } else {                                                 \
      REDIRECT(path);                                        \
    }                                                        \
  }

#define INTERPOSE_FOPEN(name)                                    \
  INTERPOSE(FILE*, name, (const char* path, const char* mode)) { \
    JUDGE_STREAM(error, judge_stream(#name, path, flags))        \
    if (error != 0) {                                            \
      errno = error;                                             \
      return nullptr;                                            \
    }                                                            \
    return NEXT(name)(path, mode);                               \
  }

INTERPOSE_FOPEN(fopen)
INTERPOSE_FOPEN(fopen64)
INTERPOSE_FOPEN(_IO_fopen)
// fopen by another name.
INTERPOSE_FOPEN(setmntent)
INTERPOSE_FOPEN(__setmntent)

INTERPOSE(FILE*, _IO_file_fopen,
          (FILE * stream, const char* path, const char* mode, int is_32_bit)) {
  JUDGE_STREAM(error, judge_stream("_IO_file_fopen", path, flags))
  if (error != 0) {
    errno = error;
    return nullptr;
  }
  return NEXT(_IO_file_fopen)(stream, path, mode, is_32_bit);
}

INTERPOSE(FILE*, _IO_file_open,
          (FILE * stream, const char* path, int flags, int permissions, int read_write,
           int is_32_bit)) {
  if (open_can_write(flags) && has_protected_trees()) {
    COPY_PATH(path);
    REDIRECT(path);
    if (const int error = judge_stream("_IO_file_open", path, flags)) {
      errno = error;
      return nullptr;
    }
  }
  if (!open_can_write(flags)) REDIRECT(path);
  return NEXT(_IO_file_open)(stream, path, flags, permissions, read_write, is_32_bit);
}

// A failed freopen closes the stream all the same: libc does that when it is sent to a path that
// cannot exist.
#define INTERPOSE_FREOPEN(name)                                                \
  INTERPOSE(FILE*, name, (const char* path, const char* mode, FILE* stream)) { \
    JUDGE_STREAM(error, judge_reopened_stream(#name, path, flags, stream))     \
    if (error != 0) {                                                          \
      NEXT(name)("", mode, stream);                                            \
      errno = error;                                                           \
      return nullptr;                                                          \
    }                                                                          \
    return NEXT(name)(path, mode, stream);                                     \
  }

INTERPOSE_FREOPEN(freopen)
INTERPOSE_FREOPEN(freopen64)
