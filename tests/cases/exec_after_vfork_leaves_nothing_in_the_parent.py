#!/usr/bin/env python3
"""vfork() shares the memory: what an exec in the child needs must not pile up in the parent."""
import case
from programs import preload

models = case.models()


def grown(result, what):
    case.expect_code(result, 0, what)
    failed, kib = result.out.splitlines()
    case.equal(failed, "0 failed", what)
    return int(kib)


def holds():
    program = preload.program("vfork_often")
    for threads in (0, 4):
        rounds = 10
        # The twin: bare, the same program starts the same children.
        grown(preload.bare(program, rounds, threads), f"bare, {threads} threads")
        kib = grown(preload.shimmed(models, program, rounds, threads, variables={"WANTED": 1}), f"{threads} threads")
        # An environment of this size takes 80 KiB each time.
        case.check(kib < 4 * 80, f"{threads} threads: grown by {kib} KiB")


case.main(holds)
