#!/usr/bin/env python3
"""chroot into a protected tree: nothing above the new root can be seen from there, and it stays read-only."""
import case

models = case.models()

INSIDE = """
import errno, os, sys
os.chroot(sys.argv[1])
os.chdir("/")
def outcome(function, *arguments):
    try:
        function(*arguments)
        return "done"
    except OSError as error:
        return errno.errorcode[error.errno]
print(*[outcome(*call) for call in (
    (os.open, "/new", os.O_CREAT | os.O_WRONLY), (os.open, "new", os.O_CREAT | os.O_WRONLY), (os.mkdir, "/below"),
    (os.rename, "/one", "/two"), (os.chmod, "/", 0o700), (os.unlink, "/one"), (os.listdir, "/"))])
"""


def holds():
    case.need_root()
    result = case.run("--models-dir", models, "python3", "-c", INSIDE, models / "hub")
    case.equal(result.out, "EROFS EROFS EROFS EROFS EROFS EROFS done\n", f"below the new root: {result!r}")
    case.check(not (models / "hub" / "new").exists(), "nothing is made")
    # The twin: a root beside the tree.
    beside = case.tmp / "beside"
    beside.mkdir()
    (beside / "one").write_text("1")
    result = case.run("--models-dir", models, "python3", "-c", INSIDE, beside)
    case.equal(result.out, "done done done done done ENOENT done\n", f"beside the tree: {result!r}")


case.main(holds)
