#!/usr/bin/env python3
import signal
import subprocess
import time

import case

PROGRAM = """
import os, signal, sys, time
seen = []
def say(text):  # print() may not be interrupted by itself
    os.write(1, (text + '\\n').encode())
def note(number, frame):
    seen.append(number)
    say('got ' + signal.Signals(number).name)
    if number == signal.SIGTERM:
        say(str(len(seen)))
        sys.exit(5)
for name in ('HUP', 'USR1', 'USR2', 'INT', 'QUIT', 'WINCH', 'TERM'):
    signal.signal(getattr(signal, 'SIG' + name), note)
signal.signal(signal.SIGRTMIN + 3, lambda n, f: say('got RTMIN+3'))
say('ready')
while True:
    time.sleep(10)
"""


def holds():
    process = subprocess.Popen([case.HFOFFLINE, "run", "--", "python3", "-c", PROGRAM], stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.PIPE, env=case.clean_environment())
    case.equal(process.stdout.readline(), "ready\n", "the command is up")
    for name in ("HUP", "USR1", "USR2", "INT", "QUIT", "WINCH"):
        process.send_signal(getattr(signal, f"SIG{name}"))
        case.equal(process.stdout.readline(), f"got SIG{name}\n", "what the command saw")
    process.send_signal(signal.SIGRTMIN + 3)
    case.equal(process.stdout.readline(), "got RTMIN+3\n", "a real-time signal")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    case.equal(out, "got SIGTERM\n7\n", "each arrived once")
    case.equal(process.returncode, 5, "the command ended in its own way")
    case.contains(err, "nothing was refused", "the summary comes")

    # An alarm that was set before the launcher was executed still ends the command.
    start = time.monotonic()
    result = case.command("python3", "-c", f"import os, signal; signal.alarm(1); os.execv({case.HFOFFLINE!r}, "
                          f"['hfoffline', 'run', '--quiet', '--', 'sleep', '30'])")
    case.equal(result.code, 128 + signal.SIGALRM, "an alarm of before")
    case.check(time.monotonic() - start < 20, "the alarm came too late")


case.main(holds)
