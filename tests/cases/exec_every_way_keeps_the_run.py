#!/usr/bin/env python3
"""16 ways to start a program, 16 environments, 6 places to start from: every child is held."""
import case
from programs import preload

models = case.models()


def holds():
    start = [preload.program("start_witness"), preload.program("witness"), models, case.SHIM, preload.program("libharmless.so")]
    result = preload.shimmed(models, *start)
    case.check(result.code == 0 and "0 of 14" in result.out, f"a child slipped through: {result!r}")

    # The twin: without the shim the witness must not say "ok". Only its environment could have been set by anyone.
    result = preload.bare(*start)
    case.equal(result.code, 1, "the witness without the shim")
    case.contains(result.out, "not active", "what the witness misses")
    case.contains(result.out, "1440 of 1440 starts failed", "how often")
    (models / "written-by-witness").unlink(missing_ok=True)


case.isolate("net")
case.main(holds)
