#!/usr/bin/env python3
import case


def holds():
    directory = case.tmp / "made" / "models"
    directory.parent.mkdir()
    first = case.expect_code(case.hfoffline("sample", directory), 0, "the first time")
    case.contains(first.out, "model hfoffline/tiny-model ", "what was written")
    case.check(case.sample_file(directory).is_file(), "no config.json")
    blob = case.sample_file(directory).resolve()
    before = blob.stat().st_mtime_ns
    case.equal(case.hfoffline("sample", "made/models", cwd=case.tmp).out, first.out, "the second time")
    case.equal(blob.stat().st_mtime_ns, before, "what is there stays")
    other = case.tmp / "other"
    (other / "hub" / "models--real--model").mkdir(parents=True)
    result = case.hfoffline("sample", other)
    case.expect_code(result, 2, "a directory with something else")
    case.check(result.err.startswith("hfoffline: error: "), repr(result))
    case.equal([p.name for p in (other / "hub").iterdir()], ["models--real--model"], "what is there stays")
    case.expect_code(case.hfoffline("sample", "--layout", "flat", directory), 2, "an unknown layout")
    case.expect_code(case.hfoffline("sample"), 2, "no directory")


case.main(holds)
