#!/usr/bin/env python3
"""As an interactive shell does it: ^Z stops the job, SIGCONT to its group continues it, and the shell sees both."""
import os
import pty
import signal
import subprocess
import time

import case

PROGRAM = """
import signal, time
continued = 0
def note(number, frame):
    global continued
    continued += 1
signal.signal(signal.SIGCONT, note)
print('ready', flush=True)
end = time.monotonic() + 30
while not continued and time.monotonic() < end:
    time.sleep(0.05)
time.sleep(0.5)
print('continued:', continued, flush=True)
"""

# Stands for the shell: it owns the terminal's session, and starts the launcher as a job in a group of its own.
SHELL = r"""
import os, signal, sys, time
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
ready, told = os.pipe()
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execve(sys.argv[1], ['hfoffline', 'run', '--', 'python3', '-c', sys.argv[2]], os.environ)
_, status = os.waitpid(job, os.WUNTRACED)
print('shell: stopped', os.WIFSTOPPED(status), flush=True)
os.tcsetpgrp(0, os.getpgrp())
time.sleep(0.3)
os.tcsetpgrp(0, job)
os.killpg(job, signal.SIGCONT)
_, status = os.waitpid(job, os.WUNTRACED)
print('shell: ended', os.WIFEXITED(status), os.waitstatus_to_exitcode(status), flush=True)
"""


def read_until(terminal, text, seconds=40):
    seen = b""
    end = time.monotonic() + seconds
    while text not in seen and time.monotonic() < end:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        seen += part
    return seen.decode()


def stopped_by_terminal():
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve("/usr/bin/env", ["env", "python3", "-c", SHELL, case.HFOFFLINE, PROGRAM], case.clean_environment())
    read_until(terminal, b"ready")
    os.write(terminal, b"\x1a")
    seen = read_until(terminal, b"shell: ended True 0")
    os.waitpid(pid, 0)
    case.contains(seen, "shell: stopped True", "the shell sees its job stopped")
    case.contains(seen, "continued: 1\r\n", "the command is continued once")
    case.contains(seen, "shell: ended True 0", "the shell sees its job's end")


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return int(children.read().split()[0])


def state_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def wait_for_state(pid, states, what):
    end = time.monotonic() + 20
    while state_of(pid) not in states:
        case.check(time.monotonic() < end, f"{what}: state is {state_of(pid)}")
        time.sleep(0.02)


def without_terminal():
    """SIGTSTP and SIGCONT sent to the launcher stop and continue the command; no terminal, so nobody else would."""
    process = subprocess.Popen([case.HFOFFLINE, "run", "--quiet", "--", "python3", "-c", PROGRAM], text=True,
                               stdout=subprocess.PIPE, env=case.clean_environment(), start_new_session=True)
    process.stdout.readline()
    child = child_of(process.pid)
    process.send_signal(signal.SIGTSTP)
    # In a session of its own the group is orphaned: SIGTSTP stops nobody there, SIGSTOP does.
    os.kill(child, signal.SIGSTOP)
    wait_for_state(child, "T", "the command stops")
    time.sleep(0.2)
    process.send_signal(signal.SIGCONT)
    out, _ = process.communicate(timeout=60)
    case.equal((process.returncode, out), (0, "continued: 1\n"), "continued through the launcher")


def holds():
    stopped_by_terminal()
    without_terminal()


case.main(holds)
