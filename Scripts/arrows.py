#!/usr/bin/env python3
"""Checks the arrows between the targets, and finds circles between the folders of a target.

    Scripts/arrows.py

It prints each arrow that is missing or one too many, and each circle with the lines that make it, and then ends with
status 1.

The targets:
- What a target's sources import is in Package.swift, and the other way round for all but tests.
- The picture of docs/architecture.md has the same arrows. It may leave out an arrow that others lead around.
- The table below the picture names every target of Sources, and each sentence there of the form "Only `A` imports B." holds.

The folders of a target:
- A folder uses another one where its code names a type that the other one declares at the top level of a file.
  Comments and the text of strings are no code. Functions and operators are not seen.
- A file beside the folders counts as a folder of its own, since such files are both a target's ground and its roof.
- A circle of such files alone is none of folders, and is let be.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = "docs/architecture.md"

# What comes with the toolchain and the system.
GIVEN = {"Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "Darwin", "Synchronization", "Testing"}

# Arrows that close a circle and stay all the same: {(target, folder, the one that it uses): reason}. None so far.
KNOWN: dict[tuple[str, str, str], str] = {}

IMPORT = re.compile(r"^[ \t]*(?:@\w+(?:\([^)]*\))?[ \t]+)*(?:\w+[ \t]+)?import[ \t]+(?:[a-z]+[ \t]+)?(\w+)", re.M)
TYPE = re.compile(r"\b(?:struct|class|enum|protocol|actor|typealias)\s+([A-Z]\w*)")
HIDDEN = re.compile(r"\b(?:private|fileprivate)\s+(?:final\s+|indirect\s+)*$")
NAME = re.compile(r"(?:\b(\w+)\s*\.\s*|(\.)\s*)?\b([A-Z]\w*)")


def blank(text):
    """The same lines, empty."""
    return re.sub(r"[^\n]", " ", text)


def skipped_string(text, start, code):
    """Reads the string at `start`, hands the code of its interpolations on, and returns the end."""
    opening = re.compile(r'(#*)("""|")').match(text, start)
    hashes, quotes = opening[1], opening[2]
    place = opening.end()
    code.append(blank(opening[0]))
    while place < len(text) and not text.startswith(quotes + hashes, place):
        if text.startswith("\\" + hashes + "(", place):
            code.append(blank("\\" + hashes + "("))
            place = skipped_code(text, place + len(hashes) + 2, code, inside=True)
        else:
            length = len(hashes) + 2 if text.startswith("\\" + hashes, place) else 1
            code.append(blank(text[place : place + length]))
            place += length
    code.append(blank(quotes + hashes))
    return place + len(quotes + hashes)


def skipped_comment(text, start):
    """The end of the comment at `start`; those between stars can be nested."""
    if text.startswith("//", start):
        end = text.find("\n", start)
        return len(text) if end < 0 else end
    depth = 0
    for found in re.compile(r"/\*|\*/").finditer(text, start):
        depth += 1 if found[0] == "/*" else -1
        if depth == 0:
            return found.end()
    return len(text)


def skipped_code(text, place, code, inside=False):
    """Reads code up to the end, or `inside` an interpolation up to its bracket, and returns the end."""
    interesting = re.compile(r'//|/\*|#*"|[()]')
    depth = 0
    while found := interesting.search(text, place):
        code.append(text[place : found.start()])
        place = found.start()
        if found[0] in ("//", "/*"):
            end = skipped_comment(text, place)
            code.append(blank(text[place:end]))
            place = end
        elif found[0].endswith('"'):
            place = skipped_string(text, place, code)
        else:
            depth += 1 if found[0] == "(" else -1
            code.append(found[0])
            place += 1
            if inside and depth < 0:
                return place
    code.append(text[place:])
    return len(text)


def code_of(file):
    """The file's text with blanks in place of comments and strings, line by line as it was."""
    code = []
    skipped_code(file.read_text(encoding="utf-8"), 0, code)
    return "".join(code)


def declarations(code):
    """Pairs of a declared type and whether other files see it by this name alone."""
    depth, place = 0, 0
    for found in TYPE.finditer(code):
        depth += code.count("{", place, found.start()) - code.count("}", place, found.start())
        place = found.start()
        yield found[1], depth == 0 and not HIDDEN.search(code[:place])


def uses(code, target):
    """Pairs of a type's name and the line where the code names it first; members of other types are left out."""
    seen = {}
    for found in NAME.finditer(code):
        qualified = found[2] or found[1] not in (None, target)
        if not qualified:
            seen.setdefault(found[3], code.count("\n", 0, found.start(3)) + 1)
    return seen


def folder_arrows(target, sources):
    """{folder: {another one that it uses: an example}} of one target."""
    codes = {file: code_of(file) for file in sources}
    own = {file: {name for name, _ in declarations(code)} for file, code in codes.items()}
    base = Path(target["path"])

    def folder(file):
        place = file.relative_to(ROOT / base)
        return str(place if len(place.parts) == 1 else place.parent)

    home = {}
    for file, code in codes.items():
        for name, is_seen in declarations(code):
            if is_seen:
                home[name] = folder(file)
    arrows = defaultdict(dict)
    for file, code in codes.items():
        for name, line in uses(code, target["name"]).items():
            other = home.get(name)
            if other not in (None, folder(file)) and name not in own[file]:
                arrows[folder(file)].setdefault(
                    other, f"{file.relative_to(ROOT)}:{line} names {name} of {base / other}"
                )
    return arrows


def shortest_circle(arrows, start):
    """The shortest way along the arrows from `start` back to it, or None."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        for other in sorted(arrows.get(way[-1], {})):
            if other == start:
                return way
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return None


def check_folders(target, sources):
    """The circles within one target, and the known arrows that are no longer there."""
    name = target["name"]
    arrows = folder_arrows(target, sources)
    for _, one, other in (known for known in KNOWN if known[0] == name):
        if not arrows[one].pop(other, None):
            yield f"{one} of {name} no longer uses {other}; take that out of Scripts/arrows.py"
    seen = set()
    # Every circle that counts goes through a folder.
    for start in sorted(place for place in arrows if not place.endswith(".swift")):
        circle = shortest_circle(arrows, start)
        if circle is None or frozenset(circle) in seen:
            continue
        seen.add(frozenset(circle))
        yield f"the folders of {name} use each other in a circle: {' -> '.join([*circle, start])}"
        for one, other in zip(circle, [*circle[1:], start]):
            yield f"    {arrows[one][other]}"


def package_targets():
    """The targets of Package.swift, each with the names it depends on."""
    command = ["swift", "package", "--ignore-lock", "--package-path", str(ROOT), "dump-package"]
    package = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    for target in package["targets"]:
        if target["type"] in ("regular", "executable", "test"):
            parent = "Tests" if target["type"] == "test" else "Sources"
            path = target.get("path") or f"{parent}/{target['name']}"
            needs = {next(iter(one.values()))[0] for one in target["dependencies"]}
            yield {"name": target["name"], "type": target["type"], "path": path, "needs": needs}


def check_imports(target, sources):
    """Where a target's sources and Package.swift differ."""
    first = {}
    for file in sources:
        code = code_of(file)
        for found in IMPORT.finditer(code):
            line = code.count("\n", 0, found.start(1)) + 1
            first.setdefault(found[1], f"{file.relative_to(ROOT)}:{line}")
    imported = set(first) - GIVEN
    for name in sorted(imported - target["needs"]):
        yield f"{first[name]} imports {name}, which Package.swift does not give {target['name']}"
    if sources and target["type"] != "test":
        for name in sorted(target["needs"] - imported):
            yield f"Package.swift gives {target['name']} {name}, which none of its sources imports"


def reachable(arrows, start):
    """All that the arrows lead to from `start`."""
    found, left = set(), [start]
    while left:
        for other in arrows.get(left.pop(), ()):
            if other not in found:
                found.add(other)
                left.append(other)
    return found


def check_page(targets):
    """Where the page on the architecture differs from Package.swift."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    section = text.partition("## The targets")[2].partition("\n## ")[0]
    drawn = defaultdict(set)
    for one, other in re.findall(r'^ *(\w+)(?:\[[^\]]*\])? --> (\w+)', section, re.M):
        drawn[one].add(other)
    rows = set(re.findall(r"^\| `(\w+)` \|", section, re.M))
    needs = {target["name"]: target["needs"] for target in targets}
    ours = {target["name"] for target in targets if target["path"].startswith("Sources/")}
    for name in sorted(ours - rows):
        yield f"the table of {PAGE} lacks {name}"
    for name in sorted(rows - ours):
        yield f"the table of {PAGE} has {name}, which is no target of Sources"
    for one in sorted(ours):
        for other in sorted(needs[one] & ours - reachable(drawn, one)):
            yield f"the picture of {PAGE} leads nowhere from {one} to {other}, which Package.swift gives it"
        for other in sorted(drawn[one] & ours - needs[one]):
            yield f"the picture of {PAGE} has an arrow from {one} to {other}, which Package.swift does not give it"
    for one, other in re.findall(r"Only `(\w+)` imports (\w+)\.", section):
        users = sorted(name for name in ours if other in needs[name])
        if users != [one]:
            yield f"{PAGE} says that only {one} imports {other}; Package.swift gives it to {', '.join(users) or 'none'}"


def main():
    """Checks everything and returns the exit status."""
    targets = list(package_targets())
    problems = list(check_page(targets))
    for target in targets:
        sources = sorted((ROOT / target["path"]).rglob("*.swift"))
        problems += check_imports(target, sources)
        problems += check_folders(target, sources)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
