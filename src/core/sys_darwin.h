// What sys.h promises, made of libSystem's functions: dyld does not interpose the calls of the
// image that interposes, so they do not meet our hooks, and macOS promises no system call numbers.
// Those that could be cancelled are called by the names that cannot.
//
// Included by sys.h alone. macOS 13 and later, x86-64 and arm64.
#pragma once

#include <crt_externs.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/attr.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

extern "C" {
int openat_uncancelled(int directory, const char* path, int flags, ...) __asm__("_openat$NOCANCEL");
int close_uncancelled(int descriptor) __asm__("_close$NOCANCEL");
ssize_t read_uncancelled(int descriptor, void* buffer, size_t size) __asm__("_read$NOCANCEL");
ssize_t write_uncancelled(int descriptor, const void* buffer,
                          size_t size) __asm__("_write$NOCANCEL");
ssize_t pread_uncancelled(int descriptor, void* buffer, size_t size,
                          off_t offset) __asm__("_pread$NOCANCEL");
ssize_t writev_uncancelled(int descriptor, const struct iovec* parts,
                           int count) __asm__("_writev$NOCANCEL");
int fcntl_uncancelled(int descriptor, int command, ...) __asm__("_fcntl$NOCANCEL");
int poll_uncancelled(struct pollfd* requests, nfds_t count, int timeout) __asm__("_poll$NOCANCEL");
}

// A library of macOS has no `environ` of its own to link with.
#undef environ
#define environ (*_NSGetEnviron())

namespace hfoffline::sys {

// The result of a libSystem call, or -errno; errno as it was.
template <class Call>
inline long kept(Call call) {
  const int before = errno;
  const auto result = static_cast<long>(call());
  const long answer = result == -1 ? -static_cast<long>(errno) : result;
  errno = before;
  return answer;
}

struct Stat {
  std::uint64_t dev;
  std::uint64_t ino;
  std::uint32_t mode;
  std::uint32_t uid;
  std::uint32_t gid;
  std::uint32_t nlink;
  std::uint64_t size;
  std::uint64_t mount;  // 0: there are no bind mounts to be told apart
  std::uint32_t flags;  // SF_RESTRICTED ...
  std::int64_t modify_seconds;
  std::int64_t modify_nanoseconds;
};

// Two files are the same exactly when these two numbers are.
struct FileId {
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  friend bool operator==(const FileId& a, const FileId& b) {
    return a.dev == b.dev && a.ino == b.ino;
  }
};
inline FileId id_of(const Stat& status) { return {status.dev, status.ino}; }

inline constexpr int kCurrentDirectory = AT_FDCWD;
// Flags of fstatat() and faccessat().
inline constexpr int kNoFollow = AT_SYMLINK_NOFOLLOW;
inline constexpr int kEffectiveIds = AT_EACCESS;

inline long openat(int directory, const char* path, int flags, unsigned mode = 0) {
  return kept([&] { return openat_uncancelled(directory, path, flags, mode); });
}
inline long open(const char* path, int flags, unsigned mode = 0) {
  return openat(kCurrentDirectory, path, flags, mode);
}
inline long close(int descriptor) {
  return kept([&] { return close_uncancelled(descriptor); });
}
inline long read(int descriptor, void* buffer, std::size_t size) {
  return kept([&] { return read_uncancelled(descriptor, buffer, size); });
}
inline long pread(int descriptor, void* buffer, std::size_t size, std::uint64_t offset) {
  return kept(
      [&] { return pread_uncancelled(descriptor, buffer, size, static_cast<off_t>(offset)); });
}
inline long write(int descriptor, const void* buffer, std::size_t size) {
  return kept([&] { return write_uncancelled(descriptor, buffer, size); });
}
inline long mkdir(const char* path, unsigned mode) {
  return kept([&] { return ::mkdir(path, static_cast<mode_t>(mode)); });
}
inline long symlink(const char* target, const char* path) {
  return kept([&] { return ::symlink(target, path); });
}
inline long readlinkat(int directory, const char* path, char* buffer, std::size_t size) {
  return kept([&] { return ::readlinkat(directory, path, buffer, size); });
}
inline void copy_status(const struct ::stat& from, Stat* to) {
  to->dev = static_cast<std::uint32_t>(from.st_dev);
  to->ino = from.st_ino;
  to->mode = from.st_mode;
  to->uid = from.st_uid;
  to->gid = from.st_gid;
  to->nlink = from.st_nlink;
  to->size = static_cast<std::uint64_t>(from.st_size);
  to->mount = 0;
  to->flags = from.st_flags;
  to->modify_seconds = from.st_mtimespec.tv_sec;
  to->modify_nanoseconds = from.st_mtimespec.tv_nsec;
}
inline long fstatat(int directory, const char* path, Stat* status, int flags = 0) {
  struct ::stat buffer;
  const long result = kept([&] { return ::fstatat(directory, path, &buffer, flags); });
  if (result == 0) copy_status(buffer, status);
  return result;
}
inline long stat(const char* path, Stat* status) {
  return fstatat(kCurrentDirectory, path, status);
}
inline long fstat(int descriptor, Stat* status) {
  if (descriptor == kCurrentDirectory) return fstatat(descriptor, ".", status);
  struct ::stat buffer;
  const long result = kept([&] { return ::fstat(descriptor, &buffer); });
  if (result == 0) copy_status(buffer, status);
  return result;
}
// The identity of an open directory or of AT_FDCWD.
inline bool directory_id(int directory, FileId* id) {
  Stat status;
  if (fstat(directory, &status) != 0) return false;
  *id = id_of(status);
  return true;
}
inline long faccessat(int directory, const char* path, int mode, int flags) {
  return kept([&] { return ::faccessat(directory, path, mode, flags); });
}
inline long geteuid() { return static_cast<long>(::geteuid()); }
inline long getpid() { return ::getpid(); }
inline long getppid() { return ::getppid(); }
inline long gettid() {
  std::uint64_t number = 0;
  pthread_threadid_np(nullptr, &number);
  return static_cast<long>(number);
}
inline long fcntl(int descriptor, int command, long argument = 0) {
  return kept([&] { return fcntl_uncancelled(descriptor, command, argument); });
}
// `flags` as Linux numbers them, of which two kinds of mapping are made: 0x22, private memory, and
// 1, a shared file.
inline long mmap(std::size_t size, int protection, int flags, int descriptor) {
  const int kind = (flags & 0x20) != 0 ? MAP_PRIVATE | MAP_ANON : MAP_SHARED;
  return kept([&] {
    return reinterpret_cast<long>(::mmap(nullptr, size, protection, kind, descriptor, 0));
  });
}
inline long munmap(void* memory, std::size_t size) {
  return kept([&] { return ::munmap(memory, size); });
}
// The path of an open file as the kernel knows it; returns its length with its NUL. The first name
// of several, as far as hard links go.
inline long path_of(int descriptor, char* path, std::size_t size) {
  if (size < MAXPATHLEN) return -ERANGE;
  const long result = fcntl(descriptor, F_GETPATH, reinterpret_cast<long>(path));
  if (result < 0) return result;
  long length = 0;
  while (path[length] != '\0') ++length;
  return length + 1;
}
// The working directory; returns the length with its NUL. Asked by its descriptor: libc's own walks
// up and allocates where the kernel cannot tell.
inline long getcwd(char* path, std::size_t size) {
  const long directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return directory;
  const long result = path_of(static_cast<int>(directory), path, size);
  close(static_cast<int>(directory));
  return result;
}
// Seconds and nanoseconds since 1970.
inline long clock_realtime(std::int64_t clock[2]) {
  struct timespec now = {};
  const long result = kept([&] { return ::clock_gettime(CLOCK_REALTIME, &now); });
  clock[0] = now.tv_sec;
  clock[1] = now.tv_nsec;
  return result;
}
inline long uname(struct utsname* facts) {
  return kept([&] { return ::uname(facts); });
}
inline long getsockopt(int descriptor, int level, int option, void* value, std::uint32_t* size) {
  return kept([&] { return ::getsockopt(descriptor, level, option, value, size); });
}
inline long getpeername(int descriptor, void* address, std::uint32_t* length) {
  return kept([&] { return ::getpeername(descriptor, static_cast<sockaddr*>(address), length); });
}
inline long getsockname(int descriptor, void* address, std::uint32_t* length) {
  return kept([&] { return ::getsockname(descriptor, static_cast<sockaddr*>(address), length); });
}
inline bool failed(long result) { return result < 0 && result > -4096; }

[[noreturn]] inline void exit_group(int status) { ::_exit(status); }

}  // namespace hfoffline::sys
