#!/usr/bin/env python3
import re

import case
import shadow_trees
from shadow_trees import distribution, expect, expect_none, shadow, write

KINDS = {}


def kind(name):
    def register(function):
        KINDS[name] = function
        return function
    return register


class World:
    def __init__(self):
        self.venv = shadow_trees.Environment()
        write(self.venv.site, {**distribution("tokenizers", "1.0"), **distribution("fsspec", "2026.1"),
                               "spaces/inner/__init__.py": "", "single.py": ""})
        self.python = ["--python", self.venv.python]

    def layer(self, name, files):
        return write(case.tmp / name, files)

    def env(self, **more):
        return case.clean_environment(**more)


world = None  # made inside the namespace


@kind("python_module_shadowed")
def module_shadowed():
    bad = world.layer("bad", {"tokenizers/__init__.py": "", "single.py": "", "other.py": ""})
    report = shadow(*world.python, layers=[bad, world.venv.root], env=world.env(PYTHONPATH=bad))
    found = expect(report, "python_module_shadowed", "tokenizers", layer="pythonpath", path=bad / "tokenizers",
                   core=world.venv.site / "tokenizers", winner=bad / "tokenizers", observed=True, why="PYTHONPATH, entry 1")
    case.contains(found["fix"], "PYTHONPATH", "the fix")
    expect(report, "python_module_shadowed", "single")
    expect_none(report, "python_module_shadowed", "other")
    # The same layer behind core.
    after = shadow("--layer", f"core={world.venv.site}", "--layer", f"bad={bad}", *world.python, layers=[bad])
    expect_none(after, "python_module_shadowed")
    case.equal(after.code, 0, repr(after))
    # A regular package takes a namespace package's name wherever it stands; another portion of it does not.
    taken = world.layer("taken", {"spaces/__init__.py": ""})
    shared = world.layer("shared", {"spaces/more/__init__.py": ""})
    core = ["--layer", f"core={world.venv.site}"]
    report = shadow(*core, "--layer", f"taken={taken}", *world.python, layers=[taken])
    expect(report, "python_module_shadowed", "spaces", observed=True, why="namespace", winner=taken)
    case.equal(shadow(*core, "--layer", f"shared={shared}", *world.python, layers=[shared]).shadowing(), [], "a portion")
    # One namespace package over two layers, and a part of it in both.
    twice = world.layer("twice", {"spaces/inner/__init__.py": "", "spaces/new/__init__.py": ""})
    report = shadow("--layer", f"twice={twice}", *core, "--core", "core", *world.python, layers=[twice])
    expect(report, "python_module_shadowed", "spaces.inner", winner=twice, observed=True)
    expect_none(report, "python_module_shadowed", "spaces")
    expect_none(report, "python_module_shadowed", "spaces.new")


@kind("python_stdlib_shadowed")
def stdlib_shadowed():
    work = world.layer("work", {"socket.py": "", "helper.py": "", "os.py": "", "sys.py": "", "encodings.py": ""})
    report = shadow(*world.python, cwd=work, layers=[work])
    expect(report, "python_stdlib_shadowed", "socket", path=work / "socket.py", winner=work / "socket.py", observed=True,
           fix="-P")
    for name in ("helper", "os", "encodings", "sys"):  # start-up has imported two; sys is built in
        expect_none(report, "python_stdlib_shadowed", name)
    # The twin: isolated from the working directory.
    expect_none(shadow(*world.python, "--python-flags", "-I", cwd=work), "python_stdlib_shadowed")


@kind("python_startup_shadowed")
def startup_shadowed():
    # Frozen since 3.11 are os, abc and the like: heapq is none, and what start-up imports is asked.
    early = world.layer("early", {"sitecustomize.py": "import heapq\n", "heapq.py": "value = 1\n"})
    report = shadow(*world.python, layers=[early], env=world.env(PYTHONPATH=early))
    expect(report, "python_startup_shadowed", "heapq", winner=early / "heapq.py", core="heapq.py", observed=True)
    quiet = world.layer("quiet", {"heapq.py": "value = 1\n"})
    expect_none(shadow(*world.python, env=world.env(PYTHONPATH=quiet)), "python_startup_shadowed")


@kind("python_layer_first")
def layer_first():
    durable = world.layer("durable", {"extra.py": ""})
    core = f"core={world.venv.site}"
    before = shadow("--layer", f"durable={durable}", "--layer", core, "--core", "core", *world.python, layers=[durable])
    expect(before, "python_layer_first", "layer durable", observed=True, path=durable)
    case.equal(before.code, 3, "a prepended layer")
    after = shadow("--layer", core, "--layer", f"durable={durable}", "--core", "core", *world.python, layers=[durable])
    expect_none(after, "python_layer_first")
    case.equal(after.code, 0, "an appended layer")
    # As the interpreter itself has it: prepended by PYTHONPATH, appended by a .pth file.
    first = shadow(*world.python, env=world.env(PYTHONPATH=durable), layers=[durable])
    expect(first, "python_layer_first", "layer pythonpath", observed=True)
    pth = world.venv.site / "durable.pth"
    pth.write_text(f"{durable}\n")
    last = shadow(*world.python, layers=[durable])
    pth.unlink()
    case.equal([p["path"] for p in last.json["orders"][0]["places"]][-1], str(durable), "the last place")
    case.contains(last.json["orders"][0]["places"][-1]["why"], "line 1 of", "why it is there")
    case.equal(last.code, 0, repr(last))
    # A layer that is meant to come first says so.
    config = case.tmp / "layers.toml"
    text = f'[[layer]]\nname = "app"\npath = "{durable}"\n[[layer]]\nname = "core"\npath = "{world.venv.site}"\n'
    config.write_text(text)
    meant = shadow(*world.python, "--config", config, env=world.env(PYTHONPATH=durable))
    expect_none(meant, "python_layer_first")
    case.equal(meant.json["orders"][0]["places"][1]["layer"], "app", "the layer's name")
    config.write_text(text.replace('"app"', '"app"\norder = 9', 1))
    expect(shadow(*world.python, "--config", config, env=world.env(PYTHONPATH=durable)), "python_layer_first", "layer app")


@kind("python_core_missing")
def core_missing():
    elsewhere = world.layer("elsewhere", {"thing.py": ""})
    expect(shadow(*world.python, "--core", elsewhere), "python_core_missing", str(elsewhere), core=elsewhere)
    expect_none(shadow(*world.python, "--core", elsewhere, env=world.env(PYTHONPATH=elsewhere)), "python_core_missing")


@kind("python_home_elsewhere")
def home_elsewhere():
    # Another prefix with the same standard library, as a second installation would be.
    home = world.layer("prefix", {"lib/": ""})
    ask = [PYTHON_OF_USER, "-I", "-c", "import os, sys, sysconfig; print(os.path.dirname(os.__file__), sys.base_prefix)"]
    library, prefix = case.command(*ask).out.split()
    (home / "lib" / library.rsplit("/", 1)[1]).symlink_to(library)
    python = ["--python", PYTHON_OF_USER]
    env = world.env(PYTHONHOME=home)
    found = expect(shadow(*python, env=env), "python_home_elsewhere", "standard library", path=home, core=prefix,
                   winner=home, why=f"PYTHONHOME={home}", observed=True)
    case.equal(found["shadows"], True, "it counts")
    for flags in ("-E", "-I"):
        expect_none(shadow(*python, "--python-flags", flags, env=env), "python_home_elsewhere")
    expect_none(shadow(*python, env=world.env(PYTHONHOME=prefix)), "python_home_elsewhere")
    expect_none(shadow(*python, env=world.env()), "python_home_elsewhere")
    # It is meant where core is said to be in there.
    core = write(home / "core", {"thing.py": ""})
    env["PYTHONPATH"] = str(core)
    expect_none(shadow(*python, "--core", core, env=env), "python_home_elsewhere")


@kind("python_flags")
def flags_of_the_interpreter():
    """Each flag takes away what it takes away in reality, and nothing else."""
    version = case.command(PYTHON_OF_USER, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").out.strip()
    home = case.tmp / "flags-home"
    write(home / f".local/lib/python{version}/site-packages", {"thing.py": ""})
    on_path = world.layer("flags-path", {"other.py": ""})
    work = world.layer("flags-work", {"socket.py": ""})
    everything = {"script", "pythonpath", "user", "stdlib", "site"}
    without = {"-s": {"user"}, "-E": {"pythonpath"}, "-I": {"script", "pythonpath", "user"}, "-S": {"user", "site"},
               "-P": {"script"}, "-s -E": {"user", "pythonpath"}}
    if tuple(map(int, version.split("."))) < (3, 11):
        del without["-P"]
    for flags, gone in {"": set(), **without}.items():
        given = [f"--python-flags={flags}"] if flags else []
        report = shadow("--python", PYTHON_OF_USER, *given, cwd=work, env=world.env(HOME=home, PYTHONPATH=on_path))
        layers = {place["layer"] for place in report.json["orders"][0]["places"]}
        case.equal(layers, everything - gone, f"layers with {flags!r}")
        # Without site the standard library is all that is sealed, and so it is core.
        kind_of_socket = "python_module_shadowed" if "site" in gone else "python_stdlib_shadowed"
        (expect_none if "script" in gone else expect)(report, kind_of_socket, "socket")


FINDER = """import sys
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {name!r}:
            from importlib.machinery import ModuleSpec
            return ModuleSpec(name, None, origin="/elsewhere/" + name + ".py")
sys.meta_path.insert(0, Finder)
"""


@kind("python_import_hook")
def import_hook():
    hooks = world.layer("hooks", {"sitecustomize.py": FINDER.format(name="tokenizers")})
    report = shadow(*world.python, env=world.env(PYTHONPATH=hooks), layers=[hooks])
    expect(report, "python_import_hook", "tokenizers", winner="/elsewhere/tokenizers.py", observed=True)
    harmless = world.layer("harmless", {"sitecustomize.py": FINDER.format(name="nobody_has_this")})
    expect_none(shadow(*world.python, env=world.env(PYTHONPATH=harmless)), "python_import_hook")


@kind("python_distribution_shadowed")
def distribution_shadowed():
    newer = world.layer("newer", distribution("fsspec", "2027.1"))
    report = shadow(*world.python, env=world.env(PYTHONPATH=newer), layers=[newer])
    expect(report, "python_distribution_shadowed", "fsspec 2027.1 (core: 2026.1)", path=newer / "fsspec-2027.1.dist-info",
           winner=newer / "fsspec-2027.1.dist-info", observed=True, why="searched before core")
    same = world.layer("same", distribution("fsspec", "2026.1"))
    expect_none(shadow(*world.python, env=world.env(PYTHONPATH=same)), "python_distribution_shadowed")


    # Of two layers in front of core, one wins; the other is only there.
    newest = world.layer("newest", distribution("fsspec", "2028.1"))
    report = shadow(*world.python, env=world.env(PYTHONPATH=f"{newest}:{newer}"), layers=[newer, newest])
    expect(report, "python_distribution_shadowed", "fsspec 2028.1 (core: 2026.1)", observed=True)
    expect(report, "python_version_clash", "fsspec 2027.1 (core: 2026.1)", winner=newest, observed=True)
    # What importlib.metadata itself is made of does not come from the layer.
    broken = world.layer("broken", {**distribution("fsspec", "2027.1"), "email/__init__.py": "raise SystemExit(7)\n", "csv.py": "raise SystemExit(7)\n"})
    report = shadow(*world.python, env=world.env(PYTHONPATH=broken), layers=[broken])
    expect(report, "python_distribution_shadowed", "fsspec 2027.1 (core: 2026.1)", observed=True)
    # Where nothing is started, the rules decide.
    report = shadow("--only-read", "--layer", f"newer={newer}", "--layer", f"core={world.venv.site}", "--core", "core", layers=[newer])
    expect(report, "python_distribution_shadowed", "fsspec 2027.1 (core: 2026.1)", observed=False)


# Answers for distributions in front of every directory.
DISTRIBUTION_FINDER = """
import sys
class Found:
    version = "9.9"
    metadata = {{"Name": "{name}", "Version": "9.9"}}
    def locate_file(self, path):
        return "/elsewhere"
class Finder:
    def find_spec(self, name, path=None, target=None):
        return None
    def find_distributions(self, context):
        return [Found()] if context.name in ("{name}", None) else []
sys.meta_path.insert(0, Finder())
"""


@kind("python_version_clash")
def version_clash():
    older = world.layer("older", {**distribution("fsspec", "2025.1"), "sitecustomize.py": DISTRIBUTION_FINDER.format(name="fsspec")})
    report = shadow(*world.python, env=world.env(PYTHONPATH=older), layers=[older])
    expect(report, "python_version_clash", "fsspec 2025.1 (core: 2026.1)", winner="/elsewhere", observed=True, why="sys.meta_path")
    expect_none(report, "python_distribution_shadowed")
    core = ["--layer", f"core={world.venv.site}"]
    for version, count in (("2027.1", 1), ("2026.1", 0)):
        layer = world.layer(f"clash-{version}", distribution("FSSpec", version))
        report = shadow(*core, "--layer", f"durable={layer}", *world.python, layers=[layer])
        case.equal(len(report.of("python_version_clash")), count, repr(report))
        for found in report.of("python_version_clash"):
            case.equal((found["winner"], found["observed"]), (str(world.venv.site / "fsspec-2026.1.dist-info"), True), "core's is taken")
        case.equal(report.code, 0, "core wins")


@kind("python_script_first")
def script_first():
    code = world.layer("code", {"main.py": ""})
    report = shadow(*world.python, "--script", code / "main.py", layers=[code])
    expect(report, "python_script_first", str(code), why="the script's directory", observed=True)
    expect_none(shadow(*world.python, "--script", code / "main.py", "--python-flags", "-I"), "python_script_first")


@kind("python_name_twice")
def name_twice():
    core = ["--layer", f"core={world.venv.site}"]
    layer = world.layer("more", {"single.py": "", "new.py": ""})
    report = shadow(*core, "--layer", f"more={layer}", *world.python)
    expect(report, "python_name_twice", "single", winner=world.venv.site / "single.py", observed=True)
    expect_none(report, "python_name_twice", "new")
    case.equal(report.code, 0, "core wins")


@kind("python_two_copies")
def two_copies():
    first = world.layer("first", {"shared.py": "", "alone.py": "", "part/x.py": ""})
    second = world.layer("second", {"shared.py": "", "other.py": "", "part/y.py": ""})
    report = shadow("--layer", f"core={world.venv.site}", "--layer", f"first={first}", "--layer", f"second={second}",
                    *world.python)
    expect(report, "python_two_copies", "shared", layer="second", winner=first / "shared.py")
    case.equal(len(report.of("python_two_copies")), 1, repr(report))


@kind("python_stdlib_name")
def stdlib_name():
    core = ["--layer", f"core={world.venv.site}"]
    layer = world.layer("backports", {"dataclasses.py": "", "new.py": ""})
    report = shadow(*core, "--layer", f"backports={layer}", *world.python)
    expect(report, "python_stdlib_name", "dataclasses", observed=True)
    expect_none(report, "python_stdlib_name", "new")


@kind("python_abi_mismatch")
def abi_mismatch():
    core = ["--layer", f"core={world.venv.site}"]
    fits = case.command(world.venv.python, "-c", "import importlib.machinery as m; print(m.EXTENSION_SUFFIXES[0])").out.strip()
    case.contains(fits, "cpython", "the interpreter's first suffix")
    layer = world.layer("abi", {"pack/__init__.py": "", f"pack/good{fits}": "", "pack/stable.abi3.so": "", "pack/plain.so": "",
                                "pack/bad.cpython-27-x86_64-linux-gnu.so": "",
                                f"pack/both{fits}": "", "pack/both.cpython-27-x86_64-linux-gnu.so": "",
                                "top.cpython-27-x86_64-linux-gnu.so": ""})
    report = shadow(*core, "--layer", f"abi={layer}", *world.python, layers=[layer])
    case.equal([f["subject"] for f in report.of("python_abi_mismatch")],
               ["top.cpython-27-x86_64-linux-gnu.so", "pack/bad.cpython-27-x86_64-linux-gnu.so"], repr(report))


@kind("python_start_code")
def start_code():
    early = world.layer("custom", {"sitecustomize.py": "", "usercustomize.py": "", "x.pth": "import sys\n"})
    report = shadow(*world.python, env=world.env(PYTHONPATH=early))
    expect(report, "python_start_code", "sitecustomize", path=early / "sitecustomize.py")
    expect(report, "python_start_code", "usercustomize")
    expect_none(report, "python_start_code", "x.pth")  # PYTHONPATH is no site directory
    home = case.tmp / "home"
    version = case.command(PYTHON_OF_USER, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").out.strip()
    user = write(home / f".local/lib/python{version}/site-packages",
                 {"code.pth": "# nothing\n\nimport sys; x = 1\n", "path.pth": "/nowhere\n"})
    report = shadow("--python", PYTHON_OF_USER, env=world.env(HOME=home), layers=[user])
    expect(report, "python_start_code", "code.pth", layer="user", why="line 3: import sys; x = 1")
    expect_none(report, "python_start_code", "path.pth")
    expect_none(shadow("--python", PYTHON_OF_USER, "--python-flags", "-s", env=world.env(HOME=home)), "python_start_code")


PYTHON_OF_USER = shadow_trees.PYTHON


@kind("python_unreadable")
def unreadable():
    layer = world.layer("odd", {"fine.py": ""})
    (layer / "gone.py").symlink_to(layer / "nowhere.py")
    core = ["--layer", f"core={world.venv.site}"]
    report = shadow(*core, "--layer", f"odd={layer}", *world.python)
    expect(report, "python_unreadable", "gone.py", why="No such file")
    case.equal(len(report.of("python_unreadable")), 1, repr(report))
    (layer / "gone.py").unlink()
    expect_none(shadow(*core, "--layer", f"odd={layer}", *world.python), "python_unreadable")


@kind("env_variable_wins")
def variable_wins():
    models = case.models()
    arguments = ["--models-dir", models, *world.python]
    env = world.env(HF_HOME="/elsewhere", TRANSFORMERS_CACHE="/old", HF_HUB_CACHE=models / "hub", HF_HUB_OFFLINE="0")
    report = shadow(*arguments, env=env, check="env")
    expect(report, "env_variable_wins", "HF_HOME", path="HF_HOME=/elsewhere", core=f"HF_HOME={models}")
    expect(report, "env_variable_wins", "TRANSFORMERS_CACHE", core="not set")
    expect(report, "env_variable_wins", "HF_HUB_OFFLINE", winner="HF_HUB_OFFLINE=0")
    expect_none(report, "env_variable_wins", "HF_HUB_CACHE")  # is what a run would set
    case.equal(shadow(*arguments, env=world.env(), check="env").shadowing(), [], "a clean environment")
    # A run's own environment is right.
    inside = case.run("--models-dir", models, "--", case.HFOFFLINE, "shadow", "env", "--models-dir", models, "--only-read",
                      env=env)
    case.expect_code(inside, 0, "inside a run")


@kind("env_not_read")
def variable_not_read():
    arguments = ["--models-dir", case.models(), *world.python]
    env = world.env(TRANSFORMERS_CACHE="/old")
    for version, wins in (("4.57.1", True), ("5.0.0", False)):
        installed = write(world.venv.site, distribution("transformers", version))
        report = shadow(*arguments, env=env, check="env")
        case.equal(len(report.of("env_variable_wins")), int(wins), repr(report))
        case.equal(len(report.of("env_not_read")), int(not wins), repr(report))
        case.command("rm", "-r", installed / "transformers", installed / f"transformers-{version}.dist-info")


@kind("env_scratch_elsewhere")
def scratch_elsewhere():
    arguments = ["--models-dir", case.models(), "--only-read"]
    expect(shadow(*arguments, env=world.env(HF_MODULES_CACHE="/w"), check="env"), "env_scratch_elsewhere", "HF_MODULES_CACHE")
    expect_none(shadow(*arguments, env=world.env(), check="env"), "env_scratch_elsewhere")


@kind("env_proxy")
def proxy():
    env = world.env(https_proxy="http://me:secret@proxy:80")
    report = shadow("--only-read", env=env, check="env")
    expect(report, "env_proxy", "https_proxy", path="***@proxy:80")
    case.lacks(report.result.out, "secret", "a password")
    expect_none(shadow("--only-read", "--keep-proxies", env=env, check="env"), "env_proxy")


def holds():
    global world
    world = World()
    text = (case.SOURCE / "src/layers/finding_kinds.def").read_text()
    rows = re.findall(r"(?m)^FINDING\((\w+), (\w+),", text)
    ours = {name for name, checker in rows if checker in ("python", "env")}
    case.equal(sorted(KINDS.keys() - {"python_flags"}), sorted(ours), "every kind has its case")
    for name, function in KINDS.items():
        try:
            function()
        except AssertionError as error:
            case.fail(f"{name}: {error}")


case.isolate("net")
case.main(holds)
