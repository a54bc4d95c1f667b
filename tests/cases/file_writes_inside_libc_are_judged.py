#!/usr/bin/env python3
"""What libc or the kernel open by themselves on request: accounting, swap, temporary files, profiles."""
import case
from programs import preload


def holds():
    models, outside = case.tmp / "models", case.tmp / "outside"
    for directory in (models, outside):
        directory.mkdir()
        (directory / "file").write_text("text\n" * 3000)
    program = preload.program("inside_libc")

    def outcomes(directory, accounts):
        words = [f"acct:{directory}/{accounts}", f"swapon:{directory}/file", f"swapoff:{directory}/file", f"tmpfile:{directory}"]
        result = case.expect_code(preload.shimmed(models, program, *words), 0, "the program")
        return dict(line.split(":")[::2] for line in result.out.replace(": ", ":").splitlines())

    case.need_root()
    inside, beside = outcomes(models, "file"), outcomes(outside, "missing")
    if "mount" in inside:
        case.skip(f"no mounts of one's own: {inside}")
    case.equal(inside, {"acct": "EROFS", "swapon": "EROFS", "swapoff": "EROFS", "tmpfile": "EROFS", "tmpfile64": "EROFS"}, "in the tree")
    # The twins. Nobody wants to turn accounting on here, and a file of text is no swap space.
    case.check("EROFS" not in beside.values(), f"beside the tree: {beside}")
    case.equal([beside["tmpfile"], beside["tmpfile64"]], ["done", "done"], "temporary files beside the tree")

    # A program built with -pg leaves gmon.out where it ends.
    profiled = case.c_program("int main(void) { return 0; }", "-pg", name="profiled")
    for directory, variables, file in ((models, {}, None), (outside, {}, outside / "gmon.out")):
        case.expect_code(preload.shimmed(models, profiled, cwd=directory, variables=variables), 0, "a profiled program")
        case.equal(sorted(p.name for p in directory.iterdir()), ["file"] if file is None else ["file", "gmon.out"], f"in {directory.name}")
    setting = case.c_program(f'#include <stdlib.h>\nint main(void) {{ return setenv("GMON_OUT_PREFIX", "{models}/profile", 1); }}',
                             "-pg", name="setting")
    case.expect_code(preload.shimmed(models, setting, cwd=outside), 0, "a profiled program that names its file")
    case.equal([p.name for p in models.iterdir()], ["file"], "in the tree")


case.main(holds)
