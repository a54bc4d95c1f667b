#!/usr/bin/env python3
"""io_uring would go around every function: syscall(SYS_io_uring_setup) says what a kernel without it says."""
import case
from programs import preload

models = case.models()


def holds():
    program = preload.program("no_ring")
    result = case.expect_code(preload.shimmed(models, program), 0, "under the shim")
    case.equal(result.out, "ring ENOSYS\n426 ENOSYS\n427 ENOSYS\npid right\n", "under the shim")
    # The twin: bare, it is there, or the machine forbids it.
    plain = preload.bare(program)
    if "426 ENOSYS" in plain.out:
        case.skip("this kernel has no io_uring")
    case.contains(plain.out, "426 there\n427 there\n", "bare")
    case.contains(plain.out, "pid right\n", "bare")


case.main(holds)
