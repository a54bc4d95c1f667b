#!/usr/bin/env python3
"""Where the real and the effective user differ, the loader drops the shim in every child."""
import case
from programs import preload

models = case.models()
PROGRAM = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char** argv) {
  if (argv[1][0] == 'u' && seteuid(65534) != 0) return 2;
  if (argv[1][0] == 'g' && setegid(65534) != 0) return 2;
  execv(argv[2], argv + 2);
  printf("not started: %s\n", strerror(errno));
  return argc > 9;
}
"""


def holds():
    case.need_root()
    program = case.c_program(PROGRAM)
    witness = case.c_program('#include "hfoffline/hfoffline.h"\n#include <stdio.h>\nint main(void) { puts(hfoffline_is_active() ? "inside" : "outside"); return 0; }\n',
                             f"-I{case.SOURCE}/include", name="witness")
    script = case.script(f"#!{witness}\n")
    for target in (witness, script):
        for who in ("user", "group"):
            for choice, said, recorded in (("warn", "outside\n", ["warn"]), ("refuse", "not started: Permission denied\n", ["refuse"]), ("allow", "outside\n", ["allow"])):
                record = case.shared / f"record-{who}-{choice}-{target.name}"
                record.write_text("")
                record.chmod(0o666)
                result = preload.shimmed(models, program, who, target, record=record, variables={"HFOFFLINE_UNSHIMMED": choice})
                case.equal(result.out, said, f"{who}, {choice}")
                case.equal([line["verdict"] for line in case.record(record) if line["reason"] == "exec_privileged"], recorded, "the record")
        # The twin: with one user the child is inside.
        case.equal(preload.shimmed(models, program, "same", target, variables={"HFOFFLINE_UNSHIMMED": "refuse"}).out, "inside\n", "the same user")


case.main(holds)
