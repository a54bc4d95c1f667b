#!/usr/bin/env python3
import shutil
import subprocess

import case


def holds():
    bash = case.tmp / "completion.bash"
    bash.write_text(case.expect_code(case.hfoffline("completion", "bash"), 0, "bash").out)

    def completed(*words):
        quoted = " ".join(f"'{w}'" for w in words)
        program = (f"source {bash}; COMP_WORDS=({quoted}); COMP_CWORD=$(({len(words)} - 1)); _hfoffline; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        result = case.command("bash", "--norc", "-c", program)
        case.equal(result.err, "", f"bash completes {words}")
        return result.out.split()

    case.check({"run", "env", "doctor", "help"} <= set(completed("hfoffline", "")), "commands")
    case.equal(completed("hfoffline", "doc"), ["doctor"], "a command")
    case.equal(completed("hfoffline", "run", "--mod"), ["--models-dir", "--mode"], "flags")
    case.equal(completed("hfoffline", "run", "--mode", ""), ["refuse", "audit"], "values")
    case.check("transformers" in completed("hfoffline", "env", "--presets", "tr"), "preset names")
    case.check("ENETUNREACH" in completed("hfoffline", "run", "--errno", "E"), "errnos")
    case.equal(completed("hfoffline", "run", "--models-dir", str(case.tmp) + "/run-"), [str(case.tmp) + "/run-tmp"], "directories")
    case.check("python3" in completed("hfoffline", "run", "--strict", "python"), "the command to run")
    case.equal(completed("hfoffline", "report", "--format", ""), ["text", "json", "junit", "sarif", "github", "html"], "formats")
    case.equal(completed("hfoffline", "report", "--fail-on", "v"), ["violation"], "what --fail-on takes")
    case.equal(completed("hfoffline", "compare", str(case.tmp) + "/run-"), [str(case.tmp) + "/run-tmp"], "files")
    case.equal(completed("hfoffline", "doctor", "--mode"), [], "flags of another command")
    case.equal(completed("hfoffline", "completion", "--h"), ["--help"], "flags")

    zsh = case.expect_code(case.hfoffline("completion", "zsh"), 0, "zsh").out
    case.check(zsh.startswith("#compdef hfoffline\n"), "zsh's first line")
    case.contains(zsh, "'*--output=[", "a flag that may be repeated")
    if shutil.which("zsh"):
        checked = subprocess.run(["zsh", "-n"], input=zsh, capture_output=True, text=True)
        case.equal(checked.stderr, "", "zsh -n")
    case.expect_code(case.hfoffline("completion", "fish"), 2, "fish")


case.main(holds)
