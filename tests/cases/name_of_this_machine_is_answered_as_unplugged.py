#!/usr/bin/env python3
import os

import case
import name_server

LOOKUPS = f"{case.BUILD}/tests/cases/programs/lookups"


def lookups(*arguments):
    result = case.run("--quiet", "--", LOOKUPS, *arguments)
    case.expect_code(result, 0, "the program")
    return result.out


def holds():
    file = name_server.use()
    server = name_server.Server({})
    # Without a hosts file localhost is what the hosts file usually says, in every detail. Each family by itself:
    # for IPv4, glibc takes "::1 localhost" for a second 127.0.0.1.
    expected = {}
    for family, address in (("2", "127.0.0.1"), ("10", "::1")):
        case.equal(server.asked, [], "names that the name server was asked for")
        file.write_text(f"{address} localhost\n")
        lines = case.command(LOOKUPS, "everyhow", "localhost").out.splitlines()
        server.asked.clear()
        expected[family] = [line for line in lines if line.split()[1] == family]
        case.contains("".join(expected[family]), f"{address}#80=localhost", "the bare answer")
        case.equal([line for line in lookups("everyhow", "localhost").splitlines() if line.split()[1] == family],
                   expected[family], "localhost from the hosts file")
    file.write_text("")
    got = lookups("everyhow", "localhost").splitlines()
    for family, lines in expected.items():
        for wanted, line in zip(lines, [line for line in got if line.split()[1] == family], strict=True):
            case.equal(line, wanted, "localhost from nowhere")
    case.equal(lookups("gethostbyname", "localhost"), "gethostbyname localhost: localhost 127.0.0.1\n", "gethostbyname")
    case.equal(lookups("wait", "localhost"), "wait localhost: 2/1/6/127.0.0.1#0\n", "getaddrinfo_a")
    # The machine's own name: from the hosts file, or as nss-myhostname answers where no address is configured.
    own = os.uname().nodename
    unknown = f"getaddrinfo {own}: EAI_NONAME\n"
    case.equal(lookups("getaddrinfo", own), unknown, "own name, known to nobody")
    name_server.replace("/etc/nsswitch.conf", "# hosts: myhostname\npasswd: myhostname\nhosts: files dns # myhostname\n")
    case.equal(lookups("getaddrinfo", own), unknown, "own name, known to nobody yet")
    for sources in ("files myhostname dns", "mymachines resolve [!UNAVAIL=return] files dns myhostname"):
        name_server.replace("/etc/nsswitch.conf", f"passwd: files\nhosts:  {sources}\n")
        case.equal(lookups("getaddrinfo", own), f"getaddrinfo {own}: 2/1/6/127.0.0.2#0\n", f"own name, {sources}")
        case.equal(lookups("gethostbyname", own), f"gethostbyname {own}: {own} 127.0.0.2\n", f"own name, {sources}")
        case.equal(lookups("getaddrinfo", own + "x"), f"getaddrinfo {own}x: EAI_NONAME\n", "a longer name")
    file.write_text(f"127.0.0.5 {own}\n")
    case.equal(lookups("getaddrinfo", own), f"getaddrinfo {own}: 2/1/6/127.0.0.5#0\n", "own name in the hosts file")
    case.equal(server.asked, [], "names that the name server was asked for")


case.isolate("net", "mount")
case.main(holds)
