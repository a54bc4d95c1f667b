#!/usr/bin/env python3
import zipfile

import case
import shadow_trees
from shadow_trees import PYTHON, distribution, expect, expect_none, shadow, wheel, write


def virtual_environments():
    alone = shadow_trees.Environment("alone")
    report = shadow("--python", alone.python, layers=[alone.root])
    case.equal(report.code, 0, "a new environment")
    case.equal([p["path"] for p in report.json["orders"][0]["places"] if p["core"]], [str(alone.site)], "core")
    # With the system's packages: they are core, and the environment is a layer in front of them.
    both = shadow_trees.Environment("both", system_site=True)
    report = shadow("--python", both.python, layers=[both.root])
    case.equal(report.code, 0, "nobody said that the system's packages must win")
    system = [p["path"] for p in report.json["orders"][0]["places"] if "taken along" in p["why"]]
    if not system:
        case.skip("this Python has no system site directory")
    packages = write(case.tmp / "system", {"sealed/__init__.py": ""})
    write(both.site, {"sealed/__init__.py": "", "system.pth": f"{packages}\n"})
    report = shadow("--python", both.python, "--core", packages, layers=[both.root, packages])
    expect(report, "python_module_shadowed", "sealed", layer="site", winner=both.site / "sealed", observed=True)
    expect(report, "python_layer_first", "layer site")
    report = shadow("--python", both.python, layers=[both.root, packages])
    expect(report, "python_name_twice", "sealed", layer="pth")
    expect_none(report, "python_module_shadowed")  # the environment's own copy is core's


def installed_layers():
    core = shadow_trees.Environment("core")
    write(core.site, {**distribution("tokenizers", "1.0")})
    wheels = [wheel(case.tmp / "wheels", "tokenizers", "2.0"), wheel(case.tmp / "wheels", "extra", "1.0")]
    durable = case.tmp / "durable"
    result = case.command(PYTHON, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", durable, *wheels,
                          env=case.clean_environment(HOME=case.tmp, PIP_DISABLE_PIP_VERSION_CHECK=1))
    if result.code != 0:
        case.skip(f"pip does not work here (python3-pip): {result.err.strip()[-200:]}")
    arguments = ["--python", core.python, "--core", "core"]
    appended = shadow(*arguments, "--layer", f"core={core.site}", "--layer", f"durable={durable}", layers=[core.root, durable])
    case.equal(appended.code, 0, f"an appended layer: {appended!r}")
    expect(appended, "python_name_twice", "tokenizers", winner=core.site)
    expect(appended, "python_version_clash", "tokenizers 2.0 (core: 1.0)")
    expect_none(appended, "python_name_twice", "extra")
    prepended = shadow(*arguments, "--layer", f"durable={durable}", "--layer", f"core={core.site}", layers=[core.root, durable])
    case.equal(prepended.code, 3, f"a prepended layer: {prepended!r}")
    expect(prepended, "python_module_shadowed", "tokenizers", winner=durable, observed=True)
    expect(prepended, "python_distribution_shadowed", "tokenizers 2.0 (core: 1.0)")
    # The same by the rules, with nothing started.
    for order, code in (((core.site, durable), 0), ((durable, core.site), 3)):
        layers = [x for i, path in enumerate(order) for x in ("--layer", f"{'core' if path == core.site else 'durable'}={path}")]
        report = shadow("--only-read", "--core", "core", *layers)
        case.equal(report.code, code, f"{order} by the rules: {report!r}")
        case.check(not any(f["observed"] for f in report.findings), f"nothing is observed: {report!r}")


def zipped_egg():
    core = shadow_trees.Environment("egg-core")
    write(core.site, distribution("tokenizers", "1.0"))
    egg = case.tmp / "tokenizers-0.9-py3.11.egg"
    with zipfile.ZipFile(egg, "w") as archive:
        for name, text in {"tokenizers/__init__.py": "", "extra.py": "", "EGG-INFO/PKG-INFO": "Name: tokenizers\nVersion: 0.9\n",
                           "spaces/deep/__init__.py": ""}.items():
            archive.writestr(name, text)
    before = egg.read_bytes()
    report = shadow("--python", core.python, env=case.clean_environment(PYTHONPATH=egg))
    expect(report, "python_module_shadowed", "tokenizers", path=egg, winner=egg, observed=True)
    expect(report, "python_distribution_shadowed", "tokenizers 0.9 (core: 1.0)")
    expect_none(report, "python_module_shadowed", "extra")
    case.check(egg.read_bytes() == before, "the egg is as it was")
    (core.site / "eggs.pth").write_text(f"{egg}\n")
    case.equal(shadow("--python", core.python).code, 0, "an egg behind core")
    damaged = case.tmp / "damaged.egg"
    damaged.write_bytes(before[:40])
    report = shadow("--python", core.python, env=case.clean_environment(PYTHONPATH=damaged))
    expect(report, "python_unreadable", str(damaged))


def path_files():
    core = shadow_trees.Environment("pth-core")
    write(core.site, distribution("tokenizers", "1.0"))
    layer = write(core.site / "nested", {"tokenizers.py": "", "json.py": ""})
    (core.site / "a.pth").write_text(f"# a comment\n\nnested\r\n/not/there\n{case.tmp / 'lacking'}\n")
    report = shadow("--python", core.python, layers=[core.root])
    places = report.json["orders"][0]["places"]
    case.equal(places[-1]["path"], str(layer), "the last place")
    case.contains(places[-1]["why"], "line 3 of", "why it is there")
    case.equal(report.code, 0, f"a .pth file appends: {report!r}")
    # An import line can do anything: what it does is observed.
    (core.site / "b.pth").write_text(f"import sys; sys.path.insert(0, {str(layer)!r})\n")
    (core.site / "a.pth").unlink()
    report = shadow("--python", core.python, layers=[core.root])
    expect(report, "python_module_shadowed", "tokenizers", winner=layer / "tokenizers.py", observed=True)
    expect(report, "python_stdlib_shadowed", "json", winner=layer / "json.py")


def scripts():
    core = shadow_trees.Environment("script-core")
    write(core.site, distribution("fsspec", "1.0"))
    code = write(case.tmp / "code", {"main.py": "", "fsspec.py": "", "socket.py": ""})
    (case.tmp / "link.py").symlink_to(code / "main.py")
    for script in (code / "main.py", case.tmp / "link.py"):  # the link's target counts
        report = shadow("--python", core.python, "--script", script, layers=[code])
        expect(report, "python_module_shadowed", "fsspec", layer="script", path=code / "fsspec.py", winner=code / "fsspec.py")
        expect(report, "python_stdlib_shadowed", "socket")
    case.equal(shadow("--python", core.python, "--script", case.tmp / "elsewhere" / "main.py").code, 0, "another directory")
    version = case.command(core.python, "-c", "import sys; print(sys.version_info >= (3, 11))").out.strip()
    for flags in ["-I"] + (["-P"] if version == "True" else []):
        report = shadow("--python", core.python, "--script", code / "main.py", "--python-flags", flags)
        case.equal(report.code, 0, f"{flags}: {report!r}")


def user_site():
    home = case.tmp / "home"
    version = case.command(PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").out.strip()
    user = write(home / f".local/lib/python{version}/site-packages", {"sealed.py": ""})
    core = write(case.tmp / "opt", {"sealed.py": ""})
    env = case.clean_environment(HOME=home)
    # Behind the user's directory, as every other site directory: a .pth file of it does that.
    (user / "opt.pth").write_text(f"{core}\n")
    report = shadow("--python", PYTHON, "--core", core, env=env, layers=[home])
    expect(report, "python_module_shadowed", "sealed", layer="user", winner=user / "sealed.py", fix="-s")
    expect(report, "python_layer_first", "layer user")
    report = shadow("--python", PYTHON, "--core", core, "--python-flags=-s", env=case.clean_environment(HOME=home, PYTHONPATH=core))
    case.equal(report.code, 0, f"without the user's directory: {report!r}")
    # -E: PYTHONPATH does not count, and core is nowhere.
    report = shadow("--python", PYTHON, "--core", core, "--python-flags=-s -E", env=case.clean_environment(PYTHONPATH=core))
    expect(report, "python_core_missing", str(core))


def holds():
    for step in (virtual_environments, installed_layers, zipped_egg, path_files, scripts, user_site):
        try:
            step()
        except AssertionError as error:
            case.fail(f"{step.__name__}: {error}")


case.isolate("net")
case.main(holds)
