/* Starts a program in every way and prints how that ended.
 *
 *   start_each PROGRAM [ARGUMENTS...] */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_ways.h"

extern char** environ;

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  for (int way = 0; way < WAY_COUNT; ++way) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      errno = 0;
      int result = start_program(way, argv[1], argv + 1, environ);
      if (result >= 0) _exit(result == 0 ? 0 : result >> 8);
      printf("not started: %s\n", strerror(errno));
      fflush(stdout);
      _exit(1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("%s: %d\n", way_names[way], WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  }
  return 0;
}
