#!/usr/bin/env python3
"""Chromium's processes hand sockets to one another under filters that end them for what they do not do bare."""
import os
import shutil

import case

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NOBODY = 65534
PAGE = "data:text/html,<p id=a>x</p><script>document.getElementById('a').textContent=6*7</script>"


def dump(name, *before):
    """The page as its script has left it, and what the browser says on stderr."""
    home = case.shared / name
    home.mkdir()
    home.chmod(0o777)
    # Its sandbox is not for root.
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    result = case.command(*before, "timeout", "--kill-after=5", "60", BROWSER, "--headless", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={home}/profile", "--timeout=20000",
                          "--dump-dom", PAGE, env=case.clean_environment(HOME=home, TMPDIR=home), timeout=120, cwd=home, **user)
    return result.out, result.err


def holds():
    if not BROWSER:
        case.skip("no Chromium (Debian: chromium)")
    out, err = dump("bare")
    if ">42<" not in out:
        case.skip(f"Chromium's sandbox does not start here: {err.strip().splitlines()[-1:]}")
    models = case.models()
    if os.geteuid() == 0 and case.command("test", "-r", case.SHIM, "-a", "-x", case.HFOFFLINE, user=NOBODY).code != 0:
        case.skip("others cannot read the build")
    out, err = dump("inside", case.HFOFFLINE, "run", "--quiet", "--models-dir", models, "--")
    case.check(">42<" in out, f"inside: {out}{err}")
    case.lacks(err, "CRASHING", "inside")


case.isolate("net")
case.main(holds)
