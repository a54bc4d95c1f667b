#!/usr/bin/env python3
import shutil

import case
from programs import preload

models = case.models()
NAMES = ["HF_HUB_OFFLINE", "TRANSFORMERS_CACHE"]


def holds():
    program = preload.program("environment_tamper")
    record = case.tmp / "record.jsonl"
    result = case.expect_code(preload.shimmed(models, program, *NAMES, 3, record=record), 0, "every change")
    lines = result.out.splitlines()
    case.equal(len(lines), 9 * 3 + 2, "lines")
    for line in lines[:-2]:
        case.check(line.endswith("= 0, errno 0: 1 1 1, none none"), f"the change succeeds and changes nothing: {line}")
    case.equal(lines[-2:], ["shell 1 none", "getenv 1"], "after environ was replaced")
    # Each kind of change once, however often it is made.
    told = sorted((line["op"], line["target"], line["count"]) for line in case.record(record) if line["reason"] == "env_tamper")
    case.equal(told, [(op, name, 1) for op in ("putenv", "setenv") for name in NAMES] + [("unsetenv", "HF_HUB_OFFLINE", 1)], "the record")

    # With the lock off, every change goes through in this process, and nothing is recorded.
    config = case.tmp / "hfoffline.toml"
    config.write_text("[env]\nlock = false\n")
    record.unlink()
    result = preload.shimmed(models, program, *NAMES, 1, record=record, variables={"HFOFFLINE_CONFIG": config})
    case.contains(result.out, "setenv = 0, errno 0: 0 0 0, none none", "lock = false")
    case.contains(result.out, "setenv of an unset one = 0, errno 0: 0 0 0, x x", "lock = false")
    case.check(not record.exists() or not [line for line in case.record(record) if line["reason"] == "env_tamper"], "no record")

    # Other languages keep copies of the environment: what they start is right all the same.
    ask = "echo $HF_HUB_OFFLINE ${TRANSFORMERS_CACHE-none} ${LD_PRELOAD%%:*}"
    expected = f"1 none {case.SHIM}\n"
    programs = {
        "python3": ["-c", f"import os, subprocess; os.environ['HF_HUB_OFFLINE'] = '0'; os.environ['TRANSFORMERS_CACHE'] = '/x'; "
                          f"subprocess.run({ask!r}, shell=True); subprocess.run({ask!r}, shell=True, env={{}}); os.environ.clear(); os.system({ask!r})"],
        "perl": ["-e", f"$ENV{{HF_HUB_OFFLINE}} = 0; $ENV{{TRANSFORMERS_CACHE}} = 1; system {ask!r}; %ENV = (); system {ask!r}; delete $ENV{{LD_PRELOAD}}; system '/bin/sh', '-c', {ask!r}"],
        "bash": ["-c", f"export HF_HUB_OFFLINE=0 TRANSFORMERS_CACHE=/x; sh -c {ask!r}; unset HF_HUB_OFFLINE LD_PRELOAD; sh -c {ask!r}; env -i /bin/sh -c {ask!r}".replace("%%:*", "")],
        "env": ["-i", "/usr/bin/env", "-u", "HFOFFLINE_POLICY", "-u", "LD_PRELOAD", "HF_HUB_OFFLINE=0", "/bin/sh", "-c", f"{ask}; {ask}; {ask}"],
    }
    tried = 0
    for name, arguments in programs.items():
        if shutil.which(name) is None:
            continue
        tried += 1
        result = preload.shimmed(models, name, *arguments)
        case.equal(result.out, expected * 3, f"{name}: {result.err}")
    case.check(tried > 1, "there are programs to try")


case.main(holds)
