#!/usr/bin/env python3
import shutil

import case

models = case.models()
SOURCE = r"""
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
int main(int count, char** texts) {
  if (open(texts[1], O_WRONLY | O_CREAT, 0600) < 0 && errno == EROFS) puts("refused");
  fflush(stdout);
  char* memory = malloc(10);
  if (count > 2) memory[10 + count] = 1;
  free(memory);
  return 0;
}
"""


def holds():
    tried = 0
    for name, compiler, flags in (("gcc", "gcc", ()), ("gcc-static", "gcc", ("-static-libasan",)), ("clang", "clang", ()),
                                  ("clang-shared", "clang", ("-shared-libasan",))):
        path = shutil.which(compiler)
        if not path:
            continue
        source = case.tmp / "asan.c"
        source.write_text(SOURCE)
        program = case.tmp / name
        built = case.command(path, "-fsanitize=address", "-g", *flags, "-o", program, source)
        if built.code != 0 or case.command(program, case.tmp / "x").code != 0:
            print(f"{name}: cannot be built or run here")
            continue
        tried += 1
        for options in ("", "detect_leaks=0:verify_asan_link_order=1"):
            env = case.clean_environment(**({"ASAN_OPTIONS": options} if options else {}))
            result = case.run("--quiet", "--models-dir", models, "--", program, models / "new", env=env)
            case.equal((result.code, result.out), (0, "refused\n"), f"{name} with ASAN_OPTIONS={options!r}: {result.err}")
            # The sanitizer still works.
            result = case.run("--quiet", "--models-dir", models, "--", program, models / "new", "overflow", env=env)
            case.check(result.code != 0, f"{name}: the overflow was not found")
            case.contains(result.err, "heap-buffer-overflow", name)
        # The user's own setting, once.
        command = ("--quiet", "--models-dir", models, "--set", "ASAN_OPTIONS=detect_leaks=0", "--", "sh", "-c")
        result = case.run(*command, f"{program} {models}/new; env | grep ^ASAN_OPTIONS")
        case.equal(result.out, "refused\nASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0\n", f"{name} with --set: {result.err}")
        # Started by a shell of the run.
        result = case.run("--quiet", "--models-dir", models, "--", "sh", "-c", f"{program} {models}/new")
        case.equal((result.code, result.out), (0, "refused\n"), f"{name} from a shell")
    if tried == 0:
        case.skip("no compiler here has an address sanitizer")


case.main(holds)
