"""Each test here runs real pytest, with the plugin, on a small project of its own, under the real shim."""
import compileall
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap

import pytest

HFOFFLINE = os.environ["HFOFFLINE"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "tools" / "pytest"

collect_ignore = ["leaking_project"]

# What the projects leak with. 192.0.2.0/24 is nobody's (RFC 5737), and there is no network here anyway.
LEAK = '''
import os, socket, subprocess, sys, threading
import pytest

def leak(host="192.0.2.1", port=80):
    with socket.socket() as s:
        return s.connect_ex((host, port))

def child(host, **options):
    code = "import socket; socket.socket().connect_ex((%r, 443))" % host
    return subprocess.run([sys.executable, "-c", code], **options)
'''


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A directory for PYTHONPATH with the plugin as pip would install it: package and entry point."""
    directory = tmp_path_factory.mktemp("site")
    # Compiled once, as pip does, and not by each of some hundred sessions.
    shutil.copytree(str(PLUGIN / "hfoffline_pytest"), str(directory / "hfoffline_pytest"), ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(str(directory), quiet=1)
    information = directory / "hfoffline_pytest-0.1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: hfoffline-pytest\nVersion: 0.1.0\n")
    entry = re.search(r"(?s)\[project.entry-points.pytest11\]\nhfoffline = \"(.*?)\"", (PLUGIN / "pyproject.toml").read_text())
    (information / "entry_points.txt").write_text("[pytest11]\nhfoffline = {}\n".format(entry.group(1)))
    return directory


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    directory = tmp_path_factory.mktemp("cache") / "models"
    subprocess.run([HFOFFLINE, "sample", str(directory)], check=True, stdout=subprocess.DEVNULL)
    return directory


class Outcome:
    def __init__(self, code, out, err, record):
        self.code, self.out, self.err, self.record = code, out, err, record
        self.text = "exit code {}\n{}{}".format(code, out, err)

    def __repr__(self):
        return "exit code {}\n--- stdout\n{}\n--- stderr\n{}---".format(self.code, self.out, self.err)

    def results(self):
        """Each test's outcomes as -rA names them: {"test_a": {"PASSED"}}."""
        found = {}
        for word, test in re.findall(r"(?m)^(PASSED|FAILED|ERROR|XFAIL|XPASS) \S*?::(.*?)(?: - .*)?$", self.out):
            found.setdefault(test, set()).add(word)
        return found


class Project:
    """A directory with tests, and pytest in it."""

    def __init__(self, directory, site, models):
        self.directory, self.site, self.models = directory, site, models
        self.home = directory.parent / "home"
        self.home.mkdir()
        self.write("pytest.ini", "[pytest]\n")

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def tests(self, text, name="test_it.py"):
        return self.write(name, LEAK + textwrap.dedent(text))

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith(("HFOFFLINE", "HF_", "LD_", "PYTEST", "PYTHON")) and k not in ("COLUMNS", "CI")}
        kept.update(PYTHONPATH=str(self.site), HFOFFLINE_LAUNCHER=HFOFFLINE, PYTHONDONTWRITEBYTECODE="1",
                    HOME=str(self.home), COLUMNS="80")
        kept.update(more)
        return {name: str(value) for name, value in kept.items() if value is not None}

    def command(self, *words, env=None, timeout=120, **options):
        process = subprocess.run([str(word) for word in words], cwd=str(self.directory), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                                 env=self.environment(**(env or {})), **options)
        return Outcome(process.returncode, process.stdout.decode(errors="replace"), process.stderr.decode(errors="replace"),
                       self.record())

    def record(self):
        path = self.directory / "record.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [line for line in lines if line["kind"] != "run"]

    def pytest(self, *arguments, models=True, **options):
        """pytest --models-dir ... -rA, with the arguments."""
        # As one word: as two, pytest has to start once more (test_starting.py).
        given = ["--models-dir={}".format(self.models)] if models else []
        return self.command(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *given, *arguments, **options)

    def run(self, *flags_and_command, **options):
        return self.command(HFOFFLINE, "run", *flags_and_command, **options)


@pytest.fixture
def project(tmp_path, site, models):
    directory = tmp_path / "project"
    directory.mkdir()
    return Project(directory, site, models)


@pytest.fixture
def xdist():
    return pytest.importorskip("xdist", reason="python3-pytest-xdist is not installed")
