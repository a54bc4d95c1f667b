#!/usr/bin/env python3
"""Names made to break out of XML, HTML, JSON and workflow commands, read by readers that are not ours."""
import html.parser
import json
import os
import pathlib
import random
import re
import xml.etree.ElementTree

import case

LINE = dict(schema=1, time="2026-11-20T18:49:01.123Z", run="r1", pid=7, ppid=6, tid=7, exe="/bin/p", argv0="p", test=None, kind="egress", op="connect",
            target="10.1.2.3:443", host="10.1.2.3", port=443, errno="ENETUNREACH", verdict="refuse", reason="egress_address", rule="default", count=1)
PIECES = ["</script>", "]]>", "-->", "<!--", "<b a='", '"', "&", "&amp;", "&#0;", "\n", "\r", "\r\n", "\t", "\0", "\x1b[31m", "\x7f", "\x85", "::error::x",
          "::stop-commands::a", "##[warning]x", "%", "%0A", "%3A", "|", "`", "*", "](x)", "@all", "\u2028", "\u202e", "\u200b", "\ufeff", "\ufffe", "\uffff",
          "\ufffd", "\U000e0001", "\U0001f600", "\U0010ffff", "ä", "a b", "/../", "javascript:alert(1)", "onload=x", "::", "\\", "\\u0000", "{", "}", "[", "]"]
TEXTS = ("run", "exe", "test", "op", "target", "host", "errno", "rule")
ELEMENTS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li", "b", "svg", "g", "rect", "div", "span", "table", "thead", "tbody",
            "tr", "th", "td", "code", "form", "label", "input", "button", "datalist", "option", "script", "br", "details", "summary"}


def hostile(chooser):
    return "".join(chooser.choice(PIECES) for _ in range(chooser.randrange(1, 12)))


def record():
    chooser = random.Random(2026)
    lines = []
    for i in range(400):
        line = dict(LINE, pid=i + 1, kind=chooser.choice(["egress", "name", "write", "probe", "exec", "environment", "odd"]),
                    verdict=chooser.choice(["refuse", "audit", "warn"]))
        for key in chooser.sample(TEXTS, chooser.randrange(1, len(TEXTS))):
            line[key] = hostile(chooser)
        lines.append(json.dumps(line, ensure_ascii=chooser.random() < 0.5))
    path = case.tmp / "hostile.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class Page(html.parser.HTMLParser):
    VOID = {"meta", "input", "br"}

    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.scripts = [], set(), []
        self.feed(page)
        self.close()
        case.equal(self.open, [], "elements left open")

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        if tag == "script":
            self.scripts.append("")
        for name, _ in attributes:
            case.check(not name.startswith("on") and name not in ("src", "href", "style"), f"<{tag} {name}>")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.add(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data

    def handle_endtag(self, tag):
        case.equal(self.open.pop(), tag, "the element that is closed")

    def handle_comment(self, data):
        case.fail(f"a comment: {data!r}")


def sarif_validator():
    """The schema of SARIF 2.1.0, which tools/test fetches; None where it or python3-jsonschema is missing."""
    path = pathlib.Path(case.BUILD) / "sarif-schema" / "sarif-2.1.0-rtm.5.json"
    try:
        import jsonschema
    except ImportError:
        return None
    return jsonschema.Draft4Validator(json.loads(path.read_text())) if path.exists() else None


def check_sarif(log, validator):
    if validator is not None:
        errors = sorted(f"{list(e.absolute_path)}: {e.message}" for e in validator.iter_errors(log))
        case.check(not errors, f"SARIF: {errors[:3]}")
        validator_errors = list(validator.iter_errors(dict(log, version="2.0.0")))
        case.check(validator_errors, "the schema takes anything")
    case.equal(log["version"], "2.1.0", "the version")
    run, = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        if "ruleIndex" in result:
            case.equal(rules[result["ruleIndex"]], result["ruleId"], "the rule of a result")
        case.check(result["level"] in ("error", "warning", "note") and result["occurrenceCount"] >= 1 and result["message"]["text"], repr(result))
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        case.check(re.fullmatch(r"(file://)?[A-Za-z0-9._~/%-]+", uri), f"the URI {uri!r}")


def holds():
    path = record()
    validator = sarif_validator()
    for group_by in ("host", "test", "process"):
        def output(name):
            result = case.hfoffline("report", "--rows", "100000", "--group-by", group_by, "--format", name, path)
            return case.expect_code(result, 0, f"{name} by {group_by}").out

        suites = xml.etree.ElementTree.fromstring(output("junit"))
        case.equal({element.tag for element in suites.iter()}, {"testsuites", "testsuite", "testcase", "failure", "system-out"}, "JUnit's elements")
        case.check(len(list(suites.iter("testcase"))) > 5, "cases")

        page = Page(output("html"))
        case.check(page.seen <= ELEMENTS, f"elements of the record's: {page.seen - ELEMENTS}")
        case.equal(len(page.scripts), 1, "scripts")
        case.lacks(page.scripts[0], "alert", "the script")

        case.equal(len(json.loads(output("json"))["findings"]), 400, "findings")
        check_sarif(json.loads(output("sarif")), validator)

        lines = output("github")
        case.lacks(lines.replace("\n", ""), "\r", "workflow commands")
        parts = lines.split("::stop-commands::")
        case.equal(len([line for line in lines.split("\n") if line.startswith("::stop-commands::")]), 1, "commands are turned off once")
        for line in parts[0].split("\n")[:-1]:
            case.check(re.match(r"::(error|warning) title=hfoffline%3A [a-z ]+(,file=[^,:\n]*)?::", line), f"an annotation: {line[:200]!r}")
        word = re.search(r"^::stop-commands::(\S+)$", lines, re.M).group(1)
        case.check(lines.endswith(f"\n::{word}::\n"), "commands are turned on again at the end")
        case.check(lines.count(f"::{word}::") == 1, "and not before")

        summary = case.tmp / "summary.md"
        case.expect_code(case.hfoffline("report", "--rows", "1000", "--group-by", group_by, "-o", summary, path), 0, "the summary")
        text = summary.read_text()
        for block in re.findall(r"<details.*?</details>", text, re.S):
            case.lacks(block, "\n\n", "an empty line would end the block of HTML")
            case.check(Page(block).seen <= ELEMENTS, "elements of the record's")

        text = output("text")
        case.check(all(c == "\n" or c >= " " and c not in "\x7f\x85\u2028\u202e\u200b\ufeff" for c in text), "text has control characters")

    suggestion = case.expect_code(case.hfoffline("report", "--suggest-config", path), 0, "--suggest-config").out
    config = case.tmp / "suggested.toml"
    config.write_text(suggestion)
    case.expect_code(case.hfoffline("check-config", config), 0, "the suggestion is a config")
    if validator is None:
        case.skip("all but SARIF's schema, which tools/test fetches with npm, or python3-jsonschema, is missing")


case.main(holds)
