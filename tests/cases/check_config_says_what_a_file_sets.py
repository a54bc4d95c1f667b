#!/usr/bin/env python3
import case


def holds():
    path = case.tmp / "good.toml"
    path.write_text('[cache]\nmodels_dir = "/not/here"\n[egress]\nallow = ["a:1", "10.0.0.0/8"]\n[env]\nlock = false\n')
    result = case.expect_code(case.hfoffline("check-config", path), 0, "a good file")
    for part in (f"{path}: ok", '[cache] models_dir = "/not/here"', '[egress] allow = ["a:1", "10.0.0.0/8"]', "lock = false"):
        case.contains(result.out, part, "the digest")
    case.equal(result.err, "", "stderr")
    path.write_text("")
    result = case.expect_code(case.hfoffline("check-config", path), 0, "an empty file")
    case.contains(result.out, "every setting has its default", "the digest")
    case.expect_code(case.hfoffline("check-config"), 2, "no file given")
    case.expect_code(case.hfoffline("check-config", path, path), 2, "two files given")


case.main(holds)
