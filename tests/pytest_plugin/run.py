#!/usr/bin/python3
"""Runs test files with pytest, where there is no network but lo. Exits with 77 where pytest or such a place is missing.

usage: run.py TEST-FILE...
"""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "lib"))
import network_namespace  # noqa: E402

SKIPPED = 77

try:
    import pytest  # noqa: F401
except ImportError:
    print("skipped: pytest is not installed for", sys.executable)
    sys.exit(SKIPPED)
try:
    entered = network_namespace.enter()
except OSError:
    entered = False
if not entered:
    print("skipped: no network namespace can be made here")
    sys.exit(SKIPPED)
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
os.chdir(pathlib.Path(__file__).parent)
os.execv(sys.executable, [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rs", "-vv", "--no-header", "--tb=short", *sys.argv[1:]])
