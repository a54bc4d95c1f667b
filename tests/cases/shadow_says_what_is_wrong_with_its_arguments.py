#!/usr/bin/env python3
import case
import shadow_trees
from shadow_trees import distribution, write


def refused(part, *arguments, **options):
    result = case.expect_code(case.hfoffline("shadow", *arguments, **options), 2, f"{arguments}")
    case.contains(result.err, part, f"{arguments}")
    case.equal(result.out, "", f"{arguments}")


def holds():
    venv = shadow_trees.Environment()
    write(venv.site, distribution("tokenizers", "1.0"))
    work = write(case.tmp / "work", {"socket.py": "", "tokenizers.py": "", "dataclasses.py": ""})
    python = ["--python", venv.python]
    refused('did you mean "python"?', "pyhton")
    refused("there is no check", "everything")
    refused("did you mean --layer?", "--leyer", "x=/y")
    refused("NAME=PATH", "python", "--layer", "/just/a/path")
    refused("NAME=PATH", "python", "--layer", "name=")
    refused("two layers are called", "python", "--layer", "a=/x", "--layer", "a=/y")
    refused("--sample is a number", "python", "--sample", "many")
    refused("--python-flags may have", "python", *python, "--python-flags", "-c")
    refused("--python-flags may have", "python", *python, "--python-flags", "-I -X dev")
    refused("--only-read needs --layer", "python", "--only-read")
    refused('there is no layer "durable"', "python", *python, "--core", "durable")
    refused("stdlib", "python", *python, "--core", "durable")
    refused("none of the directories", "python", "--only-read", "--layer", "a=/no/such/place")
    bad = case.tmp / "bad.toml"
    bad.write_text('[[layer]]\nname = "core"\n')
    refused("[[layer]] has no path", "python", "--config", bad)
    refused("does not exist", "env", "--only-read", "--models-dir", case.tmp / "nowhere")
    # What is right prints for 80 columns, without colour on a pipe; exit code 3 and 0.
    for arguments, code in (([], 3), (["--notes"], 3), (["--python-flags", "-I"], 0)):
        result = case.expect_code(case.hfoffline("shadow", "python", *python, *arguments, cwd=work), code, f"{arguments}")
        case.lacks(result.out, "\033", "colour")
        for line in result.out.splitlines():
            # A path is not broken.
            case.check(len(line) <= 80 or any(len(word) > 40 for word in line.split()), f"a line of {len(line)}: {line}")
    case.contains(result.out, "nothing shadows core", "the last line")
    # Hundreds of findings of one kind are summed up, but each is there for --notes.
    write(venv.site, {f"module{i}.py": "" for i in range(100)})
    copies = write(case.tmp / "copies", {f"module{i}.py": "" for i in range(100)})
    for arguments, count in (([], 13), (["--notes"], 102)):
        result = case.hfoffline("shadow", "python", *python, *arguments, env=case.clean_environment(PYTHONPATH=copies))
        case.equal(result.out.count("SHADOWED"), count - 1, f"{arguments}: {result!r}")
        case.contains(result.out, "101 findings", f"{arguments}")
    several = case.hfoffline("shadow", "env", "python", *python, cwd=work)
    case.expect_code(several, 3, "two checks")
    case.check(several.out.index("python: ") < several.out.index("env: "), "in the order of the table")
    # The sample is counted, and 0 asks about contested names only.
    few = shadow_trees.shadow(*python, "--sample", "0", cwd=work)
    case.equal(few.of("python_script_first"), [], "no sentinel but for contested names")
    case.check(few.of("python_module_shadowed"), repr(few))


case.isolate("net")
case.main(holds)
