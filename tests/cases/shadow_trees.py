"""What the cases about `hfoffline shadow` share: Python trees to judge, and asking about them."""
import hashlib
import json
import os
import stat
import sys
import zipfile

import case

PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


def write(directory, files):
    """Files as {path: text}; a path that ends in "/" is a directory. The directory."""
    for name, text in files.items():
        path = directory / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def distribution(name, version, **files):
    """The files of an installed distribution with one module."""
    info = f"{name}-{version}.dist-info"
    return {f"{name}/__init__.py": f"version = {version!r}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/RECORD": f"{name}/__init__.py,,\n{info}/METADATA,,\n{info}/RECORD,,\n", **files}


def wheel(directory, name, version, **more):
    """A wheel, as a build backend would write it; its path."""
    directory.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {f"{name}/__init__.py": f"version = {version!r}\n",
             f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: case\nRoot-Is-Purelib: true\nTag: py3-none-any\n", **more}
    record = "".join(f"{path},,\n" for path in files) + f"{info}/RECORD,,\n"
    path = directory / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in [*files.items(), (f"{info}/RECORD", record)]:
            archive.writestr(file, text)
    return path


class Environment:
    """A virtual environment of the case: its interpreter, and its site directory, which is core."""

    def __init__(self, name="venv", system_site=False):
        self.root = case.tmp / name
        flags = ["--system-site-packages"] if system_site else []
        result = case.command(PYTHON, "-m", "venv", "--without-pip", *flags, self.root)
        if result.code != 0:
            case.skip(f"no virtual environment can be made (python3-venv): {result.err.strip()[-200:]}")
        self.python = self.root / "bin" / "python"
        self.site = next((self.root / "lib").glob("python3*")) / "site-packages"


def content_hash(directory):
    """Names, contents and metadata of everything below."""
    digest = hashlib.sha256()
    for root, directories, files in os.walk(os.fsencode(directory)):
        directories.sort()
        for name in sorted(files + directories):
            path = os.path.join(root, name)
            status = os.lstat(path)
            digest.update(repr((path, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino)).encode())
            if stat.S_ISREG(status.st_mode) and status.st_size > 0 and os.access(path, os.R_OK):
                with open(path, "rb") as file:
                    digest.update(file.read())
    return digest.hexdigest()


class Unchanged:
    """A check changes nothing of what it judges: each directory of the case, and `more`, is what it was.

    But for the directory that is meant for temporary files. Times count: a file that was made and removed shows too.
    """

    def __init__(self, *more):
        self._places = [p for p in case.tmp.iterdir() if p.is_dir() and p != case.shared]
        self._places += [p for p in more if case.tmp not in p.parents]

    def __enter__(self):
        self._before = {p: (os.stat(p).st_mtime_ns, content_hash(p)) for p in self._places}

    def __exit__(self, kind, *rest):
        if kind is not None:
            return
        for place, before in self._before.items():
            case.equal((os.stat(place).st_mtime_ns, content_hash(place)), before, f"what the check left of {place}")


class Report:
    def __init__(self, result):
        self.result = result
        self.code = result.code
        try:
            self.json = json.loads(result.out)
        except ValueError:
            case.fail(f"no JSON: {result!r}")
        self.findings = self.json["findings"]

    def of(self, kind, subject=None):
        return [f for f in self.findings if f["kind"] == kind and (subject is None or f["subject"] == subject)]

    def kinds(self):
        return sorted({f["kind"] for f in self.findings})

    def shadowing(self):
        """What counts for the exit code, as (kind, subject)."""
        return sorted((f["kind"], f["subject"]) for f in self.findings if f["shadows"])

    def __repr__(self):
        return repr(self.result)


def shadow(*arguments, layers=(), cwd=None, env=None, check="python"):
    """`hfoffline shadow CHECK --json`; nothing of `layers` and of what the case has made may have changed."""
    if cwd is None:
        cwd = case.tmp / "empty"
        cwd.mkdir(exist_ok=True)
    env = dict(env or case.clean_environment())
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONSAFEPATH", "PYTHONNOUSERSITE"):  # whatever the machine has set
        env.pop(name, None)
    with Unchanged(*layers):
        report = Report(case.hfoffline("shadow", check, "--json", *arguments, cwd=cwd, env=env))
    case.equal(report.code, 3 if report.shadowing() else 0, f"exit code of {report!r}")
    return report


# What was asked for by expect() and by expect_none(): each kind must have both.
APPEARED = set()
ABSENT = set()


def expect(report, kind, subject, **fields):
    """The finding; its fields must contain these texts."""
    APPEARED.add(kind)
    found = report.of(kind, subject)
    case.equal(len(found), 1, f"findings {kind} about {subject} in {report!r}")
    for name, part in fields.items():
        if isinstance(part, bool):
            case.equal(found[0][name], part, f"{name} of {found[0]}")
        else:
            case.contains(found[0][name], str(part), f"{name} of {found[0]}")
    return found[0]


def expect_none(report, kind, subject=None):
    ABSENT.add(kind)
    case.equal(report.of(kind, subject), [], f"findings {kind} in {report!r}")
