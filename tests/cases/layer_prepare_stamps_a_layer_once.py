#!/usr/bin/env python3
import json
import os
import subprocess

import case
import durable_layers
from durable_layers import layer, status
import shadow_trees

PYTHON = shadow_trees.PYTHON


def other_interpreter():
    """Something that answers as an interpreter of another version would."""
    path = case.tmp / "other-python"
    return case.script("#!/bin/sh\nprintf 'implementation\\0cpython\\0version\\0%s\\0ext_suffix\\0.cpython-42-x.so\\0' 4.2.0\n", name=path.name)


def holds():
    directory = case.tmp / "made" / "durable"
    case.equal(status(directory)["exists"], False, "before")
    made = case.expect_code(layer("prepare", directory, "--python", PYTHON), 0, "a new layer")
    case.contains(made.out, "is made for cpython 3.", "what it says")
    stamp = json.loads((directory / ".hfoffline-layer.json").read_text())
    case.equal(stamp["ext_suffix"], case.command(PYTHON, "-c", "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))").out.strip(), "its stamp")
    found = status(directory, "--python", PYTHON)
    case.equal((found["exists"], found["writable"], found["stale"], found["stamp"]["version"]), (True, True, False, stamp["version"]), "its status")

    # Again: there already, and nothing is touched. Also where it cannot be written to.
    (directory / "kept.py").write_text("")
    before = shadow_trees.content_hash(directory)
    case.contains(case.expect_code(layer("prepare", directory, "--python", PYTHON), 0, "again").out, "is there", "what it says")

    # For another interpreter: reported, and emptied only when that is asked for.
    other = other_interpreter()
    stale = case.expect_code(layer("prepare", directory, "--python", other), 3, "for another interpreter")
    case.contains(stale.err, "--wipe-stale", "what to do")
    case.equal(shadow_trees.content_hash(directory), before, "the layer")
    result = layer("status", directory, "--python", other)
    case.expect_code(result, 3, "the status for another interpreter")
    case.contains(result.out, "stale", "the status for another interpreter")
    case.expect_code(layer("prepare", directory, "--python", other, "--wipe-stale"), 0, "wiped")
    case.equal(sorted(os.listdir(directory)), [".hfoffline-layer.json"], "a wiped layer")
    case.expect_code(layer("prepare", directory, "--python", PYTHON), 3, "it is for the other one now")

    # What has no stamp is nobody's to wipe; an empty directory is fine.
    home = case.tmp / "home"
    home.mkdir()
    (home / "precious").write_text("data")
    for flags in ([], ["--wipe-stale"]):
        result = case.expect_code(layer("prepare", home, "--python", PYTHON, *flags), 2, f"a directory with something in it, {flags}")
        case.contains(result.err, "nothing was changed", "what it says")
    case.equal((home / "precious").read_text(), "data", "what was in it")
    (case.tmp / "hollow").mkdir()
    case.expect_code(layer("prepare", case.tmp / "hollow", "--python", PYTHON), 0, "an empty directory")
    (home / ".hfoffline-layer.json").write_text("{")
    case.expect_code(layer("prepare", home, "--python", PYTHON, "--wipe-stale"), 2, "a stamp that is none")

    # Names that are not UTF-8, and links.
    odd = os.fsencode(case.tmp) + b"/odd \xff'\n"
    process = subprocess.run([os.fsencode(case.HFOFFLINE), b"layer", b"prepare", odd, b"--python", os.fsencode(PYTHON)], capture_output=True, env=case.clean_environment())
    case.equal(process.returncode, 0, f"a name that is not UTF-8: {process}")
    case.check(os.path.exists(odd + b"/.hfoffline-layer.json"), "a name that is not UTF-8")
    case.check(b"\xff" not in process.stdout, "the name is shown as text")
    (case.tmp / "real").mkdir()
    (case.tmp / "link").symlink_to("real")
    case.expect_code(layer("prepare", case.tmp / "link", "--python", PYTHON), 0, "a link")
    case.check((case.tmp / "link").is_symlink() and (case.tmp / "real" / ".hfoffline-layer.json").exists(), "the link's directory is the layer")
    (case.tmp / "loop").symlink_to("loop")
    case.expect_code(layer("prepare", case.tmp / "loop", "--python", PYTHON), 1, "a link to itself")
    (case.tmp / "file").write_text("")
    case.expect_code(layer("prepare", case.tmp / "file", "--python", PYTHON), 1, "a file")

    # Six at once: each succeeds, and there is one layer.
    for turn in range(3):
        together = case.tmp / f"together{turn}"
        started = [subprocess.Popen([case.HFOFFLINE, "layer", "prepare", together, "--python", PYTHON], env=case.clean_environment(),
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)]
        ended = [(p.communicate(timeout=120), p.returncode) for p in started]
        case.equal([code for _, code in ended], [0] * 6, f"six at once: {ended}")
        case.equal(sum("is made for" in out for (out, _), _ in ended), 1, f"one of them made it: {ended}")
        case.equal(sorted(os.listdir(together)), [".hfoffline-layer.json"], "what they made")
        case.equal(durable_layers.beside(together), [], "beside it")

    # Where nothing can be written: an error, and no traceback.
    user = case.unprivileged()
    closed = case.tmp / "closed"
    case.expect_code(layer("prepare", closed / "ready", "--python", PYTHON), 0, "a layer in it")
    closed.chmod(0o755)
    for place in (closed / "new", closed / "deep" / "new"):
        result = case.expect_code(layer("prepare", place, "--python", PYTHON, user=user), 1, "a directory that cannot be written to")
        case.contains(result.err, "Permission denied", "why")
        case.check(len(result.err.splitlines()) <= 2, f"a message and no more: {result!r}")
    case.expect_code(layer("prepare", closed / "ready", "--python", PYTHON, user=user), 0, "one that is ready")
    case.equal(status(closed / "ready", user=user)["writable"], False, "its status")


case.main(holds)
