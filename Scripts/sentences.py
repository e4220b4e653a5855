#!/usr/bin/env python3
"""Finds sentences of the pages that are too long to be read in one go.

    Scripts/sentences.py [FILE ...]     without files: README.md and the pages below

It prints FILE:LINE, the number of words and the sentence for each one above 25 words, and then ends with
status 1.

How a sentence is counted:
- A paragraph, an item of a list and a quotation are each a text of their own, whose last sentence ends with it.
- Blocks of code, tables, headings and comments are no sentences and are left out.
- A sentence ends at '.', '!' or '?' before white space, unless the next word begins in lower case. A colon
  and a semicolon end none.
- A word is what stands between white space and has a letter or a digit. A dash or an arrow is none.
- A span of code is one word, and a link counts as its text.
"""

import re
import sys
from pathlib import Path

LIMIT = 25
ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    *(
        f"docs/{page}.md"
        for page in (
            "architecture",
            "library",
            "recipes",
            "files",
            "troubleshooting",
            "glossary",
            "studies",
            "dashboard",
            "weights",
            "export",
            "adding-a-method",
            "adding-a-model",
            "adding-a-dataset",
        )
    ),
]

ITEM = re.compile(r"\s*(?:[-*+]|\d+\.)\s+")
END = re.compile(r"[.!?][)\]”\"'*_]*(?=\s+[^a-z\s])")


def without_comments(text):
    """The text with blanks in place of HTML comments, so that lines keep their numbers."""
    return re.sub(r"<!--.*?-->", lambda found: re.sub(r"[^\n]", "", found[0]), text, flags=re.DOTALL)


def paragraphs(text):
    """Lists of (line number, line) that belong together."""
    current, fence = [], None
    for number, line in enumerate(without_comments(text).split("\n"), start=1):
        stripped = line.strip()
        mark = re.match(r"(```+|~~~+)", stripped)
        if fence or mark:
            if fence is None:
                fence = mark[1]
            elif stripped.startswith(fence) and not stripped.strip(fence[0]):
                fence = None
            stripped = ""
        elif stripped.startswith(("#", "|")) or re.match(r"\[[^\]]+\]:\s", stripped):
            stripped = ""
        begins_item = ITEM.match(line) is not None
        if (not stripped or begins_item) and current:
            yield current
            current = []
        if stripped:
            stripped = stripped.lstrip("> ")
            current.append((number, ITEM.sub("", stripped, count=1) if begins_item else stripped))
    if current:
        yield current


def sentences(lines):
    """Pairs of the number of the first line and the sentence."""
    text, starts = "", []
    for number, line in lines:
        starts.append((len(text), number))
        text += line + " "
    # Code may hold full stops and brackets; the placeholder has the same length, to keep the places.
    plain = re.sub(r"(`+)(.+?)\1", lambda span: "`" + "C" * (len(span[0]) - 2) + "`", text)
    begin = 0
    for end in [found.end() for found in END.finditer(plain)] + [len(plain)]:
        place = begin + len(plain[begin:end]) - len(plain[begin:end].lstrip())
        number = [line for start, line in starts if start <= place][-1]
        yield number, text[begin:end].strip(), plain[begin:end]
        begin = end


def word_count(plain):
    """How many words a sentence has, spans of code being filled."""
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", plain)
    return sum(any(letter.isalnum() for letter in word) for word in plain.split())


def main(names):
    """Checks the files, or the project's pages, and returns the exit status."""
    files = [Path(name) for name in names] or [ROOT / page for page in PAGES]
    status = 0
    for file in files:
        if not names and not file.exists():
            continue
        for lines in paragraphs(file.read_text(encoding="utf-8")):
            for number, sentence, plain in sentences(lines):
                count = word_count(plain)
                if count > LIMIT:
                    shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
                    print(f"{shown}:{number}: {count} words: {sentence}")
                    status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
