#!/usr/bin/python3
"""Runs a listener program with and without the shim, and checks which test its refusals name.

usage: check_listener.py catch2|gtest PROGRAM SHIM
"""

import json
import os
import subprocess
import sys
import tempfile

# kind, operation of this process or a child, test
EXPECTED = {
    "catch2": {
        ("egress", "own", "asks for a packet socket"),
        ("write", "own", "writes / into the cache / itself"),
        ("write", "child", "writes / into the cache / by a child"),
    },
    "gtest": {
        ("egress", "own", "Network.AsksForAPacketSocket"),
        ("write", "own", "Cache.Writes"),
        ("write", "child", "Cache.LetsAChildWrite"),
    },
}
# What the program prints of a test that failed, and of none of the others.
FAILED = {
    "catch2": ({"asks for a packet socket", "writes"}, {"does nothing"}),
    "gtest": ({"Network.AsksForAPacketSocket", "Cache.Writes"}, {"Quiet.DoesNothing", "Cache.LetsAChildWrite"}),
}


def expect(condition: bool, what: str, output: str = "") -> None:
    if not condition:
        sys.exit(f"FAILED: {what}\n{output}")
    print(f"ok: {what}")


def main() -> None:
    framework = sys.argv[1]
    program, shim = (os.path.abspath(path) for path in sys.argv[2:])
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HFOFFLINE_", "PYTEST_")) and k != "LD_PRELOAD"}
    with tempfile.TemporaryDirectory() as directory:
        models = f"{directory}/models"
        os.makedirs(f"{models}/hub/models--a--b/blobs")
        record = f"{directory}/record.jsonl"
        in_run = {"LD_PRELOAD": shim, "HFOFFLINE_MODELS_DIR": models, "HFOFFLINE_SCRATCH": f"{directory}/scratch"}
        strict = {"HFOFFLINE_FAIL_TEST_ON_REFUSAL": "1"}

        def run(extra: dict[str, str]) -> tuple[int, str]:
            result = subprocess.run(
                [program], env={**clean, **extra}, cwd=directory, capture_output=True, text=True, stdin=subprocess.DEVNULL
            )
            return result.returncode, result.stdout + result.stderr

        status, output = run({})
        expect(status == 0, "without the shim the tests pass", output)
        status, output = run(strict)
        expect(status == 0, "without the shim no test fails for a refusal", output)

        status, output = run({**in_run, "HFOFFLINE_RECORD": record})
        expect(status == 0, "under the shim the tests pass", output)
        with open(record, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        own = {line["pid"] for line in lines if line["exe"] == os.path.realpath(program)}
        expect(len(own) == 1, "the refusals of the program itself come from one process", str(lines))
        found = {
            (line["kind"], "own" if line["pid"] in own else "child", line["test"])
            for line in lines
            if line["kind"] in ("egress", "name", "write")
        }
        expect(found == EXPECTED[framework], "each refusal names its test", f"found {found}")

        status, output = run({**in_run, **strict})
        expect(status != 0, "under the shim tests can be made to fail for a refusal", output)
        failed, passed = FAILED[framework]
        # Catch2 heads a failure with the test case's name, GoogleTest ends it with "(3 ms)".
        lines = {line.removeprefix("[  FAILED  ] ").split(" (")[0] for line in output.splitlines()}
        lines -= {line.removeprefix("[       OK ] ").split(" (")[0] for line in output.splitlines() if "OK ]" in line}
        expect(failed <= lines, "those that were refused something fail", output)
        expect(not passed & lines, "the others do not", output)
        expect("1 x egress" in output and "1 x write" in output, "and say why", output)


if __name__ == "__main__":
    main()
