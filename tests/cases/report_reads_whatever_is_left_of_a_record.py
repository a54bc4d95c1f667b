#!/usr/bin/env python3
"""Torn, empty, foreign and missing files; stdin; wrong flags."""
import json
import os
import subprocess

import case

LINE = ('{"schema":1,"time":"2026-11-20T18:49:01.123Z","run":"r1","pid":7,"ppid":6,"tid":7,"exe":"/usr/bin/python3.11","argv0":"python3","test":null,'
        '"kind":"egress","op":"connect","target":"10.1.2.3:443","host":"10.1.2.3","port":443,"errno":"ENETUNREACH","verdict":"refuse",'
        '"reason":"egress_address","rule":"default","count":1}\n')


def report(*arguments, code=0, **options):
    return case.expect_code(case.hfoffline("report", *arguments, **options), code, f"report {arguments}")


def file(name, content):
    path = case.tmp / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def inputs(*files):
    return json.loads(report("--format", "json", *files).out)["inputs"]


def holds():
    good = file("good.jsonl", LINE)
    torn = file("torn.jsonl", LINE + LINE[:200])
    seen = inputs(torn)
    case.equal((seen["lines"], seen["damaged"], seen["torn"]), (2, 1, 1), "a torn last line")
    text = report(torn).out
    case.contains(text, "1 line is damaged or not of a record, and left out; 1 file ends in the middle\n  of a line", "the remark")
    case.contains(text, "1 request was refused", "the line before")
    report("--fail-on", "lost", torn, code=3)
    report("--fail-on", "lost", good)
    # A last line without its newline that is whole counts.
    case.equal(inputs(file("whole.jsonl", LINE.rstrip()))["damaged"], 0, "a whole last line")

    empty = file("empty.jsonl", "")
    case.equal(report(empty).out, "hfoffline: nothing was refused; 0 runs\n", "an empty file")
    for name in ("json", "junit", "sarif", "github", "html"):
        report("--format", name, empty)

    # Another version: what is known of it is used, and that is said.
    later = dict(json.loads(LINE), schema=2, more={"nested": [1]})
    versions = file("versions.jsonl", LINE + json.dumps(later) + "\n")
    case.equal(inputs(versions)["other_versions"], 1, "lines of another version")
    case.contains(report(versions).out, "2 requests were refused", "both count")
    case.contains(report(versions).out, "1 line is of another version of the record", "the remark")

    # Something else altogether; bytes that are not UTF-8; lines without end.
    seen = inputs(file("else", b"\x7fELF\0\0\n<html>\n[1]\n{}\n\n" + b"x" * 3000000 + b"\n" + LINE.encode()))
    case.equal((seen["lines"], seen["damaged"]), (6, 5), "what is no record")
    # Nothing of a record at all is another file than was meant, and not a green report.
    other = file("other.jsonl", b"\x7fELF\0\0\n<html>\n{}\n")
    for command in ("report", other), ("report", good, other), ("report", "--fail-on", "violation", other), ("compare", good, other):
        result = case.hfoffline(*command)
        case.equal((result.code, result.out), (2, ""), f"exit code and stdout of {command}")
        case.contains(result.err, f"{other} is not a record: none of its 3 lines is one", f"{command}")
    case.contains(report("-", input="x\n", code=2).err, "stdin is not a record: none of its 1 line is one", "stdin")
    report(file("cut.jsonl", LINE[:200]))
    odd = file("odd.jsonl", LINE.replace("10.1.2.3:443", "TARGET").encode().replace(b"TARGET", b"\xff\xfe"))
    case.equal(json.loads(report("--format", "json", odd).out)["findings"][0]["target"], "\ufffd\ufffd", "bytes that are not UTF-8")

    # What cannot be read ends with 2, before anything is written.
    output = case.tmp / "never.html"
    result = report("-o", output, good, case.tmp / "missing.jsonl", code=2)
    case.contains(result.err, f"{case.tmp}/missing.jsonl cannot be read: No such file or directory", "a missing file")
    case.check(not output.exists(), "something was written")
    case.contains(report(case.tmp, code=2).err, "cannot be read: Is a directory", "a directory")
    if os.geteuid() == 0:
        unreadable = case.shared / "unreadable.jsonl"
        unreadable.write_text(LINE)
        unreadable.chmod(0)
        result = report(unreadable, code=2, user=case.unprivileged())
        case.contains(result.err, "cannot be read: Permission denied", "an unreadable file")

    # stdin, and a file that is there twice.
    case.equal(report("-", input=LINE).out.splitlines()[0], "hfoffline: 1 request was refused; 1 run", "stdin")
    piped = subprocess.run(f"cat {good} {good} | {case.HFOFFLINE} report --format json - | cat", shell=True, capture_output=True, text=True)
    case.equal(json.loads(piped.stdout)["totals"]["network"], 2, "a pipe")
    link = case.tmp / "link.jsonl"
    link.symlink_to(good)
    result = report("--format", "json", good, link)
    case.equal(json.loads(result.out)["totals"]["network"], 1, "a file that is given twice")
    case.contains(result.err, f"{link} is given twice, and read once", "a file that is given twice")

    # Wrong use.
    for arguments, part in ((["--format", "jnuit", good], 'did you mean "junit"?'), (["--group-by", "hots", good], 'did you mean "host"?'),
                            (["--fail-on", "violation,writes", good], '"writes" is none of never, violation, any'),
                            (["--since", "yesterday", good], "is no time"), (["--rows", "0", good], "--rows is a number"),
                            (["-o", "report.doc", good], "names no format"), ([], "an argument is missing")):
        case.contains(report(*arguments, code=2).err, part, f"report {arguments}")

    # An output that cannot be written.
    case.contains(report("-o", "/dev/full", "--format", "json", good, code=125).err, "/dev/full cannot be written: No space left on device", "a full disk")
    case.contains(report("-o", case.tmp / "no" / "x.json", good, code=125).err, "No such file or directory", "no directory")
    full = subprocess.run(f"{case.HFOFFLINE} report {good} > /dev/full", shell=True, capture_output=True, text=True)
    case.equal((full.returncode, "stdout cannot be written: No space left on device" in full.stderr), (125, True), "stdout is full")


case.main(holds)
