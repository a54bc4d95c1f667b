#!/usr/bin/env python3
"""Static, 32-bit and setuid programs, and scripts for a static interpreter."""
import os
import shutil

import case
from programs import preload

models = case.models()
SHELL_WAYS = ("system", "popen")  # the shell starts the program there


def outcomes(result):
    """[(what was printed, way, status)]"""
    lines = result.out.splitlines()
    found, said = [], []
    for line in lines:
        way, _, status = line.rpartition(": ")
        if status.lstrip("-").isdigit():
            found.append((" ".join(said), way, int(status)))
            said = []
        else:
            said.append(line)
    return found


def holds():
    start = preload.program("start_each")
    static = case.c_program('#include <stdio.h>\nint main(void) { puts("ran"); return 0; }\n', "-static", name="static")
    script = case.script(f"#!{static}\n", name="script")
    script_of_script = case.script(f"#! {script} -x\n", name="script-of-script")
    # A program for another machine: its header is enough, it need not run.
    foreign = case.tmp / "foreign"
    header = bytearray(static.read_bytes()[:4096])
    header[4] = 1  # ELFCLASS32
    foreign.write_bytes(header)
    foreign.chmod(0o755)
    go = case.go_program('#include <stdio.h>\nint main(void) { puts("ran"); return 0; }\n')
    targets = [(go, "exec_own_calls", None), (static, "exec_static", None), (script, "exec_static", None), (script_of_script, "exec_static", None), (foreign, "exec_foreign", None)]
    if os.geteuid() == 0:
        setuid = case.c_program('#include <stdio.h>\nint main(void) { puts("ran"); return 0; }\n', name="setuid")
        setuid.chmod(0o4755)
        targets.append((setuid, "exec_privileged", case.unprivileged()))

    for target, reason, user in targets:
        for choice in ("warn", "refuse", "allow"):
            record = case.shared / f"record-{target.name}-{choice}"
            result = preload.shimmed(models, start, target, record=record, user=user,
                                     variables={"HFOFFLINE_UNSHIMMED": choice, "HFOFFLINE_SCRATCH": case.shared / f"scratch-{user}"})
            case.expect_code(result, 0, f"{target.name}, {choice}")
            found = outcomes(result)
            case.equal(len(found), 16, f"{target.name}, {choice}: ways")
            for said, way, status in found:
                if choice == "refuse" and way in SHELL_WAYS:
                    case.equal((said, status), ("", 126), f"{target.name}, {choice}, {way}")
                elif choice == "refuse":
                    case.equal((said, status), ("not started: Permission denied", 1), f"{target.name}, {choice}, {way}")
                elif target != foreign:
                    case.equal((said, status), ("ran", 0), f"{target.name}, {choice}, {way}")
            lines = [line for line in case.record(record) if line["kind"] == "exec"] if record.exists() else []
            case.equal({(line["reason"], line["verdict"], line["errno"], line["rule"]) for line in lines},
                       {(reason, choice, "EACCES" if choice == "refuse" else None, "HFOFFLINE_UNSHIMMED")},
                       f"{target.name}, {choice}: the record")
            case.equal(len({line["pid"] for line in lines}), 16, f"{target.name}, {choice}: processes in the record")
    for path in case.shared.glob("scratch-*"):
        shutil.rmtree(path)

    # The twin: an ordinary program runs in every way, unnoticed, under refuse.
    record = case.tmp / "record-twin"
    ordinary = case.c_program('#include <stdio.h>\nint main(void) { puts("ran"); return 0; }\n', name="ordinary")
    for target in (ordinary, case.script("#!/bin/sh\necho ran\n", name="ordinary-script")):
        result = preload.shimmed(models, start, target, record=record, variables={"HFOFFLINE_UNSHIMMED": "refuse"})
        case.equal({(said, status) for said, _, status in outcomes(result)}, {("ran", 0)}, "an ordinary program")
    case.check(not record.exists(), "no record")


case.main(holds)
