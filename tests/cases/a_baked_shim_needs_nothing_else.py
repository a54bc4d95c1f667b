#!/usr/bin/env python3
import os

import case

models = case.models()


def holds():
    config = case.tmp / "hfoffline.toml"
    record = case.tmp / "record.jsonl"
    config.write_text(f'[cache]\nmodels_dir = "{models}"\n[egress]\nallow = ["10.0.0.0/8"]\nerrno = "EACCES"\n[record]\nfile = "{record}"\n')
    baked = case.tmp / "lib.so"
    result = case.expect_code(case.hfoffline("bake", "--config", config, "-o", baked), 0, "bake")
    case.contains(result.out, f"LD_PRELOAD={baked}", "what to do with it")
    case.equal(os.stat(baked).st_size, os.stat(case.SHIM).st_size, "its size")
    config.unlink()

    program = f"""
import errno, os, socket, subprocess, sys
print(os.environ.get('HF_HOME'), os.environ.get('HF_HUB_OFFLINE'), os.environ.get('TRANSFORMERS_CACHE'))
for attempt in (lambda: open({str(models)!r} + '/new', 'w'), lambda: socket.create_connection(('11.1.2.3', 80), 1),
                lambda: socket.create_connection(('10.1.2.3', 80), 1)):
    try:
        attempt()
        print('passed')
    except OSError as error:
        print(errno.errorcode[error.errno])
sys.stdout.flush()
if len(sys.argv) > 1:
    subprocess.run([sys.executable, '-c', sys.argv[1]], env={{}})
"""
    result = case.command("python3", "-c", program, program, env=case.clean_environment(LD_PRELOAD=baked, TRANSFORMERS_CACHE="/old"))
    # 10/8 is on the allow-list: what comes is the kernel's own answer.
    case.equal(result.out, f"{models} 1 None\nEROFS\nEACCES\nENETUNREACH\n" * 2, f"with the baked shim alone: {result!r}")
    case.equal(sorted(line["kind"] for line in case.record(record)), ["egress", "egress", "write", "write"], "the record")

    # Inside, a nested run keeps the baked policy.
    result = case.run("--models-dir", case.models("hub-cache"), "--", "true",
                      env=case.clean_environment(LD_PRELOAD=baked, HFOFFLINE_ACTIVE="0.1.0", ASAN_OPTIONS="verify_asan_link_order=0"))
    case.expect_code(result, 2, "another policy inside a baked one")

    # Mistakes.
    case.contains(case.expect_code(case.hfoffline("bake"), 2, "no -o").err, "-o FILE is missing", "no -o")
    env = case.clean_environment(HFOFFLINE_SHIM=baked)
    result = case.expect_code(case.hfoffline("bake", "-o", case.tmp / "again.so", env=env), 125, "baking a baked shim")
    case.contains(result.err, "carries a policy already", "baking a baked shim")
    junk = case.tmp / "junk.so"
    junk.write_text("no shim")
    result = case.expect_code(case.hfoffline("bake", "-o", case.tmp / "x.so", env=case.clean_environment(HFOFFLINE_SHIM=junk)), 125, "no shim")
    case.contains(result.err, "is not a shim of this version", "no shim")
    result = case.expect_code(case.hfoffline("bake", "-o", "/no/such/dir/x.so"), 125, "an output that cannot be written")
    case.contains(result.err, "cannot be written", "an output that cannot be written")
    too_much = [f for i in range(500) for f in ("--allow", f"host-{i}.example.org")]
    result = case.expect_code(case.hfoffline("bake", "-o", case.tmp / "x.so", *too_much), 125, "a policy that is too large")
    case.contains(result.err, "has room for a policy of", "a policy that is too large")
    case.check(not (case.tmp / "x.so").exists(), "something was written")


case.isolate("net")
case.main(holds)
