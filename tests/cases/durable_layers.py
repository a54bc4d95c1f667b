"""What the cases about durable layers share: a core to install next to, an index, and asking about layers."""
import json
import os

import case
import shadow_trees

DISABLE = "HFOFFLINE_DISABLE_LAYER_INSTALL"


def environment(**more):
    """pip looks into the case's own directory of wheels, and nowhere else."""
    return case.clean_environment(PIP_NO_INDEX="1", PIP_FIND_LINKS=case.tmp / "wheels", PIP_NO_CACHE_DIR="1",
                                  PIP_CONFIG_FILE=os.devnull, **more)


def core():
    """A virtual environment with pip, and one distribution of its own."""
    venv = shadow_trees.Environment("core", system_site=True)
    if case.command(venv.python, "-I", "-c", "import pip").code != 0:
        case.skip("no pip for /usr/bin/python3 (python3-pip)")
    shadow_trees.write(venv.site, shadow_trees.distribution("sealedpkg", "1.0"))
    return venv


def wheel(name, version, *requires, **more):
    info = f"{name}-{version}.dist-info/METADATA"
    lines = "".join(f"Requires-Dist: {r}\n" for r in requires)
    return shadow_trees.wheel(case.tmp / "wheels", name, version,
                              **{info: f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}", **more})


def layer(*arguments, **options):
    options.setdefault("env", environment())
    return case.hfoffline("layer", *arguments, **options)


def status(directory, *arguments, **options):
    return json.loads(layer("status", directory, "--json", *arguments, **options).out)


def distributions(directory):
    return {row["name"]: row["version"] for row in status(directory)["distributions"]}


def beside(directory):
    """What was left next to a layer, but for its lock."""
    return sorted(p.name for p in directory.parent.iterdir()
                  if p.name.startswith(f".{directory.name}.") and not p.name.endswith("-lock"))


def content(directory):
    """Names and contents, without times: what a layer is to whoever imports from it."""
    found = {}
    for root, names, files in os.walk(os.fsencode(directory)):
        for name in files:
            path = os.path.join(root, name)
            found[os.path.relpath(path, os.fsencode(directory))] = os.readlink(path) if os.path.islink(path) else open(path, "rb").read()
    return found
