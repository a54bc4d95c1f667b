#!/usr/bin/env python3
"""root's programs drop privileges (setpriv, su, a container's entrypoint): what is refused then counts as well."""
import os
import shutil

import case

models = case.models()
PYTHON = "/usr/bin/python3"  # another one may be in a home directory that others cannot read
REFUSED = """
import os, socket, sys
if len(sys.argv) > 1:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
assert os.getuid() == 65534
for attempt in range(3):
    try:
        socket.create_connection(("192.0.2.1", 80), 2)
    except OSError as error:
        assert error.errno == 101, error
try:
    open("%s/x", "w")
except OSError as error:
    assert error.errno == 30, error
""" % models


def holds():
    case.need_root()
    if not os.path.exists(PYTHON) or shutil.which("setpriv") is None:
        case.skip(f"no {PYTHON} or no setpriv (util-linux)")
    ways = (["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", PYTHON, "-c", REFUSED],
            [PYTHON, "-c", REFUSED, "drop"])
    for way in ways:
        result = case.run("--models-dir", models, "--fail-on-refusal", "--", *way)
        case.expect_code(result, 3, "a violation of another user")
        case.contains(result.err, "4 requests were refused", "the total")
        case.contains(result.err, "3x  192.0.2.1:80", "the record")
        # A record of the caller's own that the other user cannot write: its lines are lost, and that is said.
        record = case.tmp / "record"
        record.write_text("")
        record.chmod(0o600)
        result = case.run("--models-dir", models, "--record", record, "--fail-on-refusal", "--", *way)
        case.expect_code(result, 3, "a record that cannot be written")
        case.contains(result.err, "4 requests were refused", "the total")
        case.contains(result.err, "records could not be written", "the loss")
        case.expect_code(case.run("--models-dir", models, "--record", record, "--strict", "--", *way), 125, "the loss under --strict")

    # Nobody else can look into the directory of the run.
    listing = 'for d in /dev/shm/hfoffline-run-*; do [ -d "$d" ] && ls -A "$d" && echo listed; done; true'
    result = case.run("--quiet", "--", "setpriv", "--reuid", "65534", "--clear-groups", "sh", "-c", listing, env=case.clean_environment(TMPDIR=case.shared))
    case.lacks(result.out, "listed", "the directory of the run")
    # The twin: with rights alone it is root's as before.
    case.equal(case.run("--quiet", "--", "sh", "-c", "id -u").out, f"{os.getuid()}\n", "without a change of user")


case.isolate("net")
case.main(holds)
