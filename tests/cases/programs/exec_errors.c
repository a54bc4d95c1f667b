/* Prints what every way of starting a program answers to what cannot be started, and how many
 * arguments arrive where it can. Run bare and under the shim, the output must be the same.
 *
 *   exec_errors DIRECTORY      has: plain (not executable), empty (executable, no bytes),
 *                              text (executable, no "#!"), broken ("#!/nowhere"), loop (a link to
 *                              itself), directory/, damaged (an ELF file that the kernel refuses)
 *   exec_errors count ...      prints how many arguments it got and how long they are */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_ways.h"

extern char** environ;

static void say(enum way way, const char* what, const char* file, char** arguments,
                char** environment) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    errno = 0;
    int result = start_program(way, file, arguments, environment);
    printf("%s, %s: %d %s\n", way_names[way], what, result, strerror(errno));
    fflush(stdout);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) printf("%s, %s: status %#x\n", way_names[way], what, status);
}

#define TEN(x) x, x, x, x, x, x, x, x, x, x
#define HUNDRED(x) TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x)
#define THOUSAND(x)                                                                               \
  HUNDRED(x), HUNDRED(x), HUNDRED(x), HUNDRED(x), HUNDRED(x), HUNDRED(x), HUNDRED(x), HUNDRED(x), \
      HUNDRED(x), HUNDRED(x)
#define FIVE_THOUSAND(x) THOUSAND(x), THOUSAND(x), THOUSAND(x), THOUSAND(x), THOUSAND(x)

static void say_many(const char* self) {
  for (int form = 0; form < 3; ++form) {
    fflush(stdout);
    if (fork() == 0) {
      if (form == 0) execl(self, self, "count", FIVE_THOUSAND("argument"), (char*)NULL);
      if (form == 1) execlp(self, self, "count", FIVE_THOUSAND("argument"), (char*)NULL);
      if (form == 2) execle(self, self, "count", FIVE_THOUSAND("argument"), (char*)NULL, environ);
      perror("5000 arguments");
      _exit(1);
    }
    int status = 0;
    wait(&status);
    printf("form %d: status %d\n", form, status);
  }
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "count") == 0) {
    size_t bytes = 0;
    for (int i = 0; i < argc; ++i) bytes += i < 2 ? 0 : strlen(argv[i]) + 1;
    printf("%d arguments, %zu bytes\n", argc, bytes);
    return 0;
  }
  if (argc != 2 || chdir(argv[1]) != 0) return 2;
  setenv("PATH", "/nowhere:.:/usr/bin:/bin", 1);

  static char* none[] = {NULL};
  char* plain[] = {"./x", NULL};
  /* One string may have 128 KiB. */
  char** large = calloc(200, sizeof(char*));
  char* piece = malloc(120 * 1024);
  memset(piece, 'x', 120 * 1024 - 1);
  memcpy(piece, "LARGE=", 6);
  piece[120 * 1024 - 1] = '\0';
  for (int i = 0; i < 100; ++i) large[i] = piece;
  char* too_long = malloc(200 * 1024);
  memset(too_long, 'x', 200 * 1024 - 1);
  memcpy(too_long, "LONG=", 5);
  too_long[200 * 1024 - 1] = '\0';
  char* longest[] = {too_long, NULL};
  char name_too_long[300];
  memset(name_too_long, 'n', sizeof(name_too_long) - 1);
  name_too_long[sizeof(name_too_long) - 1] = '\0';
  char path_too_long[5000];
  for (size_t i = 0; i < sizeof(path_too_long) - 1; ++i) path_too_long[i] = i % 2 == 0 ? '.' : '/';
  path_too_long[sizeof(path_too_long) - 1] = '\0';

  const char* files[] = {"./missing",   "missing",   "./plain",   "plain",       "./empty",
                         "./text",      "text",      "./broken",  "./loop",      "loop",
                         "./directory", "directory", "./damaged", "damaged",     "",
                         "./plain/x",   "/bin/true", "true",      name_too_long, path_too_long};
  for (int way = 0; way < WAY_COUNT; ++way) {
    /* A command that the shell cannot start is the shell's affair. */
    if (way == WAY_SYSTEM || way == WAY_POPEN) continue;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); ++i) {
      char what[64];
      snprintf(what, sizeof(what), "%.40s", files[i]);
      say(way, what, files[i], plain, environ);
    }
    say(way, "no arguments", "/bin/true", none, environ);
    say(way, "environment too large", "/bin/true", plain, large);
    say(way, "arguments too large", "/bin/true", large, none);
    say(way, "variable too long", "/bin/true", plain, longest);
  }
  /* A wild pointer is the kernel's to refuse. (glibc's own list and path forms read it.) */
  char** wild = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const enum way raw[] = {WAY_EXECVE, WAY_EXECVEAT, WAY_SYSCALL_EXECVE, WAY_SYSCALL_EXECVEAT,
                          WAY_POSIX_SPAWN};
  for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); ++i) {
    say(raw[i], "unreadable environment", "/bin/true", plain, wild);
    say(raw[i], "unreadable environment and missing", "./missing", plain, wild);
    say(raw[i], "unreadable arguments", "/bin/true", wild, environ);
    say(raw[i], "unreadable path", (char*)wild, plain, environ);
  }
  say_many("/proc/self/exe");
  return 0;
}
