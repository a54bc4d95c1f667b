#!/usr/bin/env python3
"""Under a seccomp filter, of the program itself or of whoever started it, trees are held and the rest goes on as bare."""
import shutil

import case
from programs import preload

# What a filter may not know, since it is older, or never heard of.
NEW_CALLS = ("statx", "openat2", "faccessat2", "faccessat")
REFUSED = {"open": "EROFS", "create": "EROFS", "mkdir": "EROFS", "chmod": "EROFS", "rename": "EROFS", "rename back": "EROFS", "truncate": "EROFS",
           "unlink": "EROFS", "open by link": "EROFS"}


def run(run_it, *arguments):
    """({call: end} inside, the lines from "outside" on) of the program in fresh directories."""
    models, outside = case.tmp / "models", case.tmp / "outside"
    for directory in (models, outside):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        (directory / "file").write_text("text\n")
    (models / "hub").mkdir()
    (outside / "link").symlink_to(models / "file")
    result = run_it(preload.program("filtered"), *arguments, models, outside)
    if result.code == 77:
        case.skip("no seccomp filter can be set here")
    case.equal(result.code, 0, f"{arguments}: {result.out}{result.err}")
    inside, _, rest = result.out.partition("outside\n")
    return dict(line.split(": ") for line in inside.splitlines()[1:]), rest


def holds():
    def shimmed(*arguments):
        return preload.shimmed(case.tmp / "models", *arguments)

    # What only starts and ends makes no call that its filter might not expect.
    for call in NEW_CALLS + ("getpeername", "getsockname", "getsockopt"):
        run(shimmed, "start", call, "kill")
    for way, call, answer in [(way, call, answer) for way in ("prctl", "exec") for call in NEW_CALLS for answer in ("EPERM", "ENOSYS", "EACCES")] + \
                             [("seccomp", "openat", "EPERM"), ("prctl-by-number", "openat", "EACCES"), ("prctl", "openat", "ENOSYS")] + \
                             [(way, call, "kill") for way in ("prctl", "seccomp", "prctl-by-number")
                              for call in ("getpeername", "getsockname", "getsockopt", "openat2")]:
        inside, rest = run(shimmed, way, call, answer)
        bare_inside, bare_rest = run(preload.bare, way, call, answer)
        what = f"{call} is answered with {answer}, set by {way}"
        # A filter that answers as the file's own mode would is taken for it: refused all the same.
        taken_for_mode = call == "faccessat2" and answer == "EACCES"
        for name, end in inside.items():
            also = {answer} if call == "openat" and name in ("open", "create", "open by link") or taken_for_mode else set()
            case.check(end in {REFUSED[name]} | also, f"{what}: {name} inside said {end}")
        case.equal(rest, bare_rest, f"{what}: outside")
        # The twin: bare, it does change the tree.
        case.equal(bare_inside["unlink"], "done", f"{what}: bare")


case.main(holds)
