#!/usr/bin/env python3
"""The comparison must be able to fail: run_invisibility.py is held against a launcher that changes nothing, and
against launchers that can be noticed, and must say so."""

import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import types
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import outcomes  # noqa: E402
import run_invisibility  # noqa: E402
import suites  # noqa: E402
import time_budget  # noqa: E402

COMPILER = shlex.split(os.environ.get("CC", "cc"))

NOTHING = "int hfoffline_nothing(void) { return 0; }"
REFUSES = """
#include <errno.h>
int mkdir(const char *path, unsigned mode) { (void)path; (void)mode; errno = EROFS; return -1; }
"""
# Right in what it returns, and yet to be noticed: errno has changed, and a descriptor is taken.
LEAVES_TRACES = """
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
int chmod(const char *path, unsigned mode) { long r = syscall(SYS_chmod, path, mode); if (r == 0) errno = 0; return (int)r; }
"""
LAUNCHER = """#!/bin/sh
[ "$1" = sample ] && exec mkdir "$2"
while [ "$1" != -- ]; do shift; done
shift
LD_PRELOAD={library} exec "$@"
"""


class RunInvisibilityTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def run_with(self, source):
        base = pathlib.Path(self.directory.name)
        library = base / "library.so"
        subprocess.run(COMPILER + ["-shared", "-fPIC", "-x", "c", "-", "-o", str(library)], input=source, text=True, check=True)
        launcher = base / "src/cli/hfoffline"
        launcher.parent.mkdir(parents=True)
        launcher.write_text(LAUNCHER.format(library=library))
        launcher.chmod(0o755)
        result = subprocess.run(["/usr/bin/python3", str(HERE / "run_invisibility.py"), "--no-install", "--repeats", "0", "--build",
                                 str(base), "traces"], capture_output=True, text=True, check=False)
        last = result.stdout.splitlines()[-1]
        if last.endswith(" 2 skipped"):
            self.skipTest(result.stdout)
        self.assertEqual(result.returncode, 0 if " 0 failed" in last else 1, result.stdout + result.stderr)
        return result.stdout, last

    def test_a_library_that_changes_nothing_is_invisible(self):
        output, last = self.run_with(NOTHING)
        self.assertEqual(last, "2 passed, 0 failed, 0 skipped", output)

    def test_a_refusal_is_seen(self):
        output, last = self.run_with(REFUSES)
        self.assertEqual(last, "0 passed, 2 failed, 0 skipped", output)
        self.assertIn("DIFFERENT: calls", output)

    def test_another_errno_after_a_success_is_seen(self):
        output, last = self.run_with(LEAVES_TRACES)
        self.assertEqual(last, "0 passed, 2 failed, 0 skipped", output)
        self.assertIn('chmod("f", 0600) = 0, errno 0', output)

    def compare(self, runs, differs=None):
        """What compare() says where the suite has these outcomes, in order, bare and inside in turns."""
        suite = suites.Suite("fake", "", differs=differs)
        left = list(runs[2:])
        place = types.SimpleNamespace(options=types.SimpleNamespace(repeats=3))
        original = run_invisibility.run
        run_invisibility.run = lambda suite, mode, place, only=None: left.pop(0)
        try:
            same, different, _ = run_invisibility.compare(suite, "default", runs[0], runs[1], place)
        finally:
            run_invisibility.run = original
        return same, different

    def test_what_is_steadily_different_is_different(self):
        self.assertEqual(self.compare([{"a": "ok", "b": "ok"}, {"a": "ok", "b": "error"}] * 4), (1, ["b"]))

    def test_a_test_that_did_not_run_is_different(self):
        self.assertEqual(self.compare([{"a": "ok", "b": "ok"}, {"a": "ok"}] * 4), (1, ["b"]))

    def test_what_comes_up_on_both_sides_is_unsteady(self):
        runs = [{"a": "ok"}, {"a": "error"}] + [{"a": "error"}, {"a": "error"}] + [{"a": "ok"}, {"a": "ok"}] * 2
        self.assertEqual(self.compare(runs), (1, []))

    def test_what_is_unsteady_bare_is_no_difference(self):
        runs = [{"a": "ok"}, {"a": "error"}] + [{"a": "failure"}, {"a": "error"}] + [{"a": "ok"}, {"a": "error"}] * 2
        self.assertEqual(self.compare(runs), (1, []))

    def judge(self, runs, seconds=10, minutes=None):
        """What judge() says of a suite that has these outcomes, in the order of its runs; and how often it ran."""
        suite = suites.Suite("fake", "", modes=("default",), seconds=seconds)
        suite.broken = lambda bare: "it crashed" if "crash" in bare.values() else ""
        options = types.SimpleNamespace(repeats=0, budget=time_budget.Budget(minutes))
        (pathlib.Path(self.directory.name) / "bare.log").write_text("")
        place = types.SimpleNamespace(options=options, root=pathlib.Path(self.directory.name))
        left = [{"(the end of the suite)": "0", **run} for run in runs]
        original = run_invisibility.run
        run_invisibility.run = lambda suite, mode, place, only=None, patience=1: left.pop(0)
        try:
            (_, verdict, line, _), = run_invisibility.judge(suite, place)
        finally:
            run_invisibility.run = original
        return verdict, line, len(runs) - len(left)

    def test_a_suite_that_fails_bare_is_run_again_and_skipped(self):
        verdict, line, runs = self.judge([{"a": "crash"}] * 3)
        self.assertEqual((verdict, line, runs), ("skipped", "fails without the shim too: it crashed", 2))

    def test_a_suite_that_fails_bare_once_is_judged(self):
        self.assertEqual(self.judge([{"a": "crash"}, {"a": "ok"}, {"a": "ok"}])[::2], ("passed", 3))
        self.assertEqual(self.judge([{"a": "crash"}, {"a": "ok"}, {"a": "error"}])[::2], ("failed", 3))

    def test_a_suite_that_does_not_end_inside_has_another_try(self):
        slow = {"(the end of the suite)": "no end after 120 s"}
        self.assertEqual(self.judge([{"a": "ok"}, slow, {"a": "ok"}])[::2], ("passed", 3))
        self.assertEqual(self.judge([{"a": "ok"}, slow, slow])[::2], ("failed", 3))

    def test_a_suite_that_does_not_fit_is_not_started(self):
        verdict, line, runs = self.judge([{"a": "ok"}] * 2, seconds=120, minutes=1)
        self.assertEqual((verdict, runs), ("skipped", 0))
        self.assertIn("no time left: it takes about 120 s, and ", line)
        self.assertEqual(self.judge([{"a": "ok"}] * 2, seconds=30, minutes=1)[::2], ("passed", 2))

    def test_what_is_deliberate_is_not_counted_as_the_same(self):
        self.assertEqual(self.compare([{"a": "ok", "b": "ok"}, {"a": "ok", "b": "error"}], {"b*": "why"}), (1, []))

    def test_a_part_of_a_module_is_asked_for(self):
        suite = suites.CPython("fake", ["test_a"], matching=["With*"], left_out={"*Slow*": "why"})

        def patterns(only):
            words = suite.command(pathlib.Path("/results"), only)
            self.assertIn("test_a", words)
            return [words[i + 1] for i, word in enumerate(words) if word == "-m" and words[i + 1] != "test"]

        self.assertEqual(patterns(None), ["With*"])
        # What differs is run again, and nothing else.
        self.assertEqual(patterns(["test.test_a.WithOne.test_b"]), ["test.test_a.WithOne.test_b"])
        self.assertEqual(patterns(["test_a as a whole"]), ["With*"])

    def test_regrtest_lines_lose_their_timings(self):
        text = "0:00:01 [ 1/26] test_a passed -- running: test_b (30.6 sec)\n0:01 [2/26/1] test_b failed (env changed) (1 min 2 sec)\n"
        self.assertEqual(outcomes.of_regrtest(text), {"test_a as a whole": "passed", "test_b as a whole": "failed (env changed)"})

    def test_a_record_tells_what_was_refused_and_that_the_run_ended(self):
        with tempfile.TemporaryDirectory() as directory:
            record = pathlib.Path(directory, "record.jsonl")
            record.write_text('{"kind":"egress","op":"connect","target":"192.0.2.1:1","reason":"egress_address","verdict":"refuse"}\n'
                              '{"kind":"exec","op":"execve","target":"/x","reason":"exec_static","verdict":"allow"}\n'
                              '{"kind":"run","exit_code":0}\n')
            self.assertEqual(outcomes.violations(record), "connect 192.0.2.1:1: egress_address")


if __name__ == "__main__":
    unittest.main()
