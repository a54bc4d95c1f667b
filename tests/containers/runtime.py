#!/usr/bin/env python3
"""runc, for containers that are limited by nothing but this process's own limits.

podman asks for more processes and open files than a sandbox may allow, and for a cgroup, which a sandbox
may not be able to make. Neither matters to what is tested here.
"""

import json
import os
import sys


def main():
    words = sys.argv[1:]
    for at, word in enumerate(words):
        if word in ("--bundle", "-b"):
            path = os.path.join(words[at + 1], "config.json")
            with open(path) as file:
                settings = json.load(file)
            settings["process"].pop("rlimits", None)
            settings["mounts"] = [mount for mount in settings["mounts"] if mount["type"] != "cgroup"]
            linux = settings["linux"]
            linux.pop("resources", None)
            linux.pop("cgroupsPath", None)
            linux["namespaces"] = [space for space in linux["namespaces"] if space["type"] != "cgroup"]
            with open(path, "w") as file:
                json.dump(settings, file)
        if word == "--process":
            with open(words[at + 1]) as file:
                process = json.load(file)
            process.pop("rlimits", None)
            with open(words[at + 1], "w") as file:
                json.dump(process, file)
    words = [word for word in words if word != "--systemd-cgroup"]
    os.execvp("runc", ["runc"] + words)


main()
