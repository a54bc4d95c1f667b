#!/usr/bin/env python3
"""The same shim file serves programs of another libc (Debian: musl-tools)."""
import os
import shutil

import case
from programs import preload

models = case.models()
PROGRAMS = case.SOURCE / "tests/cases/programs"


def build(name, *sources, flags=()):
    program = case.tmp / f"{name}-musl"
    result = case.command("musl-gcc", "-O1", "-pthread", *flags, f"-I{case.SOURCE}/include", "-o", program, *[PROGRAMS / s for s in sources])
    case.expect_code(result, 0, f"building {name}")
    return program


def holds():
    if shutil.which("musl-gcc") is None:
        case.skip("no musl-gcc (musl-tools)")
    outside = case.tmp / "outside"
    outside.mkdir()

    everyday = build("everyday", "everyday_calls.c")
    case.contains(case.command("readelf", "-l", everyday).out, "ld-musl", "the loader of the program")
    result = case.run("--quiet", "--models-dir", models, "--", everyday, models, outside)
    case.equal((result.code, result.out, result.err), (0, "child: 0 wrong\nparent: 0 wrong\n", ""), "a musl program in a run")
    result = preload.shimmed(models, everyday, models, outside)
    case.equal((result.code, result.out), (0, "child: 0 wrong\nparent: 0 wrong\n"), f"a musl program, preloaded: {result.err}")

    # musl's libc is its loader as well. Debian's has no DT_SONAME to tell it by.
    static = build("read_environ", "read_environ.c", flags=["-static"])
    # The twins: what is linked statically, with a dynamic section and without.
    for program in (static, case.c_program("int main(void) { return 0; }", "-static-pie", name="static-pie")):
        case.contains(case.expect_code(case.run("--strict", "--", program), 125, f"the twin, {program}").err, "linked statically", f"the twin, {program}")
    loader = next(word for line in case.command("readelf", "-l", everyday).out.splitlines() if "interpreter:" in line
                  for word in line.strip(" []\n").split() if word.startswith("/"))
    for started in (loader, os.path.realpath(loader)):
        command = [started, everyday, models, outside]
        for words in (command, ["sh", "-c", " ".join(map(str, command)) + "; exit $?"]):
            result = case.run("--unshimmed", "refuse", "--quiet", "--models-dir", models, "--", *words)
            case.equal((result.code, result.out, result.err), (0, "child: 0 wrong\nparent: 0 wrong\n", ""), f"{words} in a run")
        result = case.expect_code(case.run("--strict", "--", started, static), 125, "a static program by musl's loader")
        case.contains(result.err, f"{static}: the program is linked statically", "a static program by musl's loader")
        case.equal(case.run("--strict", "--", "sh", "-c", f"{started} {static}; echo $?").out, "126\n", "a static program by musl's loader, from a shell")

    # glibc starts musl starts glibc, in every way.
    witness, start = build("witness", "witness.c"), build("start", "start_each.c", "exec_ways.c")
    for starter, started in ((start, preload.program("witness")), (preload.program("start_each"), witness), (start, witness)):
        result = preload.shimmed(models, starter, started, models, case.SHIM)
        said = [line for line in result.out.splitlines() if not line.endswith(": 0")]
        # A musl program is told its environment anew by the exec, so that main's third argument is right as well.
        case.equal(set(said), {"ok"}, f"{starter} starts {started}: {result.out}{result.err}")
        case.equal(len(said), 16, f"{starter} starts {started}")

    errors = build("errors", "exec_errors.c", "exec_ways.c")
    place = preload.what_cannot_be_started(case.tmp / "place")
    preload.same(preload.shimmed(models, errors, place), preload.bare(errors, place), "errors of musl's exec functions")

    operations = build("operations", "environment_operations.c")
    for seed in (1, 2, 3):
        preload.same(preload.shimmed(models, operations, seed, 3000), preload.bare(operations, seed, 3000), f"environment, seed {seed}")

    # Functions that this libc lacks are found in the shim by dlsym(): they fail as they would elsewhere.
    missing = build("missing", "missing_functions.c")
    result = preload.shimmed(models, missing)
    case.equal((result.code, result.out), (0, "_IO_fopen: null, ENOSYS\n_IO_popen: null, ENOSYS\ngetaddrinfo_a: -11, ENOSYS\n__openat_2: -1, ENOSYS\n"),
               f"missing functions: {result.err}")

    early = build("early", "library_order.c")
    result = preload.shimmed(models, early, variables={"EARLY_MODELS": models, "EARLY_TIMES": 3})
    case.equal(result.out.splitlines(), [f"{when}: HF_HUB_OFFLINE=1 TRANSFORMERS_CACHE=none open 30 fopen no connect 101 getaddrinfo -2"
                                            for when in ("program constructor", "main")] + ["3 of 3 refused at the end"] * 2, f"early and late: {result.err}")


case.isolate("net")
case.main(holds)
