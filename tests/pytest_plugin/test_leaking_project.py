"""A small project as a new user has it: ten tests, of which one swallows what it was refused, and one leaks from a child
process. What is printed names both hosts and fits 80 columns."""
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import pytest
from conftest import HFOFFLINE, ROOT

PROJECT = pathlib.Path(__file__).parent / "leaking_project"


@pytest.fixture
def leaking(project):
    for file in PROJECT.glob("*.py"):
        shutil.copy(str(file), str(project.directory))
    return project


def run(leaking, *arguments, **options):
    return leaking.command(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--models-dir", leaking.models,
                           *arguments, **options)


def test_it_is_green_without_hfoffline(leaking):
    outcome = leaking.command(sys.executable, "-m", "pytest")
    assert outcome.code == 0 and "10 passed" in outcome.out, outcome.text


def test_it_is_red_in_its_own_place_as_the_readme_has_it(leaking):
    outcome = leaking.command("sh", "-c", 'cd "$0" && exec "$@"', PROJECT, sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
                              "--models-dir", leaking.models)
    assert outcome.code == 1 and "2 failed, 8 passed" in outcome.out, outcome.text


def test_the_readmes_commands_end_in_a_red_test(project, tmp_path):
    """Without a network, on a Python that refuses to be installed into."""
    if subprocess.run([sys.executable, "-c", "import setuptools, wheel, pip, venv"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("pip, setuptools, wheel or venv is not installed for " + sys.executable)
    blocks = re.findall(r"(?ms)^```\w*\n(.*?)^```$", (ROOT / "README.md").read_text())
    block = next(block for block in blocks if "pip install" in block)
    setup, build, rest = block.split("\n", 2)
    assert setup == "meson setup build" and build.startswith("ninja -C build ")
    for target in build.split()[3:]:
        assert (pathlib.Path(HFOFFLINE).parents[2] / target).exists(), target
    rest = rest.replace("/tmp/", "{}/".format(tmp_path)).replace("$PWD/build/src/cli/hfoffline", HFOFFLINE)
    rest = re.sub(r"(?m)^python3 ", sys.executable + " ", rest)
    tree = tmp_path / "tree"
    for directory in "tools/pytest", "tests/pytest_plugin/leaking_project":
        shutil.copytree(str(ROOT / directory), str(tree / directory),
                        ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    outcome = project.command("sh", "-c", 'cd "$1" && set -e\n' + rest, "sh", tree,
                              env={"PYTHONPATH": None, "HFOFFLINE_LAUNCHER": None})
    assert outcome.code == 1, outcome.text
    assert next(block for block in blocks if block.startswith("FAILED")) in outcome.out, outcome.text


@pytest.mark.parametrize("arguments", [[], ["-q"], ["-v"], ["-n", "2"], ["--color=yes"], ["-v", "--color=yes", "-n", "2"]],
                         ids=" ".join)
def test_two_tests_are_red_and_name_their_hosts(leaking, arguments, request):
    if "-n" in arguments:
        request.getfixturevalue("xdist")
    outcome = run(leaking, *arguments)
    assert outcome.code == 1, outcome.text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", outcome.out)
    assert (plain != outcome.out) == ("--color=yes" in arguments)
    assert "\x1b" not in outcome.err
    assert "2 failed, 8 passed" in plain
    assert "FAILED test_server.py::test_worker_starts - 192.0.2.1:443: refused" in plain
    assert "FAILED test_tokens.py::test_vocabulary_has_a_version - huggingface.co" in plain
    section = plain[plain.rindex("= hfoffline ="):]
    assert "\ntried to leave the machine:\n" in section
    assert "\n  test_server.py::test_worker_starts\n    192.0.2.1:443  connect ENETUNREACH  python" in section
    assert "\n  test_tokens.py::test_vocabulary_has_a_version\n    huggingface.co  getaddrinfo EAI_NONAME  python" in section
    # Which line it was.
    assert "test_tokens.py:28 in test_vocabulary_has_a_version\n      test_tokens.py:16 in newest_vocabulary\n" in plain
    ours = [line for line in plain.splitlines() if not line.startswith(("hfoffline: refused: ", "rootdir:", "hfoffline: models dir",
                                                                        "platform ", "[gw"))]
    assert [line for line in ours if len(line) > 80] == []
    assert outcome.err == "" if "-q" in arguments else "hfoffline: 2 requests were refused" in outcome.err


def test_junit_names_the_hosts_too(leaking):
    outcome = run(leaking, "--junitxml=junit.xml")
    assert outcome.code == 1, outcome.text
    failures = xml.etree.ElementTree.parse(str(leaking.directory / "junit.xml")).iter("failure")
    assert sorted(failure.get("message") for failure in failures) == ["192.0.2.1:443: refused", "huggingface.co: refused"]


def test_with_a_mark_each_it_is_green(leaking):
    tokens = leaking.directory / "test_tokens.py"
    tokens.write_text(tokens.read_text().replace("def test_vocabulary", "@pytest.mark.network('the Hub')\ndef test_vocabulary"))
    server = leaking.directory / "test_server.py"
    server.write_text(server.read_text().replace("def test_worker_starts", "@pytest.mark.allow_egress('192.0.2.1:443')\ndef test_worker_starts")
                      .replace("import socket\n", "import socket\nimport pytest\n", 1))
    outcome = run(leaking)
    assert outcome.code == 0 and "9 passed, 1 skipped" in outcome.out, outcome.text


def test_what_the_documentation_shows_is_what_is_printed(leaking):
    """docs/pytest.md shows this run; numbers of processes and times vary."""
    page = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "pytest.md").read_text()
    shown = re.search(r"(?ms)^```\n\$ pytest --models-dir /mnt/models\n(.*?)^```$", page).group(1)
    outcome = run(leaking)

    def same(text):
        text = re.sub(r"pid \d+", "pid N", text)
        text = re.sub(r"\((\d+)\)", "(N)", text)
        text = re.sub(r"/usr/lib/python3[.0-9]*/(\S*):\d+", r"/usr/lib/python3/\1:N", text)
        return re.sub(r"python3\.\d+", "python3", text).splitlines()

    printed = set(same(outcome.text))
    missing = [line for line in same(shown) if line.strip() not in ("", "...") and line not in printed
               and not line.startswith(("platform ", "hfoffline: models dir", "rootdir: ", "plugins: ", "===", "  models dir"))]
    assert missing == [], outcome.text
