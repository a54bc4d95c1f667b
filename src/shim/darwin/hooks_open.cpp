// open(2) and its twins on macOS, and the streams. Flags decide first: an open that cannot write
// costs nothing more.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/read_only.h"
#include "shim/darwin/undeclared.h"
#include "shim/interpose.h"
#include "shim/judge_path.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

int judge_writing(const char* operation, int directory, const char* path, int flags) {
  return open_can_write(flags) && has_protected_trees()
             ? judge_open(operation, directory, path, flags)
             : 0;
}

}  // namespace

// Reads the optional mode as libSystem does.
#define MODE_ARGUMENT(last, flags, mode)          \
  int mode = 0;                                   \
  if (((flags)&O_CREAT) != 0) {                   \
    va_list arguments;                            \
    va_start(arguments, last);                    \
    mode = va_arg(arguments, int); /* promoted */ \
    va_end(arguments);                            \
  }

#define INTERPOSE_OPEN(name)                                                                \
  INTERPOSE(int, name, (const char* path, int flags, ...)) {                                \
    MODE_ARGUMENT(flags, flags, mode)                                                       \
    if (const int error = judge_writing("open", AT_FDCWD, path, flags)) return fail(error); \
    return NEXT(name)(path, flags, mode);                                                   \
  }
#define INTERPOSE_OPENAT(name)                                                                 \
  INTERPOSE(int, name, (int directory, const char* path, int flags, ...)) {                    \
    MODE_ARGUMENT(flags, flags, mode)                                                          \
    if (const int error = judge_writing("openat", directory, path, flags)) return fail(error); \
    return NEXT(name)(directory, path, flags, mode);                                           \
  }
#define INTERPOSE_CREAT(name)                                                                 \
  INTERPOSE(int, name, (const char* path, mode_t mode)) {                                     \
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;                                      \
    if (const int error = judge_writing("creat", AT_FDCWD, path, kFlags)) return fail(error); \
    return NEXT(name)(path, mode);                                                            \
  }

INTERPOSE_OPEN(open)
INTERPOSE_OPEN(open$NOCANCEL)
INTERPOSE_OPENAT(openat)
INTERPOSE_OPENAT(openat$NOCANCEL)
INTERPOSE_CREAT(creat)
INTERPOSE_CREAT(creat$NOCANCEL)

INTERPOSE(int, openx_np, (const char* path, int flags, filesec_t security)) {
  if (const int error = judge_writing("openx_np", AT_FDCWD, path, flags)) return fail(error);
  return NEXT(openx_np)(path, flags, security);
}

INTERPOSE(int, open_dprotected_np,
          (const char* path, int flags, int protection, int protection_flags, ...)) {
  MODE_ARGUMENT(protection_flags, flags, mode)
  if (const int error = judge_writing("open_dprotected_np", AT_FDCWD, path, flags))
    return fail(error);
  return NEXT(open_dprotected_np)(path, flags, protection, protection_flags, mode);
}

INTERPOSE(int, openat_dprotected_np,
          (int directory, const char* path, int flags, int protection, int protection_flags, ...)) {
  MODE_ARGUMENT(protection_flags, flags, mode)
  if (const int error = judge_writing("openat_dprotected_np", directory, path, flags))
    return fail(error);
  return NEXT(openat_dprotected_np)(directory, path, flags, protection, protection_flags, mode);
}

INTERPOSE(int, guarded_open_np,
          (const char* path, const std::uint64_t* guard, unsigned guard_flags, int flags, ...)) {
  MODE_ARGUMENT(flags, flags, mode)
  if (const int error = judge_writing("guarded_open_np", AT_FDCWD, path, flags)) return fail(error);
  return NEXT(guarded_open_np)(path, guard, guard_flags, flags, mode);
}

INTERPOSE(int, guarded_open_dprotected_np,
          (const char* path, const std::uint64_t* guard, unsigned guard_flags, int flags,
           int protection, int protection_flags, ...)) {
  MODE_ARGUMENT(protection_flags, flags, mode)
  if (const int error = judge_writing("guarded_open_dprotected_np", AT_FDCWD, path, flags))
    return fail(error);
  return NEXT(guarded_open_dprotected_np)(path, guard, guard_flags, flags, protection,
                                          protection_flags, mode);
}

namespace {

// Streams are opened inside libSystem, where no hook of open(2) is passed.
int judge_stream(const char* operation, const char* path, const char* mode) {
  if (path == nullptr || mode == nullptr) return 0;
  const int flags = open_flags_of_mode_in_musl(mode);  // looks at every character, as BSD does
  return flags < 0 ? 0 : judge_writing(operation, AT_FDCWD, path, flags);
}

}  // namespace

#define INTERPOSE_FOPEN(name)                                    \
  INTERPOSE(FILE*, name, (const char* path, const char* mode)) { \
    if (const int error = judge_stream("fopen", path, mode)) {   \
      errno = error;                                             \
      return nullptr;                                            \
    }                                                            \
    return NEXT(name)(path, mode);                               \
  }
INTERPOSE_FOPEN(fopen)
#if defined(__x86_64__)
INTERPOSE_FOPEN(fopen$DARWIN_EXTSN)
#endif

// A failed freopen closes the stream all the same. Without a path, the stream's own descriptor is
// kept, and can do no more than before.
INTERPOSE(FILE*, freopen, (const char* path, const char* mode, FILE* stream)) {
  if (const int error = judge_stream("freopen", path, mode)) {
    NEXT(freopen)("", mode, stream);
    errno = error;
    return nullptr;
  }
  return NEXT(freopen)(path, mode, stream);
}
