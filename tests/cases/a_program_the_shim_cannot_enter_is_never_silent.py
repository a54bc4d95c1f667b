#!/usr/bin/env python3
import os
import shutil

import case

HELLO = "#include <stdio.h>\nint main(void) { puts(\"static\"); return 0; }\n"


def holds():
    static = case.c_program(HELLO, "-static", name="static")
    wrapper = case.script(f"#!{static}\n", name="wrapper")

    def each_choice(program, file, text, user=None):
        """warn, refuse and allow, for a program named directly."""
        record = case.shared / f"record-{os.path.basename(program)}-{user}.jsonl"
        result = case.run("--record", record, "--", program, user=user)
        case.expect_code(result, 0, f"{program}: warn")
        case.check(result.out != "", f"{program} is run")
        case.contains(result.err, f"hfoffline: warning: {file}: ", "the warning")
        case.contains(result.err, text, "the reason")
        lines = [line for line in case.record(record) if line["kind"] == "exec"]
        case.equal([(line["target"], line["verdict"]) for line in lines], [(str(file), "warn")], "the record")
        case.contains(result.err, "1 start of a program the shim cannot enter", "the summary")
        for flags in (["--strict"], ["--unshimmed", "refuse"]):
            result = case.expect_code(case.run(*flags, "--", program, user=user), 125, f"{program}: {flags}")
            case.equal(result.out, "", "nothing is run")
            case.contains(result.err, f"not run, because of {flags[0]}", "what decided")
        for flags in (["--unshimmed", "allow"], ["--strict", "--unshimmed", "allow"]):
            record.unlink(missing_ok=True)
            result = case.expect_code(case.run(*flags, "--record", record, "--", program, user=user), 0, f"{program}: {flags}")
            case.lacks(result.err, "warning", "allowed is allowed")
            case.lacks(result.err, "note: ", "allowed is allowed")
            lines = [line for line in case.record(record) if line["kind"] == "exec"]
            case.equal([(line["target"], line["verdict"], line["rule"]) for line in lines], [(str(file), "allow", "--unshimmed")], "the record")
            case.contains(result.err, "1 start of a program the shim cannot enter (allowed)", "the summary")

    each_choice(static, static, "linked statically")
    each_choice(wrapper, static, "linked statically")

    # Started by a program of the run: the exec hooks say the same.
    result = case.expect_code(case.run("--", "sh", "-c", f"{static}; true"), 0, "from a shell")
    case.contains(result.err, "1 start of a program the shim cannot enter", "the summary")
    result = case.run("--strict", "--", "sh", "-c", f"{static}; echo $?")
    case.equal(result.out, "126\n", "from a shell, --strict")
    config = case.tmp / "allow.toml"
    config.write_text('[exec]\n\nunshimmed = "allow"\n')
    record = case.tmp / "record-allow.jsonl"
    result = case.run("--fail-on-refusal", "--config", config, "--record", record, "--", "sh", "-c", f"{static}; true")
    case.expect_code(result, 0, "from a shell, allowed: no violation")
    case.contains(result.err, "1 start of a program the shim cannot enter (allowed)", "the summary")
    case.lacks(result.err, "note: ", "allowed is allowed")
    case.equal([(line["verdict"], line["rule"]) for line in case.record(record)], [("allow", f"{config}:3")], "the record")

    # Refused starts are not "nothing".
    result = case.run("--strict", "--", "sh", "-c", f"{static}; {wrapper}; true")
    err = " ".join(result.err.split())
    case.contains(err, "hfoffline: 2 starts of programs were refused", "the summary")
    case.contains(err, "the shim cannot enter (2 refused)", "the summary")
    case.lacks(err, "nothing was refused", "the summary")
    result = case.run("--", "sh", "-c", f"{static}; true")
    case.contains(result.err, "hfoffline: nothing was refused", "the summary of a warning")

    # The loader is linked statically, as it were, but takes the shim along: from the launcher and from a program.
    listed = case.command("ldd", "/bin/sh")
    loader = next((word for word in listed.out.split() if word.startswith("/") and "ld-" in word), None)
    if listed.code == 0 and loader:
        for result in (case.run("--strict", "--", loader, "/bin/echo", "hi"), case.run("--strict", "--", "sh", "-c", f"{loader} /bin/echo hi")):
            case.equal((result.code, result.out), (0, "hi\n"), "a program started by its loader")
            case.lacks(result.err, "cannot enter", "a program started by its loader")
        write = case.run("--quiet", "--models-dir", case.models(), "--", "sh", "-c", f"{loader} /bin/touch {case.models()}/new; echo $?")
        case.equal(write.out, "1\n", "a program started by its loader is guarded")
        # But a static program it only starts.
        for arguments in ([loader, static], [loader, "--library-path", "/x", "--argv0", "/bin/sh", static]):
            case.contains(case.expect_code(case.run("--", *arguments), 0, "a static program by the loader").err,
                          f"hfoffline: warning: {static}: the program is linked statically", "a static program by the loader")
            result = case.expect_code(case.run("--strict", "--", *arguments), 125, "a static program by the loader")
            case.equal(result.out, "", "a static program by the loader")
            line = " ".join(str(a) for a in arguments)
            case.equal(case.run("--strict", "--", "sh", "-c", f"{line}; echo $?").out, "126\n", "a static program by the loader, from a shell")
        case.equal(case.run("--strict", "--", "sh", "-c", f"{loader} --verify {static}; echo $?").out,
                   f"{case.command(loader, '--verify', static).code}\n", "a static program that the loader is asked about")
        for result in (case.run("--strict", "--", "ldd", "/bin/sh"), case.run("--strict", "--", "sh", "-c", "ldd /bin/sh")):
            case.expect_code(result, 0, "ldd")
            case.contains(result.out, "libc", "ldd")

    go = shutil.which("go")
    if go:
        source = case.tmp / "hello.go"
        source.write_text('package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("go") }\n')
        built = case.command(go, "build", "-o", case.tmp / "go-program", source,
                             env=case.clean_environment(CGO_ENABLED=0, GOCACHE=case.tmp / "go-cache", GOFLAGS="-mod=mod", GOPROXY="off"))
        case.expect_code(built, 0, "building a Go program")
        each_choice(case.tmp / "go-program", case.tmp / "go-program", "linked statically")

    # A setuid program: root's own gain nothing, others lose the shim.
    setuid = case.c_program(HELLO.replace("static", "setuid"), name="setuid")
    if os.geteuid() == 0:
        setuid.chmod(0o4755)
        each_choice(setuid, setuid, "setuid", user=case.unprivileged())
        case.lacks(case.expect_code(case.run("--strict", "--", setuid), 0, "setuid for root").err, "warning", "setuid for root")
    # The twin: the same program without the bit.
    setuid.chmod(0o755)
    case.lacks(case.expect_code(case.run("--strict", "--", setuid), 0, "an ordinary program").err, "warning", "an ordinary program")


case.main(holds)
