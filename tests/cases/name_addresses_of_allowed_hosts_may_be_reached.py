#!/usr/bin/env python3
import case
import name_server

LOOKUPS = f"{case.BUILD}/tests/cases/programs/lookups"
LONG = ".".join(["a" * 60] * 4)
ADDRESSES = {
    "one.test": ["192.0.2.1"], "other.test": ["192.0.2.1"], "1.debian.pool.ntp.org": ["192.0.2.2"],
    LONG: ["192.0.2.3"],
}
WAYS = ["getaddrinfo", "gethostbyname", "wait", "later", "res_query"]
# Nothing leads there: an allowed connect gets the kernel's ENETUNREACH, a refused one what was asked for.
ALLOWED, REFUSED = "ENETUNREACH", "EHOSTUNREACH"


def run(allow, *arguments):
    flags = [f"--allow={a}" for a in allow]
    result = case.run("--quiet", "--errno", REFUSED, *flags, "--", LOOKUPS, *arguments)
    case.equal(result.code, 0, f"the program: {result!r}")
    return [line.rpartition(": ")[2] for line in result.out.splitlines()]


def holds():
    name_server.use()
    server = name_server.Server(ADDRESSES)
    for name, (address,) in ADDRESSES.items():
        for way in WAYS:
            what = f"{way} {name}"
            # Without a lookup nothing is known; a port that is not on the list is refused all the same.
            case.equal(run([f"{name}:80"], "connect", f"{address}:80", way, name, "connect", f"{address}:80",
                           "connect", f"{address}:81")[::2], [REFUSED, ALLOWED], what)
            case.equal(run([f"{name}:80"], way, name, "connect", f"{address}:81")[1], REFUSED, what)
            case.check(name in server.asked, f"{what}: not even the name server was asked")
            server.asked.clear()
            # The twin: nobody is asked for a name that is not on the list, and nothing is learned.
            answers = run([], way, name, "connect", f"{address}:80")
            case.equal(answers, [{"gethostbyname": "h_errno 1", "res_query": "failed"}.get(way, "EAI_NONAME"), REFUSED],
                       f"{what}, not allowed")
            case.equal(server.asked, [], f"{what}, not allowed: the name server was asked")
    # Two names share an address: what either may is allowed, in whatever order they were looked up.
    for first, second in (("one.test", "other.test"), ("other.test", "one.test")):
        answers = run(["one.test:80", "other.test:90"], "getaddrinfo", first, "getaddrinfo", second,
                      "connect", "192.0.2.1:80", "connect", "192.0.2.1:90", "connect", "192.0.2.1:91")
        case.equal(answers[2:], [ALLOWED, ALLOWED, REFUSED], f"{first}, then {second}")
    # What another process looked up is known as well.
    case.equal(run(["one.test"], "elsewhere", "one.test", "connect", "192.0.2.1:80")[1], ALLOWED, "another process")


case.isolate("net", "mount")
case.main(holds)
