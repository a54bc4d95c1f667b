"""A name server on 127.0.0.1:53 for a case that has a network and mounts of its own, and files of libc's."""
import pathlib
import socket
import struct
import subprocess
import threading

import case


def replace(path, text):
    """Shows `text` instead of a file, to this case alone."""
    path = pathlib.Path(path).resolve()
    file = case.tmp / f"instead-of-{path.name}"
    file.write_text(text)
    result = subprocess.run(["mount", "--bind", str(file), str(path)], capture_output=True, text=True)
    if result.returncode != 0:
        case.skip(f"cannot replace {path}: {result.stderr.strip()}")
    return file


def use(hosts="127.0.0.1 localhost\n", sources="files dns"):
    """The file that now is /etc/hosts."""
    replace("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    replace("/etc/nsswitch.conf", f"hosts: {sources}\nservices: files\nprotocols: files\n")
    return replace("/etc/hosts", hosts)


class Server:
    """Answers A questions from `addresses`, {name: [address]}, or what makes the list of each answer; `asked` are the
    names it was asked for."""

    def __init__(self, addresses):
        self.addresses, self.asked = addresses, []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, sender = self._socket.recvfrom(4096)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            name, end = ".".join(labels), at + 5
            self.asked.append(name)
            found = self.addresses.get(name.lower())
            answers = []
            if found and query[at + 1:at + 3] == b"\0\1":
                answers = found() if callable(found) else found
            flags = 0x8180 if found else 0x8183
            self._socket.sendto(
                query[:2] + struct.pack(">5H", flags, 1, len(answers), 0, 0) + query[12:end] + b"".join(
                    b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(a) for a in answers), sender)
