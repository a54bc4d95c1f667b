#!/usr/bin/env python3
"""^C reaches the command through the terminal; the launcher must not send it a second time, nor die of it."""
import os
import pty
import time

import case

PROGRAM = """
import signal, time
count = 0
def note(number, frame):
    global count
    count += 1
signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGQUIT, note)
print('ready', flush=True)
end = time.monotonic() + 20
while count < 1 and time.monotonic() < end:
    time.sleep(0.05)
time.sleep(0.7)
print('interrupts:', count, flush=True)
"""


def read_until(descriptor, text, seconds=30):
    seen = b""
    end = time.monotonic() + seconds
    while text not in seen and time.monotonic() < end:
        try:
            part = os.read(descriptor, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    return seen


def interrupted_with(key):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(case.HFOFFLINE, ["hfoffline", "run", "--", "python3", "-c", PROGRAM], case.clean_environment())
    read_until(terminal, b"ready")
    os.write(terminal, key)
    seen = read_until(terminal, b"nothing was refused")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    case.contains(seen.decode(), "interrupts: 1\r\n", f"what the command saw of {key!r}")
    case.equal(os.waitstatus_to_exitcode(status), 0, "the exit code")


def holds():
    interrupted_with(b"\x03")
    interrupted_with(b"\x1c")


case.main(holds)
