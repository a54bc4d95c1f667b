#!/usr/bin/env python3
import case
from programs import preload

models = case.models()


def holds():
    outside = case.tmp / "outside"
    outside.mkdir()
    result = preload.shimmed(models, preload.program("signal_storm"), models, outside, 3)
    case.equal(result.out, "many handlers, many rounds, 0 wrong\n", f"under a storm of signals: {result.err}")


case.isolate("net")
case.main(holds)
