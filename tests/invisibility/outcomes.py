"""How what a suite printed and left behind becomes {test: outcome}."""

import hashlib
import json
import os
import pathlib
import re
import stat
import xml.etree.ElementTree


def of_junit(path):
    """Of a JUnit file: "ok", "failure", "error" or "skipped: why"; a test that ran twice has both."""
    found = {}
    if not path.exists():
        return found
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        outcome = "ok"
        for element in case:
            if element.tag in ("error", "failure"):
                outcome = element.tag
            elif element.tag == "skipped" and outcome == "ok":
                # Reasons name temporary files, and those have the numbers of processes in them.
                outcome = "skipped: " + re.sub(r"\d+", "N", element.get("message") or element.text or "").strip()
        name = case.get("name")
        found[name] = f"{found[name]}, {outcome}" if name in found else outcome
    return found


def of_regrtest(output):
    """What CPython's driver says of whole modules: they may alter the environment, crash or leave files behind."""
    lines = re.findall(r"\] (test_\w+) ([^\n]*)", output)
    found = {}
    for module, text in lines:
        # Timings, what else was running, and why a test failed, which the JUnit file has.
        text = re.sub(r" \((?:\d+ (?:hour|min) ?)*[\d.]* ?(?:sec|min|hour|ms)?\)", "", text.split(" -- ")[0])
        found[f"{module} as a whole"] = re.sub(r" \(\d+ (?:error|failure)s?.*\)", "", text).strip()
    return found


def of_steps(directory):
    """Of a script that sources steps.sh."""
    found = {}
    for code in sorted(directory.glob("*.code")):
        name = code.name[: -len(".code")]
        found[name] = "exit status %s\nstdout: %s\nstderr: %s" % (
            code.read_text().strip(), (directory / f"{name}.out").read_text(errors="replace"),
            (directory / f"{name}.err").read_text(errors="replace"))
    return found


def listing(directory, ignored):
    """Names, types, modes, owners and contents of all below a directory, as text."""
    lines = []
    for parent, directories, files in os.walk(directory):
        directories.sort()
        for name in sorted(directories + files):
            path = pathlib.Path(parent, name)
            relative = str(path.relative_to(directory))
            if any(re.search(pattern, relative) for pattern in ignored):
                continue
            status = path.lstat()
            what = f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid} {status.st_nlink if path.is_file() else '-'}"
            if path.is_symlink():
                what += f" -> {os.readlink(path)}"
            elif path.is_file():
                what += f" {status.st_size} {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
            lines.append(f"{relative}: {what}")
    return "\n".join(lines)


def violations(record):
    """What a run's record says was refused, or would have been; a suite that is allowed all it does has none.
    The line for the end of a run has no verdict."""
    if not record.exists():
        return ""
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    return "\n".join(sorted({f"{x['op']} {x['target']}: {x['reason']}" for x in lines if x.get("verdict") in ("refuse", "audit")}))


def shown(text):
    """An outcome on one line that is not too long."""
    text = text.replace("\n", " | ")
    return text if len(text) <= 600 else f"{text[:300]} ... {text[-300:]}"


def difference(bare, inside):
    """What tells two sets of outcomes apart, in a few lines: whole outcomes if they are short, else lines of one side."""
    if max(map(len, bare | inside)) <= 300:
        return [f"    bare:   {shown(o)}" for o in sorted(bare)] + [f"    inside: {shown(o)}" for o in sorted(inside)]
    a, b = sorted(bare)[0].splitlines(), sorted(inside)[0].splitlines()
    only = [f"    bare:   {shown(line)}" for line in a if line not in b][:8]
    return only + [f"    inside: {shown(line)}" for line in b if line not in a][:8]
