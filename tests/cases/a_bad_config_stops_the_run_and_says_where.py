#!/usr/bin/env python3
import os

import case

BAD = {
    # name: (text, what the message must have)
    "unknown-key": ('[cache]\nmodel_dir = "/x"\n', [":2:1:", "model_dir", 'did you mean "models_dir"?']),
    "unknown-table": ('[egres]\nmode = "audit"\n', [":1:", "egres", "egress"]),
    "wrong-type": ('[env]\nlock = "yes"\n', [":2:", "lock", "true or false"]),
    "wrong-word": ('[egress]\nmode = "refused"\n', [":2:", "refused", "refuse"]),
    "duplicate": ('[egress]\nmode = "audit"\nmode = "refuse"\n', [":3:", "mode"]),
    "duplicate-table": ('[env]\n[env]\n', [":2:", "env"]),
    "bad-cidr": ('[egress]\nallow = ["10.0.0.1/8"]\n', [":2:", "10.0.0.1/8"]),
    "bad-port": ('[egress]\nallow = ["host:99999"]\n', [":2:", "99999"]),
    "relative-path": ('[cache]\nmodels_dir = "models"\n', [":2:", "models", "/"]),
    "bad-errno": ('[egress]\nerrno = "ETIMEDOUT"\n', [":2:", "ETIMEDOUT"]),
    "unknown-preset": ('[env]\npresets = ["hugingface"]\n', [":2:", "hugingface", "huggingface"]),
    "nul": ('[env]\n# \0\n', [":2:", "NUL"]),
    "unclosed": ('[egress]\nallow = ["a"\n', [":"]),
    "no-toml": ("this is no config\n", [":1:"]),
}


def holds():
    witness = case.tmp / "witness"

    def bad(path, parts):
        for arguments in (["run", "--config", path, "--", "touch", witness], ["check-config", path]):
            result = case.expect_code(case.hfoffline(*arguments, timeout=20), 2, f"{arguments[0]} with {path.name}")
            case.equal(result.out, "", "stdout")
            for part in [path.name] + parts:
                case.contains(result.err, part, f"{arguments[0]} with {path.name}")
            case.check(len(result.err) < 2000, f"a message of {len(result.err)} bytes")
            case.check(all(c.isprintable() or c == "\n" for c in result.err), f"control characters: {result.err!r}")
        case.check(not witness.exists(), "the command was run all the same")

    for name, (text, parts) in BAD.items():
        path = case.tmp / f"{name}.toml"
        path.write_text(text)
        bad(path, parts)
    latin = case.tmp / "latin1.toml"
    latin.write_bytes(b'[cache]\nmarker = "G\xfcte"\n')
    bad(latin, [":2:", "UTF-8"])
    garbage = case.tmp / "garbage.toml"
    garbage.write_bytes(os.urandom(10 << 20))
    bad(garbage, ["1 MiB"])
    noise = case.tmp / "noise.toml"
    noise.write_bytes(b"\x01\x1b[31m" * 10000)
    bad(noise, [":1:"])
    bad(case.tmp / "missing.toml", [])

    # The same from the variable and from the nearest file upward.
    path = case.tmp / "unknown-key.toml"
    result = case.run("--", "touch", witness, env=case.clean_environment(HFOFFLINE_CONFIG=path))
    case.expect_code(result, 2, "HFOFFLINE_CONFIG")
    below = case.tmp / "project" / "a" / "b"
    below.mkdir(parents=True)
    (case.tmp / "project" / "hfoffline.toml").write_text(BAD["unknown-key"][0])
    result = case.expect_code(case.run("--", "touch", witness, cwd=below), 2, "found upward")
    case.contains(result.err, f"{case.tmp}/project/hfoffline.toml:2:1", "where it was found")
    # A flag's and a variable's mistake is said without a line.
    result = case.expect_code(case.run("--mode", "refused", "--", "true"), 2, "--mode")
    case.contains(result.err, "--mode", "the flag is named")
    result = case.expect_code(case.run("--", "true", env=case.clean_environment(HFOFFLINE_MODE="x")), 2, "HFOFFLINE_MODE")
    case.contains(result.err, "HFOFFLINE_MODE", "the variable is named")

    # The twin.
    good = case.tmp / "good.toml"
    good.write_text(f'[cache]\nmodels_dir = "{case.models()}"\n[egress]\nallow = ["10.0.0.0/8"]\n')
    case.expect_code(case.run("--config", good, "--", "touch", witness), 0, "a good config")
    case.check(witness.exists(), "the command was not run")


case.main(holds)
