#!/usr/bin/env python3
"""[cache] redirect: a path that programs hard-code is another one, for every program, read-only, and for the run alone."""
import os
import shutil
import subprocess

import case

STATIC = r"""
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int count, char** a) {
  printf("%s", open(a[1], O_RDONLY) >= 0 ? "read" : strerror(errno));
  printf(" %s\n", open(a[1], O_WRONLY) >= 0 ? "written" : strerror(errno));
  return 0;
}
"""


def allowed(user):
    flags = ["--mount"] if user is None and os.geteuid() == 0 else ["--mount", "--user"]
    return subprocess.run(["unshare", *flags, "true"], capture_output=True, user=user).returncode == 0


def each_program(target, place, user):
    """What programs see below the place is what is below the target."""
    config = "config.json"
    file = f"{place}/{config}"
    expected = (target / config).read_text()
    python = "import glob, os, pathlib, sys; p = pathlib.Path(sys.argv[1]); print(p.read_text(), end=''); "
    programs = {
        "cat": ["cat", file],
        "python": ["python3", "-c", python, file],
        "perl": ["perl", "-e", "open(F, $ARGV[0]); print <F>", file],
        "bash": ["bash", "-c", f"cd {place} && cat < {config}"],
        "tar": ["bash", "-c", f"tar -C {place} -cf - . | tar -xOf - ./{config}"],
        "cp": ["bash", "-c", f"cp -r {place} {case.shared}/copy && cat {case.shared}/copy/{config}; rm -rf {case.shared}/copy"],
        "find": ["find", f"{place}/", "-name", config, "-exec", "cat", "{}", ";"],
        "grep": ["grep", "-rh", "", f"{place}/{config}"],
        "node": ["node", "-e", "process.stdout.write(require('fs').readFileSync(process.argv[1]))", file],
        "git": ["git", "--no-pager", "diff", "--no-index", "--exit-code", file, str(target / config)],
    }
    for name, command in programs.items():
        if shutil.which(command[0]) is None:
            continue
        result = case.run("--quiet", "--redirect", f"{place}={target}", "--", *command, user=user)
        case.expect_code(result, 0, name)
        case.equal(result.out, "" if name == "git" else expected, name)
    for name, command in {"ls": ["ls", place], "realpath": ["realpath", file], "getcwd": ["bash", "-c", f"cd {place}/.. && cd {os.path.basename(place)} && pwd -P"]}.items():
        result = case.expect_code(case.run("--quiet", "--redirect", f"{place}={target}", "--", *command, user=user), 0, name)
        wanted = {"ls": "".join(f"{n}\n" for n in sorted(os.listdir(target), key=str.lower)), "realpath": f"{file}\n", "getcwd": f"{place}\n"}[name]
        case.equal(sorted(result.out.split()), sorted(wanted.split()), name)


def holds():
    target = case.shared / "target"
    (target / "sub").mkdir(parents=True)
    (target / "config.json").write_text('{"a": 1}\n')
    (target / "sub" / "weights").write_text("weights\n")
    target.chmod(0o777)
    (target / "config.json").chmod(0o666)
    home = case.shared / "home"
    home.mkdir()
    home.chmod(0o777)
    users = [None] + ([case.unprivileged()] if os.geteuid() == 0 else [])
    tried = 0
    for user in users:
        if not allowed(user):
            # Said plainly, and nothing is run.
            arguments = ("--redirect", f"{home}/x={target}", "--", "cat", f"{home}/x/config.json")
            result = case.expect_code(case.run("--redirect-way", "mount", *arguments, user=user), 125, "where no namespace can be made")
            case.equal(result.out, "", "nothing is run")
            case.contains(result.err, "mount namespace", "what is missing")
            # Left to hfoffline, each process does it itself.
            result = case.expect_code(case.run(*arguments, user=user), 0, "without a namespace")
            case.equal(result.out, '{"a": 1}\n', "without a namespace")
            case.contains(" ".join(result.err.split()), "(in each process)", "without a namespace")
            continue
        tried += 1
        for place in (f"{home}/.cache/huggingface", f"{home}/there"):
            if place.endswith("there"):
                os.makedirs(place, exist_ok=True)
                os.chmod(place, 0o777)
            each_program(target, place, user)
            # Writing fails, and changes nothing.
            result = case.run("--redirect", f"{place}={target}", "--", "bash", "-c", f"echo changed > {place}/config.json; echo $?; echo > {place}/new", user=user)
            case.contains(result.err, "Read-only file system", "writing")
            case.contains(" ".join(result.err.split()), f"redirected {place} to {target}", "the summary")
            case.equal((target / "config.json").read_text(), '{"a": 1}\n', "what was written")
        # What was made for it is gone, what was there before is still there.
        case.check(not (home / ".cache").exists(), "what was made for the mount is removed")
        case.equal(os.listdir(home / "there"), [], "nothing is left in the place")
        # By "~", the config file, and for a single file; the working directory below the place is the other one.
        config = case.shared / "redirect.toml"
        config.write_text(f'[cache]\nredirect = ["~/there={target}", "{home}/single={target}/config.json"]\n')
        environment = case.clean_environment(HOME=home)
        result = case.run("--quiet", "--config", config, "--", "bash", "-c", "cat config.json; cat ../single", user=user, env=environment, cwd=home / "there")
        case.equal(result.out, '{"a": 1}\n' * 2, "by the config file")
        case.check(not (home / "single").exists(), "the file that was made is removed")
        # A program that the shim cannot enter.
        static = case.c_program(STATIC, "-static", name="static")
        result = case.run("--quiet", "--unshimmed", "allow", "--redirect", f"{home}/there={target}", "--", static, f"{home}/there/config.json", user=user)
        case.equal(result.out, "read Read-only file system\n", "a static program")
        # Outside of the run, nothing is different.
        command = f"ls {home}/there"
        case.equal(case.command("bash", "-c", command).out, "", "outside of the run")
        # The twin: without the redirect the place is what it is.
        case.equal(case.run("--quiet", "--", "ls", home / "there", user=user).out, "", "without a redirect")

    # Mistakes.
    for text, why in ((f"{home}/there={target}/none", "is not there"), ("/a", "is not FROM=TO"), (f"{home}/there={target}/config.json", "are not of one kind")):
        result = case.run("--redirect", text, "--", "echo", "ran")
        case.check(result.code in (2, 125), f"{text}: {result!r}")
        case.equal(result.out, "", text)
        case.contains(result.err, why, text)
    result = case.expect_code(case.hfoffline("explain", "--redirect", f"{home}/there={target}", f"{home}/there/config.json"), 0, "explain")
    for part in (f"{home}/there/config.json\nredirected", "rule: --redirect", f"{target}/config.json"):
        case.contains(result.out, part, "explain")
    case.lacks(case.hfoffline("explain", "--redirect", f"{home}/there={target}", f"{home}/thereX").out, "redirected", "explain a neighbour")
    models = case.models()
    result = case.expect_code(case.run("--models-dir", models, "--redirect", f"{models}/inside={target}", "--", "echo", "ran"), 2, "inside a protected tree")
    case.contains(result.err, "inside a protected tree", "inside a protected tree")
    case.check(not (models / "inside").exists(), "nothing is made there")
    result = case.expect_code(case.hfoffline("bake", "--redirect-way", "mount", "--redirect", f"{home}/there={target}", "-o", case.tmp / "baked.so"), 2, "bake")
    case.contains(result.err, "cannot be baked", "bake")
    # The models dir itself, as DESIGN has it: the shim's record knows what was tried there.
    if tried:
        record = case.tmp / "record"
        file = case.sample_file(models).relative_to(models)
        result = case.run("--models-dir", models, "--redirect", f"{home}/there={models}", "--record", record, "--", "bash", "-c", f"cat {home}/there/{file} >/dev/null && echo > {home}/there/new")
        case.equal({(line["kind"], line["errno"]) for line in case.record(record)}, {("write", "EROFS")}, "the record")
    else:
        case.skip("no namespaces here")


case.main(holds)
