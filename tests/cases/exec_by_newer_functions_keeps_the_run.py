#!/usr/bin/env python3
"""pidfd_spawn (glibc 2.39) starts programs, and openat2 (glibc 2.43) opens files, as the functions before them."""
import ctypes

import case
from programs import preload

SPAWN = r"""
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  char *words[] = {"sh", "-c", "echo $HF_HUB_CACHE $LD_PRELOAD", 0}, *environment[] = {"X=1", 0};
  int child;
  for (int way = 0; way < 2; way++) {
    if ((way ? pidfd_spawnp(&child, "sh", 0, 0, words, environment) : pidfd_spawn(&child, "/bin/sh", 0, 0, words, environment)) != 0) return 1;
    siginfo_t outcome;
    waitid(P_PIDFD, child, &outcome, WEXITED);
  }
  printf("%d\n", pidfd_spawn(&child, "/missing", 0, 0, words, environment));
  return 0;
}
"""
OPEN = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
int main(int count, char **words) {
  struct open_how how = {.flags = O_WRONLY};
  for (int i = 1; i < count; i++) puts(openat2(AT_FDCWD, words[i], &how, sizeof how) < 0 ? strerrorname_np(errno) : "open");
  return 0;
}
"""


def holds():
    libc, models, outside = ctypes.CDLL(None), case.models(), case.tmp / "outside"
    if not hasattr(libc, "pidfd_spawn"):
        case.skip("this libc has neither")
    result = preload.shimmed(models, case.c_program(SPAWN, name="spawn"))
    case.equal((result.code, result.out), (0, f"{case.hub(models)} {case.SHIM}\n" * 2 + "2\n"), "what the children see")
    if hasattr(libc, "openat2"):
        outside.write_text("text\n")
        result = preload.shimmed(models, case.c_program(OPEN, name="open"), case.sample_file(models), outside)
        case.equal(result.out, "EROFS\nopen\n", "in the tree and beside it")


case.main(holds)
