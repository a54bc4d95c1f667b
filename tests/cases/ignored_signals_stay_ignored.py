#!/usr/bin/env python3
"""What the parent had the command ignore (nohup) or block is the same with and without the launcher."""
import case

ASK = ["python3", "-c", """
lines = [l for l in open('/proc/self/status') if l.startswith(('SigIgn', 'SigBlk'))]
print(''.join(lines))
"""]
START = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGXFSZ, getattr(signal, sys.argv.pop(1)))
signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGUSR2, signal.SIGTSTP})
os.execvp(sys.argv[1], sys.argv[1:])
"""


def holds():
    # python3 itself ignores SIGXFSZ, so grep says what it was given.
    ask = ["grep", "-E", "^(SigIgn|SigBlk)", "/proc/self/status"]
    for file_size in ("SIG_DFL", "SIG_IGN"):
        for question in (ASK, ask):
            bare = case.command("python3", "-c", START, file_size, *question)
            ours = case.command("python3", "-c", START, file_size, case.HFOFFLINE, "run", "--quiet", "--", *question)
            case.expect_code(ours, 0, "a run with SIGCHLD ignored")
            case.check("SigIgn" in bare.out, repr(bare))
            case.equal(ours.out, bare.out, "ignored and blocked signals")
    # The exit code is known although SIGCHLD is ignored.
    result = case.command("python3", "-c", START, "SIG_DFL", case.HFOFFLINE, "run", "--quiet", "--", "sh", "-c", "exit 9")
    case.equal(result.code, 9, "the exit code with SIGCHLD ignored")


case.main(holds)
