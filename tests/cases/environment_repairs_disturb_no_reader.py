#!/usr/bin/env python3
"""system() puts `environ` right: other threads that read it meanwhile see the old one or the new one, whole."""
import case
from programs import preload

models = case.models()


def holds():
    program = preload.program("read_environ")
    for starters in (1, 2):
        result = case.expect_code(preload.shimmed(models, program, starters), 0, f"{starters} starters")
        case.equal(result.out, "torn never, wrong 0\n", f"{starters} starters")
    # The twin: bare, nothing is put right.
    case.contains(preload.bare(program, 1).out, "torn never, wrong 150\n", "bare")


case.main(holds)
