#!/usr/bin/env python3
"""[cache] redirect without a namespace: what everyday programs see, beside what they see of a mount."""
import os
import shutil
import subprocess

import case

# Run in the home directory, in which .cache/huggingface is the redirected path ($FROM).
CHECKS = {
    "python open": ["python3", "-c", "import os; print(open(os.environ['FROM'] + '/config.json').read())"],
    "python os.stat": ["python3", "-c", "import os; print(os.stat(os.environ['FROM'] + '/config.json').st_size)"],
    "python os.listdir": ["python3", "-c", "import os; print(sorted(os.listdir(os.environ['FROM'])))"],
    "python os.walk": ["python3", "-c", "import os; print(sorted((d, sorted(f)) for d, _, f in os.walk(os.environ['FROM'])))"],
    "python os.walk from above": ["python3", "-c", "import os; print(sorted((d, sorted(f)) for d, _, f in os.walk('.')))"],
    "python os.fwalk": ["python3", "-c", "import os; print(sorted((d, sorted(f)) for d, _, f, _ in os.fwalk('.')))"],
    "python glob": ["python3", "-c", "import glob, os; print(sorted(glob.glob(os.environ['FROM'] + '/**', recursive=True)))"],
    "python resolve": ["python3", "-c", "import os, pathlib; print(pathlib.Path(os.environ['FROM'] + '/sub/../link').resolve())"],
    "python chdir": ["python3", "-c", "import os; os.chdir(os.environ['FROM'] + '/sub'); print(os.getcwd(), os.listdir('..'))"],
    "python subprocess cwd": ["python3", "-c", "import os, subprocess; print(subprocess.check_output(['cat', '../config.json'], cwd=os.environ['FROM'] + '/sub'))"],
    "python shutil.copytree": ["python3", "-c", "import os, shutil, tempfile; d = tempfile.mkdtemp(); shutil.copytree(os.environ['FROM'], d + '/x'); print(sorted(os.listdir(d + '/x')))"],
    "python writing": ["python3", "-c", "import os\ntry: open(os.environ['FROM'] + '/new', 'w')\nexcept OSError as e: print(e)"],
    "python /proc/self/fd": ["python3", "-c", "import os; print(os.readlink('/proc/self/fd/%d' % os.open(os.environ['FROM'] + '/config.json', 0)))"],
    "python dir_fd": ["python3", "-c", "import os; print(os.stat('huggingface/config.json', dir_fd=os.open('.cache', 0)).st_size)"],
    "node readFileSync": ["node", "-e", "console.log(require('fs').readFileSync(process.env.FROM + '/config.json', 'utf8'))"],
    "node statSync": ["node", "-e", "console.log(require('fs').statSync(process.env.FROM + '/config.json').size)"],
    "node realpathSync": ["node", "-e", "console.log(require('fs').realpathSync(process.env.FROM + '/link'))"],
    "node realpathSync.native": ["node", "-e", "console.log(require('fs').realpathSync.native(process.env.FROM + '/link'))"],
    "node readdir": ["node", "-e", "require('fs').readdir(process.env.FROM, (e, n) => console.log(e, n.sort()))"],
    "git diff": ["git", "--no-pager", "diff", "--no-index", ".cache/huggingface/config.json", "other.json"],
    "git in it": ["sh", "-c", "cd $FROM/repository && git -c safe.directory='*' log --format=%s && git -c safe.directory='*' rev-parse --show-toplevel"],
    "find": ["sh", "-c", "find $FROM | sort"],
    "find from above": ["sh", "-c", "find . -name config.json | sort"],
    "ls": ["ls", "-R", ".cache"],
    "ls -l": ["sh", "-c", "ls -l $FROM/ | cut -c1-10"],
    "cp -r": ["sh", "-c", "cp -r .cache $TMPDIR/copy && cat $TMPDIR/copy/huggingface/sub/weights; rm -rf $TMPDIR/copy"],
    "tar": ["sh", "-c", "tar -cf - .cache | tar -tf - | sort"],
    "grep -r": ["sh", "-c", "grep -rl a .cache | grep -v sample | sort"],
    "perl -e": ["perl", "-e", "use Cwd; open(F, \"$ENV{FROM}/config.json\"); print <F>; print -s \"$ENV{FROM}/config.json\", Cwd::realpath(\"$ENV{FROM}/link\")"],
    "java": ["java", "-version"],
    "bash test": ["bash", "-c", "test -d $FROM && test -f $FROM/config.json && ! test -w $FROM/config.json && echo yes"],
    "bash cd and pwd": ["bash", "-c", "cd $FROM/sub && pwd && pwd -P && /bin/pwd && cd .. && cat config.json && cd ../.. && pwd"],
    "bash globbing": ["bash", "-c", "echo $FROM/* .cache/*/sub/*"],
    "cat": ["cat", ".cache/huggingface/sub/weights"],
    "realpath": ["realpath", ".cache/huggingface/link"],
    "readlink -f": ["readlink", "-f", ".cache/huggingface/sub/../link"],
    "exec of a script": ["sh", "-c", "$FROM/script"],
    "rm": ["sh", "-c", "rm -f $FROM/config.json 2>&1 | grep -o 'Read-only.*'"],
    "through a symbolic link": ["cat", "link-to-it/config.json"],
    "a static program": ["{static}", ".cache/huggingface/config.json"],
}
# What cannot agree: docs/config.md#redirect says why.
DIFFERENT = {"through a symbolic link", "a static program", "find from above", "grep -r"}

STATIC = r"""
#include <fcntl.h>
#include <stdio.h>
int main(int count, char** a) { return puts(open(a[1], O_RDONLY) >= 0 ? "read" : "not there") < 0; }
"""


def holds():
    if subprocess.run(["unshare", "--mount", *["--user"] * (os.geteuid() != 0), "true"], capture_output=True).returncode != 0:
        case.skip("no mount namespace here to compare with")
    target, home = case.shared / "models", case.shared / "home"
    (target / "sub").mkdir(parents=True)
    (target / "config.json").write_text('{"a": 1}\n')
    (target / "sub" / "weights").write_text("weights a\n")
    (target / "link").symlink_to("sub/weights")
    (target / "script").write_text("#!/bin/sh\necho script ran\n")
    (target / "script").chmod(0o755)
    if shutil.which("git"):
        git = ["git", "-C", str(target / "repository"), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
        (target / "repository").mkdir()
        for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
            subprocess.run([*git, *command], check=True, capture_output=True)
    home.mkdir()
    (home / "other.json").write_text("{}\n")
    (home / "link-to-it").symlink_to(".cache/huggingface")
    static = case.c_program(STATIC, "-static", name="static")
    environment = case.clean_environment(HOME=home, FROM=home / ".cache/huggingface")

    different, tried = [], 0
    for name, command in CHECKS.items():
        if command[0] != "{static}" and shutil.which(command[0]) is None:
            print(f"not installed: {command[0]}")
            continue
        command = [str(static) if word == "{static}" else word for word in command]
        seen = {}
        for way in ("mount", "in-process"):
            result = case.run("--quiet", "--unshimmed", "allow", "--redirect-way", way, "--redirect", f"~/.cache/huggingface={target}",
                              "--", *command, env=environment, cwd=home)
            seen[way] = (result.code, result.out, result.err)
            case.check(not (home / ".cache").exists(), f"{name}, {way}: what was made in the place is removed")
        tried += 1
        if seen["mount"] != seen["in-process"]:
            different.append(name)
            if name not in DIFFERENT:
                print(f"{name}:\n  mount      {str(seen['mount'])[:500]}\n  in-process {str(seen['in-process'])[:500]}")
    print(f"{tried - len(different)} of {tried} agree; different: {', '.join(different)}")
    case.equal(set(different), DIFFERENT & set(CHECKS), "what differs from a mount")

    # Which way it is, is said; auto takes the mount where there can be one.
    for way, said in (("mount", "read-only mount"), ("in-process", "in each process"), ("auto", "read-only mount")):
        arguments = ("--redirect-way", way, "--redirect", f"~/.cache/huggingface={target}")
        result = case.expect_code(case.run(*arguments, "--", "true", env=environment), 0, way)
        case.contains(" ".join(result.err.split()), f"({said})", f"the summary, {way}")
        result = case.expect_code(case.hfoffline("explain", *arguments, home / ".cache/huggingface/a", env=environment), 0, way)
        case.contains(result.out, said, f"explain, {way}")
    # A file that nothing protects cannot be read-only without a mount.
    result = case.expect_code(case.run("--redirect-way", "in-process", "--redirect", f"{home}/single={target}/config.json", "--", "echo", "ran"), 2, "a file")
    case.contains(result.err, "is in no protected tree", "a file")
    # Without a launcher, by a policy of its own and by one that was baked.
    models = case.models()
    cat = ["cat", f"{home}/.cache/huggingface/{case.sample_file(models).relative_to(models)}"]
    config = case.tmp / "redirect.toml"
    config.write_text(f'[cache]\nmodels_dir = "{models}"\nscratch = "{case.tmp}/scratch"\nredirect = ["~/.cache/huggingface={models}"]\n')
    expected = case.sample_file(models).read_text()
    result = case.command(*cat, env=dict(environment, LD_PRELOAD=case.SHIM, HFOFFLINE_CONFIG=str(config)))
    case.equal((result.code, result.out), (0, expected), f"a bare LD_PRELOAD: {result!r}")
    case.expect_code(case.hfoffline("bake", "--config", config, "-o", case.tmp / "baked.so", env=environment), 0, "bake")
    result = case.command(*cat, env=dict(environment, LD_PRELOAD=str(case.tmp / "baked.so")))
    case.equal((result.code, result.out), (0, expected), f"baked: {result!r}")
    # The twin: without the redirect nothing is there. Children have it whatever their environment.
    case.check(case.run("--models-dir", models, "--quiet", "--", *cat, env=environment).code != 0, "without a redirect")
    result = case.run("--quiet", "--config", config, "--redirect-way", "in-process", "--", "env", "-i", *cat, env=environment)
    case.equal((result.code, result.out), (0, expected), f"an empty environment: {result!r}")


case.main(holds)
