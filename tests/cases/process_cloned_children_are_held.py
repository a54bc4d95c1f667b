#!/usr/bin/env python3
"""Children and threads that a program makes by clone or clone3 itself have the same hooks."""
import case
from programs import preload

models = case.models()

PROGRAM = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char** paths;
static void write_both(void) {
  for (int i = 1; i <= 2; ++i) {
    int fd = open(paths[i], O_WRONLY);
    dprintf(1, "%s\n", fd >= 0 ? "opened" : strerror(errno));
    if (fd >= 0) close(fd);
  }
}
static int child(void* unused) { (void)unused; write_both(); return 0; }

int main(int count, char** a) {
  paths = a;
  int status;
  long made = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (made == 0) { write_both(); _exit(0); }
  waitpid(made, &status, 0);
  struct { unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls; } how = {0};
  how.exit_signal = SIGCHLD;
  made = syscall(435, &how, sizeof how);
  if (made == 0) { write_both(); _exit(0); }
  if (made > 0) waitpid(made, &status, 0); else write_both();
  char* stack = malloc(256 * 1024);
  int flags[] = {0, CLONE_VM, CLONE_VM | CLONE_VFORK, CLONE_FS | CLONE_FILES};
  for (int i = 0; i < 4; ++i) {
    made = clone(child, stack + 256 * 1024, flags[i] | SIGCHLD, NULL);
    waitpid(made, &status, 0);
  }
  return 0;
}
"""


def holds():
    outside = case.tmp / "outside"
    outside.write_text("")
    program = case.c_program(PROGRAM)
    arguments = [program, case.sample_file(models), outside]
    case.equal(preload.bare(*arguments).out, "opened\n" * 12, "without the shim")
    case.equal(preload.shimmed(models, *arguments).out, "Read-only file system\nopened\n" * 6, "under the shim")


case.main(holds)
