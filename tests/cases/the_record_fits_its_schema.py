#!/usr/bin/env python3
import json
import re

import case

models = case.models()
PROGRAM = f"""
import os, socket, subprocess
def attempt(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        pass
for i in range(9):
    attempt(open, {str(models)!r} + '/new', 'w')
attempt(open, {str(models)!r} + '/\\u00fc\\n\\x01"quoted"\\ud800'.encode('utf-8', 'surrogatepass').decode('utf-8', 'surrogateescape') + 'x' * 200, 'w')
attempt(open, os.fsencode({str(models)!r}) + b'/latin-\\xff\\xfe', 'w')
attempt(os.mkdir, {str(models)!r} + '/d')
attempt(socket.create_connection, ('10.1.2.3', 443), 1)
attempt(socket.getaddrinfo, 'huggingface.co', 443)
udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
attempt(udp.connect, ('2001:db8::1', 53))
attempt(udp.sendto, b'x', ('2001:db8::1', 53))
attempt(socket.socket, socket.AF_PACKET, socket.SOCK_RAW)
os.environ['HF_HUB_OFFLINE'] = '0'
subprocess.run(['/bin/true'], env={{'HF_HOME': '/elsewhere'}})
os.environ['PYTEST_CURRENT_TEST'] = 'tests/test_a.py::test_b[\\u00fc] (call)'
attempt(open, {str(models)!r} + '/in-a-test', 'w')
subprocess.run([{{static!r}}])
"""


def holds():
    try:
        import jsonschema
    except ImportError:
        case.skip("python3-jsonschema is not installed")
    schema = json.loads((case.SOURCE / "docs" / "record.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    static = case.c_program("int main(void) { return 0; }", "-static", name="static")
    path = case.tmp / "record.jsonl"
    program = PROGRAM.replace("{static!r}", repr(str(static)))
    seen = set()
    for flags in ([], ["--mode", "audit"], ["--mode", "audit", "--audit-writes"], ["--unshimmed", "refuse"]):
        path.unlink(missing_ok=True)
        result = case.run("--models-dir", models, "--record", path, *flags, "--", "python3", "-c", program)
        lines = case.record_lines(path)
        for line in lines:
            errors = sorted(error.message for error in validator.iter_errors(line))
            case.check(not errors, f"{errors} in {line}")
            seen.add((line["kind"], line.get("verdict")))
        case.equal(lines[-1]["kind"], "run", "the last line")
        # What is written is what is counted.
        number = int(re.search(r"\((\d+) lines?\)", result.err).group(1))
        case.equal(number, len(lines), f"lines that the summary read back, with {flags}")
    for expected in (("egress", "refuse"), ("name", "refuse"), ("write", "refuse"), ("probe", "refuse"), ("environment", "ignore"),
                     ("exec", "warn"), ("egress", "audit"), ("write", "audit"), ("name", "audit"), ("probe", "audit"), ("exec", "refuse")):
        case.check(expected in seen, f"no line of kind and verdict {expected}; seen {sorted(seen)}")

    # The schema's reasons are those of the source.
    source = (case.SOURCE / "src" / "core" / "reasons.def").read_text()
    reasons = re.findall(r"^REASON\((\w+),", source, re.M)
    case.equal(schema["$defs"]["refusal"]["properties"]["reason"]["enum"], reasons, "reasons of the schema")
    # The twin: a line that does not fit is found.
    for bad in (dict(lines[0], verdict="maybe"), dict(lines[-1], exit_code="0"), dict(lines[-1], more=1)):
        case.check(list(validator.iter_errors(bad)), "the schema takes anything")


case.isolate("net")
case.main(holds)
