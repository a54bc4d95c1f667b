// open(2) and its twins. Flags decide first: an open that cannot write costs nothing more.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "core/read_only.h"
#include "core/sys.h"
#include "shim/caller_path.h"
#include "shim/interpose.h"
#include "shim/judge_openat2.h"
#include "shim/judge_path.h"
#include "shim/open_at_once.h"
#include "shim/redirect.h"
#include "shim/undeclared.h"

namespace hfoffline::shim {
namespace {

bool takes_mode(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

// Reads the optional mode as libc does.
#define MODE_ARGUMENT(flags, mode)      \
  unsigned mode = 0;                    \
  if (takes_mode(flags)) {              \
    va_list arguments;                  \
    va_start(arguments, flags);         \
    mode = va_arg(arguments, unsigned); \
    va_end(arguments);                  \
  }

// `next` makes the call as the program would have made it, with the path that was judged.
template <class Next>
__attribute__((noinline)) int open_judged(const char* operation, int directory, const char* path,
                                          int flags, Next next) {
  const std::size_t bytes = may_open_at_once() ? bytes_of_text(path) : bytes_of_path(path);
  path = copy_of_text(path, bytes, __builtin_alloca(bytes));
  REDIRECT_AT(directory, path);
  const int error = is_text(path) ? judge_open(operation, directory, path, flags) : 0;
  return error != 0 ? fail(error) : next(path);
}

template <class Next>
int open_writing(const char* operation, int directory, const char* path, int flags, unsigned mode,
                 Next next) {
  if (!has_protected_trees() || path == nullptr) return next(path);
  const long opened = open_at_once(directory, path, flags, mode);
  if (__builtin_expect(opened >= 0, 1)) return static_cast<int>(opened);
  if (opened != kUndecided) return fail(static_cast<int>(-opened));
  return open_judged(operation, directory, path, flags, next);
}

}  // namespace
}  // namespace hfoffline::shim

using namespace hfoffline;
using namespace hfoffline::shim;

#define INTERPOSE_OPEN(name)                                                                  \
  INTERPOSE(int, name, (const char* path, int flags, ...)) {                                  \
    MODE_ARGUMENT(flags, mode)                                                                \
    if (!open_can_write(flags)) {                                                             \
      REDIRECT(path);                                                                         \
      return NEXT(name)(path, flags, mode);                                                   \
    }                                                                                         \
    return open_writing(#name, AT_FDCWD, path, flags, mode,                                   \
                        [&](const char* judged) { return NEXT(name)(judged, flags, mode); }); \
  }
#define INTERPOSE_OPENAT(name)                                                         \
  INTERPOSE(int, name, (int directory, const char* path, int flags, ...)) {            \
    MODE_ARGUMENT(flags, mode)                                                         \
    if (!open_can_write(flags)) {                                                      \
      REDIRECT_AT(directory, path);                                                    \
      return NEXT(name)(directory, path, flags, mode);                                 \
    }                                                                                  \
    return open_writing(#name, directory, path, flags, mode, [&](const char* judged) { \
      return NEXT(name)(directory, judged, flags, mode);                               \
    });                                                                                \
  }

INTERPOSE_OPEN(open)
INTERPOSE_OPEN(open64)
INTERPOSE_OPEN(__open)
INTERPOSE_OPEN(__open64)
INTERPOSE_OPENAT(openat)
INTERPOSE_OPENAT(openat64)

// The fortified forms abort the program when a mode is needed: they never get that far with
// O_CREAT.
#define INTERPOSE_OPEN_2(name)                                                          \
  INTERPOSE(int, name, (const char* path, int flags)) {                                 \
    if (!open_can_write(flags) || takes_mode(flags)) {                                  \
      REDIRECT(path);                                                                   \
      return NEXT(name)(path, flags);                                                   \
    }                                                                                   \
    return open_writing(#name, AT_FDCWD, path, flags, 0,                                \
                        [&](const char* judged) { return NEXT(name)(judged, flags); }); \
  }
#define INTERPOSE_OPENAT_2(name)                                                                   \
  INTERPOSE(int, name, (int directory, const char* path, int flags)) {                             \
    if (!open_can_write(flags) || takes_mode(flags)) {                                             \
      REDIRECT_AT(directory, path);                                                                \
      return NEXT(name)(directory, path, flags);                                                   \
    }                                                                                              \
    return open_writing(#name, directory, path, flags, 0,                                          \
                        [&](const char* judged) { return NEXT(name)(directory, judged, flags); }); \
  }

INTERPOSE_OPEN_2(__open_2)
INTERPOSE_OPEN_2(__open64_2)
INTERPOSE_OPENAT_2(__openat_2)
INTERPOSE_OPENAT_2(__openat64_2)

#define INTERPOSE_CREAT(name)                                                          \
  INTERPOSE(int, name, (const char* path, mode_t mode)) {                              \
    return open_writing(#name, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode,     \
                        [&](const char* judged) { return NEXT(name)(judged, mode); }); \
  }

INTERPOSE_CREAT(creat)
INTERPOSE_CREAT(creat64)

// A handle names a file and no path: which file that is, is looked at first.
INTERPOSE(int, open_by_handle_at, (int mount, struct file_handle* handle, int flags)) {
  if (has_protected_trees() && open_can_write(flags)) {
    COPY_BLOCK(handle, bytes_of_handle(handle));
    if (const int error = judge_open_by_handle(mount, handle, flags)) return fail(error);
  }
  return NEXT(open_by_handle_at)(mount, handle, flags);
}

INTERPOSE(int, openat2,
          (int directory, const char* path, const struct open_how* how, size_t size)) {
  if (has_protected_trees() && has_usable_size(size)) {
    COPY_BLOCK(how, size);
    if (openat2_can_write(how)) {
      COPY_PATH(path);
      REDIRECT_AT(directory, path);
      const int error = is_text(path) ? judge_openat2(directory, path, how, size) : 0;
      if (error != 0) return fail(error);
    } else {
      REDIRECT_AT(directory, path);
    }
  }
  return NEXT(openat2)(directory, path, how, size);
}
