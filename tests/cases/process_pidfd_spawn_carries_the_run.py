#!/usr/bin/env python3
"""pidfd_spawn and pidfd_spawnp, which glibc has since 2.39: another library stands in for it here."""
import case
from programs import preload

models = case.models()

# What a newer libc has, as the next definition behind the shim's.
LIBC = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <spawn.h>
typedef int spawn(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const*, char* const*);
#define STAND_IN(name, other)                                                                            \
  int name(int* fd, const char* file, const posix_spawn_file_actions_t* f, const posix_spawnattr_t* t,  \
           char* const a[], char* const e[]) {                                                          \
    spawn* libc;                                                                                        \
    *(void**)&libc = dlsym(RTLD_NEXT, #other);                                                          \
    return libc(fd, file, f, t, a, e);                                                                  \
  }
STAND_IN(pidfd_spawn, posix_spawn)
STAND_IN(pidfd_spawnp, posix_spawnp)
"""
PROGRAM = r"""
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
typedef int spawn(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const*, char* const*);
spawn pidfd_spawn __attribute__((weak));
spawn pidfd_spawnp __attribute__((weak));
int main(int count, char** a) {
  char* environment[] = {"HF_HUB_OFFLINE=0", NULL};
  int (*start)(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const*, char* const*) =
      strcmp(a[1], "pidfd_spawn") == 0 ? pidfd_spawn : pidfd_spawnp;
  if (start == NULL) return puts("no such function"), 0;
  int child = -1, status;
  int error = start(&child, a[2], NULL, NULL, a + 2, environment);
  if (error != 0) return printf("error: %s\n", strerror(error)), 0;
  wait(&status);
  return 0;
}
"""
SHOW = 'unsigned n; extern int puts(const char*); extern char* getenv(const char*);\nint main(void) { puts(getenv("HF_HUB_OFFLINE")); puts(getenv("LD_PRELOAD") ? "preloaded" : "bare"); return 0; }\n'


def holds():
    libc = case.c_program(LIBC, "-shared", "-fPIC", "-ldl", name="newer.so")
    program = case.c_program(PROGRAM)
    show = case.c_program(SHOW, name="show")
    static = case.c_program(SHOW, "-static", name="static")
    for function in ("pidfd_spawn", "pidfd_spawnp"):
        bare = preload.bare(program, function, show, variables={"LD_PRELOAD": libc})
        case.equal(bare.out, "0\nbare\n", f"{function} without the shim")
        both = f"{case.SHIM} {libc}"
        case.equal(preload.shimmed(models, program, function, show, preload=both).out, "1\npreloaded\n", function)
        for choice, expected in (("refuse", "error: Permission denied\n"), ("warn", "1\npreloaded\n")):
            record = case.tmp / f"record-{function}-{choice}"
            result = preload.shimmed(models, program, function, static, preload=both, record=record, variables={"HFOFFLINE_UNSHIMMED": choice})
            case.equal(result.out, expected, f"{function} of a static program, {choice}")
            case.equal([(line["op"], line["reason"], line["verdict"]) for line in case.record(record) if line["kind"] == "exec"],
                       [(function, "exec_static", choice)], "the record")


case.main(holds)
