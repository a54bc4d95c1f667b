#!/usr/bin/env python3
"""A tree is known by its name, so no directory above it may be renamed; one that was renamed by somebody else is found all the same."""
import case
from programs import preload


def holds():
    above, other = case.tmp / "above", case.tmp / "other"
    models = above / "deeper/models"
    for directory in (models, other, case.tmp / "abovX/deeper"):
        directory.mkdir(parents=True)
        (directory / "file").write_text("text\n")
    program = preload.program("file_doors")
    record = case.tmp / "record.jsonl"
    result = preload.shimmed(models, program, f"rename:{above}={case.tmp / 'moved'}", f"rename:{above / 'deeper'}={case.tmp / 'moved'}",
                             f"exchange:{above}={other}", f"exchange:{other}={above}", f"open:{models / 'file'}", record=record)
    case.expect_code(result, 0, "the program")
    case.equal(result.out, f"rename:{above}: EBUSY\nrename:{above / 'deeper'}: EBUSY\nexchange:{above}: EBUSY\nexchange:{other}: EBUSY\n"
                           f"open:{models / 'file'}: EROFS\n", "above the tree")
    case.equal(len([line for line in case.record(record) if line["errno"] == "EBUSY"]), 4, "recorded")
    # The twins: what is beside it, or whose name merely begins alike, and errors that come first.
    result = preload.shimmed(models, program, f"rename:{other}={case.tmp / 'other2'}", f"rename:{case.tmp / 'abovX'}={case.tmp / 'x'}",
                             f"rename:{case.tmp / 'other2/file'}={above / 'file'}", f"rename:{above / 'file'}={above / 'file2'}",
                             f"exchange:{case.tmp / 'x'}={case.tmp / 'other2'}", f"rename:{above}={above}", f"rename:{above}={above / 'file2'}")
    case.equal([line.split(": ")[1] for line in case.expect_code(result, 0, "the twins").out.splitlines()], ["done"] * 6 + ["EINVAL"], "beside the tree")
    # Renamed by somebody outside of the run, the tree keeps its protection; its old name is free.
    plain = case.expect_code(preload.shimmed(models, "sh", "-c", f"true; exec {program} open:{models / 'file'}"), 0, "not renamed")
    case.contains(plain.out, "EROFS", "not renamed")

    helper = case.c_program(f'''
#include <sys/syscall.h>
int main(void) {{
  long result = {82 if case.os.uname().machine == "x86_64" else 38};
  const char *from = "{above}", *to = "{case.tmp / 'moved'}";
#if defined(__x86_64__)
  __asm__ volatile("syscall" : "+a"(result) : "D"(from), "S"(to) : "rcx", "r11", "memory");
#else
  register long number __asm__("x8") = 38;
  register long a __asm__("x0") = -100; register const char* b __asm__("x1") = from;
  register long c __asm__("x2") = -100; register const char* d __asm__("x3") = to;
  __asm__ volatile("svc 0" : "+r"(a) : "r"(number), "r"(b), "r"(c), "r"(d) : "memory");
  result = a;
#endif
  return result == 0 ? 0 : 1;
}}
''', name="raw_rename")
    new = case.tmp / "moved/deeper/models/file"
    result = preload.shimmed(models, "sh", "-c", f"{helper} && exec {program} open:{new} open:{case.tmp / 'other2/deeper/file'} create:{case.tmp / 'fresh'}")
    case.expect_code(result, 0, "after the rename")
    case.equal([line.split(": ")[1] for line in result.out.splitlines()], ["EROFS", "done", "done"], "by its new name")


case.main(holds)
