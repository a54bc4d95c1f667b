#!/usr/bin/env python3
import case

models = case.models()
other = case.models("hub-cache")
ASK = ["sh", "-c", f"echo $HF_HOME; echo x 2>/dev/null > {models}/new || echo refused"]


def holds():
    def inside(*arguments, **options):
        return case.run("--quiet", "--models-dir", models, "--fail-on-refusal", "--", case.HFOFFLINE, "run",
                        *arguments, **options)

    result = inside("--", *ASK)
    case.equal((result.code, result.out), (3, f"{models}\nrefused\n"), "a nested run")
    case.contains(result.err, "inside a run already: its policy stays in force", "the note")
    result = inside("--quiet", "--", *ASK)
    case.equal((result.code, result.out), (3, f"{models}\nrefused\n"), "a nested run, quiet")
    case.lacks(result.err, "inside a run already", "quiet")
    for flags in (["--models-dir", other], ["--mode", "audit"], ["--allow", "example.org"], ["--strict"], ["--no-lock"]):
        result = case.expect_code(inside(*flags, "--", *ASK), 2, f"nested with {flags[0]}")
        case.equal(result.out, "", "nothing is run")
        case.contains(result.err, "cannot be given here", "the message")
    case.expect_code(inside("--", "no-such-command"), 127, "nested: not found")
    case.expect_code(inside("--", "sh", "-c", "exit 4"), 4, "nested: exit code")
    # The launcher is static, and no program that the shim cannot guard.
    result = case.run("--models-dir", models, "--strict", "--", case.HFOFFLINE, "run", "--quiet", "--", *ASK)
    case.equal((result.code, result.out), (3, f"{models}\nrefused\n"), "nested under --strict")
    case.lacks(result.err, "cannot enter", "nested under --strict")
    # With the environment cleared around it.
    result = case.run("--quiet", "--unshimmed", "allow", "--models-dir", models, "--", "env", "-i", case.HFOFFLINE, "run", "--quiet",
                      "--", "/bin/sh", "-c", ASK[2])
    case.equal(result.out, f"{models}\nrefused\n", "nested behind env -i")
    # Exported variables alone are no run.
    exported = case.clean_environment(HFOFFLINE_ACTIVE="0.1.0", HFOFFLINE_MODELS_DIR=models, LD_PRELOAD="")
    result = case.run("--", "sh", "-c", "echo $HF_HOME", env=exported)
    case.equal((result.code, result.out), (0, f"{models}\n"), "variables of `env --shell`")
    case.lacks(result.err, "inside a run already", "variables of `env --shell`")


case.main(holds)
