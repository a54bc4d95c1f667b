#!/usr/bin/env python3
"""LD_DEBUG_OUTPUT and its like are written before the shim is there: they go where they lead into the sealed tree."""
import case

models = case.models()


def files(directory):
    return sorted(path.name for path in directory.iterdir())


def holds():
    outside = case.tmp / "outside"
    outside.mkdir()
    (outside / "link").symlink_to(models)
    before = files(models)

    # From a program of the run, in whatever way the tree is named.
    record = case.tmp / "record"
    script = "; ".join(f"LD_DEBUG=statistics LD_DEBUG_OUTPUT={prefix}/debug /bin/true" for prefix in (models, f"{outside}/link", "."))
    result = case.run("--models-dir", models, "--record", record, "--", "sh", "-c", script, cwd=models)
    case.expect_code(result, 0, "the programs run")
    case.equal(files(models), before, "the sealed tree, from inside the run")
    targets = [line["target"] for line in case.record(record) if line["kind"] == "write"]
    case.equal(targets, [f"{models}/debug", f"{outside}/link/debug", "./debug"], "the record")

    # What the launcher is started with.
    environment = case.clean_environment(LD_DEBUG="statistics", LD_DEBUG_OUTPUT=models / "debug")
    result = case.run("--models-dir", models, "--", "sh", "-c", "echo ${LD_DEBUG_OUTPUT-none}", env=environment)
    case.equal((result.code, result.out), (0, "none\n"), f"from the launcher: {result.err}")
    case.equal(files(models), before, "the sealed tree, from the launcher")
    case.contains(result.err, "LD_DEBUG_OUTPUT points below a protected tree", "the launcher says so")

    # An auditing library would come before the shim.
    result = case.run("--models-dir", models, "--", "sh", "-c", "LD_AUDIT=/nonexistent.so sh -c 'echo ${LD_AUDIT-none}'")
    case.equal(result.out, "none\n", "LD_AUDIT")

    # The twin: outside of the tree they are written as ever.
    result = case.run("--models-dir", models, "--", "sh", "-c", f"LD_DEBUG=statistics LD_DEBUG_OUTPUT={outside}/debug /bin/true")
    case.expect_code(result, 0, "outside of the tree")
    case.check(len(files(outside)) == 2, f"outside of the tree: {files(outside)}")


case.main(holds)
