#!/usr/bin/env python3
import os
import stat

import case

models = case.models()


def holds():
    place = case.tmp / "some" / "where"
    old_mask = os.umask(0o077)
    result = case.expect_code(case.hfoffline("install", "--to", place), 0, "install")
    os.umask(old_mask)
    program = place / "bin" / "hfoffline"
    library = place / "lib" / "hfoffline" / "libhfoffline.so"
    for path in (program, library):
        case.contains(result.out, str(path), "what was written")
        case.equal(stat.S_IMODE(path.stat().st_mode), 0o755, f"the mode of {path}")
    case.equal(library.read_bytes(), open(case.SHIM, "rb").read(), "the shim")

    # Moved as a whole, with nothing else around: that installation's own shim is used.
    moved = case.tmp / "elsewhere"
    place.rename(moved)
    result = case.command(moved / "bin" / "hfoffline", "run", "--models-dir", models, "--", "sh", "-c", "echo $LD_PRELOAD; touch $HF_HOME/new")
    case.equal(result.out.strip(), str(moved / "lib" / "hfoffline" / "libhfoffline.so"), "the shim of the moved installation")
    case.contains(result.err, "Read-only file system", "the run with it")

    # Over an older one: replaced, and nothing else is left.
    (moved / "bin" / "hfoffline").write_text("old")
    case.expect_code(case.hfoffline("install", "--to", moved), 0, "install again")
    case.equal(sorted(p.name for p in moved.rglob("*")), ["bin", "hfoffline", "hfoffline", "lib", "libhfoffline.so"], "what is there")
    case.expect_code(case.command(moved / "bin" / "hfoffline", "--version"), 0, "the new launcher")

    # Mistakes.
    case.contains(case.expect_code(case.hfoffline("install"), 2, "no --to").err, "--to DIR is missing", "no --to")
    file = case.tmp / "file"
    file.write_text("")
    result = case.expect_code(case.hfoffline("install", "--to", file), 125, "into a file")
    case.contains(result.err, "Not a directory", "into a file")
    result = case.expect_code(case.hfoffline("install", "--to", "/proc/hfoffline"), 125, "where nobody can write")
    case.contains(result.err, "cannot be written", "where nobody can write")


case.main(holds)
