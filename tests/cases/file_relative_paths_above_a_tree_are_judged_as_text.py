#!/usr/bin/env python3
"""A working directory above the tree, `--models-dir ./models` in a project: opens beside the tree are as cheap as
elsewhere, and none leads into it."""
import os
import re
import shutil

import case
from programs import preload

PROGRAM = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void try_open(const char* path, int flags) {
  int fd = open(path, flags, 0644);
  printf("%s: %s\n", path, fd >= 0 ? "opened" : strerror(errno));
  if (fd >= 0) close(fd);
}
int main(int count, char** a) {
  if (strcmp(a[1], "often") == 0) {
    for (int i = 0; i < 100; ++i) { int fd = open("beside", O_WRONLY); if (fd >= 0) close(fd); }
    return 0;
  }
  if (strcmp(a[1], "ask") == 0) {
    for (int i = 0; i < 100; ++i) access("beside", W_OK);
    return 0;
  }
  for (int twice = 0; twice < 2; ++twice) {
    const char* paths[] = {"beside", "models", "models/file", "models/new", "models/", "./models/file", "modelsX", "models/../beside",
                           "link/file", "linked", "dir/../models/file", "dir/new", "second/tree/file", "second/beside", "dir", "missing/new", "MODELS"};
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; ++i) try_open(paths[i], O_WRONLY | (strstr(paths[i], "new") ? O_CREAT : 0));
    try_open("models", O_TMPFILE | O_WRONLY);
    try_open("dir", O_TMPFILE | O_WRONLY);
    int fd = open("second", O_DIRECTORY);
    int opened = openat(fd, "tree/file", O_WRONLY);
    printf("openat: %s\n", opened >= 0 ? "opened" : strerror(errno));
    opened = openat(fd, "beside", O_WRONLY);
    printf("openat beside: %s\n", opened >= 0 ? "opened" : strerror(errno));
    close(fd);
  }
  /* Where the directory above can be renamed all the same, the shim says no. */
  printf("rename: %s\n", rename("second", "third") == 0 ? "renamed" : strerror(errno));
  printf("rename: %s\n", rename("dir", "renamed") == 0 && rename("renamed", "dir") == 0 ? "renamed" : strerror(errno));
  /* Another name for the tree, made by a mount after the first open. */
  if (count > 2 && unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
      mount("models", "dir", NULL, MS_BIND, NULL) == 0) {
    try_open("dir/file", O_WRONLY);
    try_open("beside", O_WRONLY);
    /* And the directory above by another name, where the tree's text is not true. */
    if (mkdir("/tmp/other-name", 0755) == 0 || errno == EEXIST) {
      if (mount(".", "/tmp/other-name", NULL, MS_BIND, NULL) == 0 && chdir("/tmp/other-name") == 0) {
        try_open("models/file", O_WRONLY);
        try_open("beside", O_WRONLY);
      }
    }
  }
  return 0;
}
"""


def holds():
    project = case.tmp / "project"
    models = project / "models"
    shutil.copytree(case.models(), models, symlinks=True)
    second = project / "second" / "tree"
    for directory in (second, project / "dir"):
        directory.mkdir(parents=True)
    for path in (models / "file", second / "file", project / "beside", project / "modelsX", project / "second" / "beside"):
        path.write_text("")
    (project / "link").symlink_to("models")
    (project / "linked").symlink_to("models/file")
    program = case.c_program(PROGRAM)
    variables = {"HFOFFLINE_PROTECT": second}

    result = case.expect_code(preload.shimmed(models, program, "each", "mounts", variables=variables, cwd=project), 0, "under the shim")
    said = re.findall(r"^(.*): (.*)$", result.out, re.M)
    expected = {"models": "Is a directory", "models/": "Is a directory", "dir": "Is a directory", "models/new": "Read-only file system",
                "missing/new": "No such file or directory", "MODELS": "No such file or directory", "rename": None, "dir/file": "Read-only file system"}
    for path in ("models/file", "./models/file", "link/file", "linked", "dir/../models/file", "second/tree/file", "openat"):
        expected[path] = "Read-only file system"
    seen = {}
    for path, answer in said:
        seen.setdefault(path, set()).add(answer)
    case.equal(seen.pop("rename"), {"Device or resource busy", "renamed"}, "renaming above a tree and beside it")
    case.equal(seen.pop("models"), {"Is a directory", "Read-only file system"}, "the tree itself")
    case.equal(seen.pop("dir"), {"Is a directory", "opened"}, "beside the tree")
    for path, answers in seen.items():
        case.equal(answers, {expected.get(path, "opened")}, path)

    strace = shutil.which("strace")
    if strace is None or case.command(strace, "-o", case.tmp / "trace", "true").code != 0:
        case.skip("all is judged as it should be, but without a strace that works its system calls cannot be counted")
    calls, asking = {}, {}
    elsewhere = case.tmp / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "beside").write_text("")
    for directory in (project, elsewhere):
        trace = case.tmp / "trace"
        environment = case.clean_environment()
        set_it = [f"-E{name}={value}" for name, value in preload.environment(models, **variables).items()
                  if name.startswith(("HFOFFLINE", "LD_"))]
        case.expect_code(case.command(strace, "-o", trace, *set_it, program, "often", cwd=directory, env=environment), 0, "strace")
        calls[directory] = len(trace.read_text().splitlines())
        case.expect_code(case.command(strace, "-o", trace, *set_it, program, "ask", cwd=directory, env=environment), 0, "strace")
        asking[directory] = len(trace.read_text().splitlines())
    # Finding out costs some once.
    case.check(calls[project] < calls[elsewhere] + 60, f"system calls above a tree and elsewhere: {calls}")
    # access(W_OK): the question itself, and where it is about.
    case.check(max(asking.values()) < 100 * 3 + 150, f"system calls of 100 questions: {asking}")


case.isolate("mount")
case.main(holds)
