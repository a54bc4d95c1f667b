#!/usr/bin/env python3
"""Thousands of random changes to unmanaged variables have the same outcome with and without the shim."""
import case
from programs import preload

models = case.models()


def holds():
    program = preload.program("environment_operations")
    for seed in range(1, 9):
        plain = preload.bare(program, seed, 4000)
        case.expect_code(plain, 0, f"seed {seed}")
        case.check(plain.out.count("\n") > 4000, "the program says what it does")
        preload.same(preload.shimmed(models, program, seed, 4000), plain, f"seed {seed}")


case.main(holds)
