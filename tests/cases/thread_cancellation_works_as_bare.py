#!/usr/bin/env python3
import case
from programs import preload

models = case.models()


def holds():
    program = preload.program("cancelled_calls")
    place = case.tmp / "place"
    place.mkdir()
    plain = preload.bare(program, place)
    case.equal(plain.out.count(": ended, cancelled, cleaned up\n"), 9, f"bare: {plain!r}")
    for _ in range(3):
        preload.same(preload.shimmed(models, program, place), plain, "cancelled threads")


case.isolate("net")
case.main(holds)
