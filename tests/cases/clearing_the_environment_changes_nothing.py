#!/usr/bin/env python3
import case

models = case.models()
ASK = f"echo $HF_HUB_OFFLINE $HF_HOME; echo x 2>/dev/null > {models}/new || echo refused"


def holds():
    ways = {
        "env -i": ["env", "-i", "/bin/sh", "-c", ASK],
        "env -i, twice": ["env", "-i", "/usr/bin/env", "-i", "/bin/sh", "-c", ASK],
        "env -u LD_PRELOAD": ["env", "-u", "LD_PRELOAD", "-u", "HFOFFLINE_POLICY", "sh", "-c", ASK],
        "unset in a shell": ["sh", "-c", f"unset LD_PRELOAD HFOFFLINE_POLICY HF_HOME; /bin/sh -c '{ASK}'"],
        "an empty environment for execve": ["python3", "-c", f"import os; os.execve('/bin/sh', ['sh', '-c', {ASK!r}], {{}})"],
        "subprocess with env={}": ["python3", "-c", f"import subprocess; subprocess.run(['/bin/sh', '-c', {ASK!r}], env={{}})"],
        "another value": ["env", "HF_HUB_OFFLINE=0", "HF_HOME=/elsewhere", "LD_PRELOAD=", "sh", "-c", ASK],
        "an environment without NULs to spare": ["env", "-i", "A=1", "HF_HOME=/x", "HF_HOME=/y", "sh", "-c", ASK],
    }
    for what, command in ways.items():
        result = case.run("--models-dir", models, "--fail-on-refusal", "--", *command)
        case.equal(result.out, f"1 {models}\nrefused\n", what)
        case.expect_code(result, 3, what)
        case.contains(result.err, "1 request was refused", what)
    # The twin: without the run, these do clear it.
    result = case.command("env", "-i", "/bin/sh", "-c", "echo ${HF_HUB_OFFLINE-none}", env=case.clean_environment(HF_HUB_OFFLINE=1))
    case.equal(result.out, "none\n", "env -i outside of a run")


case.main(holds)
