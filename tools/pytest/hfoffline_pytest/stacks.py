"""Where in this process's Python code the network was asked for.

The record says which thread did what; Python's audit events say from which line. The hook is called for every audited
event (imports and opens among them), so all but a few names leave it at once. Audit hooks cannot be removed: there is
one for the whole process, and it does nothing while nobody listens.
"""

import os
import sys
import threading
from collections import deque
from typing import Deque, List, NamedTuple, Optional, Tuple

Frame = Tuple[str, int, str]

_EVENTS = frozenset((
    "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr", "socket.getnameinfo",
))
_MAXIMUM_FRAMES = 200
_MAXIMUM_CALLS = 256


class Call(NamedTuple):
    thread: int  # as gettid(2) has it
    host: str
    port: Optional[int]
    frames: List[Frame]  # the outermost first


_calls: Optional[Deque[Call]] = None
_installed = False


def listen() -> None:
    global _calls, _installed
    if _calls is None:
        _calls = deque(maxlen=_MAXIMUM_CALLS)
    if not _installed:
        _installed = True
        sys.addaudithook(_hook)


def forget() -> None:
    if _calls:
        _calls.clear()


def _hook(event, arguments, _EVENTS=_EVENTS):  # noqa: B006 -- a local name is looked up faster
    if event not in _EVENTS:
        return
    try:
        _note(event, arguments)
    except Exception:  # an exception here would become the program's
        pass


def _note(event, arguments) -> None:
    if _calls is None:
        return
    place = arguments[1] if event in ("socket.connect", "socket.sendto", "socket.sendmsg") else arguments[0]
    port = None
    if isinstance(place, tuple):
        host, port = place[0], place[1]
    else:
        host = place
        if event not in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
            return  # a Unix socket, or another family without a host
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("utf-8", "replace")
    if not isinstance(host, str) or host.startswith("127.") or host in ("", "localhost", "::1"):
        return
    frames = []
    frame = sys._getframe(2)
    while frame is not None and len(frames) < _MAXIMUM_FRAMES:
        frames.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    frames.reverse()
    _calls.append(Call(threading.get_native_id(), host, port if isinstance(port, int) else None, frames))


def find(line) -> Optional[List[Frame]]:
    """The stack of the last call that this line of the record can be about; None for another process's, and for what
    native code did by itself."""
    if not _calls or line["pid"] != os.getpid():
        return None
    for call in reversed(_calls):
        if call.thread != line["tid"]:
            continue
        host = call.host.rstrip(".").lower()
        targets = {host, "{}:{}".format(host, call.port), "[{}]:{}".format(host, call.port)}
        if (line["target"] or "").rstrip(".").lower() in targets:
            return call.frames
    return None


_HIDDEN = ("/_pytest/", "/pluggy/", "/xdist/", "/execnet/", "/threading.py", "/concurrent/futures/thread.py",
           "/hfoffline_pytest/", "<frozen importlib", "/importlib/__init__.py")
_INNER = 4


def show(frames: List[Frame], directory: str) -> List[str]:
    """Lines for a person: without pytest's own frames, which are at the outer end."""
    start = 0
    for i, (file, _, name) in enumerate(frames):
        if any(part in file for part in _HIDDEN) or name == "<module>" and file.endswith(("/bin/pytest", "/pytest/__main__.py")):
            start = i + 1
            continue
        if start and i >= start:
            break
    # Without a frame of pytest's (a thread of native code), all are the program's.
    frames = frames[start:] if start < len(frames) else frames
    lines = []
    for file, number, name in frames:
        if file.startswith(directory + os.sep):
            file = file[len(directory) + 1:]
        if not file.startswith("<frozen importlib"):
            lines.append("{}:{} in {}".format(file, number, name))
    if len(lines) > 2 * _INNER:
        lines[_INNER:-_INNER] = ["... {} more".format(len(lines) - 2 * _INNER)]
    return lines
