#!/usr/bin/env python3
import os
import resource

import case
import shadow_trees
from shadow_trees import distribution, expect, shadow, write


def odd_names(core):
    layer = write(case.tmp / "odd", {"fine.py": "", "with space.py": "", "with-dash.py": "", "1digit.py": "", "class.py": "",
                                     "dotted.name.py": "", ".hidden.py": "", "fold\nline.py": "", "caf\u00e9.py": "",
                                     "fifo/x": "", "__pycache__/fine.cpython-311.pyc": "", "directory.py/x.py": ""})
    encoded = os.fsencode(layer)
    for name in (b"latin\xe9.py", b"\xff\xfe", b"dir\xe9/__init__.py"):
        path = os.path.join(encoded, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb"):
            pass
    os.mkfifo(layer / "pipe.py")
    os.mkfifo(layer / "pipe.pth")
    (layer / "loop").symlink_to(layer)
    (layer / "self.py").symlink_to(layer / "self.py")
    (layer / "gone").symlink_to("/nowhere")
    (layer / "space").mkdir()
    (layer / "space" / "again").symlink_to(layer)
    write(core.site, {"space/x.py": "", "caf\u00e9.py": ""})
    report = shadow("--layer", f"core={core.site}", "--layer", f"odd={layer}", "--python", core.python, layers=[layer])
    expect(report, "python_name_twice", "caf\u00e9")
    expect(report, "python_unreadable", "self.py", why="symbolic links")
    expect(report, "python_unreadable", "gone")
    case.equal(report.code, 0, repr(report))
    text = case.hfoffline("shadow", "python", "--notes", "--layer", f"odd={layer}", "--layer", f"core={core.site}", "--core",
                          "core", "--python", core.python)
    case.expect_code(text, 3, "a layer in front")
    case.check(text.out.isprintable() or all(c == "\n" or c.isprintable() for c in text.out), f"not printable: {text!r}")
    # Where the whole path is odd.
    odd_path = os.fsencode(case.tmp) + b"/l\xe9 a\nyer"
    os.mkdir(odd_path)
    os.symlink(layer / "fine.py", odd_path + b"/fine.py")
    report = shadow("--layer", f"core={core.site}", "--layer", f"odd={os.fsdecode(odd_path)}",
                    "--python", core.python)
    case.equal(report.code, 0, repr(report))


def unreadable(core):
    user = case.unprivileged()
    layer = write(case.tmp / "closed", {"open.py": "", "dark/__init__.py": "", "tokenizers/__init__.py": ""})
    (layer / "dark").chmod(0)
    empty = case.tmp / "empty"
    empty.mkdir(exist_ok=True)
    for directory, _, _ in os.walk(core.root):
        os.chmod(directory, 0o755)
    arguments = ["--layer", f"closed={layer}", "--layer", f"core={core.site}", "--core", "core", "--python", core.python]
    result = case.hfoffline("shadow", "python", "--json", *arguments, user=user, cwd=empty)
    report = shadow_trees.Report(result)
    expect(report, "python_unreadable", "dark", why="Permission denied")
    expect(report, "python_module_shadowed", "tokenizers", observed=True)
    layer.chmod(0)
    report = shadow_trees.Report(case.hfoffline("shadow", "python", "--json", *arguments, user=user, cwd=empty))
    expect(report, "python_unreadable", str(layer), why="Permission denied")
    layer.chmod(0o755)
    (layer / "dark").chmod(0o755)


def many_files(core):
    layer = case.tmp / "many"
    layer.mkdir()
    # In memory, where that can be had: some file systems take minutes for so many.
    case.command("mount", "-t", "tmpfs", "-o", "mode=755", "many", layer)
    for i in range(100):
        package = layer / f"package{i}"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        for j in range(999):
            os.close(os.open(package / f"module{j}.py", os.O_CREAT | os.O_WRONLY))
    write(core.site, {"package7/__init__.py": ""})
    starts = case.tmp / "starts"
    python = case.script(f'#!/bin/sh\necho started >> "{starts}"\nexec "{core.python}" "$@"\n', name="python")
    report = shadow("--layer", f"many={layer}", "--layer", f"core={core.site}", "--core", "core", "--python", python)
    expect(report, "python_module_shadowed", "package7", observed=True)
    facts = report.json["orders"][0]["facts"]
    case.check(int(facts[0].split()[0]) >= 100000, f"{facts}")
    # One to ask for the search path, one for all questions and sentinels.
    case.equal(starts.read_text().count("started"), 2, "starts of the interpreter")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    case.check(peak < 200 * 1024, f"peak memory of any child: {peak} KiB")


def holds():
    core = shadow_trees.Environment()
    write(core.site, distribution("tokenizers", "1.0"))
    odd_names(core)
    many_files(core)
    unreadable(core)


case.isolate("net", "mount")
case.main(holds)
