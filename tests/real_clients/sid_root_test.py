#!/usr/bin/python3
"""sid_root.py keeps a root that is whole and of the packages asked for, and no other. Its commands are stand-ins here."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sid_root  # noqa: E402


class SidRoot(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.cache, self.commands, self.failing = directory.name, [], None
        for name, value in (("_run", self.run_stand_in), ("PACKAGES", ["one", "two"]), ("BYTES", 0)):
            self.addCleanup(setattr, sid_root, name, getattr(sid_root, name))
            setattr(sid_root, name, value)

    def run_stand_in(self, log, *command):
        self.commands.append(command[0])
        if command[0] == "debootstrap":
            os.makedirs(os.path.join(command[3], "etc/apt/apt.conf.d"))
        if command[0] == self.failing:
            raise self.problem

    def made(self):
        self.commands.clear()
        root = sid_root.make(self.cache)
        self.assertEqual(root, os.path.join(self.cache, "sid"))
        return self.commands != []

    def test_it_is_made_once(self):
        self.assertTrue(self.made())
        self.assertFalse(self.made())

    def test_other_packages_make_it_anew(self):
        self.made()
        kept = os.path.join(self.cache, "sid", "kept")
        open(kept, "w").close()
        sid_root.PACKAGES = ["one", "three"]
        self.assertTrue(self.made())
        self.assertFalse(os.path.exists(kept))

    def test_what_is_interrupted_is_not_taken_for_whole(self):
        for problem in (sid_root.Unreachable("no mirror"), KeyboardInterrupt(), subprocess.TimeoutExpired("apt-get", 1)):
            for command in ("debootstrap", "sh", "chroot"):
                self.failing, self.problem = command, problem
                sid_root.PACKAGES = [command, repr(problem)]
                with self.assertRaises(type(problem)):
                    self.made()
                self.assertFalse(os.path.exists(os.path.join(self.cache, "sid")))
                self.failing = None
                self.assertTrue(self.made())

    def test_too_little_room_is_said(self):
        sid_root.BYTES = 1 << 60
        with self.assertRaisesRegex(sid_root.Unreachable, "GB free"):
            self.made()
        self.assertEqual(self.commands, [])


if __name__ == "__main__":
    unittest.main()
