#!/usr/bin/python3
"""Fills the tables of docs/ that derive from the sources' own lists.

A document marks a table with <!-- table NAME --> and <!-- end -->; what is between is replaced.
"""

import argparse
import difflib
import pathlib
import re
import sys

STRING = r'"((?:[^"\\]|\\.)*)"'


def rows(text: str, macro: str) -> list[list[str]]:
    """The arguments of each MACRO(...) row of a .def file; comments and blank rows are left out."""
    text = re.sub(r"(?m)^\s*//.*$", "", text)
    found = []
    for match in re.finditer(rf"(?m)^\s*{macro}\(((?:{STRING}|[^)\"])*)\)", text):
        arguments = re.findall(rf"{STRING}|([^,\s\"]+)", match.group(1))
        found.append([(quoted or bare).replace('\\"', '"').replace("\\\\", "\\") for quoted, bare in arguments])
    return found


def table(head: list[str], body: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body]
    return "\n".join(lines)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


TYPES = {
    "absolute_path": "absolute path",
    "path": "path",
    "path_list": "array of absolute paths",
    "layout": '`"auto"`, `"hf-home"` or `"hub-cache"`',
    "mode": '`"refuse"` or `"audit"`',
    "errno_name": "name of an errno, see below",
    "unshimmed": '`"warn"`, `"refuse"` or `"allow"`',
    "boolean": "`true` or `false`",
    "variable": "name of a variable",
    "variable_list": "array of variable names",
    "assignment_list": "array of `NAME=VALUE`",
    "preset_list": "array of preset names",
    "redirect_list": "array of `FROM=TO`, see below",
    "name": "any text",
    "redirect_way": '`"auto"`, `"mount"` or `"in-process"`, see below',
    "allow_list": "array of hosts, addresses and networks, see below",
    "layer_name": "letters, digits, `.`, `_` and `-`",
    "layer_kind": '`"python"`, `"libs"` or `"cache"`',
    "layer_order": "integer from 0 to 9999",
}


# What help texts call a value; a boolean takes none.
VALUE_NAMES = {
    "absolute_path": "DIR",
    "path": "FILE",
    "path_list": "DIR",
    "layout": "LAYOUT",
    "mode": "MODE",
    "errno_name": "ERRNO",
    "unshimmed": "ACTION",
    "variable": "NAME",
    "variable_list": "NAME",
    "assignment_list": "NAME=VALUE",
    "preset_list": "NAMES",
    "redirect_list": "FROM=TO",
    "name": "TEXT",
    "redirect_way": "WAY",
    "allow_list": "HOST",
}


# The platforms of hooks.def, as docs/hooks.md calls them.
PLATFORMS = {
    "both": "Linux, macOS",
    "linux": "Linux",
    "darwin": "macOS",
    "darwin_x86_64": "macOS on x86-64",
}


class Sources:
    def __init__(self, root: pathlib.Path, probes: str | None):
        self.root = root
        self.probe_tables = probes

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def config_keys(self) -> str:
        body = []
        for section, name, kind, variable, flag, default, text in rows(self.read("src/core/config_keys.def"), "KEY"):
            body.append(
                [f"`[{section}]` `{name}`", text, TYPES[kind], code(default), code(f"--{flag}" if flag else ""), code(variable)]
            )
        return table(["key", "what it does", "value", "default", "flag", "variable"], body)

    def layer_keys(self) -> str:
        body = []
        for name, kind, need, default, text in rows(self.read("src/core/layer_keys.def"), "LAYER_KEY"):
            body.append([f"`{name}`", text, TYPES[kind], need, code(default)])
        return table(["key", "what it says", "value", "need", "default"], body)

    def man_settings(self) -> str:
        lines = []
        for section, name, kind, variable, flag, default, text in rows(self.read("src/core/config_keys.def"), "KEY"):
            if not flag:
                continue
            value = f" *{VALUE_NAMES[kind]}*" if kind != "boolean" else ""
            words = re.findall(r'"([a-z-]+)"', TYPES[kind])
            more = [", ".join(f"**{word}**" for word in words[:-1]) + f" or **{words[-1]}**"] if words else []
            more += [f"default: {default}"] if default else []
            more += [f"variable: **{variable}**"] if variable else []
            more.append(f"key: **{name}** in **[{section}]**")
            lines.append(f"**\\-\\-{flag}**{value}\n:   {text[0].upper()}{text[1:]}. ({'; '.join(more)})\n")
        return "\n".join(lines).rstrip()

    def man_commands(self) -> str:
        lines = []
        for name, _, text in rows(self.read("src/cli/commands.def"), "COMMAND"):
            lines.append(f"**hfoffline {name}**\n:   {text[0].upper()}{text[1:]}.\n")
        return "\n".join(lines).rstrip()

    def commands(self) -> str:
        return table(
            ["command", "what it does"],
            [[f"`hfoffline {name}`", text] for name, _, text in rows(self.read("src/cli/commands.def"), "COMMAND")],
        )

    def formats(self) -> str:
        return table(
            ["format", "ending", "what it is", "rows"],
            [[code(name), code(ending), text, f"{int(number):,}"] for name, ending, number, text in rows(self.read("src/report/formats.def"), "FORMAT")],
        )

    def errnos(self) -> str:
        names = [name for name, configurable in rows(self.read("src/core/errnos.def"), "ERRNO") if configurable == "true"]
        return ", ".join(f"`{name}`" for name in names) + "."

    def reasons(self) -> str:
        return table(
            ["reason", "kind", "violation", "meaning"],
            [
                [code(reason), kind, "yes" if violation == "true" else "no", text]
                for reason, kind, violation, text in rows(self.read("src/core/reasons.def"), "REASON")
            ],
        )

    def checkers(self) -> str:
        return table(
            ["check", "what it looks at"],
            [[code(name), text] for name, _, text in rows(self.read("src/layers/checkers.def"), "CHECKER")],
        )

    def cache_clients(self) -> str:
        found = {"module": "a module of the interpreter", "package": "a package that node finds from here",
                 "program": "a program in `PATH`", "linked": "a library inside a program"}
        asked = {"script": "loads the sentinel, or says its directory", "arguments": "is started on the sentinel",
                 "order": "cannot be asked: the order of its variables"}
        # `ask`, the last column, is a program of several lines and not shown.
        pattern = r'(?m)^CACHE_CLIENT\(\w+, (\w+), "([^"]+)", \w+, "([^"]+)", (\w+),'
        return table(
            ["client", "found as", "without any variable", "how it is judged"],
            [
                [code(name), found[found_as], code(location), asked[asked_by]]
                for found_as, name, location, asked_by in re.findall(pattern, self.read("src/layers/cache_clients.def"))
            ],
        )

    def finding_kinds(self) -> str:
        return table(
            ["kind", "counts", "meaning", "how it comes about"],
            [
                [code(kind), "yes" if counts == "true" else "no", meaning, why]
                for kind, _, counts, meaning, why in rows(self.read("src/layers/finding_kinds.def"), "FINDING")
            ],
        )

    def hooks(self) -> str:
        text = self.read("src/shim/hooks.def")
        families: dict[str, dict[str, list[str]]] = {}
        for name, family, need, platform in rows(text, "HOOK"):
            shown = f"`{name}`" + ("" if need == "required" else "†")
            families.setdefault(family, {}).setdefault(platform, []).append(shown)
        body = [
            [family, PLATFORMS[platform], str(len(functions)), ", ".join(functions)]
            for family, of_platform in families.items()
            for platform, functions in sorted(of_platform.items(), key=lambda item: list(PLATFORMS).index(item[0]))
        ]
        return table(["family", "where", "count", "functions"], body)

    def skipped(self) -> str:
        skips = rows(self.read("src/shim/hooks.def"), "SKIP")
        return table(["functions", "why they are not hooked"], [[", ".join(map(code, names)), why] for *names, why in skips])

    def system_calls(self) -> str:
        """Those that syscall() judges, by the hooked functions that end in them."""
        calls = rows(self.read("src/shim/system_calls.def"), "CALL")
        return ", ".join(code(name) for name, *_ in calls) + "."

    def passed_calls(self) -> str:
        passed = rows(self.read("src/shim/system_calls.def"), "PASS")
        return table(["system calls", "why they are passed on"], [[", ".join(map(code, names)), why] for *names, why in passed])

    def interface(self) -> str:
        return ", ".join(f"`{name}`" for (name,) in rows(self.read("src/shim/hooks.def"), "API")) + "."

    def probes(self) -> str | None:
        return self.probe_tables

    def presets(self) -> str:
        text = self.read("src/presets/presets.def")
        parts = []
        actions = {
            "SET": "set",
            "SET_IF_DIRECTORY": "set if that is a directory",
            "UNSET": "removed",
            "UNSET_PROXY": "removed unless `[env] keep_proxies`",
            "SCRATCH": "set to a directory in scratch",
        }
        pattern = rf'PRESET\((\w+), {STRING}, {STRING}\)\s*#include "([^"]+)"'
        for name, title, uses, file in re.findall(pattern, text):
            body = []
            data = self.read(f"src/{file}")
            found = []
            for macro in actions:
                for match in re.finditer(rf"(?m)^\s*{macro}\(", data):
                    (row,) = rows(data[match.start() : data.find("\n", match.end()) + 1], macro)
                    found.append((match.start(), macro, row))
            for _, macro, row in sorted(found):
                variable, rest = row[0], row[1:]
                value = code(rest.pop(0)) if macro in ("SET", "SET_IF_DIRECTORY", "SCRATCH") else ""
                why, since, until = (rest + ["", ""])[:3]
                versions = "–".join([since, until]) if since or until else ""
                body.append([code(variable), actions[macro], value, why, versions])
            heading = f"### `{name}`: {title}\n\n"
            if uses:
                heading += "Takes along: " + ", ".join(f"`{u}`" for u in uses.split()) + ".\n\n"
            parts.append(heading + table(["variable", "action", "value", "why", "versions"], body))
        return "\n\n".join(parts)


def fill(text: str, sources: Sources) -> str:
    def replace(match: re.Match[str]) -> str:
        content = getattr(sources, match.group(2).replace("-", "_"))()
        if content is None:
            return match.group(0)
        return f"{match.group(1)}\n{content}\n{match.group(3)}"

    return re.sub(r"(?s)(<!-- table ([a-z-]+) -->).*?(<!-- end -->)", replace, text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 and say which document is out of date")
    parser.add_argument("--probes", metavar="FILE", help="what run_probes.py --markdown printed, for docs/hooks.md")
    parser.add_argument("root", nargs="?", default=pathlib.Path(__file__).resolve().parent.parent)
    options = parser.parse_args()
    check, root = options.check, pathlib.Path(options.root)
    probes = None
    if options.probes:
        probes = pathlib.Path(options.probes).read_text(encoding="utf-8").strip()
        probes = re.sub(r"(?m)^(\|.*\|)\n(?=[^|\n])", r"\1\n\n", probes)  # what follows a table is not part of it
    sources = Sources(root, probes)
    stale = False
    for path in sorted([*(root / "docs").glob("*.md"), root / "README.md"]):
        before = path.read_text(encoding="utf-8")
        after = fill(before, sources)
        if before == after:
            continue
        if check:
            stale = True
            name = str(path.relative_to(root))
            sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, name))
            print(f"\n{name} is out of date: run tools/generate_docs.py")
        else:
            path.write_text(after, encoding="utf-8")
            print(f"wrote {path.relative_to(root)}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
