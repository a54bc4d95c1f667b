#!/usr/bin/env python3
"""Groups by host or path and by test, largest first, readable at 80 columns."""
import pty
import os
import re
import subprocess

import case

models = case.models()
PROGRAM = f"""
import os, socket
def attempt(times, function, *arguments):
    for _ in range(times):
        try:
            function(*arguments)
        except OSError:
            pass
attempt(12, socket.getaddrinfo, 'huggingface.co', 443)
attempt(3, socket.create_connection, ('10.1.2.3', 443), 1)
attempt(1, socket.create_connection, ('2001:db8:1234:5678:9abc:def0:1234:5678', 8443), 1)
os.environ['PYTEST_CURRENT_TEST'] = 'tests/unit/a/rather/long/path/test_module.py::TestClass::test_something[with-a-long-parameter] (call)'
attempt(20, socket.getaddrinfo, 'huggingface.co', 443)
deep = {str(models)!r} + '/hub' + '/' + 'directory-with-a-long-name' * 3 + '.bin'
attempt(7, open, deep, 'w')
attempt(1, open, {str(models)!r} + '/\\u00e4\\u00f6\\u00fc' * 1 + '\\u00df' * 90, 'w')
os.environ['PYTEST_CURRENT_TEST'] = 'test_b.py::test_b (call)'
for i in range(40):
    attempt(1, open, {str(models)!r} + '/many-%d' % i, 'w')
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt(1, s.connect, ('8.8.8.8', 53))
os.environ['HF_HOME'] = '/x'
"""


def holds():
    config = case.tmp / "hfoffline.toml"
    config.write_text('[record]\nfile = "r.jsonl"\n')
    result = case.run("--models-dir", models, "--strict", "--", "python3", "-c", PROGRAM, cwd=case.tmp)
    case.expect_code(result, 3, "the run")
    summary = result.err[result.err.index("hfoffline: 84 requests were refused"):]
    for line in summary.splitlines():
        too_long = len(line) > 80
        # A path of the user's that is one word cannot be broken.
        excused = len(line.split()) <= 2 or str(case.tmp) in line
        case.check(not too_long or excused, f"{len(line)} columns: {line}")
    network = summary[summary.index("  network (36)"):summary.index("  writes below protected trees (48)")]
    counts = [int(n) for n in re.findall(r"^    (\d+)x", network, re.M)]
    case.equal(counts, [20, 12, 3, 1], "network groups, largest first")
    for part in ("20x  huggingface.co\n", "12x  huggingface.co\n", "3x  10.1.2.3:443\n", "1x  [2001:db8:1234:5678:9abc:def0:1234:5678]:8443\n",
                 "getaddrinfo EAI_NONAME", "connect ENETUNREACH", "in tests/unit/a/"):
        case.contains(network, part, "the network part")
    writes = summary[summary.index("  writes below"):]
    case.contains(writes, "7x  ", "the largest group of writes")
    case.check(len(re.findall(r"^    \d+x", writes, re.M)) == 25, "25 groups at the most")
    case.contains(writes, "    and 17 more\n", "the rest is counted")
    case.contains(writes, "in test_b.py::test_b (call)\n", "the test")
    case.contains(writes, "not counted: 1 datagram socket", "probes in a line")
    for part in (str(models), "(hf-home)", "variables set", f"config {config}", f"record: {case.tmp}/r.jsonl (", "exit code 3"):
        case.contains(" ".join(writes.split()), part, "what was managed")
    case.lacks(summary, "\033", "no colour in a pipe")

    # One short line when nothing was refused; none with --quiet; colour on a terminal only.
    result = case.run("--models-dir", models, "--", "true", cwd="/")
    case.check(result.err.count("\n") <= 3 and result.err.startswith("hfoffline: nothing was refused;"), repr(result))
    case.equal(case.run("--models-dir", models, "--quiet", "--", "sh", "-c", f"echo > {models}/x", cwd="/").err.count("hfoffline"), 0, "--quiet")
    for variables, coloured in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        ours, theirs = pty.openpty()
        subprocess.run([case.HFOFFLINE, "run", "--models-dir", models, "--", "sh", "-c", f"echo > {models}/x 2>/dev/null"], stderr=theirs,
                       env=case.clean_environment(**variables), cwd="/")
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 4096):
                text += part
        except OSError:
            pass
        case.equal(b"\033[1;31m" in text, coloured, f"colour with {variables}")
        case.check(b"1 request was refused" in text, repr(text))


case.isolate("net")
case.main(holds)
