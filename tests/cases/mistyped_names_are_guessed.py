#!/usr/bin/env python3
import case


def holds():
    def guessed(arguments, *parts):
        result = case.expect_code(case.hfoffline(*arguments), 2, " ".join(arguments))
        for part in parts:
            case.contains(result.err, part, " ".join(arguments))
        case.equal(result.out, "", "stdout")

    guessed(["rnu"], 'unknown command "rnu"', 'did you mean "run"?')
    guessed(["checkconfig"], 'did you mean "check-config"?')
    guessed(["pytest"], "to run a program: hfoffline run -- pytest")
    guessed(["help", "doctr"], 'did you mean "doctor"?')
    guessed(["run", "--model-dir", "/x", "true"], "unknown flag --model-dir", "did you mean --models-dir?")
    guessed(["run", "--no-quit", "true"], "unknown flag --no-quit")
    guessed(["run", "--models-dir"], "--models-dir needs a value")
    guessed(["run", "--models-dir", "--", "true"], "--models-dir needs a value")
    guessed(["run", "--quiet=maybe", "true"], "--quiet is true or false")
    guessed(["run"], "no command to run is given")
    guessed(["run", "--strict", "--"], "no command to run is given")
    guessed(["-x"], "unknown flag -x")
    guessed(["env", "extra"], 'unexpected argument "extra"')
    guessed([], "no command is given")
    guessed(["run", "--errno", "ENETUNREACHABLE", "true"], "ENETUNREACH")

    result = case.run("--", "true", env=case.clean_environment(HFOFFLINE_MODEL_DIR="/x"))
    case.expect_code(result, 0, "a mistyped variable is a warning")
    case.contains(result.err, "HFOFFLINE_MODEL_DIR means nothing", "the warning")
    case.contains(result.err, "did you mean HFOFFLINE_MODELS_DIR?", "the warning")
    result = case.run("--", "true", env=case.clean_environment(HFOFFLINE_TEST="a test", OFFLINE="1"))
    case.lacks(result.err, "means nothing", "known variables")
    # With a bare LD_PRELOAD: once, by the first program of the tree.
    environment = case.clean_environment(LD_PRELOAD=case.SHIM, HFOFFLINE_MODELS_DIR=case.models(), HFOFFLINE_SCRATCH=case.tmp / "scratch", HFOFFLINE_QUITE="1")
    result = case.expect_code(case.command("sh", "-c", "/bin/true; /bin/true; echo $?", env=environment), 0, "a bare LD_PRELOAD")
    said = "hfoffline: warning: the variable HFOFFLINE_QUITE means nothing to hfoffline; did you mean HFOFFLINE_QUIET?\n"
    case.equal(result.err, said, "a bare LD_PRELOAD")
    for variables in ({"HFOFFLINE_QUITE": "1", "HFOFFLINE_QUIET": "true"}, {"HFOFFLINE_QUIET": "false", "HFOFFLINE_TEST": "x"}):
        result = case.command("true", env=case.clean_environment(LD_PRELOAD=case.SHIM, HFOFFLINE_MODELS_DIR=case.models(), HFOFFLINE_SCRATCH=case.tmp / "scratch", **variables))
        case.equal((result.code, result.err), (0, ""), f"{variables}")


case.main(holds)
