#!/usr/bin/env python3
"""A function that a program asks the loader for is the one that it would call; libraries are not loaded past the shim in silence."""
import case
from programs import preload


def holds():
    models, outside, record = case.tmp / "models", case.tmp / "outside", case.tmp / "record"
    for directory in (models, outside):
        directory.mkdir()
        (directory / "file").write_text("text\n")
    program = preload.program("loads")
    words = [preload.program("libloaded.so"), "$ORIGIN/libloaded.so"]

    def outcome(directory, **variables):
        result = preload.shimmed(models, program, directory / "file", *words, record=record, variables=variables)
        return dict(line.split(": ", 1) for line in case.expect_code(result, 0, "the program").out.splitlines())

    bare = preload.bare(program, models / "file", *words)
    expected = dict(line.split(": ", 1) for line in case.expect_code(bare, 0, "the program").out.splitlines())
    same = outcome(outside)
    # A library that is loaded with RTLD_DEEPBIND, or apart from the program, has another open than the program.
    case.equal({k: v for k, v in same.items() if "apart" not in k}, {k: v for k, v in expected.items() if "apart" not in k}, "outside")
    record.unlink(missing_ok=True)
    inside = outcome(models)
    refused = {"handle": "EROFS", "default": "EROFS", "next": "EROFS", "version": "EROFS", "plain": "refused", "deep": "refused"}
    case.equal({k: inside[k] for k in refused}, refused, "in the tree")
    case.equal({(line["op"], line["reason"], line["verdict"]) for line in case.record(record) if line["kind"] == "exec"},
               {("dlopen", "load_deep_bind", "ignore"), ("dlmopen", "load_namespace", "warn")}, "recorded")
    # [exec] unshimmed decides about what the shim cannot enter.
    inside = outcome(models, HFOFFLINE_UNSHIMMED="refuse")
    case.contains(inside["apart"], "refused, see [exec] unshimmed", "a library apart")

    # Python's way to libc.
    ask = ("import ctypes, os, sys\n"
           "libc = ctypes.CDLL('libc.so.6', use_errno=True)\n"
           "print(libc.unlink(sys.argv[1].encode()), os.strerror(ctypes.get_errno()))\n")
    case.equal(preload.shimmed(models, "python3", "-c", ask, models / "file").out, "-1 Read-only file system\n", "ctypes in the tree")
    case.equal(preload.shimmed(models, "python3", "-c", ask, outside / "file").out, "0 Success\n", "ctypes outside")


case.main(holds)
