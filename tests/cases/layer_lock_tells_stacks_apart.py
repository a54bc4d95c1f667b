#!/usr/bin/env python3
import json
import os
import shutil

import case
import shadow_trees
from shadow_trees import distribution, write


def lock(*layers, out="-", **options):
    arguments = [text for name, path in layers for text in ("--layer", f"{name}={path}")]
    return case.hfoffline("layer", "lock", "--file", out, *arguments, **options)


def verify(file, *layers, **options):
    arguments = [text for name, path in layers for text in ("--layer", f"{name}={path}")]
    return case.hfoffline("layer", "verify", "--file", file, *arguments, **options)


def make(root, order):
    """The same two layers, made in another order, elsewhere, with other times and inodes."""
    files = {"core": {**distribution("alpha", "1.0"), **distribution("beta", "2.0"), "bin/run": "#!/bin/sh\n", "hollow/": ""},
             "durable": distribution("gamma", "3.0")}
    for name in sorted(files, reverse=order):
        for path in sorted(files[name], reverse=order):
            write(root / name, {path: files[name][path]})
    (root / "core/bin/run").chmod(0o755)
    (root / "core/loop").symlink_to("loop")
    (root / "core/above").symlink_to("..")
    with open(os.fsencode(root) + b"/durable/\xff\\x41 \xc3\xa9.py", "w") as file:
        file.write("odd\n")
    for directory, _, names in os.walk(root):
        for name in names:
            path = os.path.join(directory, name)
            os.utime(path, (1_000_000 + order, 1_000_000 + order), follow_symlinks=False)
    return [("core", root / "core"), ("durable", root / "durable")]


def holds():
    one, two = make(case.tmp / "one", False), make(case.tmp / "elsewhere" / "two", True)
    first = case.expect_code(lock(*one), 0, "a lock")
    case.equal(lock(*two).out, first.out, "the same contents elsewhere")
    case.equal(lock(*one, env=case.clean_environment(TZ="Asia/Tokyo", LC_ALL="tr_TR.UTF-8"), cwd="/").out, first.out, "in other circumstances")
    case.lacks(first.out, str(case.tmp), "where the layers are")
    parsed = json.loads(first.out)
    case.equal([layer["name"] for layer in parsed["layers"]], ["core", "durable"], "the order")
    case.equal(parsed["layers"][0]["distributions"], [["alpha", "1.0"], ["beta", "2.0"]], "the distributions")
    files = [row[0] for row in parsed["layers"][0]["files"]]
    case.equal(files, sorted(files), "sorted")
    case.equal([row for row in parsed["layers"][0]["files"] if row[1] in ("link", "directory", "executable")],
               [["above", "link", ".."], ["bin/run", "executable", parsed["layers"][0]["files"][files.index("bin/run")][2]], ["hollow", "directory", ""], ["loop", "link", "loop"]], "what is no plain file")

    file = case.tmp / "layers.lock"
    before = [shadow_trees.content_hash(path) for _, path in one]
    case.expect_code(lock(*one, out=file), 0, "into a file")
    case.equal(file.read_text(), first.out, "the file")
    case.contains(case.expect_code(verify(file, *one), 0, "unchanged").out, "what the lock says", "what it says")
    case.expect_code(verify(file, *two), 0, "the same elsewhere")
    case.equal(case.hfoffline("layer", "verify", "--file", "-", *[t for n, p in one for t in ("--layer", f"{n}={p}")], input=first.out).code, 0, "from stdin")
    # Whoever writes to the pipe may be late.
    late = case.command("sh", "-c", f'(sleep 0.3; cat {file}) | "$0" layer verify --file - "$@"', case.HFOFFLINE, *[t for n, p in one for t in ("--layer", f"{n}={p}")])
    case.expect_code(late, 0, "from a pipe")
    case.equal([shadow_trees.content_hash(path) for _, path in one], before, "the layers")

    # Bytecode, times and modes that mean nothing do not count.
    core, durable = one[0][1], one[1][1]
    (core / "alpha/__pycache__").mkdir()
    (core / "alpha/__pycache__/x.pyc").write_text("x")
    (core / "beta/__init__.py").touch()
    (core / "beta/__init__.py").chmod(0o600)
    case.expect_code(verify(file, *one), 0, "bytecode, times and modes")
    (core / "beta/__init__.py").chmod(0o644)

    # Each difference by itself, exactly.
    def differs(change, undo, expected, layers=one):
        change()
        result = case.expect_code(verify(file, *layers), 3, f"{expected}")
        undo()
        lines = result.out.splitlines()
        case.equal(len(lines), len(expected), f"lines of {result!r}")
        for line, start in zip(lines, expected):
            case.check(line.startswith(start), f"{line!r} should start with {start!r}")
        case.expect_code(verify(file, *one), 0, f"after undoing {expected}")

    init = core / "alpha/__init__.py"
    text = init.read_text()
    differs(lambda: init.write_text("other\n"), lambda: init.write_text(text), ["! core: alpha/__init__.py is file "])
    differs(lambda: init.chmod(0o755), lambda: init.chmod(0o644), ["! core: alpha/__init__.py is executable "])
    differs(lambda: (durable / "new.py").write_text(""), (durable / "new.py").unlink, ["+ durable: new.py is file "])
    differs(lambda: os.rename(core / "bin/run", case.tmp / "run"), lambda: os.rename(case.tmp / "run", core / "bin/run"),
            ["+ core: bin is directory", "- core: bin/run is executable "])
    differs(lambda: [(core / "loop").unlink(), (core / "loop").symlink_to("other")], lambda: [(core / "loop").unlink(), (core / "loop").symlink_to("loop")],
            ["! core: loop is link other (locked: link loop)"])
    old, new = (durable / f"gamma-3.{i}.dist-info" for i in (0, 1))
    differs(lambda: old.rename(new), lambda: new.rename(old),
            ["! durable: gamma 3.1 (locked: 3.0)", *(f"{sign} durable: gamma-3.{i}.dist-info/{name} is file "
                                                     for sign, i in (("-", 0), ("+", 1)) for name in ("METADATA", "RECORD"))])
    nothing = lambda: None
    differs(nothing, nothing, ["! order: durable, core (locked: core, durable)"], one[::-1])
    differs(nothing, nothing, ["- layer durable"], one[:1])
    differs(nothing, nothing, ["+ layer third"], [*one, ("third", durable)])

    # A name that is not UTF-8 is one name, and not another.
    odd = os.fsencode(durable) + b"/\xff\\x41 \xc3\xa9.py"
    differs(lambda: os.rename(odd, os.fsencode(durable) + b"/\\xff\\x41 \xc3\xa9.py"), lambda: os.rename(os.fsencode(durable) + b"/\\xff\\x41 \xc3\xa9.py", odd), ["+ durable: ", "- durable: "])

    # The config file names a stack once and for all; its order counts.
    config = case.tmp / "hfoffline.toml"
    config.write_text("".join(f'[[layer]]\nname = "{name}"\npath = "{path}"\norder = {order}\n' for (name, path), order in zip(reversed(one), (2, 1))))
    case.expect_code(case.hfoffline("layer", "verify", "--file", file, "--config", config), 0, "layers of the config file")

    # What is no lock, and what cannot be locked.
    for what, contents in (("text", "x"), ("another schema", '{"schema": 2, "layers": []}'), ("edited", first.out.replace("bin/run", "bin/ran")),
                           ("cut", first.out[: len(first.out) // 2]), ("odd", '{"schema": 1, "layers": [{"name": 1}]}')):
        (case.tmp / "broken.lock").write_text(contents)
        case.expect_code(verify(case.tmp / "broken.lock", *one), 2, what)
    case.expect_code(verify(case.tmp / "none.lock", *one), 2, "no lock")
    case.expect_code(case.hfoffline("layer", "lock", cwd="/"), 2, "no layers")
    case.expect_code(lock(("a", core), ("a", durable)), 2, "two of a name")
    case.expect_code(lock(("a", case.tmp / "nowhere")), 1, "a layer that is not there")
    case.expect_code(lock(*one, out=case.tmp / "no" / "such" / "file"), 1, "a lock that cannot be written")
    os.mkfifo(durable / "fifo")
    case.check('"fifo", "other"' in case.quickly(30, lock, *one).out, "a fifo is not read")
    (durable / "fifo").unlink()
    user = case.unprivileged()
    init.chmod(0o000)
    result = case.expect_code(lock(*one, user=user), 1, "an unreadable file")
    case.contains(result.err, "alpha/__init__.py", "which")
    shutil.rmtree(case.tmp / "elsewhere")


case.main(holds)
