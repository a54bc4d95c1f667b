// Functions that make libc or the kernel write a file by themselves.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/swap.h>
#include <unistd.h>
#include <utmp.h>
#include <utmpx.h>

#include <string_view>

#include "core/text.h"
#include "shim/interpose_judged.h"
#include "shim/judge_inside_libc.h"
#include "shim/judge_path.h"
#include "shim/undeclared.h"

using namespace hfoffline;
using namespace hfoffline::shim;

INTERPOSE_JUDGED_PATH(acct, (const char* path), (path), judge_accounting("acct", path))
INTERPOSE_JUDGED_PATH(swapon, (const char* path, int flags), (path, flags),
                      judge_swap("swapon", path))
INTERPOSE_JUDGED_PATH(swapoff, (const char* path), (path), judge_swap("swapoff", path))

// Always in /tmp, under a name that nobody sees.
#define INTERPOSE_TMPFILE(name)                                                        \
  INTERPOSE(FILE*, name, ()) {                                                         \
    constexpr int kFlags = O_RDWR | O_TMPFILE | O_EXCL;                                \
    if (const int error =                                                              \
            has_protected_trees() ? judge_open(#name, AT_FDCWD, "/tmp", kFlags) : 0) { \
      errno = error;                                                                   \
      return nullptr;                                                                  \
    }                                                                                  \
    return NEXT(name)();                                                               \
  }

INTERPOSE_TMPFILE(tmpfile)
INTERPOSE_TMPFILE(tmpfile64)

#define INTERPOSE_UPDATE(name, entry_type)                                    \
  INTERPOSE(void, name, (const char* path, const struct entry_type* entry)) { \
    int error = 0;                                                            \
    if (has_protected_trees()) {                                              \
      COPY_PATH(path);                                                        \
      if (is_text(path)) error = judge_open(#name, AT_FDCWD, path, O_WRONLY); \
    }                                                                         \
    if (error != 0) {                                                         \
      errno = error;                                                          \
    } else {                                                                  \
      NEXT(name)(path, entry);                                                \
    }                                                                         \
  }

INTERPOSE_UPDATE(updwtmp, utmp)
INTERPOSE_UPDATE(updwtmpx, utmpx)

namespace {

// Which file libc writes to when it is told to change an entry. As libc's own copy, not for
// several threads at once (utmpname(3)).
char entry_file[4096];

void remember_entry_file(const char* path) {
  Appender text(entry_file);
  if (path != nullptr) text.add(path);
  text.c_str();
}

// Reading one that lies in a tree is nobody's business.
int judge_entry(const char* operation) {
  if (entry_file[0] == '\0' || !has_protected_trees()) return 0;
  return judge_open(operation, AT_FDCWD, entry_file, O_RDWR);
}

}  // namespace

#define INTERPOSE_NAME(name)                    \
  INTERPOSE(int, name, (const char* path)) {    \
    COPY_TEXT(path);                            \
    const int result = NEXT(name)(path);        \
    if (result == 0) remember_entry_file(path); \
    return result;                              \
  }

INTERPOSE_NAME(utmpname)
INTERPOSE_NAME(utmpxname)

#define INTERPOSE_PUT(name, entry_type)                                   \
  INTERPOSE(struct entry_type*, name, (const struct entry_type* entry)) { \
    if (const int error = judge_entry(#name)) {                           \
      errno = error;                                                      \
      return nullptr;                                                     \
    }                                                                     \
    return NEXT(name)(entry);                                             \
  }

INTERPOSE_PUT(pututline, utmp)
INTERPOSE_PUT(pututxline, utmpx)

INTERPOSE(void, _mcleanup, ()) {
  if (!has_protected_trees() || judge_profile("_mcleanup") == 0) NEXT(_mcleanup)();
}
