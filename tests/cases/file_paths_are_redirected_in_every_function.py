#!/usr/bin/env python3
"""[cache] redirect in each process: every function says of FROM what it says of TO."""
import shutil

import case
from programs import preload

program = preload.program("redirected_calls")


def holds():
    target, home = case.shared / "models", case.shared / "home"
    (target / "directory").mkdir(parents=True)
    (target / "file").write_text("text\n")
    (target / "link").symlink_to("file")
    shutil.copy(shutil.which("true"), target / "program")
    home.mkdir()
    # Longer and shorter than what it leads to.
    for name in ("from", "a-directory-with-a-much-longer-name-than-that-one"):
        config = case.tmp / "redirect.toml"
        config.write_text(f'[cache]\nredirect = ["~/{name}={target}"]\nscratch = "{case.tmp}/scratch"\n[record]\nquiet = true\n')
        for exists in (True, False):
            if exists:
                (home / name).mkdir()
            variables = {"HFOFFLINE_CONFIG": config, "HOME": home}
            result = case.expect_code(case.command(program, home / name, target, env=case.clean_environment(LD_PRELOAD=case.SHIM, **variables)), 0, name)
            lines = result.out.splitlines()
            case.check(len(lines) >= 57, f"only {len(lines)} functions were tried: {result!r}")
            case.equal([line for line in lines if not line.startswith("same ")], [], f"{name}, which is {'' if exists else 'not '}there")
            if exists:
                (home / name).rmdir()
        # The twin: bare, nothing is there.
        lines = case.expect_code(preload.bare(program, home / name, target, "reading", variables={"HOME": home}), 0, "bare").out.splitlines()
        case.equal([line for line in lines if line.startswith("same ")], [], "bare")
    case.equal((target / "file").read_text(), "text\n", "what is in the target")


case.main(holds)
