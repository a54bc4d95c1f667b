#!/usr/bin/env python3
"""Stand-ins for clients, each named as the client is and with its order of cache locations, and the real Node client."""
import os
import shutil
import signal
import subprocess
import time

import case
import shadow_trees
from shadow_trees import expect, expect_none, shadow, write

# huggingface_hub's order: docs/presets.md. Offline it answers from the cache or not at all.
STAND_IN = '''"""A stand-in for huggingface_hub, made by a test."""
import os
def location():
{order}
def hf_hub_download(repository, name):
    cache = location()
    base = os.path.join(cache, "models--" + repository.replace("/", "--"))
    commit = open(os.path.join(base, "refs/main")).read()
    path = os.path.join(base, "snapshots", commit, name)
    open(path).close()
    return path
'''
FAITHFUL = '''    home = os.path.expanduser("~/.cache")
    default = os.path.join(os.environ.get("XDG_CACHE_HOME", home), "huggingface")
    hub = os.path.join(os.environ.get("HF_HOME", default), "hub")
    return os.environ.get("HF_HUB_CACHE", os.environ.get("HUGGINGFACE_HUB_CACHE", hub))
'''
DEAF = '''    return os.path.expanduser("~/.cache/huggingface/hub")
'''
ELSEWHERE = '''    return "{elsewhere}"
'''
ELSEWHERE_IN_A_RUN = '''    if "HFOFFLINE_MODELS_DIR" in os.environ:
        return "{elsewhere}"
''' + FAITHFUL
BROKEN = '''    raise ImportError("libsome.so.1 is missing")
'''
SULKING = '''    if "HFOFFLINE_MODELS_DIR" in os.environ:
        raise RuntimeError("not in a run")
''' + FAITHFUL


def holds():
    venv = shadow_trees.Environment()
    python = ["--python", venv.python]
    # Elsewhere than where node finds a package.
    place = case.tmp / "place"
    place.mkdir()
    home = case.tmp / "home"
    home.mkdir()
    models = case.models()

    def ask(order, *arguments, **variables):
        package = venv.site / "huggingface_hub"
        shutil.rmtree(package, ignore_errors=True)
        write(package, {"__init__.py": STAND_IN.format(order=order)})
        environment = case.clean_environment(HOME=home, HFOFFLINE_MODELS_DIR=models, **variables)
        return shadow(*python, *arguments, check="cache", layers=[models, home], cwd=place, env=environment)

    report = ask(FAITHFUL)
    case.equal(report.kinds(), [], "a client that reads its variables")
    case.contains(str(report.json["orders"]), "huggingface_hub opens the models dir in a run", "what was seen")

    # What the user has installed for himself is found by the home directory, which is another one for the client.
    version = venv.site.parent.name
    write(home / ".local/lib" / version / "site-packages/huggingface_hub", {"__init__.py": STAND_IN.format(order=FAITHFUL)})
    report = shadow("--python", shadow_trees.PYTHON, check="cache", layers=[models, home], cwd=place,
                    env=case.clean_environment(HOME=home, HFOFFLINE_MODELS_DIR=models))
    case.contains(str(report.json["orders"]), "huggingface_hub opens the models dir in a run", "the user's own")
    shutil.rmtree(home / ".local")

    report = ask(DEAF)
    expect(report, "cache_default_wins", "huggingface_hub", path="~/.cache/huggingface/hub", observed=True)

    # A variable of now is of no account in a run, unless the run does not manage it.
    other = case.tmp / "other"
    other.mkdir()
    case.equal(ask(FAITHFUL, HF_HUB_CACHE=other).kinds(), [], "a variable that a run sets")
    config = case.tmp / "few.toml"
    config.write_text('[env]\npresets = ["torch"]\n')
    report = ask(FAITHFUL, "--config", config, HF_HUB_CACHE=other)
    expect(report, "cache_variable_wins", "huggingface_hub", path=other, layer="HF_HUB_CACHE", observed=True)
    case.equal(os.listdir(other), [], "what the variable names")

    # A client that fails is said, and counted: it did not pass.
    report = ask(SULKING)
    expect(report, "cache_unanswered", "huggingface_hub", why="in a run: exit code 1: RuntimeError: not in a run")
    report = ask(BROKEN)
    expect(report, "cache_unanswered", "huggingface_hub", why="outside of a run: exit code 1: ImportError: libsome")
    case.contains(str(report.json["orders"]), "1 client is installed: 0 answered, 1 could not be asked", "the count")
    expect_none(ask(FAITHFUL), "cache_unanswered")

    # Interrupted: the client that is being asked is the last one, and nothing stays behind.
    asked = case.tmp / "asked"
    asked.mkdir()
    slow = f"    open({str(asked)!r} + '/{{name}}', 'w').close(); import time; time.sleep(3)\n" + FAITHFUL
    write(venv.site / "huggingface_hub", {"__init__.py": STAND_IN.format(order=slow.format(name="first"))})
    write(venv.site / "transformers", {"__init__.py": "", "utils.py": STAND_IN.format(order=slow.format(name="second"))
                                       + "cached_file = hf_hub_download\n"})
    process = subprocess.Popen([case.HFOFFLINE, "shadow", "cache", *python], cwd=place, stdout=subprocess.DEVNULL,
                               env=case.clean_environment(HOME=home), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (asked / "first").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    case.equal(process.wait(60), -signal.SIGINT, "how it ended")
    case.equal(os.listdir(asked), ["first"], "who was asked")
    case.equal(list(case.shared.glob("hfoffline-layers-*")), [], "left behind")
    shutil.rmtree(venv.site / "transformers")

    # A client that opens a third place, in a run or always. In the latter case the sentinel of its default location does
    # not reach it, and what it says proves nothing.
    elsewhere = case.tmp / "elsewhere"
    repository = elsewhere / "models--hfoffline--sentinel"
    write(repository, {"refs/main": "abc", "snapshots/abc/config.json": "{}"})
    report = ask(ELSEWHERE_IN_A_RUN.format(elsewhere=elsewhere))
    expect(report, "cache_other_wins", "huggingface_hub", path=elsewhere, observed=True)
    package = venv.site / "huggingface_hub"
    write(package, {"__init__.py": STAND_IN.format(order=ELSEWHERE.format(elsewhere=elsewhere))})
    result = case.hfoffline("shadow", "cache", *python, cwd=place, env=case.clean_environment(HOME=home))
    case.expect_code(result, 125, "the control was not seen")
    case.contains(result.err, "would prove nothing", "why")
    shutil.rmtree(package)
    report = shadow(*python, check="cache", cwd=place, env=case.clean_environment(HOME=home))
    case.contains(str(report.json["orders"]), "no client that could be asked", "no client")

    # Another cache on the machine is said, and does not count.
    (home / ".cache/huggingface/hub/models--real--model").mkdir(parents=True)
    report = shadow(*python, check="cache", layers=[home], cwd=place, env=case.clean_environment(HOME=home))
    expect(report, "cache_second", "1 repository", path=home / ".cache/huggingface/hub")
    case.equal(report.code, 0, "another cache")
    report = shadow(*python, check="cache", cwd=place, env=case.clean_environment(HOME=home, HFOFFLINE_MODELS_DIR=home / ".cache/huggingface"))
    expect_none(report, "cache_second")

    # The real thing, where the quick start has fetched it.
    modules = case.SOURCE / "build/quickstart/node_modules"
    for candidate in (os.path.join(case.BUILD, "quickstart/node_modules"), modules):
        if shutil.which("node") and os.path.isdir(os.path.join(candidate, "@huggingface/hub")):
            (place / "node_modules").symlink_to(candidate)
            break
    else:
        print("without the real Node client: tools/quickstart fetches it")
        return
    report = shadow(*python, check="cache", cwd=place, env=case.clean_environment(HOME=case.tmp))
    case.equal(report.shadowing(), [], "the Node client")
    case.contains(str(report.json["orders"]), "@huggingface/hub opens the models dir in a run", "what was seen")


case.isolate("net")
case.main(holds)
