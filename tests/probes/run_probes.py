#!/usr/bin/env python3
"""Runs the probes bare, under the shim and under the kernel's own rules, and compares.

    bare     a writable copy of the scene; an interface with a default route that leads nowhere
    shim     the same, under libhfoffline.so with the tree protected
    oracle   the tree on a read-only bind mount at the same path; a network namespace with only lo

A row below the tree, or towards an address that is not the machine's, must come out as under the
oracle. A row beside the tree, or towards the machine itself, must come out as bare. Deliberate
differences are listed in differences.txt, each with its reason; one that no longer occurs is an error.

With --root the programs run in another system's root, with its libc; with --runner under an emulator.

Without the right to make namespaces the answers recorded in recorded_oracle.tsv stand in for the
oracle (which is said), and nothing that could send a packet is run.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

import namespaces

HERE = os.path.dirname(os.path.abspath(__file__))
STRANGER = 65534

# Groups run side by side, each with scenes of its own.
FILE_GROUPS = [
    ["open", "creat", "freopen", "mkstemp", "ioctl", "utmp"],
    ["openat", "unlink", "truncate", "ftruncate", "utime", "bind", "statvfs"],
    ["syscall", "mkdirat", "chown", "symlink"],
    ["fopen", "rename", "chmod", "access", "mkdir", "link", "xattr"],
]
# How each group names the tree that is to be protected, below its base: it is the same tree.
TREE_NAMES = ["tree", "out/tree.root", "tree/", "out/../tree"]
SOCKET_PROGRAMS = ["connect", "sendto", "sendmsg", "sendmmsg", "setsockopt", "socket"]
NAME_PROGRAMS = ["getaddrinfo", "getaddrinfo_a", "gethostbyname", "res_query"]
MODES = ["bare", "shim", "oracle"]
LEFT = "LEFT THE MACHINE"  # part of a row's result; see net_probe.c

HOSTS = """127.0.0.1 localhost
::1 localhost
127.0.0.7 probe-host.test probe-alias
192.0.2.7 probe-away.test
fd99::7 probe-six.test
127.0.0.8 probe-both.test
::1 probe-both.test
"""
# An address nobody may own: a query to it never finds an answer, and is seen if it leaves.
RESOLVER = "nameserver 192.0.2.53\noptions timeout:1 attempts:1\n"
NAME_SOURCES = "hosts: files dns\nservices: files\nprotocols: files\n"


class Unavailable(Exception):
    """What a mode needs is not permitted here."""


def environment(options, mode, models_dir, scratch):
    result = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
    if mode == "shim":
        # An emulator is not to load a library of another machine itself.
        result["QEMU_SET_ENV" if options.runner else "LD_PRELOAD"] = (
            "LD_PRELOAD=" + options.shim if options.runner else options.shim)
        result["HFOFFLINE_MODELS_DIR"] = models_dir
        result["HFOFFLINE_QUIET"] = "true"
        result["HFOFFLINE_SCRATCH"] = scratch
    return result


def parse(text, rows, program, other_libc=False):
    for line in text.splitlines():
        name, separator, result = line.partition(" -> ")
        if not separator:
            raise RuntimeError("%s printed %r" % (program, line))
        # In musl's headers open64 is a macro for open: the same row again.
        if name in rows and not (other_libc and rows[name] == result):
            raise RuntimeError("%s printed the row %r twice" % (program, name))
        rows[name] = result


def run_program(options, name, arguments, env, cwd, limit, descriptors=()):
    path = os.path.join(options.programs, "probe-" + name)
    try:
        done = subprocess.run(options.runner + [path] + arguments, env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit,
                              pass_fds=descriptors)
    except subprocess.TimeoutExpired:
        raise RuntimeError("probe-%s took more than %d s" % (name, limit))
    if done.returncode != 0:
        raise RuntimeError("probe-%s ended with %d: %s" % (
            name, done.returncode, done.stderr.decode(errors="replace").strip()))
    if done.stderr:
        raise RuntimeError("probe-%s wrote to stderr: %s" % (
            name, done.stderr.decode(errors="replace").strip()[:500]))
    return done.stdout.decode()


def tree_facts(top):
    """Content and metadata of everything below a directory, and of itself."""
    facts = {}
    for directory, names, files in os.walk(top):
        for path in [directory] + [os.path.join(directory, name) for name in files] + [
                os.path.join(directory, name) for name in names
                if os.path.islink(os.path.join(directory, name))]:
            status = os.lstat(path)
            fact = [oct(status.st_mode), status.st_uid, status.st_gid, status.st_nlink, status.st_ino]
            if os.path.islink(path):
                fact.append(os.readlink(path))
            else:
                fact += [status.st_size, status.st_mtime_ns]
                if os.path.isfile(path) and os.access(path, os.R_OK):
                    with open(path, "rb") as file:
                        fact.append(hashlib.sha256(file.read()).hexdigest())
            facts[os.path.relpath(path, top)] = fact
    return facts


def scenes(options):
    """(owner, identities) of each scene; see file_probe.h."""
    if os.geteuid() != 0:
        return [(os.geteuid(), ["owner:many"])]
    return [
        (0, ["root", "other:many=%d" % STRANGER]),
        (STRANGER, ["owner:%s=%d" % ("many" if options.record else "few", STRANGER)]),
    ]


def file_job(options, mode, group, work):
    rows, changed = {}, []
    if mode == "oracle":
        try:
            namespaces.enter(network=False)
        except OSError as error:
            raise Unavailable(str(error))
    for owner, identities in scenes(options):
        base = os.path.join(work, "%s-%d-%d" % (mode, group, owner))
        os.mkdir(base)
        os.chmod(base, 0o755)
        if os.geteuid() == 0:
            os.chown(base, owner, owner)
        scratch = base + "-scratch"
        os.mkdir(scratch, 0o700)
        built = subprocess.run(options.runner + [os.path.join(options.programs, "build_scene"), base, str(owner)],
                               stderr=subprocess.PIPE)
        if built.returncode != 0:
            raise RuntimeError(built.stderr.decode().strip())
        tree = os.path.join(base, "tree")
        if mode == "oracle":
            try:
                namespaces.make_read_only(tree)
            except OSError as error:
                raise Unavailable(str(error))
        before = tree_facts(tree)
        for name in FILE_GROUPS[group]:
            if not wanted_program(options, name):
                continue
            arguments = [base, str(owner)] + identities
            if options.rows:
                arguments += ["--"] + options.rows
            env = environment(options, mode, os.path.join(base, TREE_NAMES[group]), scratch)
            parse(run_program(options, name, arguments, env, "/", options.limit), rows, name, options.other_libc)
        after = tree_facts(tree)
        if mode != "bare":
            for path in sorted(set(before) | set(after)):
                if before.get(path) != after.get(path):
                    changed.append("%s: %s, then %s" % (path, before.get(path), after.get(path)))
    return {"rows": rows, "changed": changed}


def prepare_network(mode, work):
    """Returns (socket that sees what leaves or None, own addresses, what was missing)."""
    watcher, missing, own = None, [], []
    namespaces.loopback_up()
    if mode != "oracle":
        try:
            watcher = namespaces.outside_interface()
            own = namespaces.OWN_ADDRESSES
        except OSError as error:
            missing.append("no interface but lo (%s): rows about the machine's own address left out" % error)
    for path, content in (("/etc/hosts", HOSTS), ("/etc/resolv.conf", RESOLVER),
                          ("/etc/nsswitch.conf", NAME_SOURCES)):
        try:
            namespaces.replace_file(path, content, work)
        except OSError as error:
            missing.append("cannot replace %s (%s): name rows left out" % (path, error))
    for path in ("/run/nscd", "/run/systemd/resolve"):
        if os.path.isdir(path):
            namespaces.hide_directory(path, work)
    try:
        with open("/proc/sys/net/ipv4/ping_group_range", "w") as file:
            file.write("0 2147483647" if os.geteuid() == 0 else "%d %d" % (os.getegid(), os.getegid()))
    except OSError:
        pass  # rows about ping sockets then say that there are none
    return watcher, own, missing


def net_job(options, mode, work):
    directory = os.path.join(work, "network-" + mode)
    os.mkdir(directory)
    tree = os.path.join(directory, "models")
    os.makedirs(os.path.join(tree, "models--a--b"))
    os.chmod(directory, 0o755)
    try:
        namespaces.enter(network=True)
    except OSError as error:
        if mode == "oracle":
            raise Unavailable(str(error))
        # Nothing that could leave the machine may be run: only what stays on it, and no lookups.
        return {"rows": run_net(options, mode, SOCKET_PROGRAMS, directory, ["only=local"]),
                "isolated": False, "notes": []}
    try:
        watcher, own, notes = prepare_network(mode, directory)
    except OSError as error:
        raise Unavailable(str(error))
    arguments = ["own=" + address for address in own]
    descriptors = []
    if watcher:
        arguments.append("watcher=%d" % watcher.fileno())
        descriptors = [watcher.fileno()]
    rows = run_net(options, mode, SOCKET_PROGRAMS, directory, arguments, descriptors)
    if not any("name rows" in note for note in notes):
        # Bare, an unknown name would be waited for; the oracle's answer is the bare one.
        if mode == "bare":
            arguments = arguments + ["only=local"]
        rows.update(run_net(options, mode, NAME_PROGRAMS, directory, arguments, descriptors))
    if mode == "bare" and watcher and not options.rows and not options.program:
        # The guard that nothing leaves is worth something only if it sees what does.
        if not any(LEFT in result for result in rows.values()):
            raise RuntimeError("nothing was seen leaving, not even bare")
    return {"rows": rows, "isolated": True, "notes": notes}


def run_net(options, mode, programs, directory, arguments, descriptors=()):
    rows = {}
    env = environment(options, mode, os.path.join(directory, "models"), directory)
    for name in programs:
        if wanted_program(options, name):
            words = ["--"] + options.rows if options.rows else []
            parse(run_program(options, name, [directory] + arguments + words, env, "/", options.limit,
                              descriptors), rows, name, options.other_libc)
    return rows


def wanted_program(options, name):
    if options.program and name not in options.program:
        return False
    # A libc without the functions has no such program; what is left out is said at the end.
    return os.path.exists(os.path.join(options.root + options.programs, "probe-" + name))


def show_in_root(options):
    """What the programs need from this system, at the same paths in the root, for this process and its
    children. Only libc comes from the root: this driver goes on running in the Python it started in."""
    namespaces.enter(network=False)
    namespaces.show(options.root, options.root)  # a mount point: namespaces.enter() needs one as /
    paths = ["/proc", "/dev", "/sys", options.programs] + ([os.path.dirname(options.shim)] if options.shim else [])
    for path in paths:
        namespaces.show(path, options.root + path)


def in_child(options, function, *arguments):
    """Runs a job in a forked process, since namespaces and roots are entered for good."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        try:
            if options.root:
                os.chroot(options.root)
                os.chdir("/")
                options.root = ""
            answer = {"result": function(options, *arguments)}
        except Unavailable as error:
            answer = {"unavailable": str(error)}
        except Exception as error:  # handed to the parent, which fails
            answer = {"failed": "%s\n%s" % (error, traceback.format_exc())}
        with os.fdopen(write_end, "w") as file:
            json.dump(answer, file)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as file:
        text = file.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"failed": "the job ended without an answer"}


def run_all(options, modes):
    """Every job of every mode. Returns {job: answer}; job is (kind, mode, group)."""
    base = options.base or tempfile.gettempdir()
    work = tempfile.mkdtemp(prefix="hfoffline-probes-", dir=options.root + base)
    os.chmod(work, 0o755)
    jobs = [("file", mode, group) for group, names in enumerate(FILE_GROUPS) for mode in modes
            if any(wanted_program(options, name) for name in names)]
    if any(wanted_program(options, name) for name in SOCKET_PROGRAMS + NAME_PROGRAMS):
        jobs += [("net", mode, 0) for mode in modes]
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs or os.cpu_count() or 1) as pool:
            running = {
                job: pool.submit(in_child, options, file_job, job[1], job[2], work[len(options.root):])
                if job[0] == "file" else pool.submit(in_child, options, net_job, job[1], work[len(options.root):])
                for job in jobs}
            return {job: future.result() for job, future in running.items()}
    finally:
        shutil.rmtree(work, ignore_errors=True)


def glob(pattern):
    """Only * is special: rows are full of brackets and question marks are rare enough."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")) + r"\Z")


class Difference:
    def __init__(self, number, fields):
        self.number = number
        self.pattern, self.shim, self.oracle, self.reason = fields
        self.may_be_unused = self.pattern.startswith("? ")
        if self.may_be_unused:
            self.pattern = self.pattern[2:]
        self.row_pattern, self.shim_pattern, self.oracle_pattern = map(
            glob, (self.pattern, self.shim, self.oracle))
        self.used = 0

    def explains(self, name, shim, expected):
        if (self.row_pattern.match(name) and self.shim_pattern.match(shim)
                and self.oracle_pattern.match(expected)):
            self.used += 1
            return True
        return False


def read_differences(path):
    differences = []
    with open(path) as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            fields = [field.strip() for field in line.split("\t") if field.strip()]
            if len(fields) != 4:
                sys.exit("%s:%d: four fields separated by tabs are needed, not %d" % (path, number, len(fields)))
            differences.append(Difference(number, fields))
    return differences


NAME = re.compile(r"(?P<function>[^(]+\(.*?\)) (?P<area>tree|sibling|away|local): (?P<situation>.*?)"
                  r"(?: \[(?P<identity>root|other|owner)\])?\Z")


def split(name):
    found = NAME.match(name)
    if not found:
        sys.exit("not the name of a row: %r" % name)
    return found.groupdict()


def by_oracle(name):
    return split(name)["area"] in ("tree", "away")


def read_recorded(path):
    rows = {}
    with open(path) as file:
        for line in file:
            if line.startswith("#"):
                continue
            function, area, identities, result, situations = line.rstrip("\n").split("\t")
            for situation in situations.split("; "):
                for identity in identities.split(","):
                    tail = " [%s]" % identity if identity != "-" else ""
                    rows["%s %s: %s%s" % (function, area, situation, tail)] = result
    return rows


def write_recorded(path, rows):
    """One line for all situations in which a function gives the same answer to the same identities."""
    identities = collections.OrderedDict()
    for name, result in rows.items():
        if by_oracle(name):
            parts = split(name)
            key = (parts["function"], parts["area"], parts["situation"], result)
            identities.setdefault(key, []).append(parts["identity"] or "-")
    lines = collections.OrderedDict()
    for (function, area, situation, result), who in identities.items():
        lines.setdefault((function, area, ",".join(who), result), []).append(situation)
    with open(path, "w") as file:
        file.write("# The kernel's own answers, for machines where namespaces may not be made.\n"
                   "# Written by run_probes.py --record; do not edit.\n"
                   "# Recorded on Linux %s, %s. function, area, identities, answer, situations\n"
                   % (platform.release().split("-")[0], " ".join(platform.libc_ver())))
        for key, situations in sorted(lines.items()):
            file.write("\t".join(key) + "\t" + "; ".join(situations) + "\n")


def collect(answers, modes):
    """Rows by mode, what was not available, and what went wrong."""
    rows = {mode: {} for mode in modes}
    unavailable, problems, notes = {}, [], []
    for (kind, mode, group), answer in answers.items():
        if "failed" in answer:
            problems.append("%s %s: %s" % (kind, mode, answer["failed"]))
        elif "unavailable" in answer:
            unavailable[kind] = answer["unavailable"]
        else:
            result = answer["result"]
            rows[mode].update(result["rows"])
            for line in result.get("changed", []):
                problems.append("the tree changed under %s: %s" % (mode, line))
            for note in result.get("notes", []):
                notes.append("%s: %s" % (mode, note))
            if mode == "shim":
                problems += ["%s: %s" % row for row in result["rows"].items() if LEFT in row[1]]
            if kind == "net" and mode == "shim" and not result["isolated"]:
                notes.append("no network namespace: rows towards the outside and lookups left out")
    return rows, unavailable, problems, notes


def compare(rows, expected_oracle, differences):
    """Yields (name, expected by what, expected, is it explained) for every row that differs."""
    for name, shim in rows["shim"].items():
        if by_oracle(name):
            source, expected = "oracle", expected_oracle.get(name, "(no row)")
        else:
            source, expected = "bare", rows["bare"].get(name, "(no row)")
        if shim != expected:
            explained = [entry for entry in differences if entry.explains(name, shim, expected)]
            yield name, source, expected, explained[0] if explained else None
    for mode, area in (("bare", ("sibling", "local")), ("oracle", ("tree", "away"))):
        for name, result in rows.get(mode, {}).items():
            if name not in rows["shim"] and split(name)["area"] in area:
                yield name, mode, result, None


def print_markdown(rows, expected, mismatches, differences):
    """The tables of docs/hooks.md."""
    unequal = {name: explained for name, _, _, explained in mismatches}
    counts = collections.OrderedDict()
    for name in rows["shim"]:
        entry = counts.setdefault(split(name)["function"].split("(")[0], [0, 0, 0, 0])
        if name in unequal:
            entry[3 if unequal[name] is None else 2] += 1
        else:
            entry[0 if by_oracle(name) else 1] += 1
    print("| function | as the kernel | as bare | deliberately different | wrong |")
    print("|---|---|---|---|---|")
    for function, entry in sorted(counts.items()):
        print("| `%s` | %s |" % (function, " | ".join(map(str, entry))))
    print()
    columns = ["existing", "missing", "missing parent", "directory", "link outside to inside",
               "link inside to outside", "mode 0444"]
    who = "root" if any(name.endswith("[root]") for name in rows["shim"]) else "owner"
    print("What a call below a protected tree answers (as %s, who could write there otherwise):" % who)
    print()
    print("| call | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    calls = collections.OrderedDict()
    for name in rows["shim"]:
        parts = split(name)
        if parts["area"] == "tree" and parts["identity"] == who and parts["situation"] in columns:
            calls.setdefault(parts["function"], {})[parts["situation"]] = rows["shim"][name]
    for function, results in calls.items():
        cells = [re.sub(r" [~+-].*", "", results.get(column, "")) for column in columns]
        if cells[columns.index("missing parent")]:
            print("| `%s` | %s |" % (function.replace("|", "\\|"), " | ".join(cells)))
    print()
    print("| deliberately different | shim | kernel | why |")
    print("|---|---|---|---|")
    for entry in differences:
        print("| `%s` | %s | %s | %s |" % (entry.pattern.replace("|", "\\|"), entry.shim, entry.oracle, entry.reason))


def print_summary(rows, expected, mismatches):
    """One line for all functions that are wrong in the same way."""
    groups = collections.OrderedDict()
    for name, source, wanted, explained in mismatches:
        if explained is None:
            parts = split(name)
            key = (wanted, rows["shim"].get(name, "(no row)"), parts["area"], parts["situation"])
            who = "/" + parts["identity"] if parts["identity"] else ""
            groups.setdefault(key, []).append(parts["function"] + who)
    for (wanted, shim, area, situation), functions in sorted(groups.items()):
        print("%s instead of %s, %s: %s: %s%s" % (
            shim, wanted, area, situation, ", ".join(functions[:4]),
            " and %d more" % (len(functions) - 4) if len(functions) > 4 else ""))


def check_harness(rows):
    """Bare and oracle must agree beside the tree, and differ often enough below it."""
    problems = []
    if not rows["oracle"] or not rows["bare"]:
        return problems, 0
    teeth = 0
    for name, result in rows["oracle"].items():
        bare = rows["bare"].get(name)
        if bare is None:
            continue
        area = split(name)["area"]
        if area == "sibling" and bare != result:
            problems.append("bare and oracle differ beside the tree: %s: %s, %s" % (name, bare, result))
        if area in ("tree", "away") and bare != result:
            teeth += 1
    return problems, teeth


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True, help="directory of the built probe programs")
    parser.add_argument("--shim", help="libhfoffline.so; without it bare and oracle are compared")
    parser.add_argument("--base", help="directory for the scenes (default: the temporary directory)")
    parser.add_argument("--root", default="", help="run them there, below another system's root; as root only")
    parser.add_argument("--runner", default="", help="run them through this command, such as an emulator")
    parser.add_argument("--other-libc", action="store_true",
                        help="another libc than the recorded answers are from (implied by --root and --runner)")
    parser.add_argument("--differences", action="append", default=[], help="a further list of deliberate differences")
    parser.add_argument("--jobs", type=int, help="how many groups of probes run at once")
    parser.add_argument("--program", action="append", help="only this program; may be repeated")
    parser.add_argument("--rows", action="append", help="only rows that contain this text; may be repeated")
    parser.add_argument("--record", action="store_true", help="write the oracle's answers to recorded_oracle.tsv")
    parser.add_argument("--recorded", action="store_true", help="compare with the recorded answers, not with the kernel")
    parser.add_argument("--markdown", action="store_true", help="print the tables of docs/hooks.md")
    parser.add_argument("--summary", action="store_true", help="group the mismatches by situation and answers")
    parser.add_argument("--print", action="store_true", dest="print_rows", help="print every row of every mode")
    options = parser.parse_args()
    options.programs = os.path.abspath(options.programs)
    if options.shim:
        options.shim = os.path.abspath(options.shim)
        if not os.path.isfile(options.shim):
            sys.exit("no such file: %s" % options.shim)
    options.runner = options.runner.split()
    options.root = os.path.realpath(options.root) if options.root else ""
    options.other_libc = bool(options.root or options.runner or options.other_libc)
    options.limit = 900 if options.runner else 120  # emulators take their time
    if options.root:
        show_in_root(options)
    modes = [mode for mode in MODES if mode != "shim" or options.shim]
    if options.recorded:
        modes.remove("oracle")
    recorded_path = os.path.join(HERE, "recorded_oracle.tsv")
    differences_path = os.path.join(HERE, "differences.txt")

    answers = run_all(options, modes)
    rows, unavailable, problems, notes = collect(answers, modes)
    rows.setdefault("oracle", {})
    harness_problems, teeth = check_harness(rows)
    problems += harness_problems
    if options.print_rows:
        for name in sorted(set().union(*rows.values())):
            print("%s -> %s" % (name, " | ".join("%s: %s" % (mode, rows[mode].get(name, "-")) for mode in rows)))

    if options.record:
        if unavailable or problems or options.program or options.rows:
            sys.exit("not recorded: %s" % (problems or unavailable or "not all rows were run"))
        write_recorded(recorded_path, rows["oracle"])
        print("%d rows recorded" % sum(map(by_oracle, rows["oracle"])))
        return 0

    expected = dict(rows["oracle"])
    skipped = 0
    if unavailable or options.recorded:
        recorded = read_recorded(recorded_path)
        kinds = {"file": "tree", "net": "away"}
        areas = {kinds[kind] for kind in unavailable} if not options.recorded else {"tree", "away"}
        for name in rows.get("shim", rows["bare"]):
            if split(name)["area"] in areas and name in recorded:
                expected[name] = recorded[name]
                skipped += 1
        reason = "; ".join("%s rows: %s" % item for item in unavailable.items()) or "asked for"
        print("%d oracle rows skipped (%s), compared with recorded_oracle.tsv instead" % (skipped, reason))
    elif not options.program and not options.rows:
        recorded = read_recorded(recorded_path)
        drifted = [name for name, result in rows["oracle"].items()
                   if by_oracle(name) and recorded.get(name, result) != result]
        if drifted:
            print("note: %d of the oracle's answers are not the recorded ones, such as %s: %s here, %s recorded" % (
                len(drifted), drifted[0], rows["oracle"][drifted[0]], recorded[drifted[0]]))
        missing = sum(1 for name in rows["oracle"] if by_oracle(name) and name not in recorded)
        if missing and not options.other_libc:
            problems.append("%d rows are not in recorded_oracle.tsv: run --record" % missing)
    left_out = [name for name in sum(FILE_GROUPS, SOCKET_PROGRAMS + NAME_PROGRAMS)
                if not options.program and not wanted_program(options, name)]
    if left_out and not options.other_libc:
        problems.append("no such programs: " + ", ".join(left_out))
    elif left_out:
        print("note: this libc has no such functions: " + ", ".join(left_out))
    for note in notes:
        print("note: " + note)

    mismatches, differences = [], []
    if options.shim:
        differences = [entry for path in [differences_path] + options.differences for entry in read_differences(path)]
        mismatches = list(compare(rows, expected, differences))
        if problems:  # a job that failed explains its missing rows
            mismatches = [row for row in mismatches if row[0] in rows["shim"]]
        if options.summary:
            print_summary(rows, expected, mismatches)
        for name, source, wanted, explained in mismatches:
            if explained is None and not options.summary:
                print("MISMATCH %s\n    shim:   %s\n    bare:   %s\n    oracle: %s%s" % (
                    name, rows["shim"].get(name, "(no row)"), rows["bare"].get(name, "(not run)"),
                    expected.get(name, "(not run)"), "" if source == "oracle" else "   (bare counts here)"))
        everything_ran = not (unavailable or options.program or options.rows or notes or options.other_libc) and os.geteuid() == 0
        for entry in differences:
            if everything_ran and entry.used == 0 and not entry.may_be_unused:
                problems.append("%s:%d: no row differs like this any more: %s" % (
                    os.path.basename(differences_path), entry.number, entry.pattern))
    for problem in problems:
        print("PROBLEM " + problem)
    if options.markdown:
        print_markdown(rows, expected, mismatches, differences)
    unexpected = sum(1 for row in mismatches if row[3] is None)
    if options.shim:
        print("%d rows, %d differences (%d expected); %d of the oracle's answers are not the bare ones" % (
            len(rows["shim"]), len(mismatches), len(mismatches) - unexpected, teeth))
    else:
        print("%d rows bare, %d under the oracle, no shim; %d of the oracle's answers are not the bare ones" % (
            len(rows["bare"]), len(rows["oracle"]), teeth))
    return 1 if unexpected or problems else 0


if __name__ == "__main__":
    sys.exit(main())
