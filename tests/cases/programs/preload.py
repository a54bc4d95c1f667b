"""For cases that look at the shim alone: plain LD_PRELOAD, the helper programs, and what the record sums up to."""
import os
import pathlib

import case


def program(name):
    """A helper program of this directory, as the build made it."""
    path = os.path.join(case.BUILD, "tests/cases/programs", name)
    case.check(os.path.exists(path), f"{path} is not there: build everything first (ninja -C {case.BUILD})")
    return path


def environment(models, record=None, preload=None, **more):
    """Of a program under the shim, without a launcher. Nobody removes the scratch directory of such a run."""
    ours = {"LD_PRELOAD": preload or case.SHIM, "HFOFFLINE_MODELS_DIR": models, "HFOFFLINE_QUIET": "true",
            "HFOFFLINE_SCRATCH": case.tmp / "scratch"}
    result = case.clean_environment(**{**ours, **more})
    if record is not None:
        result["HFOFFLINE_RECORD"] = str(record)
    return result


def shimmed(models, *arguments, record=None, preload=None, variables={}, **options):
    return case.command(*arguments, env=environment(models, record, preload, **variables), **options)


def bare(*arguments, variables={}, **options):
    return case.command(*arguments, env=case.clean_environment(**variables), **options)


def what_cannot_be_started(place):
    """The directory that exec_errors.c looks into."""
    (place / "directory").mkdir(parents=True)
    # The size of a program header is at byte 54. Who hands it to a shell gets 3.
    header = bytearray(pathlib.Path(program("witness")).read_bytes()[:64])
    header[54] += 1
    for name, data, mode in (("plain", b"", 0o644), ("empty", b"", 0o755), ("text", b"echo text\n", 0o755), ("broken", b"#!/nowhere\n", 0o755),
                             ("damaged", bytes(header) + b"\nexit 3\n", 0o755)):
        (place / name).write_bytes(data)
        (place / name).chmod(mode)
    (place / "loop").symlink_to("loop")
    return place


def counts(path, kind=None):
    """{(pid, op, target, test): refusals}: the highest count of each."""
    result = {}
    for line in case.record(path):
        if kind is None or line["kind"] == kind:
            key = (line["pid"], line["op"], line["target"], line["test"])
            result[key] = max(result.get(key, 0), line["count"])
    return result


def same(shim, plain, what):
    """The same outcome with and without the shim, to the byte."""
    if (shim.code, shim.out, shim.err) != (plain.code, plain.out, plain.err):
        a, b = plain.out.splitlines(), shim.out.splitlines()
        first = next((f"bare: {x!r}\nshim: {y!r}" for x, y in zip(a, b) if x != y), "one is longer")
        case.fail(f"{what}: another outcome under the shim ({plain.code} became {shim.code}); first difference:\n{first}\n{shim!r}")
