"""The models dir, and the snapshots in it."""

import os
import re
import shlex
from pathlib import Path
from typing import Optional

import pytest

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_FOLDERS = {"model": "models", "dataset": "datasets", "space": "spaces"}


class MissingModel(Exception):
    """Says what is missing, and the command that fetches it."""


def hub_cache(models_dir: str) -> Path:
    """Where models--ORGANISATION--NAME is: the run's own answer, else as a run would find it out."""
    managed = os.environ.get("HF_HUB_CACHE")
    if managed and os.environ.get("HFOFFLINE_ACTIVE"):
        return Path(managed)
    hub = Path(models_dir) / "hub"
    return hub if hub.is_dir() else Path(models_dir)


def find_snapshot(models_dir: str, name: str, revision: str = "main", repo_type: str = "model") -> Path:
    """The directory of a complete snapshot. Raises MissingModel."""
    if repo_type not in _FOLDERS:
        raise ValueError("repo_type is one of {}".format(", ".join(_FOLDERS)))
    cache = hub_cache(models_dir)
    directory = cache / "--".join([_FOLDERS[repo_type]] + name.split("/"))

    def missing(why: str) -> MissingModel:
        return MissingModel("{} {} is not in the models dir: {}\n  where there is a network, before the run: {}".format(
            repo_type, name, why, _command(cache, name, revision, repo_type)))

    if not directory.is_dir():
        raise missing("there is no {}".format(directory))
    commit = _commit(directory, revision)
    if commit is None:
        raise missing("{} has no revision {}".format(directory, revision))
    snapshot = directory / "snapshots" / commit
    if not snapshot.is_dir():
        raise missing("there is no {}".format(snapshot))
    empty = True
    for parent, _, files in os.walk(snapshot):
        for file in files:
            empty = False
            path = os.path.join(parent, file)
            if not os.path.exists(path):
                raise missing("{} leads to a blob that is not there".format(path))
    if empty:
        raise missing("{} is empty".format(snapshot))
    return snapshot


def _commit(directory: Path, revision: str) -> Optional[str]:
    if _COMMIT.match(revision):
        return revision
    try:
        return (directory / "refs" / revision).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None


def _command(cache: Path, name: str, revision: str, repo_type: str) -> str:
    command = ["hf", "download", name]
    if repo_type != "model":
        command += ["--repo-type", repo_type]
    if revision != "main":
        command += ["--revision", revision]
    return shlex.join(command + ["--cache-dir", str(cache)])


def _fail_or_skip(config, text: str) -> None:
    __tracebackhide__ = True  # a skip is listed with the test's line
    if config._hfoffline.settings.missing_models == "skip":
        pytest.skip(text)
    pytest.fail("hfoffline: " + text, pytrace=False)


@pytest.fixture(scope="session")
def models_dir(request) -> Path:
    """The models dir of the run, as a pathlib.Path."""
    session = request.config._hfoffline
    path = (session.shim.models_dir if session.shim else None) or session.settings.models_dir
    if not path:
        _fail_or_skip(request.config, "there is no models dir; give --models-dir DIR, or set hfoffline_models_dir")
    return Path(path)


@pytest.fixture(scope="session")
def offline_model(request, models_dir):
    """offline_model("org/name", revision="main", repo_type="model"): the path of a snapshot in the models dir."""

    def find(name: str, revision: str = "main", repo_type: str = "model") -> Path:
        __tracebackhide__ = True
        try:
            return find_snapshot(str(models_dir), name, revision, repo_type)
        except MissingModel as missing:
            text = str(missing)
        _fail_or_skip(request.config, text)
        raise AssertionError("not reached")

    return find
