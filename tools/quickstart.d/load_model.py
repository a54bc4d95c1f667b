"""Loads a model's files from the cache, then does what a sealed, offline cache must not allow.

Needs nothing but the standard library. usage: load_model.py REPOSITORY
"""

import errno
import json
import os
import pathlib
import socket
import struct
import sys
import time
import urllib.error
import urllib.request


def load(repository: str) -> pathlib.Path:
    hub = pathlib.Path(os.environ["HF_HUB_CACHE"])
    directory = hub / ("models--" + repository.replace("/", "--"))
    commit = (directory / "refs/main").read_text()
    snapshot = directory / "snapshots" / commit
    config = json.loads((snapshot / "config.json").read_text())
    print(f"python: config.json: {config['model_type']}, hidden size {config['hidden_size']}")
    with open(snapshot / "model.safetensors", "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        tensors = json.loads(file.read(size))
    tensors.pop("__metadata__", None)
    print(f"python: model.safetensors: {len(tensors)} tensors, the first is {sorted(tensors)[0]}")
    return snapshot


def attempt(what: str, action) -> None:
    start = time.monotonic()
    try:
        action()
        outcome = "went through"
    except urllib.error.URLError as error:
        outcome = f"{type(error.reason).__name__}: {error.reason}"
    except OSError as error:
        outcome = f"{errno.errorcode.get(error.errno, error.errno)}: {error.strerror}"
    print(f"python: {what}: {outcome} ({(time.monotonic() - start) * 1000:.0f} ms)", flush=True)


def connect(host: str, port: int) -> None:
    socket.create_connection((host, port), timeout=5).close()


def main() -> None:
    snapshot = load(sys.argv[1])
    attempt("overwrite config.json", lambda: open(snapshot / "config.json", "w", encoding="utf-8").close())
    attempt("add a file", lambda: (snapshot / "added.json").touch())
    attempt("remove the snapshot", lambda: os.rename(snapshot, snapshot.with_name("gone")))
    attempt("fetch https://huggingface.co", lambda: urllib.request.urlopen("https://huggingface.co/api/models", timeout=5))
    attempt("connect to 192.0.2.1:443", lambda: connect("192.0.2.1", 443))
    with socket.create_server(("127.0.0.1", 0)) as server:
        attempt("connect to a server on 127.0.0.1", lambda: connect(*server.getsockname()))


if __name__ == "__main__":
    main()
