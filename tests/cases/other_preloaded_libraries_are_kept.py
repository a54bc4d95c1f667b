#!/usr/bin/env python3
import case

models = case.models()


def holds():
    library = case.c_program('#include <stdio.h>\n#include <stdlib.h>\n'
                             '__attribute__((constructor)) static void here(void) { puts("other library"); fflush(stdout); }\n',
                             "-shared", "-fPIC", name="other.so")
    ask = ["sh", "-c", f"echo $LD_PRELOAD; echo x 2>/dev/null > {models}/x || echo refused"]
    for value in (str(library), f"{library}:", f" {library} ", f"{library}:{case.SHIM}", f"{case.SHIM} {library}"):
        result = case.run("--quiet", "--models-dir", models, "--", *ask, env=case.clean_environment(LD_PRELOAD=value))
        case.equal(result.out, f"other library\n{case.SHIM}:{library}\nrefused\n", f"LD_PRELOAD={value!r}")
    # An auditing library would come first: it is dropped.
    result = case.run("--quiet", "--", "sh", "-c", "echo ${LD_AUDIT-none}", env=case.clean_environment(LD_AUDIT="/nowhere.so"))
    case.equal(result.out, "none\n", "LD_AUDIT")


case.main(holds)
