"""The shim in this process, through the functions of hfoffline.h."""

import ctypes
import errno
import os
from typing import Optional

EGRESS, NAME = 0, 1  # enum hfoffline_kind


class Shim:
    def __init__(self, library) -> None:
        for name in ("hfoffline_version", "hfoffline_models_dir", "hfoffline_run", "hfoffline_record_file"):
            getattr(library, name).restype = ctypes.c_char_p
        library.hfoffline_refusal_count.restype = ctypes.c_uint64
        library.hfoffline_test_allow.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
        library.hfoffline_test_end.argtypes = [ctypes.c_char_p]
        self._library = library
        library.hfoffline_run_refusal_count.restype = ctypes.c_uint64
        self._count = library.hfoffline_refusal_count
        self._run_count = library.hfoffline_run_refusal_count
        self.version = library.hfoffline_version().decode()
        self.models_dir = _text(library.hfoffline_models_dir())
        self.run = _text(library.hfoffline_run())
        self.record_file = _text(library.hfoffline_record_file())

    def own_refusals(self) -> int:
        """How many connections and lookups of this process were refused so far."""
        return self._count(EGRESS) + self._count(NAME)

    def run_refusals(self) -> int:
        """The same for the whole run."""
        return self._run_count(EGRESS) + self._run_count(NAME)

    def allow_in_test(self, test: str, rule: str) -> str:
        """"" or why not."""
        result = self._library.hfoffline_test_allow(os.fsencode(test), os.fsencode(rule))
        if result == 0:
            return ""
        if result == errno.EPERM:
            return ("this run does not let tests allow themselves hosts; "
                    "`hfoffline run --allow-from-tests` and [egress] allow_from_tests do")
        if result == errno.EINVAL:
            return "it is no host, address or network; write \"HOST:PORT\", as in [egress] allow"
        return "too many of them are in force at once ({})".format(os.strerror(result))

    def end_test(self, test: str) -> None:
        self._library.hfoffline_test_end(os.fsencode(test))


def _text(value: Optional[bytes]) -> Optional[str]:
    return None if value is None else os.fsdecode(value)


def find_shim() -> Optional[Shim]:
    """None where this process is not part of a run."""
    # PyDLL, since the functions are done before a lock could be released and taken again.
    library = ctypes.PyDLL(None)
    try:
        active = library.hfoffline_active
    except AttributeError:
        return None
    if not active():
        return None
    try:
        return Shim(library)
    except AttributeError as missing:
        raise RuntimeError("the shim is too old for this plugin: {}".format(missing))
