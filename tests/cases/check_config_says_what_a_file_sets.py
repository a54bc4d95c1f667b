#!/usr/bin/env python3
import os

import case


def holds():
    path = case.tmp / "good.toml"
    path.write_text('[cache]\nmodels_dir = "/not/here"\n[egress]\nallow = ["a:1", "10.0.0.0/8"]\n[env]\nlock = false\n')
    result = case.expect_code(case.hfoffline("check-config", path), 0, "a good file")
    for part in (f"{path}: ok", '[cache] models_dir = "/not/here"', '[egress] allow = ["a:1", "10.0.0.0/8"]', "lock = false"):
        case.contains(result.out, part, "the digest")
    case.equal(result.err, "", "stderr")
    # Layers are shown too; a run reads over them, with and without the launcher.
    path.write_text('[[layer]]\nname = "core"\npath = "/opt/core"\norder = 2\n[env]\nlock = false\n[[layer]]\nname = "b"\n'
                    'path = "/b"\nkind = "libs"\n')
    result = case.expect_code(case.hfoffline("check-config", path), 0, "layers")
    case.contains(result.out, '  [[layer]]\n    name = "core"\n    path = "/opt/core"\n    order = 2\n', "the digest")
    case.contains(result.out, '    kind = "libs"\n', "the digest")
    case.expect_code(case.run("--config", path, "--", "true"), 0, "a run")
    bare = case.command("true", env=case.clean_environment(LD_PRELOAD=case.SHIM, HFOFFLINE_CONFIG=path))
    case.equal((bare.code, bare.err), (0, ""), "a bare LD_PRELOAD")
    path.write_text('[[layer]]\nname = "core"\n')
    bare = case.command("true", env=case.clean_environment(LD_PRELOAD=case.SHIM, HFOFFLINE_CONFIG=path))
    case.equal(bare.code, 2, "a layer without a path")
    path.write_text("")
    result = case.expect_code(case.hfoffline("check-config", path), 0, "an empty file")
    case.contains(result.out, "every setting has its default", "the digest")
    case.expect_code(case.hfoffline("check-config"), 2, "no file given")
    case.expect_code(case.hfoffline("check-config", path, path), 2, "two files given")
    # What a run refuses is not "ok".
    for line in ('[env]\nset = ["LD_PRELOAD=/x"]', '[env]\nset = ["HFOFFLINE_POLICY=/x"]', '[env]\nunset = ["LD_AUDIT"]',
                 '[cache]\nmarker = "HFOFFLINE_ACTIVE"'):
        path.write_text(line + "\n")
        checked = case.expect_code(case.hfoffline("check-config", path), 2, line)
        run = case.expect_code(case.run("--config", path, "--", "true"), 2, line)
        case.contains(checked.err, "is managed by hfoffline itself", line)
        case.contains(checked.err, f"{path}:2:", line)
        case.equal(checked.err, run.err, line)
    # A fifo has no writer: nobody waits for one.
    fifo = case.tmp / "fifo"
    os.mkfifo(fifo)
    for result in (case.quickly(10, case.hfoffline, "check-config", fifo, timeout=20),
                   case.quickly(10, case.run, "--config", fifo, "--", "true", timeout=20)):
        case.expect_code(result, 2, "a fifo")
        case.contains(result.err, "is a fifo, not a file", "a fifo")
    # The twins: the shell's pipe has one, however late; and no settings at all.
    result = case.command("bash", "-c", f"{case.HFOFFLINE} check-config <(sleep 1; echo '[env]'; echo 'lock = false')")
    case.contains(case.expect_code(result, 0, "a pipe of the shell").out, "lock = false", "a pipe of the shell")
    case.expect_code(case.hfoffline("check-config", "/dev/null"), 0, "/dev/null")


case.main(holds)
