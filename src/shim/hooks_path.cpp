// Functions that change names, sizes, modes and times.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include <cstdint>

#include "shim/interpose.h"
#include "shim/judge_path.h"

using namespace hfoffline::shim;

namespace {

int judge_unlinkat(const char* operation, int directory, const char* path, int flags) {
  return (flags & AT_REMOVEDIR) != 0 ? judge_remove_directory(operation, directory, path)
                                     : judge_remove_file(operation, directory, path);
}

// remove(3) tries unlink, and rmdir where that says EISDIR.
int judge_remove(const char* path) {
  const int error = judge_remove_file("remove", AT_FDCWD, path);
  return error != 0 && error != EISDIR ? error : judge_remove_directory("remove", AT_FDCWD, path);
}

bool follows(int flags) { return (flags & AT_SYMLINK_NOFOLLOW) == 0; }

// Where libc or the kernel stops before it looks at the mount: nothing to change, or times that
// mean nothing.
bool times_change_nothing(const struct timespec times[2]) {
  if (times == nullptr) return false;
  bool all_omitted = true;
  for (int i = 0; i < 2; ++i) {
    const long nanoseconds = times[i].tv_nsec;
    if (nanoseconds != UTIME_OMIT) all_omitted = false;
    if (nanoseconds != UTIME_OMIT && nanoseconds != UTIME_NOW &&
        (nanoseconds < 0 || nanoseconds > 999999999)) {
      return true;
    }
  }
  return all_omitted;
}

// Whether libc's utimensat refuses a null path itself, as glibc did before 2.37. Asked with a
// descriptor that cannot be.
bool libc_refuses_null_path() {
  static std::uint32_t state;  // 0: not asked, 1: yes, 2: no
  std::uint32_t seen = __atomic_load_n(&state, __ATOMIC_RELAXED);
  if (seen == 0) {
    const int kept = errno;
    const char* path = nullptr;
    __asm__("" : "+r"(path));  // the header says that it must not be null, which is what is asked
    NEXT(utimensat)(-1, path, nullptr, 0);
    seen = errno == EINVAL ? 1 : 2;
    errno = kept;
    __atomic_store_n(&state, seen, __ATOMIC_RELAXED);
  }
  return seen == 1;
}

int judge_times_at(const char* operation, int directory, const char* path,
                   const struct timespec times[2], int flags) {
  constexpr int kEmptyPath = 0x1000;  // AT_EMPTY_PATH
  if (times_change_nothing(times) || (flags & ~(AT_SYMLINK_NOFOLLOW | kEmptyPath)) != 0) return 0;
  if (path == nullptr) {
    return libc_refuses_null_path() ? 0 : judge_metadata_of_descriptor(operation, directory);
  }
  if ((flags & kEmptyPath) != 0 && path[0] == '\0')
    return judge_metadata_of_file(operation, directory);
  return judge_metadata(operation, directory, path, follows(flags));
}

// Flags that the kernel refuses come before everything else.
int judge_rename_with_flags(const char* operation, int from_directory, const char* from,
                            int to_directory, const char* to, unsigned flags) {
  const bool unknown = (flags & ~7U) != 0;
  const bool contradictory =
      (flags & RENAME_EXCHANGE) != 0 && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)) != 0;
  if (unknown || contradictory) return 0;
  return judge_rename(operation, from_directory, from, to_directory, to, flags);
}

bool times_are_wrong(const struct timeval times[2]) {
  if (times == nullptr) return false;
  for (int i = 0; i < 2; ++i) {
    if (times[i].tv_usec < 0 || times[i].tv_usec > 999999) return true;
  }
  return false;
}

}  // namespace

// One line per function: what it is called with, what is judged, how it goes on.
#define INTERPOSE_JUDGED(name, parameters, arguments, judged) \
  INTERPOSE(int, name, parameters) {                          \
    if (has_protected_trees()) {                              \
      if (const int error = (judged)) return fail(error);     \
    }                                                         \
    return NEXT(name) arguments;                              \
  }

INTERPOSE_JUDGED(mkdir, (const char* path, mode_t mode), (path, mode),
                 judge_make_directory("mkdir", AT_FDCWD, path))
INTERPOSE_JUDGED(mkdirat, (int directory, const char* path, mode_t mode), (directory, path, mode),
                 judge_make_directory("mkdirat", directory, path))
INTERPOSE_JUDGED(unlink, (const char* path), (path), judge_remove_file("unlink", AT_FDCWD, path))
INTERPOSE_JUDGED(unlinkat, (int directory, const char* path, int flags), (directory, path, flags),
                 (flags & ~AT_REMOVEDIR) != 0 ? 0
                                              : judge_unlinkat("unlinkat", directory, path, flags))
INTERPOSE_JUDGED(rmdir, (const char* path), (path), judge_remove_directory("rmdir", AT_FDCWD, path))
INTERPOSE_JUDGED(remove, (const char* path), (path), judge_remove(path))

INTERPOSE_JUDGED(rename, (const char* from, const char* to), (from, to),
                 judge_rename("rename", AT_FDCWD, from, AT_FDCWD, to, 0))
INTERPOSE_JUDGED(renameat, (int from_directory, const char* from, int to_directory, const char* to),
                 (from_directory, from, to_directory, to),
                 judge_rename("renameat", from_directory, from, to_directory, to, 0))
INTERPOSE_JUDGED(renameat2,
                 (int from_directory, const char* from, int to_directory, const char* to,
                  unsigned flags),
                 (from_directory, from, to_directory, to, flags),
                 judge_rename_with_flags("renameat2", from_directory, from, to_directory, to,
                                         flags))

INTERPOSE_JUDGED(truncate, (const char* path, off_t length), (path, length),
                 length < 0 ? 0 : judge_truncate("truncate", path))
INTERPOSE_JUDGED(truncate64, (const char* path, off64_t length), (path, length),
                 length < 0 ? 0 : judge_truncate("truncate64", path))

INTERPOSE_JUDGED(chmod, (const char* path, mode_t mode), (path, mode),
                 judge_mode("chmod", AT_FDCWD, path, true))
INTERPOSE_JUDGED(fchmod, (int descriptor, mode_t mode), (descriptor, mode),
                 judge_metadata_of_descriptor("fchmod", descriptor))
INTERPOSE_JUDGED(fchmodat, (int directory, const char* path, mode_t mode, int flags),
                 (directory, path, mode, flags),
                 (flags & ~AT_SYMLINK_NOFOLLOW) != 0
                     ? 0
                     : judge_mode("fchmodat", directory, path, follows(flags)))
INTERPOSE_JUDGED(lchmod, (const char* path, mode_t mode), (path, mode),
                 judge_mode("lchmod", AT_FDCWD, path, false))

INTERPOSE_JUDGED(utime, (const char* path, const struct utimbuf* times), (path, times),
                 judge_metadata("utime", AT_FDCWD, path, true))
INTERPOSE_JUDGED(utimes, (const char* path, const struct timeval times[2]), (path, times),
                 times_are_wrong(times) ? 0 : judge_metadata("utimes", AT_FDCWD, path, true))
INTERPOSE_JUDGED(lutimes, (const char* path, const struct timeval times[2]), (path, times),
                 times_are_wrong(times) ? 0 : judge_metadata("lutimes", AT_FDCWD, path, false))
INTERPOSE_JUDGED(futimes, (int descriptor, const struct timeval times[2]), (descriptor, times),
                 times_are_wrong(times) ? 0 : judge_metadata_of_descriptor("futimes", descriptor))
INTERPOSE_JUDGED(futimesat, (int directory, const char* path, const struct timeval times[2]),
                 (directory, path, times),
                 times_are_wrong(times) ? 0
                 : path == nullptr      ? judge_metadata_of_descriptor("futimesat", directory)
                                        : judge_metadata("futimesat", directory, path, true))
INTERPOSE_JUDGED(utimensat,
                 (int directory, const char* path, const struct timespec times[2], int flags),
                 (directory, path, times, flags),
                 judge_times_at("utimensat", directory, path, times, flags))
INTERPOSE_JUDGED(futimens, (int descriptor, const struct timespec times[2]), (descriptor, times),
                 times_change_nothing(times) ? 0
                                             : judge_metadata_of_descriptor("futimens", descriptor))
