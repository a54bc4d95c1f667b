"""The section at the end of a run: which test tried to reach which host. The process that reports reads the record once
more, so that it holds for what crashed workers and late children did, too."""

from typing import Dict, Iterable, List, Mapping, NamedTuple, Set

from . import record
from .record import Line
from .watch import without_phase

_WIDTH = 79
_MAXIMUM_TESTS = 40
_MAXIMUM_HOSTS = 8


class Group(NamedTuple):
    test: str  # "" for what no test did
    entries: List[str]  # "huggingface.co: getaddrinfo EAI_NONAME, python3.11 (123)"
    late: bool


class Findings:
    def __init__(self, lines: Iterable[Line], claims: Mapping[int, str], foreign: Set[int],
                 during: Mapping[int, str]) -> None:
        """`claims`: the lines that a test, a fixture or a collection was blamed for, by where they start. `foreign`:
        those that are another session's, as far as this process can tell; a worker's claim is better knowledge.
        `during`: what ran when a line of an earlier test's process came."""
        lines = [line for line in lines if line["at"] not in foreign or line["at"] in claims]
        violations = [line for line in lines if record.is_violation(line)]
        # A process writes again how often it was refused when it ends: that line is whose the first one was.
        owners = {record.identity(line): claims[line["at"]] for line in violations if line["at"] in claims}
        self.unclaimed = [line for line in violations if record.identity(line) not in owners]
        for line in lines:
            # Whole, where the record has a part of the name, or none.
            line["test"] = claims.get(line["at"]) or owners.get(record.identity(line)) or line["test"]
        self.refused = group(violations, self.unclaimed, during)
        self.audited = group([line for line in lines if line["verdict"] == "audit"])
        self.writes = group([line for line in lines if line["kind"] == "write"])
        self.allowed = group([line for line in lines if line["kind"] == "allow"])


def group(lines: List[Line], late: Iterable[Line] = (), during: Mapping[int, str] = {}) -> List[Group]:
    late_places = {line["at"] for line in late}
    groups: Dict[str, Dict[str, Set[str]]] = {}
    late_tests: Set[str] = set()
    others: Dict[tuple, str] = {}
    for line in lines:
        test = without_phase(line["test"] or "")
        if line["at"] in late_places:
            late_tests.add(test)
        target = record.where(line) if line["kind"] != "write" else line["target"]
        entry = "{}  {} {}".format(target, line["op"], line["rule"] if line["kind"] == "allow" else record.outcome(line))
        programs = groups.setdefault(test, {}).setdefault(entry, set())
        programs.add("{} ({})".format(record.program(line), line["pid"]))
        if line["at"] in late_places and line["at"] in during:
            others.setdefault((test, entry), during[line["at"]])
    result = []
    for test, entries in groups.items():
        texts = []
        for entry, programs in entries.items():
            names = sorted(programs)
            more = " and {} more".format(len(names) - 1) if len(names) > 1 else ""
            texts.append("{}  {}{}".format(entry, names[0], more))
            if (test, entry) in others:
                texts.append("  while {} ran".format(others[test, entry]))
        result.append(Group(test, texts, test in late_tests))
    return result


def shorten(text: str, width: int) -> str:
    """Without its middle, since the end of a test's name or a path says most."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    if len(text) <= width:
        return text
    tail = (width - 3) * 2 // 3
    return text[: width - 3 - tail] + "..." + text[-tail:]


def render(groups: List[Group]) -> List[str]:
    lines = []
    for group in groups[:_MAXIMUM_TESTS]:
        name = group.test or "outside of any test"
        late = "  (when it had ended)" if group.late and group.test and not group.test.endswith("(collection)") else ""
        lines.append("  " + shorten(name, _WIDTH - 2 - len(late)) + late)
        for entry in group.entries[:_MAXIMUM_HOSTS]:
            lines.append("    " + shorten(entry, _WIDTH - 4))
        if len(group.entries) > _MAXIMUM_HOSTS:
            lines.append("    and {} more".format(len(group.entries) - _MAXIMUM_HOSTS))
    if len(groups) > _MAXIMUM_TESTS:
        lines.append("  and {} more tests".format(len(groups) - _MAXIMUM_TESTS))
    return lines
