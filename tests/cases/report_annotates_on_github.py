#!/usr/bin/env python3
import case

models = case.models()
PROGRAM = f"""
import os
os.environ['PYTEST_CURRENT_TEST'] = 'tests/test_a.py::test_writes (call)'
try:
    open({str(models)!r} + '/new::error::100%\\n', 'w')
except OSError:
    pass
"""


def holds():
    record = case.tmp / "r.jsonl"
    case.expect_code(case.run("--models-dir", models, "--record", record, "--", "python3", "-c", PROGRAM), 0, "the run")
    summary = case.tmp / "summary.md"
    summary.write_text("what another step said\n")
    runner = case.clean_environment(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=summary)
    result = case.expect_code(case.hfoffline("report", "--fail-on", "violation", record, env=runner), 3, "on a runner")
    first = result.out.splitlines()[0]
    case.check(first.startswith("::error title=hfoffline%3A write refused,file=tests/test_a.py::"), first)
    case.contains(first, r"/new::error::100%25\x0A: 1 time%0A1x open64 EROFS", "the message")
    case.contains(result.out, "\nhfoffline: 1 request was refused; 1 run\n", "the report itself")
    text = summary.read_text()
    case.check(text.startswith("what another step said\n## hfoffline\n"), "the summary is appended to")
    case.contains(text, "<code>tests/test_a.py::test_writes (call)</code>", "the summary's table")
    # A summary that cannot be written is said.
    broken = case.clean_environment(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY="/no/such/file")
    case.contains(case.expect_code(case.hfoffline("report", record, env=broken), 125, "a summary that cannot be written").err, "/no/such/file cannot be written", "the message")
    # The twins: elsewhere it is text, and what is asked for is what comes.
    case.check(case.hfoffline("report", record).out.startswith("hfoffline: 1 request"), "elsewhere")
    case.check(case.hfoffline("report", "--format", "text", record, env=runner).out.startswith("hfoffline: 1 request"), "--format text on a runner")
    page = case.tmp / "page.html"
    case.equal(case.expect_code(case.hfoffline("report", "-o", page, record, env=runner), 0, "a file on a runner").out, "", "stdout")


case.main(holds)
