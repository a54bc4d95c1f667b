#!/usr/bin/env python3
"""Threads of another library's constructor that ask at the same time get the same answer."""
import case
from programs import preload

models = case.models()


def holds():
    library = preload.program("libearly_threads.so")
    for order in (f"{case.SHIM}:{library}", f"{library}:{case.SHIM}"):
        for _ in range(40):
            result = case.expect_code(preload.shimmed(models, "/bin/true", preload=order), 0, order)
            case.equal(result.out, "0 threads were told something else\n", order)
    # The twin: without the shim nobody has set it.
    result = preload.bare("/bin/true", variables={"LD_PRELOAD": library})
    case.equal(result.out, "4 threads were told something else\n", "bare")


case.main(holds)
