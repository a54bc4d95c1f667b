#!/usr/bin/env python3
"""Each check of check_system_calls.py must go off for what is wrong in just that way."""

import unittest

import check_system_calls

ROWS = """
// A comment
CALL(open, opens, path, probes, open fopen)
CALL(exec, other, none, some_case, exec)
PASS(read write,
     "through a descriptor")
NONE(getenv, "memory")
"""
KERNEL = {"open": {"x86_64": 2}, "exec": {"x86_64": 59, "aarch64": 221}, "read": {"x86_64": 0, "aarch64": 63},
          "write": {"x86_64": 1, "aarch64": 64}, "brk": {"x86_64": 12, "aarch64": 214}}
SOURCE = """
#if defined(__x86_64__)
    case SYS_open:
#endif
  if (number == SYS_exec) return;
"""
HOOKS = {"open", "fopen", "exec", "getenv"}


class SystemCallsTest(unittest.TestCase):
    def expect(self, expected, rows=ROWS, hooks=HOOKS, kernel=KERNEL, reviewed=("brk",), source=SOURCE, probed=None, cases=None):
        """Exactly these complaints, in any order."""
        parsed, found = check_system_calls.read_rows(rows)
        facts = check_system_calls.Facts(parsed, hooks, kernel, list(reviewed), check_system_calls.read_judged(source),
                                         {"open": ["0", "EROFS"]} if probed is None else probed,
                                         {"some_case": "SYS_exec"} if cases is None else cases)
        found = [("rows", complaint) for complaint in found] + check_system_calls.run_checks(facts)
        self.assertEqual(sorted(found), sorted(expected))

    def test_all_decided_and_judged(self):
        self.expect([])

    def test_hook_without_a_call(self):
        self.expect([("hooks", "creat is hooked, and nothing says which system call it ends in: CALL or NONE in system_calls.def")],
                    hooks=HOOKS | {"creat"})

    def test_row_for_a_function_that_is_no_hook(self):
        self.expect([("hooks", "system_calls.def:3: fopen is not hooked")], hooks=HOOKS - {"fopen"})

    def test_function_with_a_call_and_with_none(self):
        self.expect([("duplicates", "system_calls.def:3: open ends in no system call, says system_calls.def:8")],
                    rows=ROWS + 'NONE(open, "memory")\n')

    def test_undecided_call(self):
        self.expect([("undecided", "openat3 is undecided: CALL or PASS in system_calls.def, or reviewed_system_calls.txt")],
                    kernel={**KERNEL, "openat3": {"x86_64": 600}})

    def test_call_that_no_kernel_has(self):
        self.expect([("undecided", "bkr is no system call")], reviewed=("brk", "bkr"))

    def test_call_decided_twice(self):
        self.expect([("duplicates", "reviewed_system_calls.txt: read is also at system_calls.def:5")], reviewed=("brk", "read"))

    def test_no_reason(self):
        self.expect([("undecided", "system_calls.def:5: no reason is given")], rows=ROWS.replace("through a descriptor", " "))

    def test_call_that_is_not_judged(self):
        self.expect([("judged", "system_calls.def:4: nothing judges exec on aarch64"),
                     ("judged", "system_calls.def:4: nothing judges exec on x86_64")],
                    source=SOURCE.replace("number == SYS_exec", "true"))

    def test_call_judged_on_one_machine_alone(self):
        self.expect([("judged", "system_calls.def:4: nothing judges exec on aarch64")],
                    source=SOURCE.replace("number == SYS_exec", "true").replace("case SYS_open:", "case SYS_open: case 59:"))

    def test_what_only_reads_is_not_judged(self):
        source = SOURCE.replace("number == SYS_exec", "true")
        self.expect([], rows=ROWS.replace("exec, other, none", "exec, reads, at_path"), source=source)
        self.expect([("judged", "system_calls.def:4: nothing judges exec on aarch64"),
                     ("judged", "system_calls.def:4: nothing judges exec on x86_64")],
                    rows=ROWS.replace("exec, other, none", "exec, reads, none"), source=source)

    def test_judged_without_a_row(self):
        self.expect([("judged", "read is judged on aarch64, and has no CALL in system_calls.def"),
                     ("judged", "read is judged on x86_64, and has no CALL in system_calls.def")],
                    source=SOURCE + "case SYS_read:\n")

    def test_probe_that_is_never_refused(self):
        complaint = [("tried", "system_calls.def:3: no probe of syscall(open) is refused")]
        self.expect(complaint, probed={"open": ["0", "fd"]})
        self.expect(complaint, probed={})

    def test_case_that_does_not_try_it(self):
        self.expect([("tried", "system_calls.def:4: some_case does not name exec")], cases={"some_case": "SYS_execveat"})
        self.expect([("tried", "system_calls.def:4: no such case: some_case")], cases={})

    def test_line_that_is_no_row(self):
        self.expect([("rows", "system_calls.def:8: not a row: CALL(open)")], rows=ROWS + "CALL(open)\n")


if __name__ == "__main__":
    unittest.main()
