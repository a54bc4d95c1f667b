/* Changes files by a path that another thread or process changes all the time: between "tree" and
 * "free", two directories of the base. What happens is up to who looks at the path when.
 *
 *   flipped_path list
 *
 * prints the names of the calls.
 *
 *   flipped_path BASE thread|process TIMES CALL [both]
 *
 * makes the call so often, and with "both" until it was made as well as refused; prints how often
 * it was. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>
#include <utmp.h>

extern char** environ;

static const char* base;
static char* path;     /* "BASE/tree/LEAF" or "tree/LEAF", for now */
static uint32_t* word; /* its "tree" */
static volatile int* done;
static volatile int* flips;

static const char* outside(const char* leaf) {
  static char text[2][4096];
  static int turn;
  turn = 1 - turn;
  snprintf(text[turn], sizeof(text[turn]), "%s/free/%s", base, leaf);
  return text[turn];
}

/* Whether a descriptor came; it is closed. */
static int opened(long descriptor) {
  if (descriptor < 0) return -1;
  close((int)descriptor);
  return 0;
}
static int stream_opened(FILE* stream) { return stream == NULL ? -1 : fclose(stream); }

static int call_open(void) { return opened(open(path, O_WRONLY | O_TRUNC)); }
static int call_open_create(void) { return opened(open(path, O_WRONLY | O_CREAT, 0644)); }
static int call_creat(void) { return opened(creat(path, 0644)); }
static int call_openat(void) { return opened(openat(AT_FDCWD, path, O_RDWR | O_TRUNC)); }
static int call_fopen(void) { return stream_opened(fopen(path, "w")); }
static int call_freopen(void) {
  FILE* stream = fopen("/dev/null", "r");
  stream = freopen(path, "w", stream);
  return stream_opened(stream);
}
static int call_mkstemp(void) {
  memcpy(path + strlen(path) - 6, "XXXXXX", 6);
  return opened(mkstemp(path));
}
static int call_mkdtemp(void) {
  memcpy(path + strlen(path) - 6, "XXXXXX", 6);
  return mkdtemp(path) == NULL ? -1 : 0;
}
static int call_mkdir(void) { return mkdir(path, 0755); }
static int call_rmdir(void) { return rmdir(path); }
static int call_unlink(void) { return unlink(path); }
static int call_remove(void) { return remove(path); }
static int call_rename_from(void) { return rename(path, outside("other")); }
static int call_rename_to(void) { return rename(outside("other"), path); }
static int call_renameat2(void) {
  return renameat2(AT_FDCWD, outside("other"), AT_FDCWD, path, RENAME_EXCHANGE);
}
static int call_link(void) { return link(outside("other"), path); }
static int call_symlink(void) { return symlink("text", path); }
static int call_mkfifo(void) { return mkfifo(path, 0644); }
static int call_truncate(void) { return truncate(path, 0); }
static int call_chmod(void) { return chmod(path, 0600); }
static int call_lchown(void) { return lchown(path, getuid(), getgid()); }
static int call_utimensat(void) {
  const struct timespec times[2] = {{1, 0}, {1, 0}};
  return utimensat(AT_FDCWD, path, times, 0);
}
static int call_utime(void) {
  const struct utimbuf times = {1, 1};
  return utime(path, &times);
}
static int call_updwtmp(void) {
  struct utmp entry;
  memset(&entry, 0, sizeof(entry));
  errno = 0;
  updwtmp(path, &entry);
  return errno == 0 ? 0 : -1;
}
static int call_bind(void) {
  struct sockaddr_un* address = (void*)(path - offsetof(struct sockaddr_un, sun_path));
  int number = socket(AF_UNIX, SOCK_STREAM, 0);
  address->sun_family = AF_UNIX;
  int result = bind(number, (void*)address,
                    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1));
  close(number);
  return result;
}
static int call_spawn(void) {
  posix_spawn_file_actions_t actions;
  pid_t child;
  char* arguments[] = {"true", NULL};
  posix_spawn_file_actions_init(&actions);
  int error = posix_spawn_file_actions_addopen(&actions, 9, path, O_WRONLY | O_TRUNC, 0);
  if (error == 0) error = posix_spawn(&child, "/bin/true", &actions, NULL, arguments, environ);
  if (error == 0) waitpid(child, NULL, 0);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? 0 : -1;
}
static int number_openat(void) {
  return opened(syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_TRUNC));
}
static int number_openat2(void) {
  const uint64_t how[3] = {O_WRONLY | O_TRUNC, 0, 0};
  return opened(syscall(437, AT_FDCWD, path, how, sizeof(how)));
}
static int number_mkdirat(void) { return (int)syscall(SYS_mkdirat, AT_FDCWD, path, 0755); }
static int number_unlinkat(void) { return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }
static int number_renameat2(void) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, outside("other"), AT_FDCWD, path, 0);
}
static int number_truncate(void) { return (int)syscall(SYS_truncate, path, 0); }
static int number_fchmodat(void) { return (int)syscall(SYS_fchmodat, AT_FDCWD, path, 0600); }
static int number_symlinkat(void) { return (int)syscall(SYS_symlinkat, "text", AT_FDCWD, path); }

/* "file" and "dir" are in both directories, "new" in neither. */
static const struct call {
  const char* name;
  const char* leaf;
  int (*make)(void);
} calls[] = {
    {"open", "file", call_open},
    {"open-create", "new", call_open_create},
    {"creat", "file", call_creat},
    {"openat", "file", call_openat},
    {"fopen", "file", call_fopen},
    {"freopen", "file", call_freopen},
    {"mkstemp", "XXXXXX", call_mkstemp},
    {"mkdtemp", "XXXXXX", call_mkdtemp},
    {"mkdir", "new", call_mkdir},
    {"rmdir", "dir", call_rmdir},
    {"unlink", "file", call_unlink},
    {"remove", "file", call_remove},
    {"rename-from", "file", call_rename_from},
    {"rename-to", "file", call_rename_to},
    {"renameat2", "file", call_renameat2},
    {"link", "new", call_link},
    {"symlink", "new", call_symlink},
    {"mkfifo", "new", call_mkfifo},
    {"truncate", "file", call_truncate},
    {"chmod", "file", call_chmod},
    {"lchown", "file", call_lchown},
    {"utimensat", "file", call_utimensat},
    {"utime", "file", call_utime},
    {"updwtmp", "file", call_updwtmp},
    {"bind", "new", call_bind},
    {"posix_spawn_file_actions_addopen", "file", call_spawn},
    {"syscall-openat", "file", number_openat},
    {"syscall-openat2", "file", number_openat2},
    {"syscall-mkdirat", "new", number_mkdirat},
    {"syscall-unlinkat", "file", number_unlinkat},
    {"syscall-renameat2", "file", number_renameat2},
    {"syscall-truncate", "file", number_truncate},
    {"syscall-fchmodat", "file", number_fchmodat},
    {"syscall-symlinkat", "new", number_symlinkat},
};
enum { kCalls = sizeof(calls) / sizeof(calls[0]) };

static void* flip(void* unused) {
  uint32_t inside, beside;
  memcpy(&inside, "tree", 4);
  memcpy(&beside, "free", 4);
  while (!*done) {
    __atomic_store_n(word, inside, __ATOMIC_RELAXED);
    for (volatile int i = 0; i < 200; ++i) continue;
    __atomic_store_n(word, beside, __ATOMIC_RELAXED);
    for (volatile int i = 0; i < 200; ++i) continue;
    ++*flips;
  }
  return unused;
}

/* What every call finds outside, whatever the last one did. */
static void put_back(void) {
  static const char* const files[] = {"file", "other"};
  unlink(outside("new"));
  rmdir(outside("new"));
  mkdir(outside("dir"), 0755);
  for (int i = 0; i < 2; ++i) close(open(outside(files[i]), O_WRONLY | O_CREAT, 0644));
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "list") == 0) {
    for (int i = 0; i < kCalls; ++i) puts(calls[i].name);
    return 0;
  }
  if (argc < 5) return 2;
  base = argv[1];
  const int in_process = strcmp(argv[2], "process") == 0;
  const struct call* call = NULL;
  for (int i = 0; i < kCalls; ++i) {
    if (strcmp(calls[i].name, argv[4]) == 0) call = &calls[i];
  }
  char* page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (call == NULL || page == MAP_FAILED) return 2;
  done = (volatile int*)page;
  flips = done + 1;
  /* By name as by the file system: the socket's path is short, and the directory is known. */
  const int relative = strcmp(call->name, "bind") == 0;
  if (chdir(base) != 0) return 2;
  const size_t before = relative ? 0 : strlen(base) + 1;
  path = page + 64 + (4 - before % 4) % 4;
  /* A Unix address has its family in front of the path. */
  sprintf(path, "%s%stree/%s", relative ? "" : base, relative ? "" : "/", call->leaf);
  word = (uint32_t*)(void*)(path + before);

  pthread_t thread;
  pid_t child = -1;
  if (in_process) {
    child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      flip(NULL);
      _exit(0);
    }
  } else {
    pthread_create(&thread, NULL, flip, NULL);
  }
  int made = 0, refused = 0;
  const int times = atoi(argv[3]);
  const time_t end = time(NULL) + 20;
  for (int i = 0; i < times || (argc > 5 && (made == 0 || refused == 0) && time(NULL) < end); ++i) {
    /* On a busy machine whoever changes the path may not run for a while. */
    if (i >= times || i % 64 == 0) {
      for (int seen = *flips; seen == *flips && time(NULL) < end;) usleep(100);
    }
    put_back();
    ++*(call->make() == 0 ? &made : &refused);
  }
  *done = 1;
  if (in_process) {
    waitpid(child, NULL, 0);
  } else {
    pthread_join(thread, NULL);
  }
  printf("made %d refused %d\n", made, refused);
  return 0;
}
