/* Changes its root and tries to start a program in every way and to write below the models dir.
 *
 *   in_chroot JAIL MODELS PROGRAM [ARGUMENTS...]   MODELS and PROGRAM as seen from inside */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_ways.h"

extern char** environ;

static void say(const char* what, long result) {
  printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done");
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  if (syscall(SYS_chroot, argv[1]) != 0 || chdir("/") != 0) return 2;
  const char* models = argv[2];
  char path[4096];
  snprintf(path, sizeof(path), "%s/new", models);
  say("open", open(path, O_WRONLY | O_CREAT, 0600));
  say("mkdir", mkdir(path, 0700));
  snprintf(path, sizeof(path), "%s/../%s/file", models, models);
  say("truncate", truncate(path, 0));
  snprintf(path, sizeof(path), "%s/file", models);
  say("unlink", unlink(path));
  say("chmod", chmod(path, 0600));
  say("outside", open("/outside", O_WRONLY | O_CREAT, 0600));
  for (int way = 0; way < WAY_COUNT; ++way) {
    fflush(stdout);
    if (fork() == 0) {
      errno = 0;
      int result = start_program(way, argv[3], argv + 3, environ);
      if (way == WAY_SYSTEM && result == 127 << 8) result = -1, errno = EACCES;
      say(way_names[way], result);
      fflush(stdout);
      _exit(0);
    }
    wait(NULL);
  }
  return 0;
}
