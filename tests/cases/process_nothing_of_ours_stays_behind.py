#!/usr/bin/env python3
"""No descriptor, no heap, no signal: whatever was refused, a program finds itself as it would without us."""
import case
from programs import preload

models = case.models()


def holds():
    program = preload.program("left_behind")
    place = case.tmp / "place"
    place.mkdir()
    plain = case.expect_code(preload.bare(program, place), 0, "bare")
    case.contains(plain.out, "heap: 0 bytes more, 0 from the system, 0 mapped", "bare")
    record = case.tmp / "record"
    preload.same(preload.shimmed(models, program, models, record=record), plain, "what a program holds after refusals")
    case.check(len(case.record(record)) > 300, "there were refusals")
    # Under the launcher, too, which has descriptors of its own.
    result = case.run("--quiet", "--models-dir", models, "--", program, models)
    case.equal((result.code, result.out), (0, plain.out), "under the launcher")


case.isolate("net")
case.main(holds)
