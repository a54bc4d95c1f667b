// Calls the kernel by number in the ways that the probes cannot try, as its arguments say,
// VERB:WORD, and says how each went.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char* what, const char* with, long result) {
  printf("%s:%s: %s\n", what, with, result < 0 ? strerrorname_np(errno) : "done");
  fflush(stdout);
}

static long create_by(long number, const char* path) {
  long result = syscall(number, AT_FDCWD, path, O_WRONLY | O_CREAT, 0600);
  if (result >= 0) close((int)result);
  return result;
}

static long open_handle(const char* path) {
  struct {
    struct file_handle head;
    char more[MAX_HANDLE_SZ];
  } handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
  int mount;
  if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount, 0) != 0) return -1;
  int directory = open("/", O_RDONLY | O_DIRECTORY), beside = open(path, O_RDONLY);
  long result = syscall(SYS_open_by_handle_at, beside, &handle.head, O_WRONLY);
  close(directory), close(beside);
  return result;
}

// The directory becomes "/" of a mount namespace of this process's own.
static long pivot(const char* directory, int by_number) {
  char old[4096];
  snprintf(old, sizeof old, "%s/old", directory);
  if ((by_number ? syscall(SYS_unshare, CLONE_NEWNS) : unshare(CLONE_NEWNS)) != 0 ||
      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount(directory, directory, NULL, MS_BIND, NULL) != 0)
    return -1;
  return syscall(SYS_pivot_root, directory, old) == 0 ? chdir("/") : -1;
}

// Into the mount namespace of a child that has another "/".
static long join(const char* directory) {
  int ready[2];
  char byte = 0, name[64];
  if (pipe(ready) != 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    byte = pivot(directory, 0) == 0;
    if (write(ready[1], &byte, 1) == 1) pause();
    _exit(0);
  }
  long result = -1;
  if (read(ready[0], &byte, 1) == 1 && byte == 1) {
    snprintf(name, sizeof name, "/proc/%d/ns/mnt", (int)child);
    int space = open(name, O_RDONLY);
    result = syscall(SYS_setns, space, CLONE_NEWNS);
    close(space);
  } else {
    errno = EPERM;
  }
  int error = errno;
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  errno = error;
  return result;
}

// SCTP_SOCKOPT_CONNECTX3, which connects although it only gets an option. On a socket of TCP the
// kernel knows no such option, so that nothing is sent in any case.
static long connect_by_option(const char* address) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
  inet_pton(AF_INET, address, &to.sin_addr);
  struct {
    int association, bytes;
    void* addresses;
  } request = {0, sizeof to, &to};
  socklen_t size = sizeof request;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  long result = syscall(SYS_getsockopt, fd, IPPROTO_SCTP, 111, &request, &size);
  close(fd);
  return result;
}

// PID,DESCRIPTOR of another process; what can be done with it.
static void take(const char* word) {
  int pid = 0, number = 0;
  sscanf(word, "%d,%d", &pid, &number);
  int process = (int)syscall(SYS_pidfd_open, pid, 0);
  long got = process < 0 ? -1 : syscall(SYS_pidfd_getfd, process, number, 0);
  if (got >= 0) got = write((int)got, "X", 1);
  say("take", "", got);
}

int main(int count, char** words) {
  for (int i = 1; i < count; i++) {
    char* at = strchr(words[i], ':');
    if (at == NULL) return 2;
    *at++ = 0;
    const char* verb = words[i];
    if (strcmp(verb, "create") == 0) {
      say(verb, at, create_by(SYS_openat, at));
    } else if (strcmp(verb, "high") == 0) {
      // The kernel looks at the lower half of the register alone.
      say(verb, at, create_by(SYS_openat | 1L << 32, at));
    } else if (strcmp(verb, "x32") == 0) {
      // The second set of numbers that kernels may have on x86-64.
      say(verb, at, create_by(SYS_openat | 0x40000000, at));
    } else if (strcmp(verb, "handle") == 0) {
      say(verb, at, open_handle(at));
    } else if (strcmp(verb, "acct") == 0) {
      long result = syscall(SYS_acct, at);
      say(verb, at, result);
      if (result == 0) acct(NULL);
    } else if (strcmp(verb, "swapon") == 0) {
      say(verb, at, syscall(SYS_swapon, at, 0));
    } else if (strcmp(verb, "swapoff") == 0) {
      say(verb, at, syscall(SYS_swapoff, at));
    } else if (strcmp(verb, "chroot") == 0) {
      say(verb, at, syscall(SYS_chroot, at) == 0 ? chdir("/") : -1);
    } else if (strcmp(verb, "pivot") == 0) {
      say(verb, at, pivot(at, 1));
    } else if (strcmp(verb, "join") == 0) {
      say(verb, at, join(at));
    } else if (strcmp(verb, "take") == 0) {
      take(at);
    } else if (strcmp(verb, "option") == 0) {
      say(verb, at, connect_by_option(at));
    } else if (strcmp(verb, "end") == 0) {
      syscall(SYS_exit_group, atoi(at));
    } else {
      return 2;
    }
  }
  return 0;
}
