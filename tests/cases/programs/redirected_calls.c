/* What each function that can be redirected says of a directory by one name and by another: prints
 * "same NAME" or "different NAME: ANSWER, not ANSWER" for each; with "reading", for none that would
 * change something.
 *
 *   redirected_calls FROM TO [reading]
 *
 * In both: "file" with 5 bytes, "link" to it, "directory". A name of TO in an answer may be FROM's.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

extern char** environ;

/* Entry points of old and of fortified programs, and what not every libc has. */
#define WEAK __attribute__((weak))
extern int __xstat(int, const char*, struct stat*) WEAK;
extern int __xstat64(int, const char*, struct stat64*) WEAK;
extern int __lxstat(int, const char*, struct stat*) WEAK;
extern int __lxstat64(int, const char*, struct stat64*) WEAK;
extern int __fxstatat(int, int, const char*, struct stat*, int) WEAK;
extern int __fxstatat64(int, int, const char*, struct stat64*, int) WEAK;
extern char* __getcwd_chk(char*, size_t, size_t) WEAK;
extern char* __getwd_chk(char*, size_t) WEAK;
extern char* __realpath_chk(const char*, char*, size_t) WEAK;
extern ssize_t __readlink_chk(const char*, char*, size_t, size_t) WEAK;
extern ssize_t __readlinkat_chk(int, const char*, char*, size_t, size_t) WEAK;
extern int __open_2(const char*, int) WEAK;
extern int __openat_2(int, const char*, int) WEAK;

static char answer[8192];
static char path[PATH_MAX];
static const char* base;
static int only_reading;

static const char* in(const char* leaf) {
  snprintf(path, sizeof(path), "%s/%s", base, leaf);
  return path;
}
static void say(const char* format, ...) {
  va_list list;
  size_t used = strlen(answer);
  va_start(list, format);
  vsnprintf(answer + used, sizeof(answer) - used, format, list);
  va_end(list);
}
static void say_result(long result) {
  say("%ld %s ", result < 0 ? -1 : 0, result < 0 ? strerror(errno) : "");
}
static void say_text(const char* text) { say("%s ", text != NULL ? text : strerror(errno)); }
static void say_link(long length, char* text) {
  if (length >= 0) text[length] = '\0';
  say_text(length >= 0 ? text : NULL);
}

#define STATUS(name, type, call)                         \
  static void try_##name(void) {                         \
    struct type status = {0};                            \
    say_result(call);                                    \
    say("%ld %o", (long)status.st_size, status.st_mode); \
  }
STATUS(stat, stat, stat(in("file"), &status))
STATUS(stat64, stat64, stat64(in("file"), &status))
STATUS(lstat, stat, lstat(in("link"), &status))
STATUS(lstat64, stat64, lstat64(in("link"), &status))
STATUS(fstatat, stat, fstatat(AT_FDCWD, in("file"), &status, 0))
STATUS(fstatat64, stat64, fstatat64(AT_FDCWD, in("file"), &status, 0))
STATUS(__xstat, stat, __xstat(1, in("file"), &status))
STATUS(__xstat64, stat64, __xstat64(1, in("file"), &status))
STATUS(__lxstat, stat, __lxstat(1, in("link"), &status))
STATUS(__lxstat64, stat64, __lxstat64(1, in("link"), &status))
STATUS(__fxstatat, stat, __fxstatat(1, AT_FDCWD, in("file"), &status, 0))
STATUS(__fxstatat64, stat64, __fxstatat64(1, AT_FDCWD, in("file"), &status, 0))
STATUS(number_newfstatat, stat, syscall(SYS_newfstatat, AT_FDCWD, in("file"), &status, 0))
#if defined(__x86_64__)
STATUS(number_stat, stat, syscall(SYS_stat, in("file"), &status))
STATUS(number_lstat, stat, syscall(SYS_lstat, in("link"), &status))
#endif
#define OPENED(name, call)                       \
  static void try_##name(void) {                 \
    long descriptor = call;                      \
    say_result(descriptor);                      \
    if (descriptor >= 0) close((int)descriptor); \
  }
OPENED(open, open(in("file"), O_RDONLY))
OPENED(open64, open64(in("file"), O_RDONLY))
OPENED(openat, openat(AT_FDCWD, in("file"), O_RDONLY))
OPENED(__open_2, __open_2(in("file"), O_RDONLY))
OPENED(__openat_2, __openat_2(AT_FDCWD, in("file"), O_RDONLY))
OPENED(number_openat, syscall(SYS_openat, AT_FDCWD, in("file"), O_RDONLY))
OPENED(creat, creat(in("new"), 0644))
#define RESULT(name, call) \
  static void try_##name(void) { say_result(call); }
RESULT(access, access(in("file"), R_OK))
RESULT(access_write, access(in("file"), W_OK))
RESULT(faccessat, faccessat(AT_FDCWD, in("file"), R_OK, 0))
RESULT(euidaccess, euidaccess(in("file"), R_OK))
RESULT(mkdir, mkdir(in("new"), 0755))
RESULT(unlink, unlink(in("file")))
RESULT(rename, rename(in("file"), "/nowhere/at/all"))
RESULT(truncate, truncate(in("file"), 0))
RESULT(chmod, chmod(in("file"), 0600))
RESULT(number_access, syscall(SYS_faccessat, AT_FDCWD, in("file"), R_OK))
RESULT(number_unlinkat, syscall(SYS_unlinkat, AT_FDCWD, in("file"), 0))
RESULT(acct, acct(in("file")))
RESULT(number_acct, syscall(SYS_acct, in("file")))
RESULT(swapon, swapon(in("file"), 0))
RESULT(number_swapon, syscall(SYS_swapon, in("file"), 0))
RESULT(number_mkdirat, syscall(SYS_mkdirat, AT_FDCWD, in("new"), 0755))
RESULT(number_truncate, syscall(SYS_truncate, in("file"), 0))
RESULT(number_symlinkat, syscall(SYS_symlinkat, "text", AT_FDCWD, in("new")))
RESULT(number_setxattr, syscall(SYS_setxattr, in("file"), "user.x", "x", 1, 0))
RESULT(number_rename_from,
       syscall(SYS_renameat2, AT_FDCWD, in("file"), AT_FDCWD, "/nowhere/at/all", 0))
RESULT(number_rename_to,
       syscall(SYS_renameat2, AT_FDCWD, "/proc/self/comm", AT_FDCWD, in("file"), 0))
RESULT(getxattr, getxattr(in("file"), "user.none", NULL, 0))
RESULT(lgetxattr, lgetxattr(in("link"), "user.none", NULL, 0))
RESULT(listxattr, listxattr(in("file"), NULL, 0))
RESULT(llistxattr, llistxattr(in("link"), NULL, 0))
RESULT(number_getxattr, syscall(SYS_getxattr, in("file"), "user.none", NULL, 0))
RESULT(number_lgetxattr, syscall(SYS_lgetxattr, in("link"), "user.none", NULL, 0))
RESULT(number_listxattr, syscall(SYS_listxattr, in("file"), NULL, 0))
RESULT(number_llistxattr, syscall(SYS_llistxattr, in("link"), NULL, 0))

static void try_statx(void) {
  struct statx status = {0};
  say_result(statx(AT_FDCWD, in("file"), 0, STATX_SIZE, &status));
  say("%ld", (long)status.stx_size);
}
static void try_number_statx(void) {
  struct statx status = {0};
  say_result(syscall(SYS_statx, AT_FDCWD, in("file"), 0, STATX_SIZE, &status));
  say("%ld", (long)status.stx_size);
}
static void try_fopen(void) {
  char text[16] = "";
  FILE* file = fopen(in("file"), "r");
  say_text(file == NULL ? NULL : fgets(text, sizeof(text), file));
  if (file != NULL) fclose(file);
}
static void try_statvfs(void) {
  struct statvfs status = {0};
  say_result(statvfs(in("file"), &status));
  say("%lu", status.f_flag & ST_RDONLY);
}
static void try_statfs(void) {
  struct statfs status = {0};
  say_result(statfs(in("file"), &status));
}
static void try_opendir(void) {
  int entries = 0;
  DIR* directory = opendir(in(""));
  say_result(directory == NULL ? -1 : 0);
  while (directory != NULL && readdir(directory) != NULL) ++entries;
  say("%d", entries);
  if (directory != NULL) closedir(directory);
}
static void try_scandir(void) {
  struct dirent** names;
  int count = scandir(in("."), &names, NULL, alphasort);
  say_result(count);
  for (int i = 0; i < count; ++i) say_text(names[i]->d_name);
}
static void try_scandir64(void) {
  struct dirent64** names;
  int count = scandir64(in("."), &names, NULL, alphasort64);
  say_result(count);
  for (int i = 0; i < count; ++i) say_text(names[i]->d_name);
}
static void try_realpath(void) { say_text(realpath(in("link"), NULL)); }
static void try_realpath_into_a_buffer(void) {
  static char text[PATH_MAX];
  say_text(realpath(in("directory/.."), text));
}
static void try___realpath_chk(void) {
  static char text[PATH_MAX];
  say_text(__realpath_chk(in("link"), text, sizeof(text)));
}
static void try_canonicalize_file_name(void) { say_text(canonicalize_file_name(in("link"))); }
static void try_readlink(void) {
  char text[PATH_MAX];
  say_link(readlink(in("link"), text, sizeof(text) - 1), text);
}
static void try_readlinkat(void) {
  char text[PATH_MAX];
  say_link(readlinkat(AT_FDCWD, in("link"), text, sizeof(text) - 1), text);
}
static void try___readlink_chk(void) {
  char text[PATH_MAX];
  say_link(__readlink_chk(in("link"), text, sizeof(text) - 1, sizeof(text)), text);
}
static void try___readlinkat_chk(void) {
  char text[PATH_MAX];
  say_link(__readlinkat_chk(AT_FDCWD, in("link"), text, sizeof(text) - 1, sizeof(text)), text);
}
static void try_readlink_of_a_descriptor(void) {
  char text[PATH_MAX], name[64];
  int descriptor = open(in("file"), O_RDONLY);
  snprintf(name, sizeof(name), "/proc/self/fd/%d", descriptor);
  say_link(readlink(name, text, sizeof(text) - 1), text);
  say_link(syscall(SYS_readlinkat, AT_FDCWD, name, text, sizeof(text) - 1), text);
  close(descriptor);
}

/* The working directory, by every function that tells it. */
static void say_directory(void) {
  char text[PATH_MAX];
  say_text(getcwd(text, sizeof(text)));
  say_text(getcwd(NULL, 0));
  say_text(getcwd(NULL, PATH_MAX));
  say_text(getcwd(text, 3));
  say_text(get_current_dir_name());
  if (__getcwd_chk) say_text(__getcwd_chk(text, sizeof(text), sizeof(text)));
  if (__getwd_chk) say_text(__getwd_chk(text, sizeof(text)));
  say_link(readlink("/proc/self/cwd", text, sizeof(text) - 1), text);
  say_text(syscall(SYS_getcwd, text, sizeof(text)) > 0 ? text : NULL);
  say_text(realpath(".", NULL));
  say_result(access("../file", R_OK));
}
static void try_chdir(void) {
  say_result(chdir(in("directory")));
  say_directory();
}
static void try_chdir_and_up(void) {
  say_result(chdir(in("directory")));
  say_result(chdir(".."));
  say_directory();
}
static void try_number_chdir(void) {
  say_result(syscall(SYS_chdir, in("directory")));
  say_directory();
}
static void try_fchdir(void) {
  say_result(fchdir(open(in("directory"), O_RDONLY)));
  say_directory();
}
static void try_relative(void) {
  /* From the directory above FROM. */
  char above[PATH_MAX];
  struct stat status = {0};
  snprintf(above, sizeof(above), "%s", base);
  char* last = strrchr(above, '/');
  *last = '\0';
  say_result(chdir(above));
  snprintf(path, sizeof(path), "./%s/file", last + 1);
  say_result(stat(path, &status));
  say_result(fstatat(open(above, O_RDONLY), path, &status, 0));
  say("%ld", (long)status.st_size);
}
#if defined(__x86_64__)
static void try_number_readlink(void) {
  char text[256];
  say_link(syscall(SYS_readlink, in("link"), text, sizeof(text) - 1), text);
}
#endif
static void try_posix_spawn(void) {
  pid_t child;
  int status = -1;
  char* arguments[] = {"program", NULL};
  int error = posix_spawn(&child, in("program"), NULL, NULL, arguments, environ);
  if (error == 0) waitpid(child, &status, 0);
  say("%s %d", strerror(error), status);
}
static void try_execve(void) {
  int status = -1;
  char* arguments[] = {"program", NULL};
  pid_t child = fork();
  if (child == 0) {
    execve(in("program"), arguments, environ);
    _exit(errno);
  }
  waitpid(child, &status, 0);
  say("%d", status);
}

#define TRY(name) \
  { #name, try_##name, 0 }
#define TRY_CHANGE(name) \
  { #name, try_##name, 1 }
static const struct attempt {
  const char* name;
  void (*run)(void);
  int changes_something;
} attempts[] = {
    TRY(stat),
    TRY(stat64),
    TRY(lstat),
    TRY(lstat64),
    TRY(fstatat),
    TRY(fstatat64),
    TRY(statx),
    TRY(number_statx),
    TRY(number_newfstatat),
#if defined(__x86_64__)
    TRY(number_stat),
    TRY(number_lstat),
    TRY(number_readlink),
#endif
    TRY(number_getxattr),
    TRY(number_lgetxattr),
    TRY(number_listxattr),
    TRY(number_llistxattr),
    TRY(open),
    TRY(open64),
    TRY(openat),
    TRY_CHANGE(creat),
    TRY(number_openat),
    TRY(access),
    TRY(access_write),
    TRY(faccessat),
    TRY_CHANGE(mkdir),
    TRY(euidaccess),
    TRY_CHANGE(unlink),
    TRY_CHANGE(rename),
    TRY_CHANGE(truncate),
    TRY_CHANGE(chmod),
    TRY(number_access),
    TRY_CHANGE(number_unlinkat),
    TRY_CHANGE(acct),
    TRY_CHANGE(number_acct),
    TRY_CHANGE(swapon),
    TRY_CHANGE(number_swapon),
    TRY_CHANGE(number_mkdirat),
    TRY_CHANGE(number_truncate),
    TRY_CHANGE(number_symlinkat),
    TRY_CHANGE(number_setxattr),
    TRY_CHANGE(number_rename_from),
    TRY_CHANGE(number_rename_to),
    TRY(getxattr),
    TRY(lgetxattr),
    TRY(listxattr),
    TRY(llistxattr),
    TRY(fopen),
    TRY(statvfs),
    TRY(statfs),
    TRY(opendir),
    TRY(scandir),
    TRY(scandir64),
    TRY(realpath),
    TRY(realpath_into_a_buffer),
    TRY(canonicalize_file_name),
    TRY(readlink),
    TRY(readlinkat),
    TRY(readlink_of_a_descriptor),
    TRY(chdir),
    TRY(chdir_and_up),
    TRY(number_chdir),
    TRY(fchdir),
    TRY(relative),
    TRY(posix_spawn),
    TRY(execve),
};
static const struct weak_attempt {
  const void* address;
  struct attempt attempt;
} weak_attempts[] = {
    {__xstat, TRY(__xstat)},
    {__xstat64, TRY(__xstat64)},
    {__lxstat, TRY(__lxstat)},
    {__lxstat64, TRY(__lxstat64)},
    {__fxstatat, TRY(__fxstatat)},
    {__fxstatat64, TRY(__fxstatat64)},
    {__open_2, TRY(__open_2)},
    {__openat_2, TRY(__openat_2)},
    {__realpath_chk, TRY(__realpath_chk)},
    {__readlink_chk, TRY(__readlink_chk)},
    {__readlinkat_chk, TRY(__readlinkat_chk)},
};

/* The answer with every name of TO as FROM's. */
static void rename_all(const char* from, const char* to, char* out) {
  const char* at = answer;
  while (*at != '\0') {
    if (strncmp(at, to, strlen(to)) == 0) {
      out += sprintf(out, "%s", from);
      at += strlen(to);
    } else {
      *out++ = *at++;
    }
  }
  *out = '\0';
}

static void compare(const struct attempt* attempt, const char* from, const char* to) {
  static char expected[16384];
  if (only_reading && attempt->changes_something) return;
  fflush(stdout);
  if (fork() != 0) { /* each in a process of its own: they change the directory */
    wait(NULL);
    return;
  }
  answer[0] = '\0';
  base = to;
  attempt->run();
  rename_all(from, to, expected);
  answer[0] = '\0';
  base = from;
  attempt->run();
  if (strcmp(answer, expected) == 0) {
    printf("same %s\n", attempt->name);
  } else {
    printf("different %s: %s, not %s\n", attempt->name, answer, expected);
  }
  fflush(stdout);
  _exit(0);
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  only_reading = argc > 3;
  for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); ++i)
    compare(&attempts[i], argv[1], argv[2]);
  for (size_t i = 0; i < sizeof(weak_attempts) / sizeof(weak_attempts[0]); ++i) {
    if (weak_attempts[i].address != NULL) compare(&weak_attempts[i].attempt, argv[1], argv[2]);
  }
  return 0;
}
