// Does what it is told, one word after another, and says how each went: `open:PATH` opens for
// writing, `chdir:PATH` and so on. The ways to change the directory pass no hook.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void say(const char* what, const char* with, long result) {
  printf("%s:%s: %s\n", what, with, result < 0 ? strerrorname_np(errno) : "done");
}

static int close_it(int descriptor) {
  if (descriptor >= 0) close(descriptor);
  return descriptor;
}

static int open_file_here(const char* path, const struct stat* status, int type,
                          struct FTW* place) {
  (void)status, (void)place;
  if (type == FTW_F && strcmp(strrchr(path, '/'), "/file") == 0)
    say("nftw", "file", close_it(open("file", O_WRONLY)));
  return 0;
}

static void walk_with_fts(const char* directory) {
  char text[4096];
  snprintf(text, sizeof text, "%s", directory);
  char* const roots[] = {text, NULL};
  FTS* walk = fts_open(roots, FTS_PHYSICAL, NULL);
  for (FTSENT* entry; walk != NULL && (entry = fts_read(walk)) != NULL;)
    if (entry->fts_info == FTS_F && strcmp(entry->fts_name, "file") == 0)
      say("fts", "file", close_it(open("file", O_WRONLY)));
  if (walk != NULL) fts_close(walk);
}

// Not through libc at all.
static long raw_chdir(const char* path) {
#if defined(__x86_64__)
  long result = SYS_chdir;
  __asm__ volatile("syscall" : "+a"(result) : "D"(path) : "rcx", "r11", "memory");
  return result;
#else
  register long number __asm__("x8") = SYS_chdir;
  register long result __asm__("x0") = (long)path;
  __asm__ volatile("svc 0" : "+r"(result) : "r"(number) : "memory");
  return result;
#endif
}

static void on_descriptor(const char* path) {
  int descriptor = open(path, O_RDONLY);
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    say("descriptor", path, -1);
    return;
  }
  const struct timespec times[2] = {status.st_atim, status.st_mtim};
  say("fchmod", path, fchmod(descriptor, status.st_mode & 07777));
  say("futimens", path, futimens(descriptor, times));
  close(descriptor);
}

// The child's standard output goes to `path`, which is opened where the child is then.
static void spawn(const char* directory, int descriptor, const char* path) {
  char* const words[] = {"true", NULL};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (directory != NULL) posix_spawn_file_actions_addchdir_np(&actions, directory);
  if (descriptor >= 0) posix_spawn_file_actions_addfchdir_np(&actions, descriptor);
  errno = posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT, 0644);
  pid_t child;
  if (errno == 0) errno = posix_spawnp(&child, "true", &actions, NULL, words, environ);
  if (errno == 0) waitpid(child, NULL, 0);
  say(descriptor >= 0 ? "spawn, descriptor" : "spawn", path, errno == 0 ? 0 : -1);
  posix_spawn_file_actions_destroy(&actions);
}

static void spawn_in(const char* directory, const char* path) {
  spawn(directory, -1, path);
  int descriptor = open(directory, O_RDONLY | O_DIRECTORY);
  spawn(NULL, descriptor, path);
  spawn("/", descriptor, path);
  close(descriptor);
}

static void by_handle(const char* path) {
  struct {
    struct file_handle handle;
    unsigned char bytes[MAX_HANDLE_SZ];
  } memory = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
  int mount;
  if (name_to_handle_at(AT_FDCWD, path, &memory.handle, &mount, 0) != 0) {
    say("handle", path, -1);
    return;
  }
  char above[4096];
  snprintf(above, sizeof above, "%s", path);
  *strrchr(above, '/') = 0;
  int directory = open(above, O_RDONLY | O_DIRECTORY);
  say("handle", path, close_it(open_by_handle_at(directory, &memory.handle, O_WRONLY)));
  close(directory);
}

// Without /proc nobody tells where an open file is.
static void in_jail(const char* file, const char* root) {
  int descriptor = open(file, O_RDONLY);
  if (chroot(root) != 0) say("chroot", root, -1);
  say("jailed", file, fchmod(descriptor, 0644));
}

int main(int count, char** words) {
  for (int i = 1; i < count; i++) {
    char* at = strchr(words[i], ':');
    if (at == NULL) return 2;
    *at++ = 0;
    char* second = strchr(at, '=');
    if (second != NULL) *second++ = 0;
    const char* verb = words[i];
    if (strcmp(verb, "open") == 0)
      say(verb, at, close_it(open(at, O_WRONLY)));
    else if (strcmp(verb, "create") == 0)
      say(verb, at, close_it(open(at, O_WRONLY | O_CREAT, 0644)));
    else if (strcmp(verb, "chdir") == 0)
      say(verb, at, chdir(at));
    else if (strcmp(verb, "raw") == 0)
      say(verb, at, raw_chdir(at));
    else if (strcmp(verb, "nftw") == 0)
      nftw(at, open_file_here, 8, FTW_CHDIR | FTW_PHYS);
    else if (strcmp(verb, "fts") == 0)
      walk_with_fts(at);
    else if (strcmp(verb, "descriptor") == 0)
      on_descriptor(at);
    else if (strcmp(verb, "spawn") == 0 && second != NULL)
      spawn_in(at, second);
    else if (strcmp(verb, "spawn") == 0)
      spawn(NULL, -1, at);
    else if (strcmp(verb, "handle") == 0)
      by_handle(at);
    else if (strcmp(verb, "jailed") == 0 && second != NULL)
      in_jail(at, second);
    else if (strcmp(verb, "rename") == 0 && second != NULL)
      say(verb, at, rename(at, second));
    else if (strcmp(verb, "exchange") == 0 && second != NULL)
      say(verb, at, renameat2(AT_FDCWD, at, AT_FDCWD, second, RENAME_EXCHANGE));
    else
      return 2;
  }
  return 0;
}
