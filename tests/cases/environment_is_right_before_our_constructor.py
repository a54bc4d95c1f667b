#!/usr/bin/env python3
"""Libraries and programs may run code before the shim's constructor and after its destructor."""
import case
from programs import preload

models = case.models()
TRIED = "HF_HUB_OFFLINE=1 TRANSFORMERS_CACHE=none open 30 fopen no connect 101 getaddrinfo -2"


def holds():
    library = preload.program("libearly.so")
    program = preload.program("library_order")
    whens = ["preinit", "library constructor", "program constructor", "main"]
    for order in (f"{case.SHIM}:{library}", f"{library}:{case.SHIM}"):
        for times in (0, 1, 3, 5):
            record = case.tmp / f"record-{times}"
            record.unlink(missing_ok=True)
            result = preload.shimmed(models, program, record=record, preload=order,
                                     variables={"TRANSFORMERS_CACHE": "/x", "EARLY_MODELS": models, "EARLY_TIMES": times})
            case.expect_code(result, 0, order)
            lines = result.out.splitlines()
            case.equal(lines[:4], [f"{when}: {TRIED}" for when in whens], order)
            case.equal(lines[4:], [f"{times} of {times} refused at the end"] * 3, "atexit and destructors")
            # Also those that come after the shim's own destructor.
            connects = [count for (_, op, _, _), count in preload.counts(record).items() if op == "connect"]
            case.equal(connects, [4 + 3 * times], f"counted in the record, {order}")
    # The twin: bare, the same program gets through.
    plain = preload.bare(program, variables={"TRANSFORMERS_CACHE": "/x", "EARLY_MODELS": case.tmp, "EARLY_TIMES": 1})
    case.contains(plain.out, "TRANSFORMERS_CACHE=/x open 0 fopen yes", "without the shim")


case.isolate("net")
case.main(holds)
