#!/usr/bin/env python3
"""nftw, fts and raw system calls change the working directory without passing a hook: what is relative to it is judged all the same."""
import case
from programs import preload


def holds():
    models, outside = case.tmp / "models", case.tmp / "outside"
    for directory in (models, outside):
        directory.mkdir()
        (directory / "file").write_text("text\n")
    program = preload.program("file_doors")

    def ways(directory):
        # Two opens first: the second one finds its directory known.
        words = [f"chdir:{outside}", "open:file", "open:file"]
        for way in ("nftw", "fts", "raw"):
            words += [f"{way}:{directory}", "open:file"] if way == "raw" else [f"{way}:{directory}"]
        return words

    result = case.expect_code(preload.shimmed(models, program, *ways(models)), 0, "the program")
    case.equal(result.out, f"chdir:{outside}: done\nopen:file: done\nopen:file: done\nnftw:file: EROFS\nfts:file: EROFS\n"
                           f"raw:{models}: done\nopen:file: EROFS\n", "in the tree")
    # The twin: in any other directory it works.
    result = case.expect_code(preload.shimmed(models, program, *ways(outside)), 0, "the program outside")
    case.lacks(result.out, "EROFS", "outside of the tree")


case.main(holds)
