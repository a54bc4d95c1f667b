#!/usr/bin/env python3
"""Real clients: what people load models with, on a read-only cache, under the shim.

usage: run_real_clients.py [--build DIRECTORY] [--cache DIRECTORY] [--only NAME]... [--minutes N] [--no-install]

A root of Debian unstable is made once, by debootstrap, with huggingface_hub, transformers, torch, safetensors and
llama.cpp (a download of 0.4 GB, and 1.9 GB on the disk), and kept in the cache (.cache/real_clients) until the list of
packages changes. The models are made there, tiny and with random weights. Each client runs below that root, which is
read-only meanwhile, where there is no network but `lo`. Prints one line per check and "N passed, N failed, N skipped";
what cannot be tried here is skipped with its reason. Only root can enter another root.
"""

import collections
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

import sid_root

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tools", "lib"))
import tier  # noqa: E402
from tier import Failure, Skip, need  # noqa: E402

PACKAGES_USED = ["debootstrap: makes the root with the clients"]
TIME_LIMIT = 600
# Seconds until a client says that a model is not there, imports not counted, on a machine with other work to do. Clients that
# ask the Hub again and again take from 23 s on.
AT_ONCE = 10
HFOFFLINE = "/work/hfoffline/bin/hfoffline"
SHIM = "/work/hfoffline/lib/hfoffline/libhfoffline.so"

# Below the root, with a private /dev/shm (the state of runs there is told apart by process ids) and /tmp.
ENTER = """
set -e
root=$1 work=$2
shift 2
ip link set lo up
mount --bind "$root" "$root"
mount --bind "$work" "$root/work"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec chroot "$root" "$@"
"""

# Everything that could lead a client elsewhere, set to what leads it there: to a second cache whose models say something
# else, to a Hub and a proxy that nobody listens for, and online.
MISLEADING = {
    "HF_HOME": "/work/decoy", "HF_HUB_CACHE": "/work/decoy/hub", "HUGGINGFACE_HUB_CACHE": "/work/decoy/hub",
    "TRANSFORMERS_CACHE": "/work/decoy/hub", "PYTORCH_TRANSFORMERS_CACHE": "/work/decoy/hub", "LLAMA_CACHE": "/work/decoy/hub",
    "XDG_CACHE_HOME": "/work/decoy", "TORCH_HOME": "/work/decoy/torch", "HF_MODULES_CACHE": "/work/decoy/modules",
    "HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0", "LLAMA_ARG_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9",
    "MODEL_ENDPOINT": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
}

Result = collections.namedtuple("Result", "code out err record")

# name; what must hold; the command before the model and after it; its model; what the answer is in what it prints; what it
# says of a model that is not there, and of a revision (None: it has none); paths below the cache that it tries to write.
Client = collections.namedtuple("Client", "name what before after model answer gone no_revision revision writes")


def python(name, what, model, gone, no_revision=None, revision="{} v2", writes=()):
    return Client(name, what, ["python3", "/work/clients/load.py", name], [], model, r"(?s)(.*)", gone, no_revision or gone,
                  revision, writes)


TRANSFORMERS_GONE = r"couldn't find them in the cached files(?s:.*)OSError after"
CLIENTS = [
    python("snapshot_download", "huggingface_hub.snapshot_download()", "tiny/bert", r"LocalEntryNotFoundError after"),
    python("auto_tokenizer", "transformers.AutoTokenizer", "tiny/bert", TRANSFORMERS_GONE),
    python("auto_model", "transformers.AutoModel", "tiny/bert", TRANSFORMERS_GONE),
    python("remote_code", "transformers.AutoModel with trust_remote_code, whose copy of the code goes to scratch", "tiny/custom",
           TRANSFORMERS_GONE),
    python("pipeline", "transformers.pipeline()", "tiny/llama", TRANSFORMERS_GONE),
    python("torch_hub", "torch.hub.load() with a checkpoint; its repository's bytecode is not written", "tiny/hub",
           r"Read-only file system: '/work/models/torch/hub/trusted_list'", r"Name or service not known(?s:.*)URLError after",
           writes=("/work/models/torch/hub/tiny_hub_main/__pycache__",)),
    Client("hf", "the hf command", ["hf", "download"], [], "tiny/bert", r"path: (.*)", r"Local entry not found.*offline mode is enabled",
           r"Local entry not found", "{} --revision v2", ()),
    Client("llama_cli", "llama-cli -hf", ["llama-cli", "-hf"],
           ["--single-turn", "-p", "hello", "-n", "8", "--temp", "0", "--simple-io", "--no-warmup", "-t", "1"], "tiny/gguf",
           r"(?s)> hello\n(.*?)\n\n\[ Prompt", r"--model is required", None, None, ()),
]


def tree(directory):
    """What is below a directory, and everything the kernel says about it but when it was read."""
    found = {}
    for top, names, files in os.walk(directory):
        for path in [top] + [os.path.join(top, name) for name in names + files]:
            about = os.lstat(path)
            content = ""
            if stat.S_ISLNK(about.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(about.st_mode):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            found[os.path.relpath(path, directory)] = (about.st_mode, about.st_uid, about.st_gid, about.st_ino, about.st_nlink,
                                                       about.st_size, about.st_mtime_ns, about.st_ctime_ns, content)
    return found


def expect_same_tree(before, after):
    changed = sorted(path for path in set(before) | set(after) if before.get(path) != after.get(path))
    if changed:
        raise Failure("the cache has changed: %s" % ", ".join(changed[:5]))


class World:
    """What the checks share: made when the first of them asks."""

    def __init__(self, options):
        self.build, self.cache = options.build, options.cache
        self.directory = tempfile.mkdtemp(prefix="hfoffline-real-clients-")
        os.chmod(self.directory, 0o755)
        self._root, self._problem, self._is_staged = None, None, False

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def root(self):
        if self._problem is None and self._root is None:
            self._problem = self._why_not()
            if self._problem is None:
                try:
                    self._root = sid_root.make(self.cache)
                except (sid_root.Unreachable, subprocess.TimeoutExpired) as error:
                    self._problem = "the root cannot be made: %s" % error
        if self._problem is not None:
            raise Skip(self._problem)
        return self._root

    def _why_not(self):
        if os.geteuid() != 0:
            return "only root may enter another root"
        if os.uname().machine != "x86_64":
            return "the root is for x86-64"
        if subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], stderr=subprocess.DEVNULL).returncode != 0:
            return "no mount and network namespaces can be made here"
        need("debootstrap", "debootstrap")
        return None

    def call(self, *words, env=None, timeout=TIME_LIMIT):
        """Below the root and without a network. The record is that of the run, if the words start one."""
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/work/home", "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "120"}
        environment.update(env or {})
        record = os.path.join(self.directory, "record.jsonl")
        if os.path.exists(record):
            os.unlink(record)
        command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", ENTER, "sh",
                   self.root(), self.directory, "env", "-i"]
        command += ["%s=%s" % pair for pair in environment.items()] + list(words)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
        lines = []
        if os.path.exists(record):
            with open(record) as file:
                lines = [line for line in map(json.loads, file) if line["kind"] != "run"]
        return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), lines)

    def run(self, *words, flags=(), **options):
        self.staged()
        return self.call(HFOFFLINE, "run", "--models-dir", "/work/models", "--record", "/work/record.jsonl", *flags, "--", *words,
                         **options)

    def bare(self, *words, **options):
        self.staged()
        return self.call(*words, **options)

    def must(self, *words, **options):
        result = self.call(*words, **options)
        if result.code != 0:
            raise Failure("%s: %s" % (" ".join(words), said(result)))
        return result

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def staged(self):
        """The launcher and the models, and others under the same names in a decoy."""
        self.root()
        if self._is_staged:
            return
        launcher = os.path.join(self.build, "src", "cli", "hfoffline")
        subprocess.run([launcher, "install", "--to", self.path("hfoffline")], check=True, stdout=subprocess.DEVNULL)
        self._bundle_helpers()
        shutil.copytree(os.path.join(HERE, "clients"), self.path("clients"))
        os.makedirs(self.path("home"), exist_ok=True)
        for name, seed in (("models", "1"), ("decoy", "2")):
            self.must("python3", "/work/clients/stage.py", "/work/" + name, seed)
        self._is_staged = True

    def _bundle_helpers(self):
        """`install` leaves the helper programs out, since they need libraries of the system that built them. Here they
        are taken along, with their loader."""
        libexec = self.path("hfoffline", "libexec", "hfoffline")
        os.makedirs(os.path.join(libexec, "bundle"))
        for name in ("hfoffline-sample", "hfoffline-layers"):
            program = os.path.join(self.build, "src", "cli", name)
            if not os.path.exists(program):
                continue
            shutil.copy(program, os.path.join(libexec, "bundle"))
            listed = subprocess.run(["ldd", program], check=True, stdout=subprocess.PIPE).stdout.decode()
            libraries = re.findall(r"(?m)^\t(?:\S+ => )?(/\S+)", listed)
            for library in libraries:
                shutil.copy(library, os.path.join(libexec, "bundle"))
            loader = next(os.path.basename(library) for library in libraries if "/ld-" in library)
            with open(os.path.join(libexec, name), "w") as file:
                file.write('#!/bin/sh\nd=/work/hfoffline/libexec/hfoffline/bundle\nexec $d/%s --library-path $d $d/%s "$@"\n' % (loader, name))
            os.chmod(os.path.join(libexec, name), 0o755)

    def need_helpers(self):
        for name in ("hfoffline-sample", "hfoffline-layers"):
            if not os.path.exists(os.path.join(self.build, "src", "cli", name)):
                raise Skip("%s was not built" % name)


def said(result):
    lines = (result.out.strip() + "\n" + result.err.strip()).strip().splitlines()
    return "exit code %d\n%s" % (result.code, "\n".join(lines[-25:]))


def expect(result, code, *parts):
    if code is not None and result.code != code:
        raise Failure("instead of exit code %d: %s" % (code, said(result)))
    for part in parts:
        if not re.search(part, result.out + result.err):
            raise Failure("%r is not in: %s" % (part, said(result)))


def answer(client, result):
    """What the client said of its model, or None."""
    found = re.search(client.answer, result.out)
    return found.group(1).strip() if result.code == 0 and found and found.group(1).strip() else None


def refused(result):
    return sorted({line["target"] for line in result.record if line["verdict"] == "refuse"})


def check_root(world):
    world.root()
    programs = ["python3-" + name for name in ("huggingface-hub", "transformers", "torch", "safetensors")] + ["llama.cpp-tools"]
    versions = world.must("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *programs).out
    if len(versions.splitlines()) != len(programs):
        raise Failure("not all of them are installed: " + versions)
    return ", ".join(versions.splitlines())


def check_client(world, client):
    world.staged()
    before = tree(world.path("models"))
    words = client.before + [client.model] + client.after
    first = world.run(*words)
    expected = answer(client, first)
    if expected is None:
        raise Failure("no answer: " + said(first))
    # The same in an environment where everything is set wrongly.
    misled = world.run(*words, env=MISLEADING)
    if answer(client, misled) != expected:
        raise Failure("it said %r, and in a misleading environment %r: %s" % (expected, answer(client, misled), said(misled)))
    for result in (first, misled):
        if refused(result) != sorted(client.writes):
            raise Failure("refused was %s: %s" % (refused(result), said(result)))
    # That environment does mislead.
    control = world.bare(*words, env=MISLEADING)
    if answer(client, control) == expected:
        raise Failure("bare, the misleading environment changes nothing, so the above shows nothing")

    # What is not there.
    told = []
    cases = [("model", client.before + ["tiny/gone"] + client.after, client.gone)]
    if client.revision is not None:
        cases.append(("revision", client.before + client.revision.format(client.model).split() + client.after, client.no_revision))
    for what, gone_words, text in cases:
        gone = world.run(*gone_words, env=MISLEADING)
        if gone.code == 0:
            raise Failure("a %s that is not there was loaded: %s" % (what, said(gone)))
        expect(gone, None, text)
        took = re.search(r"(\w+) after ([0-9.]+) s", gone.out)
        if took and float(took.group(2)) > AT_ONCE:
            raise Failure("a %s that is not there took %s s" % (what, took.group(2)))
        told.append("no such %s: %s%s" % (what, took.group(0) if took else re.search(text, gone.out + gone.err).group(0),
                                          "; refused: %s" % ", ".join(refused(gone)) if gone.record else "; nothing was asked"))
    expect_same_tree(before, tree(world.path("models")))
    shown = expected if len(expected) < 70 else expected[:67] + "..."
    return "\n".join([shown.replace("\n", " ")] + told)


def check_asking(world):
    """without the presets a client asks the Hub, so that nothing being asked is their doing"""
    result = world.run("hf", "download", "tiny/gone", flags=("--presets", "proxies"))
    if result.code == 0 or not any("huggingface.co" in (line.get("host") or "") for line in result.record):
        raise Failure("it did not ask the Hub: " + said(result))
    return "hf download of a model that is not there, told nothing: %s was refused" % ", ".join(refused(result))


def check_writing(world):
    """what would change the cache does not, and bare it does"""
    world.staged()
    before = tree(world.path("models"))
    attempts = {"hf cache rm": ["hf", "cache", "rm", "model/tiny/bert", "--yes"],
                "save_pretrained": ["python3", "/work/clients/load.py", "save_into_the_cache", "tiny/bert"],
                "torch.hub": ["python3", "/work/clients/load.py", "torch_hub", "tiny/hub"]}
    told = []
    for name, words in attempts.items():
        result = world.run(*words)
        writes = [line for line in result.record if line["verdict"] == "refuse" and line["errno"] == "EROFS"]
        if not writes:
            raise Failure("%s: no write was refused: %s" % (name, said(result)))
        expect_same_tree(before, tree(world.path("models")))
        told.append("%s: %s %s" % (name, writes[0]["op"], writes[0]["target"].rsplit("/", 1)[-1]))
        copy = {"HF_HOME": "/work/copy", "HF_HUB_OFFLINE": "1", "TORCH_HOME": "/work/copy/torch"}
        shutil.copytree(world.path("models"), world.path("copy"), symlinks=True)
        whole = tree(world.path("copy"))
        world.bare(*words, env=copy)
        if tree(world.path("copy")) == whole:
            raise Failure("%s changes nothing bare either, so the above shows nothing" % name)
        shutil.rmtree(world.path("copy"))
    return "\n".join(told)


def check_bytecode(world):
    """code of torch.hub that is staged with its bytecode loads without a refusal, and PYTHONDONTWRITEBYTECODE does too"""
    world.staged()
    words = ["python3", "/work/clients/load.py", "torch_hub", "tiny/hub"]
    result = world.run(*words, env={"PYTHONDONTWRITEBYTECODE": "1"})
    expect(result, 0, "nothing was refused")
    shutil.copytree(world.path("models"), world.path("compiled"), symlinks=True)
    world.must("python3", "-m", "compileall", "-q", "/work/compiled/torch/hub")
    expect(world.call(HFOFFLINE, "run", "--models-dir", "/work/compiled", "--", *words), 0, "nothing was refused")


def check_shadow(world):
    """hfoffline shadow cache asks the installed clients, and finds those that are led elsewhere"""
    world.staged()
    world.need_helpers()

    def ask(code, *flags, **options):
        result = world.call(HFOFFLINE, "shadow", "cache", "--json", "--models-dir", "/work/models", *flags, **options)
        expect(result, code)
        report = json.loads(result.out)
        facts = [fact for order in report["orders"] for fact in order["facts"]]
        return facts, {(finding["kind"], finding["subject"]) for finding in report["findings"]}

    wanted = {"huggingface_hub", "transformers", "torch"}
    for environment in ({}, MISLEADING):
        facts, findings = ask(0, env=environment)
        clients = {fact.split()[0] for fact in facts if "opens the models dir in a run" in fact}
        if not wanted <= clients:
            raise Failure("of %s only these were seen to open the models dir: %s; findings: %s" % (
                sorted(wanted), sorted(clients), sorted(findings)))
    # The twin: a run that manages only torch's variables leaves the others to the environment.
    with open(world.path("few.toml"), "w") as file:
        file.write('[env]\npresets = ["torch"]\n')
    _, findings = ask(3, "--config", "/work/few.toml", env={"HF_HUB_CACHE": "/work/decoy/hub"})
    if not {("cache_variable_wins", "huggingface_hub"), ("cache_variable_wins", "transformers")} <= findings:
        raise Failure("HF_HUB_CACHE wins, and that was not found: %s" % sorted(findings))
    if ("cache_variable_wins", "torch") in findings:
        raise Failure("torch does not read HF_HUB_CACHE: %s" % sorted(findings))
    # In a run nothing can be asked, and it says so.
    inside = world.run(HFOFFLINE, "shadow", "cache")
    expect(inside, 0, "inside a run")
    return "asked: %s" % ", ".join(sorted(clients))


def check_pytest(world):
    """the tests of tools/pytest, with real torch, numpy and safetensors, and the newest pytest"""
    world.staged()
    world.need_helpers()
    for name in ("tests/pytest_plugin", "tools/pytest", "docs"):
        shutil.copytree(os.path.join(SOURCE, name), world.path("source", name))
    for name in ("README.md", "meson.build"):
        shutil.copy(os.path.join(SOURCE, name), world.path("source"))
    result = world.call("sh", "-c", "cd /work/source/tests/pytest_plugin && exec python3 -m pytest -p no:cacheprovider -q -rA --tb=short",
                        env={"HFOFFLINE": HFOFFLINE, "SHIM": SHIM, "PYTHONDONTWRITEBYTECODE": "1"}, timeout=2400)
    if result.code != 0:
        raise Failure(said(result))
    for name in ("test_a_safetensors_file_is_compared_by_its_tensors", "test_a_file_of_bfloat16_is_compared_within_tolerances",
                 "test_real_tensors_of_every_type_and_form", "test_real_libraries_are_seeded", "test_arrays_are_compared_within_tolerances"):
        if not re.search(r"(?m)^PASSED \S*::%s$" % name, result.out):
            raise Failure("%s was not run: %s" % (name, said(result)))
    return result.out.strip().splitlines()[-1].strip("= ")


CHECKS = [tier.Check("root", 300, "the clients are installed in a root of Debian unstable", check_root)]
CHECKS += [tier.Check(client.name, 40, client.what + " loads from the sealed cache, whatever the environment says, and nothing else",
                      lambda world, client=client: check_client(world, client)) for client in CLIENTS]
CHECKS += [tier.Check(name, seconds, function.__doc__, function) for name, seconds, function in (
    ("asking", 5, check_asking), ("writing", 30, check_writing), ("bytecode", 10, check_bytecode),
    ("shadow", 60, check_shadow), ("pytest", 400, check_pytest))]


def main():
    packages = [] if shutil.which("debootstrap") else PACKAGES_USED
    options = tier.parse_arguments("real_clients", __doc__, CHECKS, packages)
    world = World(options)
    try:
        return tier.run(CHECKS, options, world)
    finally:
        world.remove()


if __name__ == "__main__":
    sys.exit(main())
