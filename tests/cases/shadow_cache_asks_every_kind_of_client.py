#!/usr/bin/env python3
"""Every client of the table is found, asked, and judged: by its default location, its variables, what is staged."""
import os
import re
import shutil

import cache_stand_ins as clients
import case
import shadow_trees
from shadow_trees import expect, expect_none, shadow

ORDER = {"hf_xet", "hf-hub 0.4.1"}  # cannot be asked
STAGED = {"torch": "torch", "nltk": "nltk_data", "tiktoken": "tiktoken", "ollama": "ollama"}
WORK = {"datasets", "evaluate"}


def facts(report):
    return "\n".join(" ".join(order["facts"]) for order in report.json["orders"])


def holds():
    venv = shadow_trees.Environment()
    clients.install_modules(venv.site)
    place = case.tmp / "place"
    programs = place / "bin"
    clients.install_programs(programs)
    clients.install_linked(programs)
    clients.install_packages(place)
    home = case.tmp / "home"
    home.mkdir()
    other = case.tmp / "other"
    other.mkdir()
    models = case.models()
    for directory in STAGED.values():
        (models / directory).mkdir()
    linked = f"hf-hub 0.4.1 in {programs}/text-embeddings-router"
    variables = {name: variable for name, (variable, _) in
                 {**clients.MODULES, **clients.PROGRAMS, **clients.PACKAGES}.items() if variable}
    variables[linked] = "HF_HOME"
    asked = set(variables) - {linked, "hf_xet"}
    if not shutil.which("node"):
        print("without node: its package is not asked")
        asked.remove("@huggingface/hub")
    # The table and the stand-ins are of one mind about who there is.
    known = {*clients.MODULES, *clients.PROGRAMS, *clients.PACKAGES, "hf-hub"}
    case.equal(sorted(clients.names_of_the_table()), sorted(known), "clients with a stand-in")

    def ask(*arguments, models_dir=models, python=venv.python, **more):
        environment = case.clean_environment(HOME=home, **more)
        environment["PATH"] = f"{programs}:{environment['PATH']}"
        if models_dir:
            environment["HFOFFLINE_MODELS_DIR"] = str(models_dir)
        return shadow("--python", python, *arguments, check="cache", layers=[models, home, other, venv.site, place],
                      cwd=place, env=environment)

    # All that is staged is what a run opens, whatever variables say.
    traps = {variable: other for variable in variables.values()}
    for report in (ask(), ask(**traps, DATA_GYM_CACHE_DIR=other, XDG_CACHE_HOME=other, HUGGINGFACE_HUB_CACHE=other)):
        case.equal(report.shadowing(), [], "a run that manages all variables")
        for name in asked - WORK:
            case.contains(facts(report), f"{name} opens the models dir in a run", "what was seen")
        for name in WORK:
            case.contains(facts(report), f"{name} writes to scratch in a run", "what was seen")
        case.contains(facts(report), "gradio keeps uploads in $TMPDIR/gradio", "what was seen")
        for kind in ("cache_default_wins", "cache_variable_wins", "cache_other_wins", "cache_not_staged", "cache_unanswered",
                     "cache_second"):
            expect_none(report, kind)
        # Who cannot be asked is said, with what follows from the order of its variables.
        expect(report, "cache_not_asked", "hf_xet", why="HF_XET_CACHE HF_HOME/xet it goes by HF_XET_CACHE", observed=False)
        expect(report, "cache_not_asked", linked, winner=f"{models}/hub", why="it goes by HF_HOME", observed=False)
        case.contains(facts(report), f"{len(asked) + 3} clients are installed: {len(asked) + 1} answered, "
                                     "2 could not be asked", "the count")

    # A run that manages nothing: each goes by its variable, or else to its default location.
    report = ask("--presets", "proxies", **traps)
    case.equal(sorted(f["subject"] for f in report.of("cache_variable_wins")), sorted(asked | {"hf_xet", linked}),
               "clients that follow a variable")
    for name in asked | {"hf_xet", linked}:
        expect(report, "cache_variable_wins", name, layer=variables[name], path=other, winner=other,
               observed=name in asked)
    case.equal(os.listdir(other), [], "what the variables name")
    report = ask("--presets", "proxies")
    expect_none(report, "cache_variable_wins")
    case.equal(sorted(f["subject"] for f in report.of("cache_default_wins")), sorted(asked | {"hf_xet", linked}),
               "clients that open their default location")
    for name, path in {"tiktoken": "$TMPDIR/data-gym-cache", "nltk": "~/nltk_data", "ollama": "~/.ollama/models",
                       "torch": "~/.cache/torch", "llama-cli": "~/.cache/huggingface/hub",
                       "evaluate": "~/.cache/huggingface/evaluate"}.items():
        expect(report, "cache_default_wins", name, path=path, observed=True)
    # The second of two variables is found as well.
    report = ask("--presets", "proxies", DATA_GYM_CACHE_DIR=other, HF_HOME=other, GRADIO_TEMP_DIR=other)
    expect(report, "cache_variable_wins", "tiktoken", layer="DATA_GYM_CACHE_DIR", path=other)
    expect(report, "cache_variable_wins", "llama-cli", layer="HF_HOME", path=other)
    case.contains(facts(report), f"gradio keeps uploads in {other}", "what was seen")

    # What [env] set says comes after the presets; the models dir itself is no other cache.
    report = ask("--set", f"HF_HUB_CACHE={other}")
    expect(report, "cache_variable_wins", "huggingface_hub", layer="HF_HUB_CACHE", path=other, observed=True)
    expect_none(report, "cache_variable_wins", "torch")
    expect_none(ask("--set", f"HF_HUB_CACHE={models}/hub"), "cache_variable_wins")
    report = ask("--presets", "proxies", HF_HUB_CACHE=models / "hub", TORCH_HOME=models / "torch")
    for name in ("huggingface_hub", "vllm", "torch"):
        expect_none(report, "cache_variable_wins", name)
        case.contains(facts(report), f"{name} opens the models dir in a run", "what was seen")

    # A redirect leads the default location to the models dir, or elsewhere.
    report = ask("--presets", "proxies", "--redirect", f"~/.cache/huggingface={models}")
    for name in ("huggingface_hub", "vllm", "llama-cli"):
        case.contains(facts(report), f"{name} opens the models dir in a run", "what was seen")
    report = ask("--presets", "proxies", "--redirect", f"{home}/.cache/huggingface={other}")
    expect(report, "cache_other_wins", "huggingface_hub", path=other, observed=True)

    # What is not staged is left alone, and said to be.
    for directory in STAGED.values():
        (models / directory).rmdir()
    report = ask(TORCH_HOME=other)
    case.equal(report.shadowing(), [], "what is not staged")
    case.equal(sorted(f["subject"] for f in report.of("cache_not_staged")), sorted(STAGED), "what is not staged")
    expect(report, "cache_not_staged", "torch", layer="TORCH_HOME", path=other, core=models / "torch", observed=True)
    expect(report, "cache_not_staged", "nltk", path="~/nltk_data", core=models / "nltk_data")

    # A bare hub cache.
    bare = case.models("hub-cache")
    report = ask(models_dir=bare)
    for name in asked - set(STAGED) - WORK:
        case.contains(facts(report), f"{name} opens the models dir in a run", "what was seen")

    # A library that is inside a program is found where --program names it; versions differ in what they read.
    mine = case.tmp / "mine"
    clients.install_linked(mine, "my-server", "1.0.0")
    report = ask("--program", mine / "my-server", HF_HUB_CACHE=other)
    expect(report, "cache_not_asked", f"hf-hub 1.0.0 in {mine}/my-server", why="it goes by HF_HUB_CACHE in a run")
    (mine / "my-server").write_text("hf-hub, but no version\n")
    report = ask("--program", mine / "my-server")
    case.equal(len(report.of("cache_not_asked")), 2, "a program without it")
    case.contains(facts(report), f"no client that is known is inside {mine}/my-server", "a program without it")

    # Other caches of the machine, in each client's default location, are said.
    (home / ".ollama/models/blobs").mkdir(parents=True)
    (home / ".cache/torch").mkdir(parents=True)  # there is nothing in it
    report = ask()
    expect(report, "cache_second", "files", path=home / ".ollama/models")
    case.equal(len(report.of("cache_second")), 1, "an empty cache")

    # A client that cannot even be loaded is said.
    shutil.rmtree(venv.site / "evaluate")
    shadow_trees.write(venv.site, {"evaluate/__init__.py": "raise ImportError('libsome.so.1 is missing')"})
    report = ask()
    expect(report, "cache_unanswered", "evaluate", why="outside of a run: exit code 1: ImportError: libsome.so.1")
    case.contains(facts(report), "3 could not be asked", "the count")

    # Without those that cannot be asked, there is nothing to say about them.
    shutil.rmtree(venv.site / "hf_xet")
    (programs / "text-embeddings-router").unlink()
    expect_none(ask(), "cache_not_asked")

    # Where nobody could be asked, that is not passed over either.
    for flags, code, why in ((["--python", "/no/such"], 2, "the interpreter /no/such is not there"),
                             (["--python", "/bin/false"], 125, "does not say what is installed for it: exit code 1"),
                             (["--python", venv.python, "--program", "/no/such"], 2, "the program /no/such is not there")):
        result = case.expect_code(case.hfoffline("shadow", "cache", *flags, cwd=place), code, why)
        case.contains(result.err, why, "the message")
    nothing = shadow(check="cache", cwd=place, env=case.clean_environment(HOME=home, PATH=home))
    case.contains(facts(nothing), "no python3 in PATH: its modules were not looked for", "without an interpreter")
    case.script("#!/bin/sh\nexit 7\n", name="place/bin/node")
    case.contains(facts(ask()), "bin/node does not say what is installed for it: exit code 7", "a broken node")

    # Inside a run nothing is asked, and with --only-read neither.
    case.contains(facts(ask("--only-read")), "no client was asked", "--only-read")
    case.lacks(facts(ask("--only-read")), "installed:", "--only-read")
    result = case.run("--", case.HFOFFLINE, "shadow", "cache", cwd=place, env=case.clean_environment(HOME=home))
    case.contains(result.out, "inside a run, whose settings stay: no client was asked", "inside a run")

    text = (case.SOURCE / "src/layers/finding_kinds.def").read_text()
    kinds = set(re.findall(r"(?m)^FINDING\((\w+), cache,", text))
    case.equal((shadow_trees.APPEARED, shadow_trees.ABSENT), (kinds, kinds), "every kind has its case and its twin")


case.isolate("net")
case.main(holds)
