#!/usr/bin/env python3
"""open_by_handle_at opens by a number and no path: into a tree for writing is refused all the same."""
import case
from programs import preload


def holds():
    models, outside = case.tmp / "models", case.tmp / "outside"
    for directory in (models, outside):
        directory.mkdir()
        (directory / "file").write_text("text\n")
    program = preload.program("file_doors")
    words = [f"handle:{models / 'file'}", f"handle:{outside / 'file'}"]
    plain = preload.bare(program, *words)
    if plain.out.count(": done") != 2:
        case.skip(f"no handles here: {plain.out.splitlines()[0].rsplit(': ', 1)[1]}")
    result = case.expect_code(preload.shimmed(models, program, *words), 0, "the program")
    case.equal([line.rsplit(": ", 1)[1] for line in result.out.splitlines()], ["EROFS", "done"], "in the tree and beside it")


case.main(holds)
