// Functions that only read, for [cache] redirect alone: without one they are passed on. What
// changes files is redirected where it is judged.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <string_view>

#include "core/sys.h"
#include "shim/interpose.h"
#include "shim/redirect.h"
#include "shim/undeclared.h"

using namespace hfoffline;
using namespace hfoffline::shim;

#define INTERPOSE_READING(result, name, parameters, arguments, directory) \
  INTERPOSE(result, name, parameters) {                                   \
    REDIRECT_AT(directory, path);                                         \
    return NEXT(name) arguments;                                          \
  }
#define INTERPOSE_STATUS(name, status_type)                                                    \
  INTERPOSE_READING(int, name, (const char* path, struct status_type* status), (path, status), \
                    AT_FDCWD)
#define INTERPOSE_STATUS_AT(name, status_type)                                                \
  INTERPOSE_READING(int, name,                                                                \
                    (int directory, const char* path, struct status_type* status, int flags), \
                    (directory, path, status, flags), directory)
// Of programs linked before glibc 2.33.
#define INTERPOSE_OLD_STATUS(name, status_type)                                             \
  INTERPOSE_READING(int, name, (int version, const char* path, struct status_type* status), \
                    (version, path, status), AT_FDCWD)
#define INTERPOSE_OLD_STATUS_AT(name, status_type)                                           \
  INTERPOSE_READING(                                                                         \
      int, name,                                                                             \
      (int version, int directory, const char* path, struct status_type* status, int flags), \
      (version, directory, path, status, flags), directory)

INTERPOSE_STATUS(stat, stat)
INTERPOSE_STATUS(stat64, stat64)
INTERPOSE_STATUS(lstat, stat)
INTERPOSE_STATUS(lstat64, stat64)
INTERPOSE_STATUS_AT(fstatat, stat)
INTERPOSE_STATUS_AT(fstatat64, stat64)
INTERPOSE_OLD_STATUS(__xstat, stat)
INTERPOSE_OLD_STATUS(__xstat64, stat64)
INTERPOSE_OLD_STATUS(__lxstat, stat)
INTERPOSE_OLD_STATUS(__lxstat64, stat64)
INTERPOSE_OLD_STATUS_AT(__fxstatat, stat)
INTERPOSE_OLD_STATUS_AT(__fxstatat64, stat64)
INTERPOSE_READING(int, statx,
                  (int directory, const char* path, int flags, unsigned mask, struct statx* status),
                  (directory, path, flags, mask, status), directory)

INTERPOSE_READING(DIR*, opendir, (const char* path), (path), AT_FDCWD)
#define INTERPOSE_SCAN(name, entry_type)                                                      \
  INTERPOSE_READING(                                                                          \
      int, name,                                                                              \
      (const char* path, struct entry_type*** names, int (*select)(const struct entry_type*), \
       int (*compare)(const struct entry_type**, const struct entry_type**)),                 \
      (path, names, select, compare), AT_FDCWD)
INTERPOSE_SCAN(scandir, dirent)
INTERPOSE_SCAN(scandir64, dirent64)

INTERPOSE_READING(ssize_t, getxattr, (const char* path, const char* name, void* value, size_t size),
                  (path, name, value, size), AT_FDCWD)
INTERPOSE_READING(ssize_t, lgetxattr,
                  (const char* path, const char* name, void* value, size_t size),
                  (path, name, value, size), AT_FDCWD)
INTERPOSE_READING(ssize_t, listxattr, (const char* path, char* list, size_t size),
                  (path, list, size), AT_FDCWD)
INTERPOSE_READING(ssize_t, llistxattr, (const char* path, char* list, size_t size),
                  (path, list, size), AT_FDCWD)

// ---- The working directory

INTERPOSE(int, chdir, (const char* path)) {
  const char* const given = path;
  REDIRECT(path);
  const int result = NEXT(chdir)(path);
  // From inside, ".." may have led out of it again.
  if (result == 0 && has_redirects())
    note_directory_changed_to(path, path != given && is_target(path));
  return result;
}

INTERPOSE(int, fchdir, (int descriptor)) {
  const int result = NEXT(fchdir)(descriptor);
  // By which name it was opened nobody knows.
  if (result == 0 && has_redirects()) note_directory_change(true);
  return result;
}

namespace {

constexpr std::size_t kPathBytes = 4096;

// The program's name for the working directory, NUL-terminated. 0: it is the kernel's. Else its
// length.
std::size_t known_directory_name(char (&name)[kPathBytes]) {
  char place[kPathBytes];
  const long length = sys::call(SYS_getcwd, sys::word(place), sizeof(place)) - 1;
  if (length <= 0 || place[0] != '/' || !directory_is_redirected()) return 0;
  Appender out(name);
  if (!append_known_place({place, static_cast<std::size_t>(length)}, out) || out.room() == 0)
    return 0;
  out.c_str();
  return out.size();
}

// Memory that the program may free: made by libc, which asks whatever allocator is in use.
char* duplicate(const char* text) {
  const auto strdup_of = reinterpret_cast<char* (*)(const char*)>(find_next("strdup"));
  return strdup_of != nullptr ? strdup_of(text) : nullptr;
}

// As getcwd(3), for a name that is known.
__attribute__((noinline)) char* give_directory(const char* name, std::size_t length, char* buffer,
                                               std::size_t size) {
  if (buffer == nullptr && size == 0) return duplicate(name);
  if (length >= size) {
    errno = size == 0 ? EINVAL : ERANGE;
    return nullptr;
  }
  if (buffer == nullptr) {
    // Of the size that was asked for.
    buffer = NEXT(getcwd)(nullptr, size < kPathBytes ? kPathBytes : size);
    if (buffer == nullptr) return nullptr;
  }
  __builtin_memcpy(buffer, name, length + 1);
  return buffer;
}

__attribute__((noinline)) bool give_known_directory(char* buffer, std::size_t size, char** result) {
  char name[kPathBytes];
  const std::size_t length = known_directory_name(name);
  if (length == 0) return false;
  *result = give_directory(name, length, buffer, size);
  return true;
}

}  // namespace

INTERPOSE(char*, getcwd, (char* buffer, size_t size)) {
  char* known = nullptr;
  if (has_redirects() && give_known_directory(buffer, size, &known)) return known;
  return NEXT(getcwd)(buffer, size);
}

INTERPOSE(char*, __getcwd_chk, (char* buffer, size_t size, size_t room)) {
  char* known = nullptr;
  if (size <= room && has_redirects() && give_known_directory(buffer, size, &known)) return known;
  return NEXT(__getcwd_chk)(buffer, size, room);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
INTERPOSE(char*, getwd, (char* buffer)) {
  char* known = nullptr;
  if (buffer != nullptr && has_redirects() && give_known_directory(buffer, kPathBytes, &known))
    return known;
  return NEXT(getwd)(buffer);
}
#pragma GCC diagnostic pop

INTERPOSE(char*, __getwd_chk, (char* buffer, size_t room)) {
  char* known = nullptr;
  if (room >= kPathBytes && has_redirects() && give_known_directory(buffer, kPathBytes, &known))
    return known;
  return NEXT(__getwd_chk)(buffer, room);
}

INTERPOSE(char*, get_current_dir_name, ()) {
  char* known = nullptr;
  if (has_redirects() && give_known_directory(nullptr, 0, &known)) return known;
  return NEXT(get_current_dir_name)();
}

// ---- Names that the kernel tells

namespace {

// Whether what a path resolves to is to be called by its known name: it was led there.
bool is_led(const char* given, const char* path) {
  return has_redirects() && given != nullptr &&
         (path != given ||
          (is_readable_path(given) && given[0] != '/' && directory_is_redirected()));
}

// A buffer of the caller's has PATH_MAX bytes.
__attribute__((noinline)) char* resolve_led(const char* path, char* buffer) {
  char place[kPathBytes];
  if (NEXT(realpath)(path, place) == nullptr) return nullptr;
  char name[kPathBytes];
  Appender known(name);
  if (!append_known_place(place, known)) known.add(place);
  if (known.room() == 0) {
    errno = ENAMETOOLONG;
    return nullptr;
  }
  known.c_str();
  if (buffer == nullptr) return duplicate(name);
  __builtin_memcpy(buffer, name, known.size() + 1);
  return buffer;
}

}  // namespace

INTERPOSE(char*, realpath, (const char* path, char* buffer)) {
  const char* const given = path;
  REDIRECT(path);
  return is_led(given, path) ? resolve_led(path, buffer) : NEXT(realpath)(path, buffer);
}

INTERPOSE(char*, __realpath_chk, (const char* path, char* buffer, size_t room)) {
  const char* const given = path;
  REDIRECT(path);
  return room >= kPathBytes && is_led(given, path) ? resolve_led(path, buffer)
                                                   : NEXT(__realpath_chk)(path, buffer, room);
}

INTERPOSE(char*, canonicalize_file_name, (const char* path)) {
  const char* const given = path;
  REDIRECT(path);
  return is_led(given, path) ? resolve_led(path, nullptr) : NEXT(canonicalize_file_name)(path);
}

INTERPOSE(ssize_t, readlink, (const char* path, char* buffer, size_t size)) {
  REDIRECT(path);
  const ssize_t length = NEXT(readlink)(path, buffer, size);
  return has_redirects() ? known_link(path, buffer, size, length) : length;
}

INTERPOSE(ssize_t, readlinkat, (int directory, const char* path, char* buffer, size_t size)) {
  REDIRECT_AT(directory, path);
  const ssize_t length = NEXT(readlinkat)(directory, path, buffer, size);
  return has_redirects() ? known_link(path, buffer, size, length) : length;
}

INTERPOSE(ssize_t, __readlink_chk, (const char* path, char* buffer, size_t size, size_t room)) {
  REDIRECT(path);
  const ssize_t length = NEXT(__readlink_chk)(path, buffer, size, room);
  return has_redirects() ? known_link(path, buffer, size, length) : length;
}

INTERPOSE(ssize_t, __readlinkat_chk,
          (int directory, const char* path, char* buffer, size_t size, size_t room)) {
  REDIRECT_AT(directory, path);
  const ssize_t length = NEXT(__readlinkat_chk)(directory, path, buffer, size, room);
  return has_redirects() ? known_link(path, buffer, size, length) : length;
}
