#!/usr/bin/env python3
import json
import sys

import case
import name_server

LOOKUPS = f"{case.BUILD}/tests/cases/programs/lookups"
WAYS = ["getaddrinfo", "gethostbyname", "wait", "later", "res_query"]
# Nothing leads there: an allowed connect gets the kernel's ENETUNREACH, a refused one what was asked for.
ALLOWED, REFUSED = "ENETUNREACH", "EHOSTUNREACH"

# Allows its rules to the test "t", and runs one program after the other for the test that stands before it.
DRIVER = """
import ctypes, json, os, subprocess, sys
shim = ctypes.CDLL(None)
for step in json.loads(sys.argv[1]):
    what, rest = step[0], step[1:]
    if what == "allow":
        print("allow", os.strerror(shim.hfoffline_test_allow(*(text.encode() for text in rest))))
    elif what == "end":
        shim.hfoffline_test_end(rest[0].encode())
    else:
        environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
        if what is not None:
            environment["PYTEST_CURRENT_TEST"] = what
        subprocess.run([%r, *rest], env=environment)
    sys.stdout.flush()
""" % LOOKUPS


def answers(flags, *steps):
    record = case.tmp / "record.jsonl"
    record.unlink(missing_ok=True)
    result = case.run("--quiet", "--errno", REFUSED, "--record", record, *flags, "--", sys.executable, "-c", DRIVER,
                      json.dumps(steps))
    case.equal(result.code, 0, f"the program: {result!r}")
    answers.record = case.record(record) if record.exists() else []
    return [line.rpartition(": ")[2] if not line.startswith("allow ") else line for line in result.out.splitlines()]


def holds():
    name_server.use()
    server = name_server.Server({"one.test": ["192.0.2.1"], "other.test": ["192.0.2.1"], "third.test": ["192.0.2.3"]})
    permit = ["--allow-from-tests"]
    ok = "allow Success"
    for way in WAYS:
        found = answers(permit, ["allow", "t", "one.test:80"],
                        ["t (call)", way, "one.test", "connect", "192.0.2.1:80", "connect", "192.0.2.1:81"],
                        ["t (teardown)", "connect", "192.0.2.1:80"],
                        ["u (call)", "connect", "192.0.2.1:80"], [None, "connect", "192.0.2.1:80"],
                        ["t (call)", "connect", "192.0.2.3:80"])
        case.equal(found[:1] + found[2:], [ok, ALLOWED, REFUSED, ALLOWED, REFUSED, REFUSED, REFUSED], way)
        case.check("one.test" in server.asked, f"{way}: not even the name server was asked")
        server.asked.clear()
        let_through = [line for line in answers.record if line["verdict"] == "allow"]
        case.equal({line["rule"] for line in let_through}, {'allow_egress("one.test:80")'}, f"{way}: rules")
        case.equal([line["target"] for line in let_through], ["one.test", "192.0.2.1:80", "192.0.2.1:80"], f"{way}: targets")
        case.equal({line["host"] for line in let_through}, {"one.test"}, f"{way}: hosts")
        # Another test may not even ask.
        found = answers(permit, ["allow", "t", "one.test:80"], ["u (call)", way, "one.test", "connect", "192.0.2.1:80"])
        case.equal(found[2], REFUSED, f"{way} in another test")
        case.equal(server.asked, [], f"{way} in another test: the name server was asked")

    # The name of the rule counts, not the last name of the address; and it ends with the test.
    found = answers(permit, ["allow", "t", "one.test"], ["allow", "u", "other.test"],
                    ["t", "getaddrinfo", "one.test"], ["u", "getaddrinfo", "other.test"],
                    ["t", "connect", "192.0.2.1:80"], ["u", "connect", "192.0.2.1:80"],
                    ["end", "t"], ["t", "connect", "192.0.2.1:80"], ["u", "connect", "192.0.2.1:80"],
                    ["t", "getaddrinfo", "one.test"])
    case.equal(found[4:], [ALLOWED, ALLOWED, REFUSED, ALLOWED, "EAI_NONAME"], "two tests")

    # The twin: a run that does not permit it.
    found = answers([], ["allow", "t", "192.0.2.1"], ["t", "connect", "192.0.2.1:80"])
    case.equal(found, ["allow Operation not permitted", REFUSED], "not permitted")
    case.equal([line["verdict"] for line in answers.record], ["refuse"], "not permitted: the record")


case.isolate("net", "mount")
case.main(holds)
