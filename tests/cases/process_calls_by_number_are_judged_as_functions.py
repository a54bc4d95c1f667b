#!/usr/bin/env python3
"""syscall(): what the probes do not try by number (tests/probes/syscall.c) is judged as its function, too."""
import os
import platform

import case
from programs import preload

PROGRAM = preload.program("by_number")


def outcomes(models, *words, record=None, code=0):
    """What became of each word, in order."""
    variables = {"HFOFFLINE_SCRATCH": models.parent / "scratch"}
    result = case.expect_code(preload.shimmed(models, PROGRAM, *words, record=record, variables=variables), code, "the program")
    return [line.rsplit(": ", 1)[1] for line in result.out.splitlines()]


def place(name):
    """A models dir and its twin beside it, in a directory that can become "/"."""
    top = case.tmp / name
    for part in ("old", "models/below", "outside/below"):
        (top / part).mkdir(parents=True)
    for part in ("models", "outside"):
        (top / part / "file").write_text("text\n" * 3000)
    return top, top / "models", top / "outside"


def opens():
    _, models, outside = place("opens")
    for verb in ("create", "high"):
        case.equal(outcomes(models, f"{verb}:{models}/new", f"{verb}:{outside}/{verb}"), ["EROFS", "done"], verb)
    # A kernel that has these numbers would open by them.
    if platform.machine() == "x86_64":
        case.equal(outcomes(models, f"x32:{models}/new", f"x32:{outside}/x32"), ["ENOSYS", "ENOSYS"], "x32")
    case.equal(outcomes(models, f"handle:{models}/file", f"handle:{outside}/file"), ["EROFS", "done"], "handles")
    for verb in ("acct", "swapon", "swapoff"):
        inside, beside = outcomes(models, f"{verb}:{models}/file", f"{verb}:{outside}/missing")
        case.equal([inside, beside], ["EROFS", "ENOENT"], verb)


def roots():
    # What is written before shows that the way to judge absolute paths is chosen by then.
    top, models, outside = place("roots")
    first = [f"create:{outside}/first"]
    case.equal(outcomes(models, *first, f"pivot:{top}", "create:/models/new", "create:/outside/pivot"), ["done", "done", "EROFS", "done"],
               "pivot_root")
    case.equal(outcomes(models, *first, f"join:{top}", "create:/models/new", "create:/outside/setns"), ["done", "done", "EROFS", "done"],
               "setns")
    case.equal(outcomes(models, *first, f"chroot:{top}", "create:/models/new", "create:/outside/chroot"),
               ["done", "done", "EROFS", "done"], "chroot")
    # Nothing above the new root can be seen from there.
    case.equal(outcomes(models, *first, f"chroot:{models}/below", "create:/new"), ["done", "done", "EROFS"], "chroot into the tree")
    case.equal(outcomes(models, *first, f"chroot:{outside}/below", "create:/new"), ["done", "done", "done"], "chroot beside the tree")


def descriptors():
    _, models, outside = place("descriptors")
    for directory, expected in ((models, "EBADF"), (outside, "done")):
        descriptor = os.open(directory / "file", os.O_WRONLY)
        case.equal(outcomes(models, f"take:{os.getpid()},{descriptor}"), [expected], f"a descriptor of {directory.name}")
        os.close(descriptor)


def options():
    _, models, _ = place("options")
    away, near = outcomes(models, "option:192.0.2.1", "option:127.0.0.1")
    case.equal(away, "ENETUNREACH", "an option that connects to another machine")
    case.check(near not in ("ENETUNREACH", "done"), f"an option that connects to this one: {near}")


def ends():
    """The last counts of a refusal that is repeated are written down when the program ends."""
    _, models, _ = place("ends")
    record = case.tmp / "record"
    case.equal(outcomes(models, *[f"create:{models}/new"] * 7, "end:9", record=record, code=9), ["EROFS"] * 7, "refusals")
    case.equal(max(line["count"] for line in case.record(record)), 7, "the count in the record")


def holds():
    case.need_root()
    opens()
    roots()
    descriptors()
    options()
    ends()


case.main(holds)
