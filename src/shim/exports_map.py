"""Writes the linker's version script from hooks.def: the hooks of Linux and the public functions, nothing else.

The node is anonymous: a named one silently disables every hook on glibc.
"""

import re
import sys

hooks_path, output_path = sys.argv[1:]
names = []
with open(hooks_path, encoding="utf-8") as hooks:
    for line in hooks:
        match = re.match(r"HOOK\((\w+), \w+, \w+, (?:linux|both)\)|API\((\w+)\)", line)
        if match:
            names.append(match.group(1) or match.group(2))
with open(output_path, "w", encoding="utf-8") as output:
    output.write("{\n  global:\n")
    output.writelines(f"    {name};\n" for name in names)
    output.write("  local: *;\n};\n")
