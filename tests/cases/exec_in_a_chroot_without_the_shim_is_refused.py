#!/usr/bin/env python3
"""The loader only warns when it cannot find the shim: the child would run free."""
import pathlib
import re
import shutil

import case
from programs import preload

WAYS = ["execve", "execv", "execvp", "execvpe", "execl", "execlp", "execle", "execveat", "execveat of a descriptor", "fexecve",
        "syscall(SYS_execve)", "syscall(SYS_execveat)", "posix_spawn", "posix_spawnp", "system", "popen"]


def copy_in(jail, path):
    target = pathlib.Path(f"{jail}{path}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target)


def libraries_of(program):
    return re.findall(r"(/\S+) \(0x", case.command("ldd", program).out)


def holds():
    case.need_root()
    jail = case.tmp / "jail"
    models = jail / "models"
    (models / "hub").mkdir(parents=True)
    (models / "file").write_text("text")
    witness = case.c_program('#include "hfoffline/hfoffline.h"\n#include <stdio.h>\nint main(void) { puts(hfoffline_is_active() ? "inside" : "outside"); return 0; }\n',
                             f"-I{case.SOURCE}/include", name="witness")
    shutil.copy2(witness, jail / "witness")
    copy_in(jail, "/bin/sh")
    for library in libraries_of(witness) + libraries_of("/bin/sh"):
        copy_in(jail, library)
    program = preload.program("in_chroot")
    record = case.tmp / "record.jsonl"
    writes = ["open: Read-only file system", "mkdir: Read-only file system", "truncate: Read-only file system", "unlink: Read-only file system",
              "chmod: Read-only file system", "outside: done"]

    for choice in ("warn", "refuse"):
        result = case.run("--unshimmed", choice, "--models-dir", models, "--", program, jail, "/models", "/witness", env=case.clean_environment())
        case.expect_code(result, 0, "the program")
        case.equal(result.out.splitlines(), writes + [f"{way}: Permission denied" for way in WAYS], f"without the shim's file, {choice}")
        # The record is out of reach as well; the totals are not.
        case.contains(result.err, "16 starts of programs the shim cannot enter", "the summary")
        case.contains(result.err, "writes below protected trees (5)", "the summary")
    case.equal((models / "file").read_text(), "text", "the tree")

    # The twin: with the shim at the same path in the tree, all of them run, and inside.
    copy_in(jail, case.SHIM)
    (jail / "outside").unlink()
    result = preload.shimmed(models, program, jail, "/models", "/witness", record=record, variables={"HFOFFLINE_UNSHIMMED": "refuse"})
    inside = ["inside"] * 12 + [line for way in WAYS[12:] for line in ("inside", f"{way}: done")]
    case.equal(result.out.splitlines(), writes + inside, f"with the shim's file: {result.err}")


case.main(holds)
