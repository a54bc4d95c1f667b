#!/usr/bin/env python3
import os
import subprocess

import case

models = case.models()


def writes(count):
    """A command that tries `count` different writes below the models dir."""
    return ["python3", "-c", f"""
for i in range({count}):
    try:
        open({str(models)!r} + '/file-%d' % i, 'w')
    except OSError:
        pass
print('ran')
"""]


def holds():
    def lost(path, number, *parts):
        result = case.expect_code(case.run("--models-dir", models, "--record", path, *writes(5)), 0, f"record {path}")
        case.equal(result.out, "ran\n", "the run goes on")
        for part in (f"{number} record", "could not be written", str(path)) + parts:
            case.contains(result.err, part, f"what is said about {path}")
        result = case.expect_code(case.run("--models-dir", models, "--record", path, "--strict", *writes(5)), 125, "--strict")
        case.equal(result.out, "ran\n", "the run goes on under --strict")
        case.contains(result.err, "exit code 125: records are lost", "--strict says why")
        return result

    # The file cannot be made: everything is known beforehand, and the summary still has the details.
    result = lost(case.tmp / "no" / "such" / "directory" / "r.jsonl", 5, "No such file or directory", "file-3")
    case.contains(result.err, "the run goes on, and the lines that are lost are counted", "the warning before")
    lost(case.tmp, 5, "Is a directory")
    # Nothing was lost where there was nothing to write; --strict still wants the record.
    fifo = case.tmp / "fifo"
    os.mkfifo(fifo)
    for path, why in ((case.tmp / "no" / "r", "No such file or directory"), (fifo, "a fifo that nobody reads, or no such device"), (case.tmp, "Is a directory")):
        for flags, code in (([], 0), (["--strict"], 125)):
            result = case.quickly(10, case.run, "--models-dir", models, "--record", path, *flags, "--", "true")
            case.expect_code(result, code, f"nothing to write to {path}, {flags}")
            err = " ".join(result.err.split())
            case.contains(err, f"{path} cannot be written ({why}); there was nothing to write", f"{path}, {flags}")
            for part in ("records are lost", "0 records"):
                case.lacks(err, part, f"{path}, {flags}")
            case.equal("exit code 125: there is no record, and --strict was given" in err, code == 125, f"{path}, {flags}")
    # The disk is full.
    lost("/dev/full", 5)
    # Only the line for the end of the run is lost.
    for flags, code in (([], 0), (["--strict"], 125)):
        result = case.expect_code(case.run("--models-dir", models, "--record", "/dev/full", *flags, "--", "true"), code, f"a lost end, {flags}")
        case.contains(" ".join(result.err.split()), "the line for the end of the run could not be written to /dev/full", f"a lost end, {flags}")

    # A tiny file system of our own: the first lines fit.
    small = case.tmp / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "none", small], check=True)
    try:
        path = small / "r.jsonl"
        result = case.expect_code(case.run("--models-dir", models, "--record", path, "--strict", *writes(60)), 125, "a disk that fills up")
        whole = torn = 0
        for line in path.read_bytes().split(b"\n"):
            if line.startswith(b'{"schema":1,') and line.endswith(b"}"):
                whole += 1
            elif line:
                torn += 1
        case.check(0 < whole < 60, f"{whole} whole lines on a small disk")
        case.check(torn <= 1, f"{torn} torn lines")
        case.contains(result.err, f"{60 - whole} records could not be written", "the loss is exact")
        case.contains(result.err, "60 requests were refused", "the total is exact")
        # What was torn does not spoil the next run's first line.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "remount,size=1m", "none", small], check=True)
        result = case.run("--models-dir", models, "--record", path, "--strict", *writes(5))
        case.expect_code(result, 3, "the next run")
        case.contains(result.err, "(6 lines)", "the next run's lines")
        case.lacks(result.err, "cannot be read", "the next run's lines")
    finally:
        subprocess.run(["umount", small], check=True)

    # A record inside the sealed tree is a mistake, not a loss.
    result = case.expect_code(case.run("--models-dir", models, "--record", models / "r.jsonl", *writes(1)), 2, "in the models dir")
    case.contains(result.err, "is inside a protected tree", "the message")
    case.equal(result.out, "", "nothing is run")

    # The twin.
    good = case.tmp / "good.jsonl"
    case.expect_code(case.run("--models-dir", models, "--record", good, "--strict", *writes(5)), 3, "a good record")
    case.equal(len(case.record(good)), 5, "lines")
    # And one whose last line an earlier run could not finish.
    good.write_text('{"schema":1,"torn')
    result = case.expect_code(case.run("--models-dir", models, "--record", good, "--strict", *writes(5)), 3, "a torn record")
    case.contains(result.err, "(6 lines)", "lines behind a torn one")
    case.lacks(result.err, "cannot be read", "lines behind a torn one")
    case.equal(len(good.read_text().splitlines()), 7, "lines behind a torn one")


case.isolate("mount")
case.main(holds)
