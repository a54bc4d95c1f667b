// The same operations through syscall(), for programs that call the kernel by number.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <utime.h>

#include "file_probe.h"
#include "probe.h"
#include "raw.h"
#include "scene.h"

#ifndef SYS_openat2  // before the kernel headers of Linux 5.6, which bullseye's libc is older than
#define SYS_openat2 437
#endif

// Numbers a libc may not know yet.
enum {
  kFaccessat2 = 439,
  kFchmodat2 = 452,
  kSetxattrat = 463,
  kRemovexattrat = 466,
  kFileGetattr = 468,
  kFileSetattr = 469
};

#define PATH_CALL(name, ...)                                                              \
  static void call_##name(const struct place* place, const struct operation* operation) { \
    (void)operation;                                                                      \
    report_call(syscall(SYS_##name, __VA_ARGS__));                                        \
  }
#define FD_CALL(name, ...)                                                                \
  static void call_##name(const struct place* place, const struct operation* operation) { \
    (void)operation;                                                                      \
    report_fd((int)syscall(SYS_##name, __VA_ARGS__));                                     \
  }

static const struct timespec given_time[2] = {{kProbeTime, 0}, {kProbeTime, 0}};

FD_CALL(openat, place->dirfd, place->path, operation->value, 0640)
PATH_CALL(mkdirat, place->dirfd, place->path, 0750)
PATH_CALL(unlinkat, place->dirfd, place->path, operation->value)
PATH_CALL(renameat2, place->dirfd, place->path, place->to_dirfd, place->to, operation->value)
PATH_CALL(truncate, place->path, operation->value)
PATH_CALL(ftruncate, place->fd, operation->value)
PATH_CALL(fchmod, place->fd, 0600)
PATH_CALL(fchmodat, place->dirfd, place->path, 0600)
PATH_CALL(faccessat, place->dirfd, place->path, operation->value)
PATH_CALL(utimensat, place->dirfd, place->path, given_time, operation->value)

PATH_CALL(linkat, place->dirfd, place->path, place->to_dirfd, place->to, operation->value)
PATH_CALL(symlinkat, "anything", place->dirfd, place->path)
PATH_CALL(mknodat, place->dirfd, place->path, S_IFIFO | 0640, 0)
PATH_CALL(fchownat, place->dirfd, place->path, -1, -1, operation->value)
PATH_CALL(fchown, place->fd, -1, -1)
PATH_CALL(setxattr, place->path, "user.probe", "value", 5, operation->value)
PATH_CALL(lsetxattr, place->path, "user.probe", "value", 5, operation->value)
PATH_CALL(fsetxattr, place->fd, "user.probe", "value", 5, operation->value)
PATH_CALL(removexattr, place->path, "user.probe")
PATH_CALL(lremovexattr, place->path, "user.probe")
PATH_CALL(fremovexattr, place->fd, "user.probe")

static void call_setxattrat(const struct place* place, const struct operation* operation) {
  struct {
    unsigned long value;
    unsigned size, flags;
  } given = {(unsigned long)"value", 5, 0};
  report_call(syscall(kSetxattrat, place->dirfd, place->path, operation->value, "user.probe",
                      &given, sizeof given));
}

static void call_removexattrat(const struct place* place, const struct operation* operation) {
  report_call(syscall(kRemovexattrat, place->dirfd, place->path, operation->value, "user.probe"));
}

// To what they are.
static void call_file_setattr(const struct place* place, const struct operation* operation) {
  unsigned long attributes[3] = {0};
  RAW5(kFileGetattr, place->dirfd, place->path, attributes, sizeof attributes, operation->value);
  report_call(syscall(kFileSetattr, place->dirfd, place->path, attributes, sizeof attributes,
                      operation->value));
}

static void call_ioctl(const struct place* place, const struct operation* operation) {
  long flags = 0;
  (void)operation;
  RAW3(SYS_ioctl, place->fd, FS_IOC_GETFLAGS, &flags);
  report_call(syscall(SYS_ioctl, place->fd, FS_IOC_SETFLAGS, &flags));
}

static void call_bind(const struct place* place, const struct operation* operation) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)operation;
  if (place->path == NULL || strlen(place->path) >= sizeof address.sun_path) {
    report("does not fit");
    return;
  }
  strcpy(address.sun_path, place->path);
  int descriptor = (int)RAW3(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
  report_call(syscall(SYS_bind, descriptor, &address, sizeof address));
}

static void report_flags(long result, unsigned long flags) {
  report_call(result);
  if (result == 0) report(" %s", flags & 1 /* ST_RDONLY */ ? "read-only" : "writable");
}

static void call_statfs(const struct place* place, const struct operation* operation) {
  struct statfs facts = {0};
  (void)operation;
  long result = syscall(SYS_statfs, place->path, &facts);
  report_flags(result, (unsigned long)facts.f_flags);
}

static void call_fstatfs(const struct place* place, const struct operation* operation) {
  struct statfs facts = {0};
  (void)operation;
  long result = syscall(SYS_fstatfs, place->fd, &facts);
  report_flags(result, (unsigned long)facts.f_flags);
}

/* A rename anywhere on the machine makes a restricted lookup fail; the kernel asks to try again. */
static int open_as(int directory, const char* path, const struct open_how* how) {
  long result;
  do result = syscall(SYS_openat2, directory, path, how, sizeof *how);
  while (result < 0 && errno == EAGAIN);
  return (int)result;
}

static void call_openat2(const struct place* place, const struct operation* operation) {
  struct open_how how = {.flags = (unsigned long)operation->value};
  if (operation->value & O_CREAT) how.mode = 0640;
  report_fd(open_as(place->dirfd, place->path, &how));
}

static void call_openat2_beneath(const struct place* place, const struct operation* operation) {
  struct open_how how = {.flags = (unsigned long)operation->value, .resolve = RESOLVE_BENEATH};
  report_fd(open_as(place->dirfd, place->path, &how));
}

static void call_openat2_no_links(const struct place* place, const struct operation* operation) {
  struct open_how how = {.flags = (unsigned long)operation->value, .resolve = RESOLVE_NO_SYMLINKS};
  report_fd(open_as(place->dirfd, place->path, &how));
}

static void call_openat2_in_root(const struct place* place, const struct operation* operation) {
  struct open_how how = {.flags = (unsigned long)operation->value, .resolve = RESOLVE_IN_ROOT};
  if (operation->value & O_CREAT) how.mode = 0640;
  report_fd(open_as(place->dirfd, place->path, &how));
}

/* The path as if the directory were "/". */
static void call_openat2_from_root(const struct place* place, const struct operation* operation) {
  struct open_how how = {.flags = (unsigned long)operation->value, .resolve = RESOLVE_IN_ROOT};
  char path[4096];
  if (operation->value & O_CREAT) how.mode = 0640;
  path[0] = '/';
  strncpy(path + 1, place->path, sizeof path - 2);
  path[sizeof path - 1] = '\0';
  report_fd(open_as(place->dirfd, path, &how));
}

static void call_openat2_short(const struct place* place, const struct operation* operation) {
  struct open_how how = {.flags = (unsigned long)operation->value};
  report_fd((int)syscall(SYS_openat2, place->dirfd, place->path, &how, (size_t)8));
}

static void call_faccessat2(const struct place* place, const struct operation* operation) {
  report_call(syscall(kFaccessat2, place->dirfd, place->path, W_OK, operation->value));
}

static void call_fchmodat2(const struct place* place, const struct operation* operation) {
  report_call(syscall(kFchmodat2, place->dirfd, place->path, 0600, operation->value));
}

#if defined(__x86_64__)
FD_CALL(open, place->path, operation->value, 0640)
FD_CALL(creat, place->path, 0640)
PATH_CALL(mkdir, place->path, 0750)
PATH_CALL(unlink, place->path)
PATH_CALL(rmdir, place->path)
PATH_CALL(rename, place->path, place->to)
PATH_CALL(renameat, place->dirfd, place->path, place->to_dirfd, place->to)
PATH_CALL(chmod, place->path, 0600)
PATH_CALL(access, place->path, operation->value)

static void call_utime(const struct place* place, const struct operation* operation) {
  struct utimbuf times = {kProbeTime, kProbeTime};
  (void)operation;
  report_call(syscall(SYS_utime, place->path, &times));
}

static const struct timeval given_microseconds[2] = {{kProbeTime, 0}, {kProbeTime, 0}};
PATH_CALL(utimes, place->path, given_microseconds)
PATH_CALL(futimesat, place->dirfd, place->path, given_microseconds)
#endif

#if defined(__x86_64__)
PATH_CALL(link, place->path, place->to)
PATH_CALL(symlink, "anything", place->path)
PATH_CALL(mknod, place->path, S_IFREG | 0640, 0)
PATH_CALL(chown, place->path, -1, -1)
PATH_CALL(lchown, place->path, -1, -1)
#endif

#define ROW(name, variant, kind, breadth, value) \
  { "syscall", #name variant, kind, breadth, call_##name, FUNCTION(syscall), value, 0 }

static const struct operation operations[] = {
    ROW(openat, ", O_WRONLY", kAt, kMany, O_WRONLY),
    ROW(openat, ", O_RDWR | O_CREAT", kAt, kMany, O_RDWR | O_CREAT),
    ROW(openat, ", O_RDONLY | O_CREAT", kAt, kFew, O_RDONLY | O_CREAT),
    ROW(openat, ", O_RDONLY | O_TRUNC", kAt, kFew, O_RDONLY | O_TRUNC),
    ROW(openat, ", O_RDONLY", kAt, kFew, O_RDONLY),
    ROW(openat, ", O_TMPFILE | O_RDWR", kAt, kFew, O_TMPFILE | O_RDWR),
    ROW(openat2, ", O_WRONLY", kAt, kMany, O_WRONLY),
    ROW(openat2, ", O_RDWR | O_CREAT", kAt, kMany, O_RDWR | O_CREAT),
    ROW(openat2, ", O_RDONLY | O_TRUNC", kAt, kFew, O_RDONLY | O_TRUNC),
    ROW(openat2, ", O_RDONLY", kAt, kFew, O_RDONLY),
    ROW(openat2_beneath, ", O_WRONLY", kAt, kMany, O_WRONLY),
    ROW(openat2_no_links, ", O_WRONLY", kAt, kFew, O_WRONLY),
    ROW(openat2_in_root, ", O_WRONLY", kAt, kMany, O_WRONLY),
    ROW(openat2_in_root, ", O_RDWR | O_CREAT", kAt, kFew, O_RDWR | O_CREAT),
    ROW(openat2_from_root, ", O_WRONLY", kAt, kFew, O_WRONLY),
    ROW(openat2_from_root, ", O_RDWR | O_CREAT", kAt, kFew, O_RDWR | O_CREAT),
    ROW(openat2_from_root, ", O_RDONLY", kAt, kFew, O_RDONLY),
    ROW(openat2_short, ", O_WRONLY", kAt, kFew, O_WRONLY),
    ROW(mkdirat, "", kAt, kFew, 0),
    ROW(unlinkat, ", 0", kAt, kFew, 0),
    ROW(unlinkat, ", AT_REMOVEDIR", kAt, kFew, AT_REMOVEDIR),
    ROW(renameat2, ", 0", kTwoAt, kFew, 0),
    ROW(renameat2, ", RENAME_EXCHANGE", kTwoAt, kFew, 2),
    ROW(truncate, "", kPath, kFew, 2),
    ROW(ftruncate, "", kDescriptor, kMany, 2),
    ROW(fchmod, "", kDescriptor, kMany, 0),
    ROW(fchmodat, "", kAt, kFew, 0),
    ROW(fchmodat2, ", 0", kAt, kFew, 0),
    ROW(fchmodat2, ", AT_SYMLINK_NOFOLLOW", kAt, kMany, AT_SYMLINK_NOFOLLOW),
    ROW(fchmodat2, ", AT_EMPTY_PATH", kAt, kMany, AT_EMPTY_PATH),
    ROW(faccessat, ", W_OK", kAt, kMany, W_OK),
    ROW(faccessat, ", R_OK", kAt, kFew, R_OK),
    ROW(faccessat2, ", W_OK, 0", kAt, kFew, 0),
    ROW(faccessat2, ", W_OK, AT_EACCESS", kAt, kFew, AT_EACCESS),
    ROW(faccessat2, ", W_OK, AT_EMPTY_PATH", kAt, kFew, AT_EMPTY_PATH),
    ROW(utimensat, ", 0", kAt, kMany, 0),
    ROW(utimensat, ", AT_EMPTY_PATH", kAt, kFew, AT_EMPTY_PATH),
    ROW(linkat, ", 0", kTwoAt, kFew, 0),
    ROW(symlinkat, "", kAt, kFew, 0),
    ROW(mknodat, "", kAt, kFew, 0),
    ROW(fchownat, ", 0", kAt, kFew, 0),
    ROW(fchownat, ", AT_EMPTY_PATH", kAt, kFew, AT_EMPTY_PATH),
    ROW(fchown, "", kDescriptor, kFew, 0),
    ROW(setxattr, "", kPath, kFew, 0),
    ROW(lsetxattr, "", kPath, kFew, 0),
    ROW(fsetxattr, "", kDescriptor, kFew, 0),
    ROW(fsetxattr, ", an unknown flag", kDescriptor, kFew, 64),
    ROW(removexattr, "", kPath, kFew, 0),
    ROW(lremovexattr, "", kPath, kFew, 0),
    ROW(fremovexattr, "", kDescriptor, kFew, 0),
    ROW(setxattrat, ", 0", kAt, kFew, 0),
    ROW(setxattrat, ", AT_EMPTY_PATH", kAt, kFew, AT_EMPTY_PATH),
    ROW(removexattrat, ", AT_SYMLINK_NOFOLLOW", kAt, kFew, AT_SYMLINK_NOFOLLOW),
    ROW(file_setattr, ", 0", kAt, kFew, 0),
    ROW(file_setattr, ", AT_EMPTY_PATH", kAt, kFew, AT_EMPTY_PATH),
    ROW(ioctl, ", FS_IOC_SETFLAGS", kDescriptor, kFew, 0),
    ROW(bind, "", kPath, kFew, 0),
    ROW(statfs, "", kPath, kFew, 0),
    ROW(fstatfs, "", kDescriptor, kFew, 0),
#if defined(__x86_64__)
    ROW(open, ", O_WRONLY", kPath, kFew, O_WRONLY),
    ROW(open, ", O_RDWR | O_CREAT", kPath, kFew, O_RDWR | O_CREAT),
    ROW(open, ", O_RDONLY | O_TRUNC", kPath, kFew, O_RDONLY | O_TRUNC),
    ROW(open, ", O_RDONLY", kPath, kFew, O_RDONLY),
    ROW(creat, "", kPath, kFew, 0),
    ROW(mkdir, "", kPath, kFew, 0),
    ROW(unlink, "", kPath, kFew, 0),
    ROW(rmdir, "", kPath, kFew, 0),
    ROW(rename, "", kTwoPaths, kFew, 0),
    ROW(link, "", kTwoPaths, kFew, 0),
    ROW(symlink, "", kPath, kFew, 0),
    ROW(mknod, "", kPath, kFew, 0),
    ROW(chown, "", kPath, kFew, 0),
    ROW(lchown, "", kPath, kFew, 0),
    ROW(renameat, "", kTwoAt, kFew, 0),
    ROW(chmod, "", kPath, kFew, 0),
    ROW(access, ", W_OK", kPath, kFew, W_OK),
    ROW(access, ", R_OK", kPath, kFew, R_OK),
    ROW(utime, "", kPath, kFew, 0),
    ROW(utimes, "", kPath, kFew, 0),
    ROW(futimesat, "", kAt, kMany, 0),
#endif
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
