#!/usr/bin/env python3
import itertools

import case
import name_server

LOOKUPS = f"{case.BUILD}/tests/cases/programs/lookups"
ALLOWED, REFUSED = "ENETUNREACH", "EHOSTUNREACH"  # the kernel's, since nothing leads there; and ours


def addresses(first):
    """Lists of 25 addresses that never come twice."""
    numbers = itertools.count()
    return lambda: [f"10.{first}.{n // 250}.{n % 250 + 1}" for n in itertools.islice(numbers, 25)]


def run(lookups, *connects):
    words = ["getaddrinfo", "many.test"] * lookups + [w for c in connects for w in ("connect", f"{c}:80")]
    result = case.run("--errno", REFUSED, "--allow", "many.test:80", "--", LOOKUPS, *words)
    case.equal(result.code, 0, f"the program: {result!r}")
    return [line.rpartition(": ")[2] for line in result.out.splitlines()[lookups:]], result.err


def holds():
    name_server.use()
    server = name_server.Server({"many.test": addresses(1)})
    # The twin: almost full.
    answers, err = run(160, "10.1.0.1", "10.1.15.250", "10.2.0.1")
    case.equal(answers, [ALLOWED, ALLOWED, REFUSED], "4000 addresses")
    case.lacks(err, "have resolved to", "4000 addresses")
    # More than it holds: what is known stays allowed, and what is not was said to be refused.
    server.addresses["many.test"] = addresses(2)
    answers, err = run(180, "10.2.0.1", "10.2.15.250", "10.2.17.250")
    case.equal(answers, [ALLOWED, ALLOWED, REFUSED], "4500 addresses")
    case.equal(err.count("allowed names have resolved to 4096 addresses"), 1, f"the message: {err}")
    case.contains(err, "refused: connect 10.2.17.250:80 (many.test)", "the refusal names the host")


case.isolate("net", "mount")
case.main(holds)
