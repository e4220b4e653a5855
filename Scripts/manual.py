#!/usr/bin/env python3
"""Prints the manual page (mdoc) of the program, from the help that it writes out for other programs.

    Scripts/manual.py PROGRAM
"""

import json
import re
import subprocess
import sys


def escaped(text):
    """Text that mdoc takes as it stands, one sentence a line."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("×", "x")
    text = re.sub(r"(?<=[a-z0-9)])([.;:]) (?=[A-Z])", r"\1\n", text)
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in text.split("\n"))


def macro_words(text):
    """The arguments of a macro: quoted, so that no word is taken for a macro."""
    return '"' + text.replace("\\", "\\e").replace('"', "\\(dq").replace("-", "\\-") + '"'


def option_head(argument):
    if argument["kind"] == "positional":
        return f".It Ar {macro_words(argument.get('valueName', 'value'))}"
    flags = []
    for name in argument["names"]:
        dashes = "" if name["kind"] == "short" else "-"
        flags.append(f"Fl {macro_words(dashes + name['name'])}")
    head = ".It " + " , ".join(flags)
    if argument["kind"] == "option":
        head += f" Ar {macro_words(argument.get('valueName', 'value'))}"
    return head


def described(argument):
    text = argument.get("abstract", "")
    if argument.get("allValues"):
        text = (text + " " if text else "") + "Values: " + ", ".join(argument["allValues"]) + "."
    if argument.get("defaultValue"):
        text = (text + " " if text else "") + f"Default: {argument['defaultValue']}."
    return text or argument.get("valueName", "")


def lines_of(command, path):
    """The section of a command, then those of the commands below it."""
    lines = [f".Ss {macro_words(' '.join(path))}", escaped(command.get("abstract", ""))]
    shown = [
        a for a in command.get("arguments", [])
        if a.get("shouldDisplay", True) and not {"help", "version"} & {n["name"] for n in a.get("names") or []}
    ]
    if shown:
        lines.append(".Bl -tag -width Ds")
        for argument in shown:
            lines += [option_head(argument), escaped(described(argument))]
        lines.append(".El")
    for below in command.get("subcommands", []):
        if below["commandName"] != "help":
            lines += lines_of(below, path + [below["commandName"]])
    return lines


def main():
    program = sys.argv[1]
    dump = subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True, text=True)
    command = json.loads(dump.stdout)["command"]
    name = command["commandName"]
    commands = [c for c in command["subcommands"] if c["commandName"] != "help"]
    page = [
        ".Dd $Mdocdate$", f".Dt {name.upper()} 1", ".Os", ".Sh NAME", f".Nm {name}",
        ".Nd train small vision networks under the guidance of large ones",
        ".Sh SYNOPSIS", f".Nm {name}", ".Ar command", ".Op Ar options",
        ".Sh DESCRIPTION", escaped(command["abstract"]),
        "Every command says more with", ".Fl \\-help .",
        ".Sh COMMANDS",
    ]
    for below in commands:
        page += lines_of(below, [name, below["commandName"]])
    page += [
        ".Sh EXIT STATUS", ".Bl -tag -width Ds",
        ".It 0", "All was done.", ".It 1", "It failed; the first line on standard error says why.",
        ".It 64", "The command line is wrong.", ".It 130, 143, 129", "A signal ended it, with everything saved.", ".El",
        ".Sh SEE ALSO", "Pengguang Chen, Shu Liu, Hengshuang Zhao, Jiaya Jia:",
        ".Em Distilling Knowledge via Knowledge Review ,", "CVPR 2021.",
    ]
    print("\n".join(line for line in page if line))


if __name__ == "__main__":
    main()
