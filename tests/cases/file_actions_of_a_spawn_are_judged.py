#!/usr/bin/env python3
"""posix_spawn opens files in the child, inside libc: into a tree for writing is refused, wherever the child is by then."""
import case
from programs import preload


def holds():
    models, outside = case.tmp / "models", case.tmp / "outside"
    for directory in (models, outside):
        (directory / "below").mkdir(parents=True)
        (directory / "file").write_text("text\n")
    program = preload.program("file_doors")

    def words(directory, name):
        return [f"spawn:{directory}/file", f"spawn:{directory}/{name}", f"chdir:{directory}", "spawn:file", "chdir:/", f"spawn:{directory}=file",
                f"spawn:{directory}/below=../{name}", f"spawn:{directory.parent}={directory.name}/{name}"]

    result = case.expect_code(preload.shimmed(models, program, *words(models, "new")), 0, "the program")
    outcomes = [line.rsplit(": ", 1) for line in result.out.splitlines()]
    case.equal({outcome for what, outcome in outcomes if what.startswith("spawn")}, {"EROFS"}, "into the tree")
    case.equal(len(outcomes), 14, "tries")
    case.check(not (models / "new").exists(), "nothing is made")
    # The twins: beside the tree; for reading; and the same lists used again.
    result = case.expect_code(preload.shimmed(models, program, *words(outside, "new"), f"spawn:{models}=../outside/new2"), 0, "outside")
    case.equal({line.rsplit(": ", 1)[1] for line in result.out.splitlines()}, {"done"}, "beside the tree")
    case.check((outside / "new").exists() and (outside / "new2").exists(), "made beside the tree")
    case.equal(preload.shimmed(models, "python3", "-c",
                               f"import os; os.waitpid(os.posix_spawn('/bin/cat', ['cat'], {{}}, file_actions=[(os.POSIX_SPAWN_OPEN, 0, '{models}/file', os.O_RDONLY, 0)]), 0)").out,
               "text\n", "for reading")


case.main(holds)
