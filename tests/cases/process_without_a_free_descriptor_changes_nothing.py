#!/usr/bin/env python3
"""unlink, rename, mkdir, chmod and exec need no descriptor: a process that has none left must be held all the same."""
import case
from programs import preload


def holds():
    models, outside = case.tmp / "models", case.tmp / "outside"
    deep = "/".join(["d"] * 150)
    for directory in (models / "hub", models / "directory", models / deep, outside):
        directory.mkdir(parents=True)
    for file in (models / "file", models / "directory/file", models / deep / "file", outside / "file"):
        file.write_text("text\n")
    (outside / "link-to-file").symlink_to(models / "file")
    (outside / "link-to-directory").symlink_to("../models/directory")
    (outside / "link-to-link").symlink_to("link-to-file")
    (outside / "link-to-deep").symlink_to(f"../models/{deep}")
    program = preload.program("without_descriptors")
    before = case.command("sh", "-c", f"cd {models} && find . -printf '%p %m %s %T@ %i\\n' | sort").out
    record = case.tmp / "record.jsonl"
    result = case.expect_code(preload.shimmed(models, program, models, outside, record=record), 0, "the program")
    case.equal(result.out, "0 differ, many refused, some passed\n", "with and without descriptors")
    case.equal(case.command("sh", "-c", f"cd {models} && find . -printf '%p %m %s %T@ %i\\n' | sort").out, before, "the tree")
    # The twin: bare, the same operations do change it.
    plain = preload.bare(program, models, outside)
    case.contains(plain.out, "few refused", "bare")
    case.check(case.command("sh", "-c", f"cd {models} && find . -printf '%p %m %s %T@ %i\\n' | sort").out != before, "bare, the tree is changed")


case.main(holds)
