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
    listed = result.err[start:result.err.index("\n]\n", start) + 3]
    # An address resolved nothing here (there is no network), so names stay without port.
    for entry in ('"10.1.2.3:443"', '"10.1.2.3:80"', '"[2001:db8::1]:8080"', '"huggingface.co"', '"cdn.example.org"'):
        case.contains(listed, f"  {entry},  # python3", "the allow-list")
    config = case.tmp / "allowed.toml"
    config.write_text(listed)
    result = case.expect_code(case.run("--config", config, "--strict", "--", "python3", "-c", PROGRAM), 0, "with the allow-list")
    case.contains(result.err, "nothing was refused", "with the allow-list")
    # The same from the record, with the tests that need each line.
    record = case.tmp / "audit.jsonl"
    tests = "import os; os.environ['PYTEST_CURRENT_TEST'] = 'tests/test_a.py::test_b (call)'\n"
    case.expect_code(case.run("--mode", "audit", "--strict", "--record", record, "--", "python3", "-c", tests + PROGRAM), 0, "audit")
    suggested = case.tmp / "suggested.toml"
    suggested.write_text(case.expect_code(case.hfoffline("report", "--suggest-config", record), 0, "--suggest-config").out)
    case.contains(suggested.read_text(), '  "10.1.2.3:443",  # tests/test_a.py::test_b\n', "a line and its test")
    case.contains(suggested.read_text(), "# With this hfoffline.toml the same run passes. ", "nothing more is needed")
    result = case.expect_code(case.run("--config", suggested, "--strict", "--", "python3", "-c", PROGRAM), 0, "with the suggested config")
    case.contains(result.err, "nothing was refused", "with the suggested config")
    # Smallest: without any one of its lines, something is refused.
    lines = suggested.read_text().splitlines(True)
    entries = [i for i, line in enumerate(lines) if line.startswith('  "')]
    case.equal(len(entries), 5, "entries")
    for i in entries:
        suggested.write_text("".join(lines[:i] + lines[i + 1:]))
        case.expect_code(case.run("--config", suggested, "--strict", "--", "python3", "-c", PROGRAM), 3, f"without {lines[i]}")
    # What no setting lets through is not promised.
    packet = "\nimport socket\ntry: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\nexcept PermissionError: pass\n"
    record.unlink()
    result = case.run("--mode", "audit", "--record", record, "--", "python3", "-c", PROGRAM + packet)
    suggestion = case.hfoffline("report", "--suggest-config", record).out
    case.contains(suggestion, "the same run passes, but for what no setting lets\n", "with a packet socket")
    case.contains(" ".join(result.err.split()), "under --mode refuse, but for what no setting lets through: [egress]", "the summary")
    # A run that needs nothing.
    record.unlink()
    case.expect_code(case.run("--record", record, "--", "true"), 0, "a run that needs nothing")
    suggested.write_text(case.hfoffline("report", "--suggest-config", record).out)
    case.contains(suggested.read_text(), "# Nothing is needed", "nothing is needed")
    case.expect_code(case.hfoffline("check-config", suggested), 0, "an empty config is one")
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
