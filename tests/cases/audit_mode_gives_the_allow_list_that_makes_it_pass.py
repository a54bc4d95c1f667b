#!/usr/bin/env python3
import case

PROGRAM = """
import socket
def attempt(function, *arguments):
    try:
        function(*arguments)
    except OSError as error:
        print(error.errno)
attempt(socket.create_connection, ('10.1.2.3', 443), 1)
attempt(socket.create_connection, ('10.1.2.3', 80), 1)
attempt(socket.create_connection, ('2001:db8::1', 8080), 1)
attempt(socket.getaddrinfo, 'huggingface.co', 443)
attempt(socket.getaddrinfo, 'cdn.example.org', None)
"""


def holds():
    result = case.expect_code(case.run("--mode", "audit", "--strict", "--", "python3", "-c", PROGRAM), 0, "audit")
    case.contains(result.err, "hfoffline: audit: 5 requests to the network let through", "the summary")
    start = result.err.index("[egress]\nallow = [\n")
    listed = result.err[start:result.err.index("]\n", start + 10) + 2]
    # An address resolved nothing here (there is no network), so names stay without port.
    for entry in ('"10.1.2.3:443"', '"10.1.2.3:80"', '"[2001:db8::1]:8080"', '"huggingface.co"', '"cdn.example.org"'):
        case.contains(listed, f"  {entry},\n", "the allow-list")
    config = case.tmp / "allowed.toml"
    config.write_text(listed)
    result = case.expect_code(case.run("--config", config, "--strict", "--", "python3", "-c", PROGRAM), 0, "with the allow-list")
    case.contains(result.err, "nothing was refused", "with the allow-list")
    # The twin: without it, everything is refused.
    result = case.expect_code(case.run("--strict", "--", "python3", "-c", PROGRAM), 3, "without the allow-list")
    case.contains(result.err, "5 requests were refused", "without the allow-list")
    # Writes are refused in audit mode too.
    models = case.models()
    result = case.run("--mode", "audit", "--models-dir", models, "--strict", "--", "sh", "-c", f"echo x 2>/dev/null > {models}/x")
    case.contains(result.err, "1 request was refused", "a write in audit mode")
    case.check(not (models / "x").exists(), "the write went through")


case.isolate("net")
case.main(holds)
