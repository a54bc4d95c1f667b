"""--strict-tests."""
import re

import pytest


def findings(outcome):
    match = re.search(r"(?ms)^=+ hfoffline: tests that prove nothing \(--strict-tests\) =+\n(.*?)(?=^=+ |^\d+ passed|\Z)", outcome.out)
    return match.group(1).splitlines() if match else []


PROVING = """
import unittest, pytest
from helpers import run_all, prove
def check_it(x): assert x
def deeper(x): check_it(x)
def test_asserts(): assert 1
def test_raises():
    with pytest.raises(ValueError):
        int("x")
def test_fails():
    if 0: pytest.fail("never")
def test_helper(): deeper(1)
def test_imported_helper(): prove(1)
def test_mock():
    from unittest import mock
    m = mock.Mock()
    m()
    m.assert_called_once()
class TestOld(unittest.TestCase):
    def test_method(self): self.assertTrue(1)
class TestNew:
    def helper(self): assert 1
    def test_method(self): self.helper()
class Shared:
    def test_shared(self): assert 1
class TestUsesShared(Shared): pass
class NotTests:
    def method(self): pass
class TestNothing: pass
def test_generator_inside():
    def numbers():
        yield 1
        return 2
    assert list(numbers()) == [1]
@pytest.mark.parametrize("n", [1, 2])
def test_parametrized(n): assert n
def test_baseline(perf_baseline): perf_baseline(int)
"""


def test_good_tests_are_not_reported(project):
    project.write("helpers.py", "def run_all(): pass\ndef prove(x): assert x\n")
    project.write("test_it.py", PROVING)
    outcome = project.pytest("--strict-tests")
    assert outcome.code == 0 and findings(outcome) == [], outcome.text


BAD = """
import pytest
from helpers import run_all
def test_returns(): return 1 == 2
def test_nothing(): run_all()
@pytest.mark.parametrize("n", [1, 2])
def test_calls(n):
    int(n)
class TestConstructed:
    def __init__(self): pass
    def test_lost(self): assert 1
class Misnamed:
    def test_lost_too(self): assert 1
class TestGood:
    def test_calls(self): print("x")
    def test_fine(self): assert 1
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "workers"])
def test_tests_that_prove_nothing_are_reported(project, workers, request):
    if workers:
        request.getfixturevalue("xdist")
    project.write("helpers.py", "def run_all(): pass\n")
    project.write("test_it.py", BAD)
    project.write("test_empty.py", "def helper(): pass\n")
    outcome = project.pytest("--strict-tests", *workers)
    assert outcome.code == 1, outcome.text
    assert findings(outcome) == [
        "test_empty.py: no test was collected from this file",
        "test_it.py:11: class TestConstructed is not collected, since it has a constructor; its test_lost never runs",
        "test_it.py:13: class Misnamed is not collected, because of its name; its test_lost_too never runs",
        "test_it.py:15: test_calls asserts nothing: it fails only if something raises",
        "test_it.py:4: test_returns returns a value, which pytest ignores; assert it",
        "test_it.py:5: test_nothing asserts nothing: it fails only if something raises",
        "test_it.py:7: test_calls asserts nothing: it fails only if something raises",
    ], outcome.text
    assert findings(project.pytest(*workers)) == []
    assert project.pytest(*workers).code == 0


def test_files_without_doctests_are_not_reported(project):
    project.write("source.py", "def helper(): pass\n")
    project.write("test_documented.py", '"""\n>>> 1 + 1\n2\n"""\n')
    project.write("test_it.py", "def test_it(): assert 1\n")
    project.write("test_empty.py", "def helper(): pass\n")
    outcome = project.pytest("--strict-tests", "--doctest-modules")
    assert findings(outcome) == ["test_empty.py: no test was collected from this file"], outcome.text


def test_no_test_at_all_is_reported(project):
    outcome = project.pytest("--strict-tests")
    assert outcome.code == 5 and findings(outcome) == ["no test was collected"], outcome.text


def test_it_works_outside_of_a_run(project):
    project.write("test_it.py", "def test_it(): pass\n")
    outcome = project.pytest("--strict-tests", models=False)
    assert outcome.code == 1 and len(findings(outcome)) == 1, outcome.text
    project.write("pytest.ini", "[pytest]\nhfoffline_strict_tests = true\n")
    assert project.pytest(models=False).code == 1
