#!/usr/bin/env python3
"""A tree by another name, through a bind mount, is the tree; and a file system mounted below one is below it."""
import case
from programs import preload

case.isolate("mount")


def mount(*arguments):
    if case.command("mount", *arguments).code != 0:
        case.skip("mounting is not allowed here")


def holds():
    parent = case.tmp / "parent"
    models, alias, alias_of_parent, own = parent / "models", case.tmp / "alias", case.tmp / "alias-of-parent", case.tmp / "own"
    for directory in (models / "directory", models / "mounted", alias, alias_of_parent, own):
        directory.mkdir(parents=True)
    (models / "file").write_text("text\n")
    mount("-t", "tmpfs", "tmpfs", own)
    mount("-t", "tmpfs", "tmpfs", models / "mounted")
    for file in (models / "directory/file", models / "mounted/file", own / "file"):
        file.write_text("text\n")
    mount("--bind", models, alias)
    mount("--rbind", parent, alias_of_parent)
    program = preload.program("file_doors")

    def outcomes(*words):
        result = case.expect_code(preload.shimmed(models, program, *words), 0, "the program")
        return [line.rsplit(": ", 1)[1] for line in result.out.splitlines()]

    inside = [f"open:{p}" for p in (models / "file", alias / "file", alias / "directory/file", alias_of_parent / "models/file",
                                    models / "mounted/file", alias_of_parent / "models/mounted/file")]
    inside += [f"create:{alias / 'fresh'}", f"create:{models / 'mounted/fresh'}", f"create:{alias_of_parent / 'models/fresh'}"]
    case.equal(outcomes(*inside, *inside), ["EROFS"] * 18, "by its other names")
    case.equal(outcomes(f"chdir:{alias}", "open:file", f"chdir:{alias_of_parent}", "open:models/file", f"chdir:{parent}", "open:models/mounted/file"),
               ["done", "EROFS"] * 3, "relative to its other names")
    case.equal(outcomes(f"descriptor:{models / 'mounted/file'}", f"descriptor:{alias / 'file'}"), ["EROFS"] * 4, "descriptors")
    case.equal(outcomes(f"jailed:{models / 'file'}={models}"), ["EROFS"], "a descriptor, in a root without /proc")
    case.equal(outcomes(f"jailed:{own / 'file'}={own}"), ["done"], "a descriptor beside the tree, in a root without /proc")
    # The twins: other mounts are as writable as before.
    words = [f"open:{own / 'file'}", f"create:{own / 'fresh'}", f"create:{alias_of_parent / 'fresh'}", "open:/dev/null"]
    case.equal(outcomes(*words, *words, f"descriptor:{own / 'file'}"), ["done"] * 10, "beside it")


case.main(holds)
