#!/usr/bin/python3
"""Every relative link in the documentation leads to a file, and every anchor to a heading.

usage: check_links.py ROOT
"""

import pathlib
import re
import sys


def anchors(text: str) -> set[str]:
    """What headings are called in links, as GitHub derives it."""
    headings = re.findall(r"(?m)^#+ (.+)$", re.sub(r"(?s)```.*?```", "", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    documents = [*root.glob("*.md"), *(root / "docs").glob("*.md")]
    bad = 0
    links = 0
    for document in documents:
        text = document.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"(?s)```.*?```", "", text)):
            if "://" in link:
                continue
            links += 1
            path, _, anchor = link.partition("#")
            target = (document.parent / path) if path else document
            if not target.exists():
                print(f"{document.relative_to(root)}: {link}: no such file")
                bad += 1
            elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
                print(f"{document.relative_to(root)}: {link}: no such heading")
                bad += 1
    print(f"{links} links in {len(documents)} documents, {bad} bad")
    return 1 if bad or links == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
