#define _GNU_SOURCE
#include "exec_ways.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

#ifndef __GLIBC__ /* musl has no such function */
#define execveat(directory, path, arguments, environment, flags) \
  (int)syscall(SYS_execveat, directory, path, arguments, environment, flags)
#endif

const char* const way_names[WAY_COUNT] = {
    "execve",
    "execv",
    "execvp",
    "execvpe",
    "execl",
    "execlp",
    "execle",
    "execveat",
    "execveat of a descriptor",
    "fexecve",
    "syscall(SYS_execve)",
    "syscall(SYS_execveat)",
    "posix_spawn",
    "posix_spawnp",
    "system",
    "popen",
};

static int wait_for(int error, pid_t child) {
  int status = 0;
  if (error != 0) {
    errno = error;
    return -1;
  }
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

/* As a shell command. The arguments used here need no quoting. */
static const char* command_of(char** arguments, char* text, size_t size) {
  text[0] = '\0';
  for (int i = 0; arguments[i] != NULL; ++i) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", i == 0 ? "" : " ", arguments[i]);
  }
  return text;
}

static int by_popen(const char* command) {
  FILE* stream = popen(command, "r");
  if (stream == NULL) return -1;
  char text[4096];
  size_t got;
  while ((got = fread(text, 1, sizeof(text), stream)) > 0) {
    if (write(1, text, got) < 0) break;
  }
  return pclose(stream);
}

/* A function of its own: its texts would not fit on the small stacks that the other ways are tried
 * on. */
__attribute__((noinline)) static int by_shell(enum way way, char** arguments) {
  char command[4096];
  command_of(arguments, command, sizeof(command));
  return way == WAY_SYSTEM ? system(command) : by_popen(command);
}

static int by_descriptor(enum way way, const char* file, char** arguments, char** environment) {
  /* Stays open: the interpreter of a script reads it. */
  int descriptor = open(file, O_PATH);
  if (descriptor < 0) return -1;
  int result = way == WAY_FEXECVE ? fexecve(descriptor, arguments, environment)
                                  : execveat(descriptor, "", arguments, environment, AT_EMPTY_PATH);
  int error = errno;
  close(descriptor);
  errno = error;
  return result;
}

/* The list forms end at the first NULL: each number of arguments is a call of its own. */
static int by_execle(const char* file, char** a, int count, char** environment) {
  switch (count) {
    case 1:
      return execle(file, a[0], (char*)NULL, environment);
    case 2:
      return execle(file, a[0], a[1], (char*)NULL, environment);
    case 3:
      return execle(file, a[0], a[1], a[2], (char*)NULL, environment);
    case 4:
      return execle(file, a[0], a[1], a[2], a[3], (char*)NULL, environment);
    default:
      return execle(file, a[0], a[1], a[2], a[3], a[4], (char*)NULL, environment);
  }
}

int start_program(enum way way, const char* file, char** arguments, char** environment) {
  pid_t child = 0;
  int taken = 0;
  while (taken < 5 && arguments[taken] != NULL) ++taken;
  char* l[6] = {NULL};
  for (int i = 0; i < taken; ++i) l[i] = arguments[i];
  switch (way) {
    case WAY_EXECV:
    case WAY_EXECVP:
    case WAY_EXECL:
    case WAY_EXECLP:
    case WAY_SYSTEM:
    case WAY_POPEN:
      environ = environment;
      break;
    default:
      break;
  }
  switch (way) {
    case WAY_EXECVE:
      return execve(file, arguments, environment);
    case WAY_EXECV:
      return execv(file, arguments);
    case WAY_EXECVP:
      return execvp(file, arguments);
    case WAY_EXECVPE:
      return execvpe(file, arguments, environment);
    case WAY_EXECL:
      return execl(file, l[0], l[1], l[2], l[3], l[4], (char*)NULL);
    case WAY_EXECLP:
      return execlp(file, l[0], l[1], l[2], l[3], l[4], (char*)NULL);
    case WAY_EXECLE:
      return by_execle(file, arguments, taken, environment);
    case WAY_EXECVEAT:
      return execveat(AT_FDCWD, file, arguments, environment, 0);
    case WAY_EXECVEAT_DESCRIPTOR:
    case WAY_FEXECVE:
      return by_descriptor(way, file, arguments, environment);
    case WAY_SYSCALL_EXECVE:
      return (int)syscall(SYS_execve, file, arguments, environment);
    case WAY_SYSCALL_EXECVEAT:
      return (int)syscall(SYS_execveat, AT_FDCWD, file, arguments, environment, 0);
    case WAY_POSIX_SPAWN:
      return wait_for(posix_spawn(&child, file, NULL, NULL, arguments, environment), child);
    case WAY_POSIX_SPAWNP:
      return wait_for(posix_spawnp(&child, file, NULL, NULL, arguments, environment), child);
    case WAY_SYSTEM:
    case WAY_POPEN:
      return by_shell(way, arguments);
    case WAY_COUNT:
      break;
  }
  errno = EINVAL;
  return -1;
}
