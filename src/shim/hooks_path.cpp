// Functions that change names, sizes, modes, owners, times and attributes.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include <cstdint>

#include "core/sys.h"
#include "shim/interpose_judged.h"
#include "shim/judge_path.h"

using namespace hfoffline;
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
  if (times_change_nothing(times) || (flags & ~(AT_SYMLINK_NOFOLLOW | sys::kEmptyPath)) != 0)
    return 0;
  if (path == nullptr) {
    // The kernel takes no flags for a descriptor.
    return flags != 0 || libc_refuses_null_path()
               ? 0
               : judge_metadata_of_descriptor(operation, directory);
  }
  if ((flags & sys::kEmptyPath) != 0 && path[0] == '\0')
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

// glibc before 2.39 knows no flag but AT_SYMLINK_NOFOLLOW; later ones pass flags on. Asked with a
// descriptor that cannot be.
bool libc_refuses_mode_of_empty_path() {
  static std::uint32_t state;  // 0: not asked, 1: yes, 2: no
  std::uint32_t seen = __atomic_load_n(&state, __ATOMIC_RELAXED);
  if (seen == 0) {
    const int kept = errno;
    NEXT(fchmodat)(-1, "", 0, sys::kEmptyPath);
    seen = errno == EBADF ? 2 : 1;
    errno = kept;
    __atomic_store_n(&state, seen, __ATOMIC_RELAXED);
  }
  return seen == 1;
}

// The kernel refuses a descriptor that only names a file; musl then goes by its path in /proc.
int judge_descriptor(const char* operation, int descriptor) {
  return libc_is_glibc() ? judge_metadata_of_descriptor(operation, descriptor)
                         : judge_metadata_of_file(operation, descriptor);
}

// A libc that passes flags on asks the kernel about a link as well, which looks at the mount first;
// one that does not answers for links itself.
int judge_mode_of_link(const char* operation, int directory, const char* path) {
  return libc_refuses_mode_of_empty_path() ? judge_mode(operation, directory, path, false)
                                           : judge_metadata(operation, directory, path, false);
}

int judge_mode_at(const char* operation, int directory, const char* path, int flags) {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | sys::kEmptyPath)) != 0) return 0;
  if ((flags & sys::kEmptyPath) == 0) {
    return follows(flags) ? judge_mode(operation, directory, path, true)
                          : judge_mode_of_link(operation, directory, path);
  }
  return libc_refuses_mode_of_empty_path() ? 0
                                           : judge_metadata_at(operation, directory, path, flags);
}

bool times_are_wrong(const struct timeval times[2]) {
  if (times == nullptr) return false;
  for (int i = 0; i < 2; ++i) {
    if (times[i].tv_usec < 0 || times[i].tv_usec > 999999) return true;
  }
  return false;
}

template <class Time>
const Time* copy_of_times(const Time* times, void* memory) {
  if (times == nullptr) return nullptr;
  auto* copy = static_cast<Time*>(memory);
  copy[0] = times[0];
  copy[1] = times[1];
  return copy;
}

}  // namespace

// What says that nothing would be changed is copied as well as the path.
#define COPY_TIMES times = copy_of_times(times, __builtin_alloca(2 * sizeof(*times)))
#define INTERPOSE_JUDGED_TIMES(name, parameters, arguments, judged)         \
  INTERPOSE_COPIED(name, parameters, arguments, TAKE_PATH(directory, path); \
                   COPY_TIMES, is_text(path), judged)
#define INTERPOSE_JUDGED_TIMES_OF(name, parameters, arguments, judged) \
  INTERPOSE_COPIED(name, parameters, arguments, COPY_TIMES, true, judged)
#define INTERPOSE_JUDGED_ATTRIBUTE(name, parameters, arguments, judged)     \
  INTERPOSE_COPIED(name, parameters, arguments, TAKE_PATH(directory, path); \
                   COPY_PATH(attribute), is_text(path) && is_text(attribute), judged)
#define INTERPOSE_JUDGED_ATTRIBUTE_OF(name, parameters, arguments, judged) \
  INTERPOSE_COPIED(name, parameters, arguments, COPY_PATH(attribute), is_text(attribute), judged)

INTERPOSE_JUDGED_PATH(mkdir, (const char* path, mode_t mode), (path, mode),
                      judge_make_directory("mkdir", AT_FDCWD, path))
INTERPOSE_JUDGED_PATH(mkdirat, (int directory, const char* path, mode_t mode),
                      (directory, path, mode), judge_make_directory("mkdirat", directory, path))
INTERPOSE_JUDGED_PATH(unlink, (const char* path), (path),
                      judge_remove_file("unlink", AT_FDCWD, path))
INTERPOSE_JUDGED_PATH(unlinkat, (int directory, const char* path, int flags),
                      (directory, path, flags),
                      (flags & ~AT_REMOVEDIR) != 0
                          ? 0
                          : judge_unlinkat("unlinkat", directory, path, flags))
INTERPOSE_JUDGED_PATH(rmdir, (const char* path), (path),
                      judge_remove_directory("rmdir", AT_FDCWD, path))
INTERPOSE_JUDGED_PATH(remove, (const char* path), (path), judge_remove(path))

INTERPOSE_JUDGED_PATHS(rename, (const char* from, const char* to), (from, to),
                       judge_rename("rename", AT_FDCWD, from, AT_FDCWD, to, 0))
INTERPOSE_JUDGED_PATHS(renameat,
                       (int from_directory, const char* from, int to_directory, const char* to),
                       (from_directory, from, to_directory, to),
                       judge_rename("renameat", from_directory, from, to_directory, to, 0))
INTERPOSE_JUDGED_PATHS(renameat2,
                       (int from_directory, const char* from, int to_directory, const char* to,
                        unsigned flags),
                       (from_directory, from, to_directory, to, flags),
                       judge_rename_with_flags("renameat2", from_directory, from, to_directory, to,
                                               flags))

INTERPOSE_JUDGED_PATH(truncate, (const char* path, off_t length), (path, length),
                      length < 0 ? 0 : judge_truncate("truncate", path))
INTERPOSE_JUDGED_PATH(truncate64, (const char* path, off64_t length), (path, length),
                      length < 0 ? 0 : judge_truncate("truncate64", path))

INTERPOSE_JUDGED_PATH(chmod, (const char* path, mode_t mode), (path, mode),
                      judge_mode("chmod", AT_FDCWD, path, true))
INTERPOSE_JUDGED(fchmod, (int descriptor, mode_t mode), (descriptor, mode),
                 judge_descriptor("fchmod", descriptor))
INTERPOSE_JUDGED_PATH(fchmodat, (int directory, const char* path, mode_t mode, int flags),
                      (directory, path, mode, flags),
                      judge_mode_at("fchmodat", directory, path, flags))
INTERPOSE_JUDGED_PATH(lchmod, (const char* path, mode_t mode), (path, mode),
                      judge_mode_of_link("lchmod", AT_FDCWD, path))

INTERPOSE_JUDGED_PATH(utime, (const char* path, const struct utimbuf* times), (path, times),
                      judge_metadata("utime", AT_FDCWD, path, true))
INTERPOSE_JUDGED_TIMES(utimes, (const char* path, const struct timeval times[2]), (path, times),
                       times_are_wrong(times) ? 0 : judge_metadata("utimes", AT_FDCWD, path, true))
INTERPOSE_JUDGED_TIMES(lutimes, (const char* path, const struct timeval times[2]), (path, times),
                       times_are_wrong(times) ? 0
                                              : judge_metadata("lutimes", AT_FDCWD, path, false))
INTERPOSE_JUDGED_TIMES_OF(futimes, (int descriptor, const struct timeval times[2]),
                          (descriptor, times),
                          times_are_wrong(times)
                              ? 0
                              : judge_metadata_of_descriptor("futimes", descriptor))
INTERPOSE_JUDGED_TIMES(futimesat, (int directory, const char* path, const struct timeval times[2]),
                       (directory, path, times),
                       times_are_wrong(times) ? 0
                       : path == nullptr      ? judge_metadata_of_descriptor("futimesat", directory)
                                              : judge_metadata("futimesat", directory, path, true))
INTERPOSE_JUDGED_TIMES(utimensat,
                       (int directory, const char* path, const struct timespec times[2], int flags),
                       (directory, path, times, flags),
                       judge_times_at("utimensat", directory, path, times, flags))
INTERPOSE_JUDGED_TIMES_OF(futimens, (int descriptor, const struct timespec times[2]),
                          (descriptor, times),
                          times_change_nothing(times)
                              ? 0
                              : judge_metadata_of_descriptor("futimens", descriptor))

INTERPOSE_JUDGED_PATH(chown, (const char* path, uid_t user, gid_t group), (path, user, group),
                      judge_metadata("chown", AT_FDCWD, path, true))
INTERPOSE_JUDGED_PATH(lchown, (const char* path, uid_t user, gid_t group), (path, user, group),
                      judge_metadata("lchown", AT_FDCWD, path, false))
INTERPOSE_JUDGED(fchown, (int descriptor, uid_t user, gid_t group), (descriptor, user, group),
                 judge_descriptor("fchown", descriptor))
INTERPOSE_JUDGED_PATH(fchownat,
                      (int directory, const char* path, uid_t user, gid_t group, int flags),
                      (directory, path, user, group, flags),
                      judge_owner_at("fchownat", directory, path, flags))

INTERPOSE_JUDGED_ATTRIBUTE(
    setxattr, (const char* path, const char* attribute, const void* value, size_t size, int flags),
    (path, attribute, value, size, flags),
    attribute_is_wrong(attribute, size, flags) ? 0
                                               : judge_metadata("setxattr", AT_FDCWD, path, true))
INTERPOSE_JUDGED_ATTRIBUTE(
    lsetxattr, (const char* path, const char* attribute, const void* value, size_t size, int flags),
    (path, attribute, value, size, flags),
    attribute_is_wrong(attribute, size, flags) ? 0
                                               : judge_metadata("lsetxattr", AT_FDCWD, path, false))
INTERPOSE_JUDGED_ATTRIBUTE_OF(fsetxattr,
                              (int descriptor, const char* attribute, const void* value,
                               size_t size, int flags),
                              (descriptor, attribute, value, size, flags),
                              attribute_is_wrong(attribute, size, flags)
                                  ? 0
                                  : judge_metadata_of_descriptor("fsetxattr", descriptor))
INTERPOSE_JUDGED_ATTRIBUTE(removexattr, (const char* path, const char* attribute),
                           (path, attribute),
                           attribute_is_wrong(attribute, 0, 0)
                               ? 0
                               : judge_metadata("removexattr", AT_FDCWD, path, true))
INTERPOSE_JUDGED_ATTRIBUTE(lremovexattr, (const char* path, const char* attribute),
                           (path, attribute),
                           attribute_is_wrong(attribute, 0, 0)
                               ? 0
                               : judge_metadata("lremovexattr", AT_FDCWD, path, false))
INTERPOSE_JUDGED_ATTRIBUTE_OF(fremovexattr, (int descriptor, const char* attribute),
                              (descriptor, attribute),
                              attribute_is_wrong(attribute, 0, 0)
                                  ? 0
                                  : judge_metadata_of_descriptor("fremovexattr", descriptor))
