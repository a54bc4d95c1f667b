#!/usr/bin/env python3
import case
from programs import preload

models = case.models()


def holds():
    place = preload.what_cannot_be_started(case.tmp / "place")
    program = preload.program("exec_errors")
    plain = preload.bare(program, place)
    case.contains(plain.out, "execve, environment too large: -1 Argument list too long", "E2BIG")
    case.contains(plain.out, "5002 arguments, 45000 bytes", "5000 arguments")
    # glibc and musl count differently what is too large for a child; the shim only adds its own variables to that.
    preload.same(preload.shimmed(models, program, place), plain, "errors of every way")
    preload.same(preload.shimmed(models, program, place, variables={"HFOFFLINE_UNSHIMMED": "refuse"}), plain, "nothing of it is a program without the shim")


case.main(holds)
