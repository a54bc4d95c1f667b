#!/usr/bin/env python3
import os
import signal
import subprocess
import time

import case
import durable_layers
from durable_layers import beside, content, core, distributions, layer, status, wheel
import shadow_trees


def kill_in_the_middle(venv, directory):
    """An installer that has written half of it, and waits."""
    bin_directory = case.tmp / "slow"
    bin_directory.mkdir()
    started = case.tmp / "started"
    case.script("#!/bin/sh\nwhile [ $# -gt 0 ]; do [ \"$1\" = --target ] && target=$2; shift; done\n"
                f"mkdir -p \"$target/half\" && echo 1 >\"$target/half/__init__.py\" && echo $$ >{started}\n"
                "while :; do sleep 0.2; echo more >>\"$target/half/more\"; done\n", name="slow/uv")
    environment = durable_layers.environment()
    environment["PATH"] = f"{bin_directory}:{environment['PATH']}"
    process = subprocess.Popen([case.HFOFFLINE, "layer", "install", directory, "--python", venv.python, "--installer", "uv", "half"],
                               env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        if started.exists() and started.read_text().strip():
            break
        time.sleep(0.1)
    else:
        case.fail("the installer was not started")
    installer = int(started.read_text())
    case.equal(len(beside(directory)), 1, f"staging beside the layer: {beside(directory)}")
    case.equal(len(status(directory)["left_over"]), 1, "the status shows it")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(100):
        try:
            os.kill(installer, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    case.fail("the installer goes on without us")


# uv as far as it matters here: its options, what it brings, what it leaves. It has no other way to be tried without a
# network: neither Debian nor npm has it.
UV = '''#!/usr/bin/python3
import argparse, os, pathlib, sys, zipfile
top = argparse.ArgumentParser(allow_abbrev=False)
pip = top.add_subparsers(required=True).add_parser("pip").add_subparsers(required=True)
parser = pip.add_parser("install", allow_abbrev=False)
for name in ("--python", "--target", "--constraint"):
    parser.add_argument(name, required=True, type=pathlib.Path)
parser.add_argument("--link-mode", choices=["clone", "copy", "hardlink", "symlink"])
parser.add_argument("--no-compile-bytecode", action="store_true")
parser.add_argument("packages", nargs="+")
given = parser.parse_args(sys.argv[3:])
odd = [n for n in os.environ if n in ("UV_TARGET", "UV_PREFIX", "UV_COMPILE_BYTECODE", "UV_LINK_MODE", "UV_OVERRIDE")]
held = dict(line.split("==") for line in given.constraint.read_text().split())
assert os.access(given.python, os.X_OK) and not odd and given.link_mode == "copy" and given.no_compile_bytecode
wheels = pathlib.Path(os.environ["UV_FIND_LINKS"])
given.target.mkdir(parents=True)
(given.target / ".lock").touch()
wanted = list(given.packages)
for package in wanted:
    name, _, version = package.partition("==")
    version = version or held.get(name) or sorted(wheels.glob(name + "-*"))[-1].name.split("-")[1]
    if held.get(name, version) != version:
        sys.exit(f"error: Because you require {package} and {name}=={held[name]}, nothing can be had")
    with zipfile.ZipFile(wheels / f"{name}-{version}-py3-none-any.whl") as archive:
        archive.extractall(given.target)
        metadata = archive.read(f"{name}-{version}.dist-info/METADATA").decode().splitlines()
    wanted += [line.split()[1] for line in metadata if line.startswith("Requires-Dist:")]
'''


def with_uv(venv):
    programs = case.tmp / "uv-bin"
    programs.mkdir()
    case.script(UV, name="uv-bin/uv")
    wheel("gamma", "1.0", "sealedpkg")
    wheel("sealedpkg", "1.0")
    directory = case.tmp / "by-uv"
    case.expect_code(layer("prepare", directory, "--python", venv.python), 0, "a layer for uv")
    empty = content(directory)
    elsewhere = case.tmp / "elsewhere"
    environment = durable_layers.environment(UV_FIND_LINKS=case.tmp / "wheels", UV_TARGET=elsewhere, UV_LINK_MODE="symlink",
                                             UV_COMPILE_BYTECODE="1", UV_OVERRIDE=case.tmp / "none.txt")
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    install = lambda *more: layer("install", directory, "--python", venv.python, "--installer", "uv", *more, env=environment)
    result = case.expect_code(install("sealedpkg==2.0"), 1, "another version of core, by uv")
    case.contains(result.err, "you require sealedpkg==2.0", "uv's own reason")
    case.equal(content(directory), empty, "the layer after that")
    # What core has comes along, at its version, and does not stay.
    case.contains(case.expect_code(install("gamma"), 0, "by uv").out, "installed gamma 1.0\n", "what it says")
    case.equal(distributions(directory), {"gamma": "1.0"}, "the layer")
    case.check(not (directory / ".lock").exists() and not (directory / "sealedpkg").exists(), "what uv left")
    case.equal((beside(directory), elsewhere.exists()), ([], False), "beside it")


def full_disk(venv):
    place = case.tmp / "small"
    place.mkdir()
    if case.command("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place).code != 0:
        print("without a full disk: no tmpfs can be mounted")
        return
    directory = place / "durable"
    case.expect_code(layer("prepare", directory, "--python", venv.python), 0, "a layer on a small disk")
    case.expect_code(layer("install", directory, "--python", venv.python, "beta"), 0, "what fits")
    before = content(directory)
    wheel("large", "1.0", **{"large/data.bin": "x" * 400_000})
    result = case.expect_code(layer("install", directory, "--python", venv.python, "large"), 1, "what does not fit")
    case.contains(result.err, "No space left", "why")
    case.equal((content(directory), beside(directory)), (before, []), "the layer")
    try:
        with open(place / "fill", "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
    except OSError:
        pass
    result = layer("prepare", place / "second", "--python", venv.python)
    case.expect_code(result, 1, "a new layer on a full disk")
    case.check(not (place / "second").exists() and beside(place / "second") == [], "half a layer")
    case.command("umount", place)


def holds():
    venv = core()
    directory = case.tmp / "durable"
    install = lambda *arguments, **options: layer("install", directory, "--python", venv.python, *arguments, **options)
    wheel("alpha", "1.0", "beta>=1", "sealedpkg")
    wheel("beta", "1.0", **{"beta/old.py": ""})
    wheel("beta", "2.0", **{"beta/new.py": ""})
    wheel("greedy", "1.0", "sealedpkg>=2")
    wheel("sealedpkg", "2.0")

    # Only into a layer, and only one for this interpreter.
    result = case.expect_code(install("beta"), 2, "no layer yet")
    case.contains(result.err, "layer prepare", "what to do")
    case.expect_code(layer("prepare", directory, "--python", venv.python), 0, "the layer")

    # Dependencies come along, but for what core has.
    sealed = shadow_trees.content_hash(venv.site)
    result = case.expect_code(install("alpha", "beta<2"), 0, "alpha")
    case.contains(result.out, "installed alpha 1.0\ninstalled beta 1.0\n", "what it says")
    case.contains(result.out, "nothing shadows core", "the check that follows")
    case.equal(distributions(directory), {"alpha": "1.0", "beta": "1.0"}, "the layer")
    case.equal(beside(directory), [], "beside it")
    case.contains(install("alpha").out, "nothing to install", "once more")

    # A newer version replaces all of the older one.
    case.expect_code(install("beta==2.0"), 0, "a newer version")
    case.equal(distributions(directory), {"alpha": "1.0", "beta": "2.0"}, "the layer")
    case.equal(((directory / "beta/old.py").exists(), (directory / "beta/new.py").exists()), (False, True), "its files")

    # Core is held at its versions.
    before = content(directory)
    for spec in ("greedy", "sealedpkg==2.0"):
        result = case.expect_code(install(spec), 1, f"{spec} wants another version of core")
        case.contains(result.err, "sealedpkg", "why")
    case.expect_code(install("beta==3.0"), 1, "a version that is nowhere")
    case.contains(install("sealedpkg").out, "nothing to install", "what core has")

    # Variables that would send packages elsewhere do not.
    elsewhere = case.tmp / "elsewhere"
    env = durable_layers.environment(PIP_TARGET=elsewhere, PIP_USER="1", PIP_PREFIX=elsewhere)
    case.expect_code(install("greedy", env=env), 1, "with variables of pip's")
    case.check(not elsewhere.exists(), "pip's variables led it elsewhere")

    # What is no name with versions is not handed to anybody.
    witness = case.script("#!/bin/sh\ntouch %s\n" % (case.tmp / "asked"), name="witness")
    for spec in ("https://host/x.whl", "x @ https://host/x.whl", "git+https://host/x", "./beta", "/tmp/beta", "beta-1.0.whl", "beta.zip", "-rfile", "--pre",
                 "beta; rm -rf /", "beta && true", "beta|cat", "$(id)", "`id`", "beta>=1;python_version>'3'", "be ta", "beta==", "beta=1", "", "~beta", "beta>file\n", "*", "beta[", "beta[]"):
        result = layer("install", directory, "--python", witness, "--", spec)
        case.equal((result.code, (case.tmp / "asked").exists()), (2, False), f"{spec!r}: {result!r}")
    for spec in ("beta", "beta==2.0", "beta >=1, <3", "beta~=2.0", "beta!=1.0", "beta[extra]", "BETA", "beta==2.*"):
        case.expect_code(install(spec), 0, f"{spec!r}")

    # Switched off: by either, in whatever mode.
    config = case.tmp / "off.toml"
    config.write_text("[layer_install]\nenabled = false\n")
    on = case.tmp / "on.toml"
    on.write_text("[layer_install]\nenabled = true\n")
    for variables, flags in (({}, ["--config", config]), ({durable_layers.DISABLE: "1"}, []), ({durable_layers.DISABLE: "1"}, ["--config", on]),
                             ({durable_layers.DISABLE: "0"}, ["--config", config]), ({durable_layers.DISABLE: "yes"}, [])):
        result = layer("install", directory, "--python", witness, "beta", *flags, env=durable_layers.environment(**variables))
        case.equal((result.code, "switched off" in result.err, (case.tmp / "asked").exists()), (2, True, False), f"{variables} {flags}: {result!r}")
    for variables, flags in (({durable_layers.DISABLE: "0"}, []), ({durable_layers.DISABLE: ""}, ["--config", on])):
        result = install("beta", *flags, env=durable_layers.environment(**variables))
        case.expect_code(result, 0, f"{variables} {flags}")
        case.lacks(result.err, "means nothing to hfoffline", "the variable is known")
    case.equal(content(directory), before, "the layer after all that")

    with_uv(venv)

    # Killed: nothing of it is seen, and the next one clears up.
    kill_in_the_middle(venv, directory)
    case.equal(content(directory), before, "the layer after a kill")
    case.equal(len(beside(directory)), 1, "what the killed one left")
    case.expect_code(install("beta==1.0"), 0, "the next one")
    case.equal((beside(directory), distributions(directory)), ([], {"alpha": "1.0", "beta": "1.0"}), "after the next one")

    # Its directory shared by two, one of which shadows core's namespace package: that wins even from behind.
    shadow_trees.write(venv.site, {"spread/part.py": ""})
    wheel("spread", "1.0")
    result = case.expect_code(install("spread"), 3, "what shadows core from behind")
    case.contains(result.out, "python_module_shadowed", "the check that follows")
    (venv.site / "spread/part.py").unlink()
    (venv.site / "spread").rmdir()

    full_disk(venv)

    # A read-only durable directory.
    user = case.unprivileged()
    case.tmp.chmod(0o755)
    before = content(directory)
    result = case.expect_code(layer("install", directory, "--python", venv.python, "beta==2.0", user=user), 1, "a read-only layer")
    case.contains(result.err, "Permission denied", "why")
    case.equal(content(directory), before, "a read-only layer")


case.isolate("net", "mount")
case.main(holds)
