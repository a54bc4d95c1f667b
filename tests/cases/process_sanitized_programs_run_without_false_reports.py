#!/usr/bin/env python3
"""A program built with a sanitizer is held like any other, and the sanitizer has nothing to say about us."""
import pathlib
import shutil

import case
from programs import preload

models = case.models()
SOURCE = case.SOURCE / "tests/cases/programs/everyday_calls.c"
BUILDS = {
    "plain": ("cc",),
    "gcc-address": ("gcc", "-fsanitize=address"),
    "gcc-address-static": ("gcc", "-fsanitize=address", "-static-libasan"),
    "gcc-undefined": ("gcc", "-fsanitize=undefined", "-fno-sanitize-recover"),
    "gcc-thread": ("gcc", "-fsanitize=thread"),
    "gcc-leak": ("gcc", "-fsanitize=leak"),
    "clang-address": ("clang", "-fsanitize=address"),
    "clang-address-shared": ("clang", "-fsanitize=address", "-shared-libasan"),
    "clang-undefined": ("clang", "-fsanitize=undefined", "-fno-sanitize-recover"),
    "clang-thread": ("clang", "-fsanitize=thread"),
    "clang-memory": ("clang", "-fsanitize=memory"),
}


def holds():
    outside = case.tmp / "outside"
    outside.mkdir()
    tried = []
    for name, (compiler, *flags) in BUILDS.items():
        if shutil.which(compiler) is None:
            continue
        program = case.tmp / name
        if case.command(compiler, "-g", "-O1", "-pthread", f"-I{case.SOURCE}/include", *flags, "-o", program, SOURCE).code != 0:
            continue  # without this runtime here
        variables = {"KEEP": "1"}
        if name == "clang-address-shared":
            runtime = case.command("clang", "-print-file-name=libclang_rt.asan-x86_64.so").out.strip()
            variables["LD_LIBRARY_PATH"] = str(pathlib.Path(runtime).parent)
        # A sanitizer that cannot run in this place at all proves nothing.
        if case.command(program, env=case.clean_environment(**variables)).code != 2:
            continue
        tried.append(name)
        result = case.run("--quiet", "--models-dir", models, "--", program, models, outside, env=case.clean_environment(**variables))
        case.equal((result.code, result.out, result.err), (0, "child: 0 wrong\nparent: 0 wrong\n", ""), name)
        # A bare LD_PRELOAD cannot help gcc's shared libasan in the first process: the user has to.
        variables["ASAN_OPTIONS"] = "verify_asan_link_order=0"
        result = preload.shimmed(models, program, models, outside, variables=variables)
        case.equal((result.code, result.out, result.err), (0, "child: 0 wrong\nparent: 0 wrong\n", ""), f"{name}, without the launcher")
    case.check("plain" in tried, f"tried: {tried}")
    if len(tried) < 3:
        case.skip(f"few sanitizers here: {tried}")


case.isolate("net")
case.main(holds)
