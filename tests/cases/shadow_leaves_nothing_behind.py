#!/usr/bin/env python3
import os
import signal
import subprocess
import time

import case
import shadow_trees
from shadow_trees import distribution, expect, shadow, write


def mirrors():
    return sorted(str(p) for p in case.shared.glob("hfoffline-shadow-*"))


def interrupted(core):
    """A signal while the interpreter is asked: the scratch directory goes, and the signal counts."""
    slow = write(case.tmp / "slow", {"sitecustomize.py": f"import os, time\n"
                                     f"time.sleep(0 if not os.path.exists({str(case.tmp / 'asked')!r}) else 2)\n"
                                     f"open({str(case.tmp / 'asked')!r}, 'w').close()\n"})
    for number in (signal.SIGINT, signal.SIGTERM):
        (case.tmp / "asked").unlink(missing_ok=True)
        process = subprocess.Popen([case.HFOFFLINE, "shadow", "python", "--python", core.python], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=case.clean_environment(PYTHONPATH=slow), cwd=case.tmp / "empty")
        deadline = time.monotonic() + 60
        while not mirrors() and time.monotonic() < deadline:
            time.sleep(0.02)
        case.check(mirrors(), "the sentinels were planted")
        process.send_signal(number)
        case.equal(process.wait(60), -number, "how it ended")
        case.equal(mirrors(), [], f"after signal {number}")


def start_up_code(core):
    """Start-up code of a layer is run, and can neither write there nor leave a __pycache__."""
    early = write(case.tmp / "early", {"sitecustomize.py": "import helper\nhelper.write()\n",
                                       "helper.py": "import os\ndef write():\n    try:\n"
                                       "        open(os.path.join(os.path.dirname(__file__), 'x'), 'a').write('x')\n"
                                       "    except OSError:\n        pass\n"})
    write(core.site, {"start.pth": "import started_here\n", "started_here.py": ""})
    report = shadow("--python", core.python, env=case.clean_environment(PYTHONPATH=early), layers=[early, core.root])
    expect(report, "python_start_code", "sitecustomize")


def places_of_scratch(core):
    """The scratch directory is in none of the judged places."""
    code = write(case.shared / "code", {"main.py": ""})
    before = os.stat(code).st_mtime_ns
    report = shadow("--python", core.python, "--script", code / "main.py", env=case.clean_environment(TMPDIR=code))
    expect(report, "python_script_first", str(code))
    case.equal(os.stat(code).st_mtime_ns, before, "nothing was made in the script's directory")
    # No room: said, and nothing is left.
    full = case.tmp / "full"
    full.mkdir()
    if case.command("mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=5", "full", full).code == 0:
        result = case.hfoffline("shadow", "python", "--python", core.python, env=case.clean_environment(TMPDIR=full),
                                cwd=case.tmp / "empty")
        case.expect_code(result, 125, "a full disk")
        case.contains(result.err, "No space left", "a full disk")
        case.equal(os.listdir(full), [], "left on the full disk")


def inside_a_run(core):
    layer = write(case.tmp / "layer", {"tokenizers.py": ""})
    arguments = ["shadow", "python", "--python", core.python]
    inside = case.run("--quiet", "--", case.HFOFFLINE, *arguments, env=case.clean_environment(PYTHONPATH=layer),
                      cwd=case.tmp / "empty")
    case.expect_code(inside, 3, "inside a run")
    case.contains(inside.out, "SHADOWED tokenizers", "inside a run")


def positions(core):
    """A relative entry of the search path stands where it stands; with -S nobody makes it absolute."""
    write(case.tmp / "empty" / "relative", {"extra.py": ""})
    report = shadow("--python", core.python, "--python-flags", "-S", "--core", "stdlib", "--notes",
                    env=case.clean_environment(PYTHONPATH="relative"))
    expect(report, "python_layer_first", "layer pythonpath", observed=True)
    # What this interpreter's start-up imported is no answer about layers that are given.
    write(core.site, {"early.pth": "import started\n", "started.py": ""})
    copy = write(case.tmp / "copy", {"started.py": ""})
    more = write(case.tmp / "more", {"started.py": ""})
    report = shadow("--python", core.python, "--layer", f"core={copy}", "--layer", f"more={more}")
    expect(report, "python_name_twice", "started", winner=copy, observed=True)
    case.equal(report.code, 0, repr(report))


def holds():
    (case.tmp / "empty").mkdir()
    core = shadow_trees.Environment()
    write(core.site, distribution("tokenizers", "1.0"))
    for step in (start_up_code, places_of_scratch, inside_a_run, interrupted, positions):
        try:
            step(core)
        except AssertionError as error:
            case.fail(f"{step.__name__}: {error}")
    case.equal(mirrors(), [], "left behind")


case.isolate("net", "mount")
case.main(holds)
