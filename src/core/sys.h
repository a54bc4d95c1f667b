// System calls for code that must not meet our own hooks, touch errno, or wait for libc to be
// ready. Every function returns the result, or -errno; errno itself is never touched. On Linux they
// are raw; sys_darwin.h has those of macOS.
//
// Async-signal-safe, safe between vfork and exec, no cancellation points. x86-64 and aarch64.
#pragma once

#if defined(__APPLE__)
#include "core/sys_darwin.h"
#else

#include <fcntl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

struct utsname;

namespace hfoffline::sys {

#if defined(__x86_64__)
inline long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                 long f = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
inline long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                 long f = 0) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}
#else
#error "hfoffline supports x86-64 and aarch64"
#endif

template <class T>
inline long word(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

// struct statx, so that one layout serves every architecture and libc (statx(2), Linux 4.11).
struct Timestamp {
  std::int64_t seconds;
  std::uint32_t nanoseconds;
  std::int32_t reserved;
};
struct StatxBuffer {
  std::uint32_t mask, block_size;
  std::uint64_t attributes;
  std::uint32_t link_count, uid, gid;
  std::uint16_t mode, spare0;
  std::uint64_t inode, size, blocks, attributes_mask;
  Timestamp access, birth, change, modify;
  std::uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
  std::uint64_t mount_id;
  std::uint64_t spare[13];
};

struct Stat {
  std::uint64_t dev;
  std::uint64_t ino;
  std::uint32_t mode;
  std::uint32_t uid;
  std::uint32_t gid;
  std::uint32_t nlink;
  std::uint64_t size;
  std::uint64_t mount;  // which of the mounts it was found through; 0 before Linux 5.8
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

inline constexpr int kCurrentDirectory = -100;  // AT_FDCWD
// Flags of fstatat() and faccessat().
inline constexpr int kNoFollow = 0x100;      // AT_SYMLINK_NOFOLLOW
inline constexpr int kEffectiveIds = 0x200;  // AT_EACCESS
inline constexpr int kEmptyPath = 0x1000;    // AT_EMPTY_PATH

// A seccomp filter that does not know a system call, or does not want it, answers with EPERM,
// EACCES or ENOSYS; so does a kernel that does not have it. Whoever takes that for the file's own
// answer judges wrongly: ask in another way.
inline bool may_be_a_filter(long result) {
  return result == -1 /* EPERM */ || result == -13 /* EACCES */ || result == -38 /* ENOSYS */;
}

inline long openat(int directory, const char* path, int flags, unsigned mode = 0) {
  return call(SYS_openat, directory, word(path), flags, mode);
}
inline long open(const char* path, int flags, unsigned mode = 0) {
  return openat(kCurrentDirectory, path, flags, mode);
}
inline long close(int descriptor) { return call(SYS_close, descriptor); }
inline long read(int descriptor, void* buffer, std::size_t size) {
  return call(SYS_read, descriptor, word(buffer), static_cast<long>(size));
}
inline long write(int descriptor, const void* buffer, std::size_t size) {
  return call(SYS_write, descriptor, word(buffer), static_cast<long>(size));
}
inline long mkdirat(int directory, const char* path, unsigned mode) {
  return call(SYS_mkdirat, directory, word(path), mode);
}
inline long mkdir(const char* path, unsigned mode) {
  return mkdirat(kCurrentDirectory, path, mode);
}
inline long symlink(const char* target, const char* path) {
  return call(SYS_symlinkat, word(target), kCurrentDirectory, word(path));
}
inline long readlinkat(int directory, const char* path, char* buffer, std::size_t size) {
  return call(SYS_readlinkat, directory, word(path), word(buffer), static_cast<long>(size));
}
// The same without statx(2), which seccomp filters older than it do not know (Docker's
// before 18.04). Tells no mount.
[[gnu::noinline, gnu::cold]] inline long fstatat_without_statx(int directory, const char* path,
                                                               Stat* status, int flags) {
  struct {  // the kernel's own struct stat
    std::uint64_t dev, ino;
#if defined(__x86_64__)
    std::uint64_t nlink;
    std::uint32_t mode, uid, gid, pad;
    std::uint64_t rdev;
#else
    std::uint32_t mode, nlink, uid, gid;
    std::uint64_t rdev, pad;
#endif
    std::uint64_t size, rest[12];
  } buffer;
  const long result = call(SYS_newfstatat, directory, word(path), word(&buffer), flags);
  if (result < 0) return result;
  *status = {buffer.dev,  buffer.ino, buffer.mode,
             buffer.uid,  buffer.gid, static_cast<std::uint32_t>(buffer.nlink),
             buffer.size, 0};
  return 0;
}
inline long fstatat(int directory, const char* path, Stat* status, int flags = 0) {
  StatxBuffer buffer;
  // STATX_BASIC_STATS and STATX_MNT_ID
  const long result = call(SYS_statx, directory, word(path), flags, 0x17ff, word(&buffer));
  if (may_be_a_filter(result)) return fstatat_without_statx(directory, path, status, flags);
  if (result < 0) return result;
  // The kernel's own encoding of dev_t towards user space (makedev).
  const std::uint64_t major = buffer.dev_major;
  const std::uint64_t minor = buffer.dev_minor;
  status->dev = ((major & 0xfffff000ULL) << 32) | ((major & 0xfffULL) << 8) |
                ((minor & 0xffffff00ULL) << 12) | (minor & 0xffULL);
  status->ino = buffer.inode;
  status->mode = buffer.mode;
  status->uid = buffer.uid;
  status->gid = buffer.gid;
  status->nlink = buffer.link_count;
  status->size = buffer.size;
  status->mount = buffer.mount_id;
  return 0;
}
inline long stat(const char* path, Stat* status) {
  return fstatat(kCurrentDirectory, path, status);
}
inline long fstat(int descriptor, Stat* status) {
  return fstatat(descriptor, "", status, kEmptyPath);
}
// The identity of an open directory or of AT_FDCWD, by the cheapest call there is for each. struct
// stat starts with device and inode number on both architectures.
inline bool directory_id(int directory, FileId* id) {
  if (directory == kCurrentDirectory) {
    Stat status;
    if (fstatat(directory, "", &status, kEmptyPath) != 0) return false;
    *id = id_of(status);
    return true;
  }
  std::uint64_t buffer[32];
  if (call(SYS_fstat, directory, word(buffer)) != 0) return false;
  *id = {buffer[0], buffer[1]};
  return true;
}
inline long getdents64(int descriptor, void* buffer, std::size_t size) {
  return call(SYS_getdents64, descriptor, word(buffer), static_cast<long>(size));
}
// Flags need faccessat2 (Linux 5.8). An older kernel, or a seccomp filter that does not know it,
// answers for the real user and follows a final link, which is what no flags ask for.
inline long faccessat(int directory, const char* path, int mode, int flags) {
  if (flags != 0) {
    const long result = call(439, directory, word(path), mode, flags);
    // EPERM: of an immutable file, too, and then again.
    if (result != -38 /* ENOSYS */ && result != -1 /* EPERM */) return result;
  }
  return call(SYS_faccessat, directory, word(path), mode);
}
inline long geteuid() { return call(SYS_geteuid); }
inline long getpid() { return call(SYS_getpid); }
inline long getppid() { return call(SYS_getppid); }
inline long gettid() { return call(SYS_gettid); }
inline long fcntl(int descriptor, int command, long argument = 0) {
  return call(SYS_fcntl, descriptor, command, argument);
}
inline long mmap(std::size_t size, int protection, int flags, int descriptor) {
  return call(SYS_mmap, 0, static_cast<long>(size), protection, flags, descriptor, 0);
}
inline long munmap(void* memory, std::size_t size) {
  return call(SYS_munmap, word(memory), static_cast<long>(size));
}
// The working directory; returns the length with its NUL.
inline long getcwd(char* path, std::size_t size) {
  return call(SYS_getcwd, word(path), static_cast<long>(size));
}
// Seconds and nanoseconds since 1970.
inline long clock_realtime(std::int64_t clock[2]) {
  return call(SYS_clock_gettime, 0, word(clock));
}
inline long uname(struct utsname* facts) { return call(SYS_uname, word(facts)); }
inline long getsockopt(int descriptor, int level, int option, void* value, std::uint32_t* size) {
  return call(SYS_getsockopt, descriptor, level, option, word(value), word(size));
}
inline long getpeername(int descriptor, void* address, std::uint32_t* length) {
  return call(SYS_getpeername, descriptor, word(address), word(length));
}
inline long getsockname(int descriptor, void* address, std::uint32_t* length) {
  return call(SYS_getsockname, descriptor, word(address), word(length));
}
inline bool failed(long result) { return result < 0 && result > -4096; }

[[noreturn]] inline void exit_group(int status) {
  for (;;) call(SYS_exit_group, status);
}

}  // namespace hfoffline::sys

#endif  // __APPLE__
