#!/usr/bin/env python3
"""syscall(SYS_connect) and connect: what was judged is what the kernel gets, even while another thread changes it."""
import shutil

import case
from programs import preload

models = case.models()


def holds():
    if shutil.which("ip") is None:
        case.skip("no ip (iproute2)")
    # Leads nowhere, but lets connect() succeed.
    case.expect_code(case.command("ip", "route", "add", "192.0.2.0/24", "dev", "lo"), 0, "a route to the outside")
    program = preload.program("flipped_address")
    result = case.expect_code(preload.shimmed(models, program, 300000), 0, "under the shim")
    case.equal(result.out, "inside often, outside 0, refused often\n", "under the shim")
    result = case.expect_code(preload.shimmed(models, program, 300000, "family"), 0, "another family by turns")
    case.equal(result.out, "inside never, outside 0, refused often\n", "another family by turns")
    # The twin: bare, both are reached.
    case.lacks(preload.bare(program, 300000).out, "outside 0,", "bare")
    case.lacks(preload.bare(program, 300000, "family").out, "outside 0,", "bare, another family by turns")


case.isolate("net")
case.main(holds)
