#!/usr/bin/env python3
"""--audit-writes: whatever would be refused below a protected tree happens, and is recorded."""
import shutil

import case

PROGRAM = """
import os, sys
models = sys.argv[1]
def tell(name, function, *arguments):
    try:
        function(*arguments)
        print(name, 'done')
    except OSError as error:
        print(name, error.strerror)
os.chdir(models)
tell('create', lambda: open(models + '/new', 'w').write('x'))
tell('append', lambda: open('old', 'a').write('y'))
tell('mkdir', os.mkdir, 'directory')
tell('rename', os.rename, 'new', 'directory/renamed')
tell('chmod', os.chmod, 'old', 0o600)
tell('truncate', os.truncate, 'old', 1)
tell('descriptor', lambda: os.fchmod(os.open('old', os.O_RDONLY), 0o640))
tell('rmdir', os.rmdir, 'empty')
tell('missing', os.unlink, 'not there')
tell('again', os.mkdir, 'directory')
print('writable', os.access('old', os.W_OK), os.statvfs('.').f_flag & os.ST_RDONLY)
"""
DONE = ["create", "append", "mkdir", "rename", "chmod", "truncate", "descriptor", "rmdir"]


def holds():
    program = case.script(PROGRAM, "program.py")

    def run(*flags):
        models = case.tmp / "copy"
        shutil.rmtree(models, ignore_errors=True)
        (models / "empty").mkdir(parents=True)
        (models / "hub").mkdir()
        (models / "old").write_text("old")
        record = case.tmp / "record.jsonl"
        record.unlink(missing_ok=True)
        result = case.run("--models-dir", models, "--record", record, *flags, "--", "python3", program, models)
        return result, [line for line in case.record(record) if line["kind"] == "write"], models

    result, lines, models = run("--mode", "audit", "--audit-writes", "--fail-on-refusal")
    case.expect_code(result, 0, "audited writes are no violations")
    case.equal(result.out.splitlines(), [f"{name} done" for name in DONE] + ["missing No such file or directory", "again File exists", "writable True 0"],
               "the kernel's own answers")
    case.equal((models / "directory" / "renamed").read_text(), "x", "what was written")
    case.equal({line["verdict"] for line in lines}, {"audit"}, "verdicts")
    case.equal({line["errno"] for line in lines}, {None}, "errnos")
    case.check(len(lines) >= len(DONE), f"{len(lines)} lines")
    case.contains(" ".join(result.err.split()), "writes let through", "the summary")
    suggestion = case.hfoffline("report", "--suggest-config", case.tmp / "record.jsonl").out
    case.contains(suggestion, "# No setting allows writes below a protected tree.", "the suggestion")
    case.contains(suggestion, "# No setting makes the same run pass:\n", "the suggestion")
    case.check("Nothing is needed" not in suggestion, "a run that wrote is said to need nothing")
    case.contains(result.err, "no setting makes the same run pass under --mode refuse:", "the summary")

    # The twins: without it, and without audit mode, writes are refused.
    for flags in (["--mode", "audit"], ["--audit-writes"], []):
        result, lines, models = run(*flags)
        case.contains(result.out, "create Read-only file system", f"with {flags}")
        case.contains(result.out, "writable False 1", f"with {flags}")
        case.equal({line["verdict"] for line in lines}, {"refuse"}, f"with {flags}")
        suggestion = case.hfoffline("report", "--suggest-config", case.tmp / "record.jsonl").out
        case.contains(suggestion, "# Nothing is needed: this passes without any setting.", f"what was refused is again, with {flags}")
        case.equal(sorted(p.name for p in models.iterdir()), ["empty", "hub", "old"], f"with {flags}")


case.main(holds)
