#!/usr/bin/python3
"""Prints the ninja targets that the tests of some meson suites need: test_targets.py BUILD-DIRECTORY SUITE..."""

import json
import os
import sys

build, *suites = sys.argv[1:]
with open(f"{build}/meson-info/intro-tests.json", encoding="utf-8") as file:
    tests = json.load(file)
with open(f"{build}/meson-info/intro-targets.json", encoding="utf-8") as file:
    targets = {target["id"]: target["filename"] for target in json.load(file)}
needed = {name for test in tests if any(s.split(":")[-1] in suites for s in test["suite"]) for name in test["depends"]}
for name in sorted(needed):
    for path in targets[name]:
        print(os.path.relpath(path, os.path.abspath(build)))
