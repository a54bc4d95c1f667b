"""A failure as pytest shows it: the text where tracebacks stand, and the hosts in the last lines, which name the failed
tests."""

from typing import List

from . import record
from .watch import Refusal

_MAXIMUM_HOSTS = 3


def named(text: str, refusals: List[Refusal], location):
    """`location` is a test's: file, line from 0 or None, name. The text alone if this pytest has other insides."""
    hosts: List[str] = []
    for refusal in refusals:
        host = record.where(refusal.line)
        if host not in hosts:
            hosts.append(host)
    more = " and {} more".format(len(hosts) - _MAXIMUM_HOSTS) if len(hosts) > _MAXIMUM_HOSTS else ""
    message = "{}{}: refused".format(", ".join(hosts[:_MAXIMUM_HOSTS]), more) if hosts else text.splitlines()[0]
    try:
        from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

        # What xdist can send from a worker to the process that reports.
        lines = ReprTraceback(reprentries=[ReprEntryNative([text + "\n"])], extraline=None, style="native")
        return ReprExceptionInfo(reprcrash=ReprFileLocation(location[0], (location[1] or 0) + 1, message),
                                 reprtraceback=lines)
    except (ImportError, TypeError):
        return text
