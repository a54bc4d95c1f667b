#!/usr/bin/env python3
import os

import case


def holds():
    witness = case.tmp / "witness"
    command = ["--", "touch", witness]

    def refused(directory, *parts, **options):
        result = case.expect_code(case.run("--models-dir", directory, *command, **options), 2, f"{directory}")
        for part in (str(directory), "--models-dir") + parts:
            case.contains(result.err, part, "the message")
        case.check(not witness.exists(), "the command was run all the same")
        return result

    refused(case.tmp / "missing", "does not exist", "create or mount it")
    file = case.tmp / "file"
    file.write_text("")
    refused(file, "is not a directory")
    loop = case.tmp / "loop"
    loop.symlink_to(loop)
    refused(loop, "loop of symbolic links")
    result = case.expect_code(case.run("--models-dir", "", *command), 2, "an empty --models-dir")
    case.contains(result.err, "--models-dir is empty", "the message")
    result = case.expect_code(case.run(*command, env=case.clean_environment(HFOFFLINE_MODELS_DIR="")), 2, "an empty variable")
    case.contains(result.err, "HFOFFLINE_MODELS_DIR", "the message")

    for flag in ("--models-dir", "--protect"):
        result = case.expect_code(case.run(flag, "/", *command), 2, f"{flag} /")
        case.contains(result.err, '"/" cannot be protected', f"{flag} /")
        case.lacks(result.err, "TMPDIR", f"{flag} /")
        case.check(not witness.exists(), "the command was run all the same")

    # The twins: there, and given in three ways. The command is run.
    models = case.models()
    os.chdir(case.tmp)
    for arguments, environment in ((["--models-dir", models], {}), (["--models-dir=models-hf-home"], {}),
                                   ([], {"HFOFFLINE_MODELS_DIR": models})):
        case.expect_code(case.run("--strict", *arguments, *command, env=case.clean_environment(**environment)), 0, "a good one")
        case.check(witness.exists(), "the command was not run")
        witness.unlink()

    closed = case.tmp / "closed"
    closed.mkdir(mode=0o000)
    refused(closed, "cannot be read (permission denied)", "that this user can list", user=case.unprivileged())


case.main(holds)
