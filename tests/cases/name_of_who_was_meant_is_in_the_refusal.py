#!/usr/bin/env python3
import case
import name_server

LOOKUPS = f"{case.BUILD}/tests/cases/programs/lookups"
LONG = ".".join(["b" * 60] * 4)
HOSTS = f"127.0.0.1 localhost\n192.0.2.1 first.test alias.test\n192.0.2.1 second.test\n192.0.2.9 {LONG}\n"


def hosts(*arguments, allow=()):
    """The hosts of the record's lines about connections."""
    file = case.tmp / "record.jsonl"
    file.unlink(missing_ok=True)
    flags = [f"--allow={a}" for a in allow]
    case.expect_code(case.run("--quiet", "--record", file, *flags, "--", LOOKUPS, *arguments), 0, "the program")
    return [line["host"] for line in case.record(file) if line["kind"] == "egress"]


def holds():
    name_server.use(hosts=HOSTS)
    name_server.Server({"cdn.test": ["192.0.2.1"]})
    target = ("connect", "192.0.2.1:80")
    case.equal(hosts(*target), ["192.0.2.1"], "no lookup")
    for way in ("getaddrinfo", "gethostbyname", "wait", "later"):
        case.equal(hosts(way, "first.test", *target), ["first.test"], f"a name of the hosts file, {way}")
    case.equal(hosts("getaddrinfo", LONG, "connect", "192.0.2.9:80"), [LONG], "a long name")
    # The last name counts, each time.
    case.equal(hosts("getaddrinfo", "first.test", *target, "getaddrinfo", "second.test", *target),
               ["first.test", "second.test"], "two names in turn")
    case.equal(hosts("getaddrinfo", "second.test", "getaddrinfo", "first.test", *target), ["first.test"], "the other order")
    # What another process of the run looks up meanwhile is not what this one meant, but better than nothing.
    case.equal(hosts("getaddrinfo", "first.test", "elsewhere", "second.test", *target), ["first.test"], "another process")
    case.equal(hosts("elsewhere", "second.test", *target), ["second.test"], "only another process")
    # An allowed name's address on another port, and under another name.
    case.equal(hosts("getaddrinfo", "cdn.test", "connect", "192.0.2.1:81", allow=["cdn.test:80"]), ["cdn.test"], "another port")
    case.equal(hosts("getaddrinfo", "cdn.test", "getaddrinfo", "first.test", "connect", "192.0.2.1:80", "connect",
                     "192.0.2.1:81", allow=["cdn.test:80"]), ["first.test"], "allowed under another name")
    # A name from the hosts file allows nothing.
    case.equal(hosts("getaddrinfo", "first.test", *target, allow=["cdn.test:80"]), ["first.test"], "not allowed")


case.isolate("net", "mount")
case.main(holds)
