#!/usr/bin/env python3
import shutil

import case


def copy_of_sample(name):
    directory = case.tmp / name
    shutil.copytree(case.models(), directory, symlinks=True)
    return directory


def holds():
    def reported(directory, *parts, flags=()):
        result = case.expect_code(case.run("--models-dir", directory, *flags, "--", "echo", "run"), 0, f"{directory}")
        case.equal(result.out, "run\n", "a warning does not stop the run")
        for part in ("hfoffline: warning:",) + parts:
            case.contains(result.err, part, "the warning")
        result = case.expect_code(case.run("--strict", "--models-dir", directory, *flags, "--", "echo", "run"), 2, "--strict")
        case.equal(result.out, "", "--strict stops the run")
        for part in ("hfoffline: error:",) + parts:
            case.contains(result.err, part, "the error")

    empty = case.tmp / "empty"
    empty.mkdir()
    reported(empty, str(empty), "holds nothing a client could load", "stage the models first")
    one = case.hub(case.models()) / "models--hfoffline--tiny-model"
    reported(one, "looks like a cache but is none", "give the directory above it")
    other = case.tmp / "other"
    other.mkdir()
    (other / "README").write_text("nothing")
    reported(other, str(other), "no layout that clients know", "give the directory that holds hub/")
    reported(case.models("hub-cache"), "is laid out as hub-cache", "leave [cache] layout", flags=["--layout", "hf-home"])

    dangling = copy_of_sample("dangling")
    blob = case.sample_file(dangling).resolve()
    blob.unlink()
    reported(dangling, str(case.sample_file(dangling)), "which does not exist")
    partial = copy_of_sample("partial")
    blobs = case.sample_file(partial).resolve().parent
    (blobs / ("0" * 64 + ".incomplete")).write_text("half")
    reported(partial, "0.incomplete")

    # The twin: a sound cache of either layout is not remarked on.
    for layout in ("hf-home", "hub-cache"):
        result = case.expect_code(case.run("--strict", "--models-dir", case.models(layout), "--", "true"), 0, layout)
        case.lacks(result.err, "warning", f"a sound {layout}")
        case.contains(result.err, f"({layout})", "the layout is named")


case.main(holds)
