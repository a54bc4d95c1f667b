#!/usr/bin/env python3
"""Three shards, one of which is tried again and passes: every format says the same of them."""
import html.parser
import json
import os
import pty
import re
import subprocess
import xml.etree.ElementTree

import case

models = case.models()
LEAKY = f"""
import os, socket, subprocess, sys
def attempt(times, function, *arguments):
    for _ in range(times):
        try:
            function(*arguments)
        except OSError:
            pass
os.environ['PYTEST_CURRENT_TEST'] = 'tests/test_%s.py::test_leaks (call)' % sys.argv[1]
attempt(5, socket.create_connection, ('10.1.2.3', 443), 1)
attempt(1, socket.getaddrinfo, 'huggingface.co', 443)
attempt(2, open, {str(models)!r} + '/new-' + sys.argv[1], 'w')
attempt(1, open, os.fsencode({str(models)!r}) + b'/latin-\\xff\\x1b', 'w')
if len(sys.argv) > 2:
    subprocess.run([sys.executable, '-c', 'import socket\\ntry: socket.create_connection(("10.1.2.3", 443), 1)\\nexcept OSError: pass'])
"""


def run(record, worker, *command):
    flags = ["--worker", worker] if worker else []
    case.expect_code(case.run("--models-dir", models, "--record", record, *flags, "--", *command), 0, f"a run of {worker}")


def report(*arguments, code=0, **options):
    return case.expect_code(case.hfoffline("report", *arguments, **options), code, f"report {arguments}").out


class Tables(html.parser.HTMLParser):
    """The texts of every table's cells, row by row, and whether every element is closed in its order."""

    VOID = {"meta", "input", "br", "rect"}

    def __init__(self, page):
        super().__init__()
        self.rows, self.open, self.cell = [], [], None
        self.feed(page)
        self.close()
        case.equal(self.open, [], "elements left open")

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = ""

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        case.equal(self.open.pop(), tag, "the element that is closed")
        if tag in ("td", "th"):
            self.rows[-1].append(self.cell)
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


def holds():
    leaky = case.script(LEAKY, "leaky.py")
    first, second, third = (case.tmp / f"shard-{i}.jsonl" for i in (1, 2, 3))
    run(first, "shard-1", "python3", leaky, "a")
    run(second, "shard-2", "python3", leaky, "b", "child")
    # The third leaks at first, and not when it is tried again: what it does hangs on a file.
    flaky = case.script(f"[ -e {case.tmp}/ok ] || {{ touch {case.tmp}/ok; python3 {leaky} c; }}\n", "flaky.sh")
    run(third, "shard-3", "sh", flaky)
    run(third, "shard-3", "sh", flaky)

    files = (first, second, third)
    counted = json.loads(report("--format", "json", *files))
    case.equal(counted["totals"], {"network": 3 * 6 + 1, "writes": 9, "starts": 0, "let_through": 0, "uncounted": 0, "violations": 28,
                                   "violations_of_last_attempts": 19, "unlisted": 0, "lost": 0}, "totals")
    case.equal(counted["inputs"]["damaged"], 0, "damaged lines")
    runs = counted["runs"]
    case.equal([(r["worker"], r["attempt"], r["attempts"]) for r in runs],
               [("shard-1", 1, 1), ("shard-2", 1, 1), ("shard-3", 1, 2), ("shard-3", 2, 2)], "runs")
    for one in runs:
        case.check(one["ended"] and one["exit_code"] == 0 and one["peak_memory_kib"] > 1000 and one["machine"] == os.uname().nodename, repr(one))
        case.check(one["wall_ms"] < 60000 and one["user_ms"] + one["system_ms"] <= 4 * one["wall_ms"] + 50, repr(one))
    case.equal([r["refusals"] for r in runs], [9, 10, 9, 0], "exact totals")
    labels = {g["label"]: g["count"] for g in counted["groups"]}
    case.equal(labels["10.1.2.3:443"], 16, "one host over all shards")
    case.equal([g["last_attempt"] for g in counted["groups"] if g["label"] == f"{models}/new-c"], [False], "what did not come back")

    # The exit code: what a retry did not do again does not count, unless asked for.
    report("--fail-on", "violation", *files, code=3)
    report("--fail-on", "violation", third)
    report("--fail-on", "violation", "--all-attempts", third, code=3)
    report("--fail-on", "write,name", first, code=3)
    report("--fail-on", "probe,lost", first)
    report("--since", "1d", "--fail-on", "any", first, code=3)
    case.contains(report("--since", "2999-01-01", "--fail-on", "any", first), "from before --since", "--since")

    # Text: 80 columns, the tests, the processes.
    for group_by in ("host", "test", "process"):
        text = report("--group-by", group_by, *files)
        case.check(text.startswith("hfoffline: 28 requests were refused; 4 runs\n"), text)
        for line in text.splitlines():
            case.check(len(line) < 80 or len(line.split()) <= 2, f"{len(line)} columns: {line}")
        case.check(all(c == "\n" or c.isprintable() for c in text), "control characters")
        case.contains(text, "shard-3 on", "the runs")
        case.contains(text, "attempt 2 of 2", "the attempts")
        case.contains(text, "9 refusals are of attempts that another one followed", "the remark")
    text = report("--group-by", "test", *files)
    case.contains(text, "6x  tests/test_a.py::test_leaks\n", "by test")
    case.contains(text, "1x  (in no test)\n" if "1x  (in no test)" in text else "test_b.py", "the child's")

    # JUnit, as Python reads it: every case once, failures are what --fail-on counts.
    for group_by, failing in (("host", 6), ("test", 4)):
        suites = xml.etree.ElementTree.fromstring(report("--format", "junit", "--group-by", group_by, *files))
        cases = list(suites.iter("testcase"))
        case.equal(suites.tag, "testsuites", "the root")
        case.equal(int(suites.get("tests")), len(cases), "tests")
        case.equal(int(suites.get("failures")), len(list(suites.iter("failure"))), "failures")
        case.equal(sum(int(s.get("failures")) for s in suites.iter("testsuite")), int(suites.get("failures")), "sum of the suites")
        for one in cases:
            case.check(one.get("name") and one.get("classname", "").startswith("hfoffline."), repr(one.attrib))
            case.equal([child.tag for child in one], ["failure"] if one.find("failure") is not None else ["system-out"], "parts of a case")
    failed = {one.get("name") for one in cases if one.find("failure") is not None}
    case.equal(failed, {"test_leaks"}, "failed tests")
    case.equal(sorted({one.get("classname") for one in cases if one.find("failure") is not None}),
               ["hfoffline.tests.test_a", "hfoffline.tests.test_b"], "their classes")

    # HTML and files by their ending, all from one reading.
    page, junit = case.tmp / "report.html", case.tmp / "junit.xml"
    case.equal(report("-o", page, "--output", junit, *files), "", "stdout when files are written")
    case.equal(junit.read_text(), report("--format", "junit", *files), "the JUnit file")
    rows = Tables(page.read_text()).rows
    case.check(any(row[0] == "16" and "10.1.2.3:443" in row[2] for row in rows), "the host's row")
    case.check(any("tests/test_b.py::test_leaks (call)" in row for row in rows), "the test's row")

    # Colour on a terminal only.
    for variables, coloured in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        ours, theirs = pty.openpty()
        subprocess.run([case.HFOFFLINE, "report", first], stdout=theirs, env=case.clean_environment(**variables))
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:
            pass
        case.equal(b"\033[1;31m" in shown, coloured, f"colour with {variables}")
        case.equal(re.sub(rb"\033\[[0-9;]*m|\r", b"", shown).decode(), report(first), "the same text")


case.isolate("net")
case.main(holds)
