#!/usr/bin/env python3
"""Test runners: the recipes of docs/test-runners.md, each run on a small project of which one test leaks.

usage: run_recipes.py [--build DIRECTORY] [--cache DIRECTORY] [--only NAME]... [--minutes N] [--no-install]

The leak is swallowed by the test, so that the runner itself is content: it is the run that must end in 3
and name the host. A twin without the leak must end in 0. Everything runs in a network namespace with only
`lo`. Prints one line per check and "N passed, N failed, N skipped"; what cannot be tried here is skipped
with its reason. Packages that are missing are installed first; npm's go to the cache (.cache/recipes).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tools", "lib"))
import tier  # noqa: E402
from tier import Failure, Skip, need  # noqa: E402

PROJECTS = os.path.join(HERE, "projects")
PACKAGES = ["cmake: ctest", "catch2: a test program", "libgtest-dev: another one", "ninja-build: builds them",
            "golang-go: go test", "cargo: cargo test", "npm: fetches vitest"]
HOST = "192.0.2.1"


class World:
    def __init__(self, build, cache):
        self.build, self.cache = build, cache
        self.directory = tempfile.mkdtemp(prefix="hfoffline-recipes-")
        self.launcher = os.path.join(build, "src", "cli", "hfoffline")
        self.models = os.path.join(self.directory, "models")
        subprocess.run([self.launcher, "sample", self.models], check=True, stdout=subprocess.DEVNULL)
        shutil.copytree(PROJECTS, os.path.join(self.directory, "projects"))

    def project(self, name):
        return os.path.join(self.directory, "projects", name)

    def call(self, *words, cwd, offline=True, env=None):
        """(exit code, everything printed), in a namespace of its own unless something is to be fetched: npm would try
        for a quarter of an hour."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("HFOFFLINE", "HF_", "LD_"))}
        environment.update(GOFLAGS="-mod=mod", GOCACHE=os.path.join(self.directory, "go-cache"),
                           CARGO_HOME=os.path.join(self.directory, "cargo"), NO_COLOR="1", **(env or {}))
        seconds = 600 if offline else 180
        inside = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"] if offline else []
        try:
            done = subprocess.run(inside + list(words), cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
        except subprocess.TimeoutExpired:
            if offline:
                raise
            return 1, "it did not end in %d s" % seconds
        return done.returncode, done.stdout.decode(errors="replace")

    def prepare(self, *words, cwd, offline=True):
        code, out = self.call(*words, cwd=cwd, offline=offline)
        if code != 0:
            raise Failure("%s: exit code %d\n%s" % (" ".join(words), code, out))

    def run(self, *words, cwd, flags=("--fail-on-refusal",), env=None):
        record = os.path.join(self.directory, "record.jsonl")
        if os.path.exists(record):
            os.unlink(record)
        code, out = self.call(self.launcher, "run", "--models-dir", self.models, "--record", record, *flags, "--", *words,
                              cwd=cwd, env=env)
        lines = []
        if os.path.exists(record):
            with open(record) as file:
                lines = [json.loads(line) for line in file]
        return code, out, lines


def expect(result, code, *parts):
    if result[0] != code:
        raise Failure("exit code %d instead of %d\n%s" % (result[0], code, result[1]))
    for part in parts:
        if part not in result[1]:
            raise Failure("%r is not in\n%s" % (part, result[1]))


def leaks_of(result):
    return {line.get("test") for line in result[2] if line.get("host") == HOST and line["verdict"] == "refuse"}


def expect_tests(result, *names):
    if leaks_of(result) != set(names):
        raise Failure("the record names the tests %s\n%s" % (sorted(map(str, leaks_of(result))), result[1]))


def ctest(world):
    """hfoffline run -- ctest -j2, with Catch2 and GoogleTest programs."""
    need("ctest", "cmake")
    place = world.project("ctest")
    world.prepare("cmake", "-G", "Ninja", "-B", "build", "-DHFOFFLINE_INCLUDE=" + os.path.join(SOURCE, "include"), cwd=place)
    world.prepare("cmake", "--build", "build", cwd=place)
    result = world.run("ctest", "-j2", "--test-dir", "build", cwd=place)
    expect(result, 3, "100% tests passed", HOST)
    expect_tests(result, "leaks", "Network.Leaks")
    # Where the test itself is to fail.
    result = world.run("ctest", "-j2", "--test-dir", "build", "--output-on-failure", cwd=place,
                       env={"HFOFFLINE_FAIL_TEST_ON_REFUSAL": "1"})
    expect(result, 8, "0% tests passed", HOST)
    expect(world.run("ctest", "-j2", "--test-dir", "build", cwd=place, env={"GTEST_FILTER": "*StaysHere"}, flags=()), 0,
           "100% tests passed")
    result = world.run("./build/gtest_tests", "--gtest_filter=*StaysHere", cwd=place)
    expect(result, 0, "nothing was refused")


def meson(world):
    """meson test --wrapper 'hfoffline run --'."""
    need("meson", "meson")
    place = world.project("meson")
    shutil.copy(os.path.join(PROJECTS, "gtest_tests.cpp"), place)
    world.prepare("meson", "setup", "build", "-Dhfoffline_include=" + os.path.join(SOURCE, "include"), cwd=place)
    world.prepare("ninja", "-C", "build", cwd=place)
    wrapper = world.launcher + " run --models-dir " + world.models + " --fail-on-refusal --"
    result = world.call("meson", "test", "-C", "build", "--no-rebuild", "--wrapper", wrapper, "--print-errorlogs", cwd=place)
    expect(result, 1, HOST, "exit status 3")
    result = world.call("meson", "test", "-C", "build", "--no-rebuild", "--wrapper", wrapper,
                        "--test-args=--gtest_filter=*StaysHere", cwd=place)
    expect(result, 0, "Ok:                 1")


def cargo(world):
    """hfoffline run -- cargo test."""
    need("cargo", "cargo")
    place = world.project("cargo")
    world.prepare("cargo", "test", "--offline", "--no-run", cwd=place)
    result = world.run("cargo", "test", "--offline", cwd=place)
    expect(result, 3, "2 passed", HOST)
    expect(world.run("cargo", "test", "--offline", "told", cwd=place), 0, "1 passed", "nothing was refused")


def node(world):
    """hfoffline run -- node --test."""
    need("node", "nodejs")
    place = world.project("node")
    result = world.run("node", "--test", cwd=place)
    expect(result, 3, "pass 2", HOST)
    expect(world.run("node", "--test", "--test-name-pattern=told", cwd=place), 0, "nothing was refused")


def vitest(world):
    """hfoffline run -- npx vitest run."""
    need("npx", "npm")
    modules = os.path.join(world.cache, "vitest")
    if not os.path.exists(os.path.join(modules, "node_modules", "vitest")):
        os.makedirs(modules, exist_ok=True)
        shutil.copy(os.path.join(PROJECTS, "vitest", "package.json"), modules)
        code, out = world.call("npm", "install", "--no-audit", "--no-fund", cwd=modules, offline=False)
        if code != 0:
            raise Skip("npm cannot fetch vitest: %s" % out.strip().splitlines()[-1])
    place = world.project("vitest")
    os.symlink(os.path.join(modules, "node_modules"), os.path.join(place, "node_modules"))
    result = world.run("npx", "vitest", "run", cwd=place)
    expect(result, 3, "2 passed", HOST)
    expect(world.run("npx", "vitest", "run", "-t", "told", cwd=place), 0, "nothing was refused")


def go(world):
    """hfoffline run -- go test: Go asks the kernel itself, which is said, and refused under --strict."""
    need("go", "golang-go")
    place = world.project("go")
    world.prepare("go", "vet", "./...", cwd=place)
    result = world.run("go", "test", "./...", cwd=place, flags=())
    expect(result, 0, "hfoffline: warning:", "neither refused nor recorded", "ok  \texample.org/tests")
    expect(world.run("go", "test", "./...", cwd=place, flags=("--strict",)), 125, "not run, because of --strict")


def in_namespace(function):
    def check(world):
        if subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL).returncode != 0:
            raise Skip("no network namespace can be made here")
        return function(world)

    return check


CHECKS = [tier.Check(function.__name__, seconds, function.__doc__, in_namespace(function)) for function, seconds in (
    (ctest, 40), (meson, 15), (cargo, 5), (node, 5), (vitest, 40), (go, 40))]


def main():
    # A program that is there already is used, whoever brought it.
    programs = {"cmake": "cmake", "golang-go": "go", "cargo": "cargo", "npm": "npm", "ninja-build": "ninja"}
    missing = [entry for entry in PACKAGES if not shutil.which(programs.get(entry.split(":")[0], ""))]
    options = tier.parse_arguments("recipes", __doc__, CHECKS, missing)
    world = World(options.build, options.cache)
    try:
        return tier.run(CHECKS, options, world)
    finally:
        shutil.rmtree(world.directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
