#!/usr/bin/env python3
import case
import shadow_trees
from shadow_trees import distribution, shadow, write

EVERYTHING = """import sys
from importlib.machinery import ModuleSpec
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return ModuleSpec(name, None, origin="/somewhere")
sys.meta_path.insert(0, Finder)
"""
CORE = EVERYTHING.replace("        return", "        if name == 'tokenizers':\n            return")


def ask(*arguments, **options):
    return case.hfoffline("shadow", "python", "--json", *arguments, **options)


def holds():
    venv = shadow_trees.Environment()
    write(venv.site, distribution("tokenizers", "1.0"))
    python = ["--python", venv.python]
    case.equal(shadow(*python).code, 0, "an interpreter that answers truly")
    # Whoever answers for every name hides each sentinel, the control too: nothing is said about layers then.
    for text, what in ((EVERYTHING, "a sentinel in front of the search path"), (CORE, "won over core")):
        hook = write(case.tmp / "hook", {"sitecustomize.py": text})
        result = case.expect_code(ask(*python, env=case.clean_environment(PYTHONPATH=hook)), 125, "an answer for every name")
        case.contains(result.err, "the positive control was not seen", "the message")
        case.contains(result.err, what, "the message")
        case.equal(result.out, "", "stdout")
    # What start-up prints is not taken for an answer.
    noise = write(case.tmp / "noise", {"sitecustomize.py": "print('hfoffline-answer')\nimport sys\nsys.stdout.flush()\n"})
    case.equal(shadow(*python, env=case.clean_environment(PYTHONPATH=noise)).code, 3, "a layer in front")
    # Interpreters that are none, or end early.
    for name, text in (("dies", "#!/bin/sh\necho 'no such thing' >&2\nexit 1\n"), ("killed", "#!/bin/sh\nkill -9 $$\n"),
                       ("silent", "#!/bin/sh\nexit 0\n")):
        result = case.expect_code(ask("--python", case.script(text, name=name)), 125, name)
        case.contains(result.err, "did not answer", name)
    case.contains(ask("--python", case.tmp / "dies").err, "no such thing", "what it said")
    for name in ("/no/such/python", case.tmp):
        case.expect_code(ask("--python", name), 2, f"{name}")


case.isolate("net")
case.main(holds)
