#!/usr/bin/env python3
"""A path that another thread or process changes all the time: what was judged is what the kernel gets."""
import os
import shutil

import case
from programs import preload

TIMES = 1000
program = preload.program("flipped_path")
base = case.tmp / "base"


def facts():
    """Everything below the tree, as a change would show."""
    result = {}
    for directory, names, files in os.walk(base / "tree"):
        for path in [directory, *(os.path.join(directory, name) for name in files)]:
            status = os.lstat(path)
            result[path] = (status.st_mode, status.st_nlink, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return result


def try_out(call, flipper, shimmed):
    """(made, refused, whether the tree is as before)"""
    shutil.rmtree(base, ignore_errors=True)
    for place in ("tree", "free"):
        (base / place / "dir").mkdir(parents=True)
        (base / place / "file").write_text("text\n")
    before = facts()
    run = (lambda *a: preload.shimmed(base / "tree", *a)) if shimmed else preload.bare
    result = case.expect_code(run(program, base, flipper, TIMES, call, *["both"] * shimmed), 0, f"{call} {flipper}")
    _, made, _, refused = result.out.split()
    return int(made), int(refused), facts() == before


def holds():
    calls = case.command(program, "list").out.split()
    case.check(len(calls) > 30, f"only {calls}")
    changed = 0
    for call in calls:
        for flipper in ("thread", "process"):
            made, refused, same = try_out(call, flipper, True)
            case.check(same, f"{call}, changed by a {flipper}: something below the tree is not as before")
            case.check(made > 0 and refused > 0, f"{call}, changed by a {flipper}: made {made}, refused {refused}")
        # The twin: bare, the same calls do change the tree.
        changed += not try_out(call, "thread", False)[2]
    case.check(changed > len(calls) * 0.9, f"bare, only {changed} of {len(calls)} calls changed the tree")


if (os.cpu_count() or 1) < 2:
    case.skip("needs two processors, or nothing changes in between")
case.main(holds)
