#!/usr/bin/env python3
import os
import pathlib
import shlex
import subprocess

import case

models = case.models()
AWKWARD = "it's \"quoted\" $HOME `date` \\ * ; & | \n line two \t end"


def variables(text):
    return dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)


def holds():
    given = {"TRANSFORMERS_CACHE": "/old", "HF_HOME": "/elsewhere", "KEPT": "yes", "HTTPS_PROXY": "http://proxy:3128"}
    scratch = case.tmp / "scratch"
    flags = ["--models-dir", models, "--scratch", scratch, "--set", f"AWKWARD={AWKWARD}", "--set", "EMPTY=", "--unset", "MY_CACHE"]
    environment = case.clean_environment(**given, MY_CACHE="x")

    # What `env --shell` makes of a shell is what a run makes of a command.
    shell = case.expect_code(case.hfoffline("env", *flags, "--shell", env=environment), 0, "env --shell")
    for program in ("sh", "bash"):
        evaluated = subprocess.run([program, "-c", 'eval "$1"; env -0', program, shell.out], env=environment, capture_output=True, text=True)
        case.equal(evaluated.stderr, "", f"{program} evaluates it without a word")
        from_shell = variables(evaluated.stdout)
        in_run = variables(case.run("--quiet", *flags, "--", "env", "-0", env=environment).out)
        for name in ("LD_PRELOAD", "HFOFFLINE_POLICY", "ASAN_OPTIONS", "_", "SHLVL", "PWD", "OLDPWD"):
            from_shell.pop(name, None)
            in_run.pop(name, None)
        differing = {n: (from_shell.get(n), in_run.get(n)) for n in from_shell.keys() | in_run.keys() if from_shell.get(n) != in_run.get(n)}
        case.equal(differing, {}, f"variables that differ between {program} and a run")
    case.equal(in_run["AWKWARD"], AWKWARD, "an awkward value")
    case.equal(in_run["EMPTY"], "", "an empty value")
    case.equal(in_run["KEPT"], "yes", "what is not managed")
    case.equal(in_run["HF_HOME"], str(models), "HF_HOME")
    for name in ("TRANSFORMERS_CACHE", "HTTPS_PROXY", "MY_CACHE"):
        case.check(name not in in_run, f"{name} is still there")
    for name in ("HF_MODULES_CACHE", "HF_DATASETS_CACHE"):
        case.equal(pathlib.Path(in_run[name]).parent, scratch, f"where {name} leads")
    case.check(scratch.is_dir(), "the scratch directory was not made")
    for line in shell.out.replace(AWKWARD.split("\n")[1], "").splitlines():
        if line.startswith("export ") and "AWKWARD" not in line:
            case.equal(len(shlex.split(line)), 2, f"words of {line!r}")

    # Without a scratch directory, nothing leads into one that is not there.
    shell = case.hfoffline("env", "--models-dir", models, "--shell", env=environment)
    case.lacks(shell.out, "scratch", "env --shell without --scratch")
    case.contains(shell.err, "--scratch DIR adds them", "the note")

    plain = case.hfoffline("env", *flags, env=environment)
    case.contains(plain.out, f"set    HF_HOME={models}\n", "plain")
    case.contains(plain.out, "remove TRANSFORMERS_CACHE\n", "plain")
    explained = case.hfoffline("env", *flags, "--explain", env=environment)
    case.contains(explained.out, f"set    HF_HOME={models}\n         preset huggingface", "what decided")
    case.contains(explained.out, "replaces /elsewhere\n", "the value that is replaced")
    case.contains(explained.out, "was /old\n", "the value that is removed")
    case.contains(explained.out, "remove MY_CACHE\n         --unset", "a flag decided")
    for line in explained.out.splitlines():
        case.check(len(line) <= 80 or str(case.tmp) in line or "AWKWARD" in line or "line two" in line, f"{len(line)} columns: {line}")
    case.check(not os.path.exists("/tmp/hfoffline-XXXXXX"), "env made a directory")
    case.expect_code(case.hfoffline("env", "--shell", "--explain"), 2, "--shell and --explain")


case.main(holds)
