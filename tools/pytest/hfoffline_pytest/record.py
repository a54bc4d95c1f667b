"""Reads the lines that the processes of a run append to its record."""

import json
import os
from typing import Any, Dict, List, Optional, Sequence

Line = Dict[str, Any]  # of docs/record.schema.json, and "at": the byte where the line starts


class RecordReader:
    """`run`: whose lines; None where each process has a run of its own, and what is new must be ours."""

    def __init__(self, path: Optional[str], run: Optional[str], start: Optional[int] = None) -> None:
        self.path = path
        self._run = run
        self._at = start
        if start is None:
            self._at = self._size()
        self.start = self._at

    def _size(self) -> int:
        try:
            return os.stat(self.path).st_size if self.path else 0
        except OSError:
            return 0

    def new_lines(self) -> Sequence[Line]:
        """The lines of this run since the last call. One look at the file's size where there are none; a line that is
        not complete yet comes next time. The file is not kept open: tests close descriptors."""
        try:
            if os.stat(self.path).st_size == self._at:
                return ()
        except (OSError, TypeError):  # nothing was refused yet, or nothing is recorded
            return ()
        try:
            with open(self.path, "rb") as file:
                file.seek(self._at)
                text = file.read()
        except OSError:
            return ()
        lines: List[Line] = []
        for part in text.splitlines(True):
            if not part.endswith(b"\n"):
                break
            at = self._at
            self._at += len(part)
            try:
                line = json.loads(part.decode("utf-8"))
            except ValueError:  # cut short by a full disk
                continue
            # A line of kind "run" tells of the end of a run, and not of a refusal.
            if isinstance(line, dict) and line.get("kind") != "run" and self._run in (None, line.get("run")):
                line["at"] = at
                lines.append(line)
        return lines


def is_violation(line: Line) -> bool:
    """Whether the program tried to leave the machine, and was kept from it."""
    return line["kind"] in ("egress", "name") and line["verdict"] == "refuse"


def where(line: Line) -> str:
    """The host and the port, as an allow-list would have them."""
    host, port = line.get("host"), line.get("port")
    if not host:
        return line["target"]
    if port is None:
        return host
    return "[{}]:{}".format(host, port) if ":" in host else "{}:{}".format(host, port)


def identity(line: Line) -> tuple:
    """The same for the lines that a process writes about one repeated refusal."""
    return line["pid"], line["op"], line["target"], line["test"]


def program(line: Line) -> str:
    return os.path.basename(line.get("exe") or line.get("argv0") or "?")


def outcome(line: Line) -> str:
    return line["errno"] or line["verdict"]
