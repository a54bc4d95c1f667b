"""Which test, fixture or collection a refusal belongs to.

The record names the test that was running when a request was refused, in whatever process. What it does not name,
because a process was started without the environment or nothing was running, belongs to what is going on here, if it
comes from this process or one below it, or from one whose parents are gone. Lines are read after each step that something could be blamed for: reading
costs one stat() where nothing was refused.
"""

import os
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from . import record, stacks
from .record import Line

COLLECTION = " (collection)"
_PHASES = (" (setup)", " (call)", " (teardown)")


class Refusal(NamedTuple):
    line: Line
    cause: str  # "" or "fixture server (session scope)"
    frames: Optional[List[stacks.Frame]]
    running: bool  # whether the record named the running test


def without_phase(test: str) -> str:
    for phase in _PHASES:
        if test.endswith(phase):
            return test[: -len(phase)]
    return test


class Watch:
    """One per pytest process, an xdist worker among them."""

    def __init__(self, shim, egress: str) -> None:
        self.shim = shim
        self.egress = egress
        self.reader = record.RecordReader(shim.record_file, shim.run)
        self.is_worker = "PYTEST_XDIST_WORKER" in os.environ  # until the configuration says so
        self.node: Optional[str] = None  # what runs now: a test's id, or a collector's label
        self.tests: Set[str] = set()  # every test of the session, once collected
        self.pending: List[Refusal] = []  # of the running step
        self.foreign: Set[int] = set()  # lines of another session in the same run
        self.during: Dict[int, str] = {}  # what ran here when a process of a test that had ended was refused, by line
        self.claimed: Dict[int, str] = {}  # who is to blame for a line, by where it starts
        # Until something is refused for the first time, two counters are all that is looked at. Without a launcher
        # processes share no counters, and the record alone tells.
        self._quiet = shim.run is not None
        self._refusals_at_start = shim.run_refusals()
        self._own_refusals = shim.own_refusals()
        self._has_own_line = False  # since the last step
        # What this process did before it got here: pytest imports other plugins first.
        self.early: List[Line] = []
        if self._own_refusals:
            earlier = record.RecordReader(shim.record_file, shim.run, 0).new_lines()
            self.early = [line for line in earlier
                          if line["pid"] == os.getpid() and record.is_violation(line) and line["at"] < self.reader.start]
        for line in self.early:
            self.claimed[line["at"]] = line["test"] or "plugins" + COLLECTION
            self.pending.append(Refusal(line, "a plugin of pytest, while it was imported", None, False))
        if egress != "ignore":
            stacks.listen()

    def begin(self, node: Optional[str]) -> None:
        """From here on `node` is to blame; what came before and was not asked about is nobody's."""
        self.look("")
        if not self._quiet:
            for refusal in self.pending:
                del self.claimed[refusal.line["at"]]
            self.pending = []
            self._own_refusals = self.shim.own_refusals()
            self._has_own_line = False
        self.node = node

    def look(self, cause) -> None:
        """Reads what was refused since the last look: `cause` is to blame, a text or what happened to a fixture."""
        if self._quiet:
            if self.shim.run_refusals() == self._refusals_at_start:
                return
            # From now on the file's size is asked for: a line may be written after it was counted.
            self._quiet = False
        for line in self.reader.new_lines():
            self._has_own_line = self._has_own_line or (line["pid"] == os.getpid() and line["kind"] in ("egress", "name"))
            if not record.is_violation(line) or not self._is_ours(line):
                continue
            self.claimed[line["at"]] = self.node or line["test"] or ""
            named = self.node is not None and self._names(line["test"] or "", self.node)
            self.pending.append(Refusal(line, _cause_text(cause), stacks.find(line), named))

    def take(self) -> List[Refusal]:
        """What the step that ends here is to blame for."""
        self.look("")
        stacks.forget()
        if not self.pending:
            return self.pending
        pending, self.pending = self.pending, []
        return pending

    def claims(self, refusals: List[Refusal]) -> List[Tuple[int, str]]:
        """For the process that reports."""
        return [(refusal.line["at"], self.claimed[refusal.line["at"]]) for refusal in refusals]

    def lost(self) -> int:
        """How often this process was refused in the step that ends here, if the record has no line of it: it cannot be
        written, or there is none. Each step's first refusals have lines."""
        if self._quiet:
            return 0
        before, self._own_refusals = self._own_refusals, self.shim.own_refusals()
        has_own_line, self._has_own_line = self._has_own_line, False
        return 0 if has_own_line else self._own_refusals - before

    def _is_ours(self, line: Line) -> bool:
        test = line["test"]
        if line["pid"] == os.getpid():
            return True
        if test is not None:
            if self.node is not None and self._names(test, self.node):
                return True
            if self._is_known(test):  # an earlier test's child, or another worker's test
                if self.node is not None and (not self.is_worker or _origin(line["ppid"]) == _BELOW):
                    self.during[line["at"]] = self.node
                return False
        origin = _origin(line["ppid"])
        if self.is_worker:
            return origin == _BELOW
        if origin == _ELSEWHERE or (origin == _ORPHAN and test is not None and without_phase(test) != test):
            self.foreign.add(line["at"])
            return False
        return True

    @staticmethod
    def _names(test: str, node: str) -> bool:
        """The record cuts long names, which then end in dots."""
        return without_phase(test) == node or (test.endswith("...") and node.startswith(test[:-3]))

    def _is_known(self, test: str) -> bool:
        if without_phase(test) in self.tests:
            return True
        return test.endswith("...") and any(known.startswith(test[:-3]) for known in self.tests)


def _cause_text(cause) -> str:
    if isinstance(cause, str):
        return cause
    what, fixture = cause
    return "fixture {} ({} scope), {}".format(fixture.argname, fixture.scope, what)


# Where a process is from.
_BELOW = "below"  # it is this process or below it
_ELSEWHERE = "elsewhere"  # it is another part of the run
_ORPHAN = "orphan"  # it has left its parents (a daemon), and nobody can tell
_UNKNOWN = "unknown"  # one of those between has ended, and nobody can tell


def _parent(pid: int) -> int:
    with open("/proc/{}/stat".format(pid), "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1])


def _ancestors_in_run() -> Set[int]:
    """The processes from this one's parent up to the command of the run. What has lost its parents gets one further up:
    init, or the launcher where that is the first process of a container."""
    found: Set[int] = set()
    try:
        pid = _parent(os.getpid())
        while pid > 1 and pid not in found:
            with open("/proc/{}/environ".format(pid), "rb") as file:
                if not any(word.startswith(b"HFOFFLINE_ACTIVE=") for word in file.read().split(b"\0")):
                    break
            found.add(pid)
            pid = _parent(pid)
    except (OSError, ValueError, IndexError):
        pass
    return found


def _origin(pid: int) -> str:
    above = _ancestors_in_run()
    for _ in range(64):
        if pid == os.getpid():
            return _BELOW
        if pid in above:
            return _ELSEWHERE
        if pid <= 1:
            return _ORPHAN
        try:
            pid = _parent(pid)
        except (OSError, ValueError, IndexError):
            return _UNKNOWN
    return _UNKNOWN


def describe(refusals: Iterable[Refusal], lost: int, what: str, directory: str, worker: bool) -> str:
    """What a failed test shows."""
    lines = ["hfoffline: {} tried to leave the machine".format(what)]
    seen: Dict[tuple, Any] = {}
    for refusal in refusals:
        key = record.identity(refusal.line) + (refusal.cause,)
        if key not in seen or (seen[key].frames is None and refusal.frames is not None):
            seen[key] = refusal
    for refusal in seen.values():
        line = refusal.line
        lines.append("  {}: {} -> {}".format(record.where(line), line["op"], record.outcome(line)))
        if refusal.cause:
            lines.append("    in {}".format(refusal.cause))
        lines.append("    by {}".format(_process(line, worker)))
        if refusal.frames:
            lines += ["      " + text for text in stacks.show(refusal.frames, directory)]
    if lost:
        lines.append("  {} x to where nobody knows: the record has no line of it".format(lost))
    return "\n".join(lines)


def _process(line: Line, worker: bool) -> str:
    name = record.program(line)
    if line["pid"] == os.getpid():
        thread = "" if line["tid"] == line["pid"] else ", thread {}".format(line["tid"])
        # Workers collect alike, and reports that differ would be shown once for each of them.
        return "pytest itself ({}{})".format(name if worker else "{}, pid {}".format(name, line["pid"]),
                                             thread if not worker else "")
    return "{}, a child process (pid {}{})".format(
        name, line["pid"], ", started by pytest" if line["ppid"] == os.getpid() else ", parent {}".format(line["ppid"]))
