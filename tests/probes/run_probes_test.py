#!/usr/bin/env python3
"""The probes must be able to fail: run_probes.py is held against libraries that refuse nothing, and
against one that refuses too much, and must say so."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import run_probes  # noqa: E402 (the driver is a script beside this one)

COMPILER = shlex.split(os.environ.get("CC", "cc"))
PROGRAMS = os.environ["PROBE_PROGRAMS"]

REFUSES_NOTHING = "int hfoffline_nothing(void) { return 0; }"
# Answers every mkdir with EROFS, wherever it is: right below the tree and wrong beside it.
REFUSES_EVERYTHING = """
#include <errno.h>
int mkdir(const char *path, unsigned mode) { (void)path; (void)mode; errno = EROFS; return -1; }
"""


class RunProbesTest(unittest.TestCase):
    def build(self, source):
        path = os.path.join(self.directory.name, "library.so")
        file = os.path.join(self.directory.name, "library.c")
        with open(file, "w") as out:
            out.write(source)
        subprocess.run(COMPILER + ["-shared", "-fPIC", "-w", "-o", path, file], check=True)
        os.chmod(self.directory.name, 0o755)
        return path

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def run_driver(self, *arguments):
        done = subprocess.run([sys.executable, os.path.join(HERE, "run_probes.py"), "--programs", PROGRAMS]
                              + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode()

    def test_a_library_that_refuses_nothing_is_found_out(self):
        code, text = self.run_driver("--shim", self.build(REFUSES_NOTHING), "--program", "mkdir",
                                     "--program", "unlink")
        self.assertEqual(code, 1, text)
        self.assertRegex(text, r"MISMATCH mkdir\(0750\) tree: missing \[\w+\]\n    shim:   0 \+tree/missing")
        self.assertRegex(text, r"MISMATCH unlink\(\) tree: existing \[\w+\]\n    shim:   0 -tree/file")
        self.assertNotIn("sibling:", text)

    def test_a_library_that_refuses_too_much_is_found_out(self):
        code, text = self.run_driver("--shim", self.build(REFUSES_EVERYTHING), "--program", "mkdir")
        self.assertEqual(code, 1, text)
        self.assertRegex(text, r"MISMATCH mkdir\(0750\) sibling: missing \[\w+\]\n    shim:   EROFS\n    bare:   0 ")
        self.assertRegex(text, r"MISMATCH mkdir\(0750\) tree: existing \[\w+\]\n    shim:   EROFS\n.*\n    oracle: EEXIST")
        self.assertNotIn("tree: missing [", text)

    def test_without_namespaces_the_recorded_answers_serve(self):
        code, text = self.run_driver("--shim", self.build(REFUSES_NOTHING), "--program", "mkdir", "--recorded")
        self.assertEqual(code, 1, text)
        self.assertRegex(text, r"\d+ oracle rows skipped \(asked for\)")
        self.assertRegex(text, r"MISMATCH mkdir\(0750\) tree: missing \[\w+\]\n.*\n.*\n    oracle: EROFS")

    def test_a_packet_that_leaves_is_seen(self):
        code, text = self.run_driver("--shim", self.build(REFUSES_NOTHING), "--program", "sendto",
                                     "--rows", "sendto(udp) away: 192.0.2.1")
        if "no network namespace" in text or "no interface but lo" in text:
            self.skipTest("no interface to send through can be made here")
        self.assertEqual(code, 1, text)
        self.assertIn("PROBLEM sendto(udp) away: 192.0.2.1: 4; LEFT THE MACHINE: protocol 17 to 192.0.2.1", text)

    def test_a_probe_that_fails_is_an_error(self):
        missing = self.build("#include <unistd.h>\n__attribute__((constructor)) static void die(void) { _exit(3); }")
        code, text = self.run_driver("--shim", missing, "--program", "mkdir")
        self.assertEqual(code, 1, text)
        self.assertIn("probe-mkdir ended with 3", text)

    def test_names_and_recorded_answers_survive_being_written(self):
        rows = {"open(O_RDWR | O_CREAT) tree: missing [root]": "EROFS",
                "open(O_RDWR | O_CREAT) tree: missing [other]": "EROFS",
                "open(O_RDWR | O_CREAT) tree: directory (a) [root]": "EISDIR",
                "socket() away: AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1 [root]": "fd",
                'getaddrinfo(no hints) away: "[::1]"': "EAI_NONAME",
                "open(O_RDWR) sibling: missing [root]": "not recorded"}
        path = os.path.join(self.directory.name, "recorded.tsv")
        run_probes.write_recorded(path, rows)
        recorded = {name: result for name, result in rows.items() if "sibling" not in name}
        self.assertEqual(run_probes.read_recorded(path), recorded)

    def test_only_a_star_is_special_in_a_difference(self):
        self.assertTrue(run_probes.glob("open(*) tree: * [root]").match("open(O_RDWR | O_CREAT) tree: x [root]"))
        self.assertFalse(run_probes.glob("open(*) tree: * [root]").match("open(O_RDWR) tree: x r"))
        self.assertFalse(run_probes.glob("fd").match("fd, writes"))

    def test_the_differences_explain_only_what_they_name(self):
        path = os.path.join(self.directory.name, "differences.txt")
        with open(path, "w") as file:
            file.write("# a comment\n\nopen(*) tree: *\tEROFS\tEACCES\tfor the test\n? mkdir(*) *\t0\t*\tmay be unused\n")
        first, second = run_probes.read_differences(path)
        self.assertTrue(first.explains("open(O_RDWR) tree: existing [root]", "EROFS", "EACCES"))
        self.assertFalse(first.explains("open(O_RDWR) tree: existing [root]", "EROFS", "ENOENT"))
        self.assertFalse(first.explains("creat(O_RDWR) tree: existing [root]", "EROFS", "EACCES"))
        self.assertEqual((first.used, first.may_be_unused), (1, False))
        self.assertEqual((second.used, second.may_be_unused), (0, True))
        self.assertTrue(re.match("mkdir", second.pattern))

    def test_a_difference_without_a_reason_is_refused(self):
        path = os.path.join(self.directory.name, "differences.txt")
        with open(path, "w") as file:
            file.write("open(*) tree: *\tEROFS\tEACCES\n")
        with self.assertRaises(SystemExit):
            run_probes.read_differences(path)


if __name__ == "__main__":
    unittest.main()
