#!/usr/bin/env python3
import case
from programs import preload

models = case.models()


def holds():
    place = case.tmp / "place"
    (place / "directory").mkdir(parents=True)
    for name, text, mode in (("plain", "", 0o644), ("empty", "", 0o755), ("text", "echo text\n", 0o755), ("broken", "#!/nowhere\n", 0o755)):
        (place / name).write_text(text)
        (place / name).chmod(mode)
    (place / "loop").symlink_to("loop")
    program = preload.program("exec_errors")
    plain = preload.bare(program, place)
    case.contains(plain.out, "execve, environment too large: -1 Argument list too long", "E2BIG")
    case.contains(plain.out, "5002 arguments, 45000 bytes", "5000 arguments")
    # glibc and musl count differently what is too large for a child; the shim only adds its own variables to that.
    preload.same(preload.shimmed(models, program, place), plain, "errors of every way")


case.main(holds)
