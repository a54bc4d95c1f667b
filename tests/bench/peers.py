"""Other tools that keep a program from the network or from its files, each set up for hfoffline's job.

Debian's torsocks and proxychains4 (a proxy that does not answer: every connection to the outside fails),
fakechroot (paths), firejail and bubblewrap (a network namespace, a read-only models dir). One row each.
"""

import dataclasses
import os
import shutil
import subprocess

# A peer that cannot start in this time cannot be set up here.
START_SECONDS = 20


@dataclasses.dataclass
class Peer:
    name: str
    program: str
    launch: list[str]
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


_missing: list[str] = []


def _file(directory: str, name: str, text: str) -> str:
    path = os.path.join(directory, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def _all(directory: str, models: str) -> list[Peer]:
    torsocks = _file(directory, "torsocks.conf",
                     "TorAddress 127.0.0.1\nTorPort 9\nAllowInbound 1\nAllowOutboundLocalhost 1\n")
    proxychains = _file(directory, "proxychains.conf",
                        "strict_chain\nquiet_mode\nproxy_dns\ntcp_connect_time_out 1000\n"
                        "localnet 127.0.0.0/255.0.0.0\n[ProxyList]\nsocks5 127.0.0.1 9\n")
    return [
        Peer("torsocks", "torsocks", ["torsocks"], {"TORSOCKS_CONF_FILE": torsocks, "TORSOCKS_LOG_LEVEL": "1"}),
        Peer("proxychains4", "proxychains4", ["proxychains4", "-q", "-f", proxychains]),
        Peer("fakechroot", "fakechroot", ["fakechroot"]),
        Peer("firejail", "firejail", ["firejail", "--quiet", "--noprofile", "--net=none", f"--read-only={models}"]),
        Peer("bubblewrap", "bwrap", ["bwrap", "--dev-bind", "/", "/", "--ro-bind", models, models, "--unshare-net",
                                     "--die-with-parent"]),
    ]


def start(directory: str, models: str) -> list[Peer]:
    """Those that are installed and start a program here; missing() says why the others are left out."""
    usable = []
    for peer in _all(directory, models):
        if shutil.which(peer.program) is None:
            _missing.append(f"{peer.name} (not installed)")
            continue
        # What it says of calls that fail differs from tool to tool.
        peer.environment = {"BENCH_ANY_REFUSAL": "1", **peer.environment}
        try:
            result = subprocess.run([*peer.launch, "/bin/true"], env={**os.environ, **peer.environment},
                                    stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            _missing.append(f"{peer.name} (does not start /bin/true in {START_SECONDS} s)")
            continue
        if result.returncode != 0:
            lines = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
            _missing.append(f"{peer.name} (cannot start here: {lines[-1]})")
            continue
        peer.launch[0] = shutil.which(peer.program)
        usable.append(peer)
    return usable


def missing() -> list[str]:
    return _missing
