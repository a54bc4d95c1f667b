#!/usr/bin/env python3
import threading

import case
import name_server

LOOKUPS = f"{case.BUILD}/tests/cases/programs/lookups"


def lookups(*names):
    result = case.run("--quiet", "--", LOOKUPS, *(word for name in names for word in ("getaddrinfo", name)))
    case.expect_code(result, 0, "the program")
    return [line.rpartition(": ")[2] for line in result.out.splitlines()]


def holds():
    file = name_server.use()
    server = name_server.Server({})
    found = ["2/1/6/127.0.0.9#0"]
    many = "".join(f"127.1.{i >> 8 & 255}.{i & 255} host{i}.test\n" for i in range(100000))
    for what, text in {
        "a short one": "127.0.0.9 last.test\n",
        "no line end": "127.0.0.9 last.test",
        "comments": "# 127.0.0.8 last.test\n127.0.0.8 other.test#last.test\n127.0.0.9\tlast.test # more\n",
        "several megabytes": many + "127.0.0.9 last.test\n",
        "a long line": "127.0.0.9 " + " ".join(f"name{i}.test" for i in range(2000)) + " last.test\n",
        "a long word": "x" * 5000 + "\n127.0.0.9 " + "y" * 5000 + " last.test\n",
    }.items():
        file.write_text(text)
        case.equal(lookups("last.test"), found, what)
        case.equal(lookups("missing.test", "y" * 300), ["EAI_NONAME"] * 2, f"{what}: a name that is not in there")
    # Somebody cuts and fills it all the time: a name is found or not, and nobody dies.
    stop = threading.Event()
    text = many[:900000] + "\n127.0.0.9 last.test\n"

    def change():
        while not stop.is_set():
            with open(file, "r+") as opened:
                opened.truncate(0)
                opened.write(text)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(3):
            for answer in lookups(*["last.test"] * 100):
                case.check(answer in found + ["EAI_NONAME"], f"while it changes: {answer}")
    finally:
        stop.set()
        changing.join()
    case.equal([name for name in server.asked if name != "last.test"], [], "names that a server was asked for")


case.isolate("net", "mount")
case.main(holds)
