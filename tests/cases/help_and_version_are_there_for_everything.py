#!/usr/bin/env python3
import re

import case


def holds():
    result = case.expect_code(case.hfoffline("--version"), 0, "--version")
    case.check(re.fullmatch(r"hfoffline \d+\.\d+\.\d+\n", result.out), f"--version says {result.out!r}")
    version = result.out
    result = case.expect_code(case.hfoffline("--help"), 0, "--help")
    commands = re.findall(r"^  ([a-z-]+)  +[a-z]", result.out.split("Flags:")[0], re.M)
    case.check({"run", "env", "explain", "check-config", "doctor", "bake", "completion", "sample", "shadow", "layer"} <= set(commands),
               f"commands: {commands}")
    case.equal(case.hfoffline("help").out, result.out, "`help`")
    for command in commands:
        if command == "help":
            continue
        help_text = case.expect_code(case.hfoffline(command, "--help"), 0, f"{command} --help")
        case.equal(help_text.err, "", "stderr")
        case.contains(help_text.out, f"Usage: hfoffline {command}", f"{command} --help")
        case.contains(help_text.out, "Example", f"{command} --help")
        case.equal(case.hfoffline("help", command).out, help_text.out, f"help {command}")
        case.equal(case.hfoffline(command, "-h").out, help_text.out, f"{command} -h")
        case.equal(case.expect_code(case.hfoffline(command, "--version"), 0, f"{command} --version").out, version, f"{command} --version")
        for line in help_text.out.splitlines():
            case.check(len(line) < 80, f"{command} --help: a line of {len(line)} columns: {line}")
    # A setting that is one of a few words says which; one that is on says how it is switched off.
    words = " ".join(case.hfoffline("run", "--help").out.split())
    for part in ("(auto, hf-home or hub-cache; default: auto)", "(auto, mount or in-process; default: auto)",
                 "(refuse or audit; default: refuse)", "(warn, refuse or allow; default: warn)", "; --no-lock switches it off"):
        case.contains(words, part, "run --help")
    case.equal(words.count("--no-"), 1, "what is off is not said to be switched off")
    for arguments in (["--version", "x"], ["--help", "x"], ["help", "run", "x"]):
        result = case.expect_code(case.hfoffline(*arguments), 2, f"{arguments}")
        case.contains(result.err, 'unexpected argument "x"', f"{arguments}")
    # --help behind the command belongs to the command.
    result = case.run("--quiet", "python3", "-c", "import sys; print(sys.argv[1:])", "--help")
    case.equal(result.out, "['--help']\n", "the command's own --help")


case.main(holds)
