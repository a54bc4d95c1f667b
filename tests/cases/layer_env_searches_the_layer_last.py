#!/usr/bin/env python3
"""What `layer env` prints puts the layer behind all of core; naming it in PYTHONPATH alone does not."""
import json

import case
import shadow_trees
from shadow_trees import distribution, write


def imported(python, *arguments, env=None):
    return case.command(python, *arguments, "-c", "import sys, shared, only; print(shared.version, only.version); print(sys.path[-1])", env=env)


def holds():
    venv = shadow_trees.Environment()
    layer = case.tmp / "a layer's"
    write(venv.site, distribution("shared", "core"))
    write(layer, {**distribution("shared", "layer"), **distribution("only", "layer"), "json.py": "raise SystemExit('json of the layer')\n"})
    given = ["--python", venv.python]

    # The trap: PYTHONPATH comes before site-packages, and before the standard library.
    naive = case.clean_environment(PYTHONPATH=layer)
    case.equal(imported(venv.python, env=naive).out.split("\n")[0], "layer layer", "PYTHONPATH alone")

    printed = case.expect_code(case.hfoffline("layer", "env", layer, *given), 0, "layer env")
    environment = case.command("sh", "-c", 'eval "$1"; printf %s "$PYTHONPATH"', "sh", printed.out).out
    result = imported(venv.python, env=case.clean_environment(PYTHONPATH=environment))
    case.equal(result.out.splitlines(), ["core layer", str(layer)], f"with the printed PYTHONPATH: {result!r}")
    result = case.command(venv.python, "-c", "import json; print(json.dumps(1))", env=case.clean_environment(PYTHONPATH=environment))
    case.equal(result.out, "1\n", f"the standard library comes first: {result!r}")

    # The line for a .pth file, which needs no variable.
    found = json.loads(case.hfoffline("layer", "env", layer, "--json", *given).out)
    case.equal(found["PYTHONPATH"], environment, "as JSON")
    case.check(found["pth_file"].startswith(str(venv.site)), f"a site directory of core: {found['pth_file']}")
    lines = [line[2:].strip() for line in printed.out.splitlines() if "printf '%s" in line]
    case.expect_code(case.command("sh", "-ec", lines[0]), 0, "the printed command")
    result = imported(venv.python)
    case.equal(result.out.splitlines(), ["core layer", str(layer)], f"with the .pth file: {result!r}")
    result = imported(venv.python, "-I")
    case.equal(result.out.splitlines(), ["core layer", str(layer)], f"isolated, with the .pth file: {result!r}")
    # Once it is there, env still says the same of core, without the layer in between.
    case.equal(json.loads(case.hfoffline("layer", "env", layer, "--json", *given).out)["PYTHONPATH"], environment, "with the layer in core's path already")

    # Where it cannot be said it is not.
    colon = case.tmp / "a:b"
    colon.mkdir()
    case.contains(case.expect_code(case.hfoffline("layer", "env", colon, *given), 2, "a colon").err, "colon", "why")
    deaf = case.script(f'#!/bin/sh\n[ "$1" = -I ] || unset PYTHONPATH\nexec {shadow_trees.PYTHON} "$@"\n', name="deaf")
    result = case.expect_code(case.hfoffline("layer", "env", layer, "--python", deaf), 1, "an interpreter that does not read PYTHONPATH")
    case.contains(result.err, "does not search", "why")
    case.expect_code(case.hfoffline("layer", "env", layer, "--python", "/no/such"), 2, "no interpreter")
    case.expect_code(case.hfoffline("layer", "env", layer, "--python", "/bin/true"), 2, "something else")


case.isolate("net")
case.main(holds)
