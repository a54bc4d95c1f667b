"""Which parts of a long job are started when there are only so many minutes.

Every part says how many seconds it takes on an idle machine with two cores. Each counts as much as any other, so what
shows most per minute is what takes least: the shortest come first. A part is started if it fits in the time
that is left, at the pace of the parts that have ended.
"""

import threading
import time


class Budget:
    """minutes: None for as long as it takes. May be asked by several threads."""

    def __init__(self, minutes=None, clock=time.monotonic):
        self._clock, self._lock = clock, threading.Lock()
        self._end = None if minutes is None else clock() + minutes * 60
        self._expected = self._taken = 0.0

    def ordered(self, parts, seconds):
        """Without a limit the longest first, so that none of them is left for the end."""
        return sorted(parts, key=seconds, reverse=self._end is None)

    def refusal(self, seconds):
        """Why a part cannot be started now, or ""."""
        if self._end is None:
            return ""
        with self._lock:
            pace = max(1.0, self._taken / self._expected) if self._expected else 1.0
        left = self._end - self._clock()
        return "" if seconds * pace <= left else f"no time left: it takes about {seconds * pace:.0f} s, and {max(0, left):.0f} s are left"

    def took(self, expected, seconds):
        """A part has ended."""
        with self._lock:
            self._expected += expected
            self._taken += seconds
