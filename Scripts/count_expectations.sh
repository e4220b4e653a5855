#!/usr/bin/env bash
#
# Counts what the tests of a revision expect, target by target, and prints a table in Markdown.
#
#   Scripts/count_expectations.sh REVISION
#   Scripts/count_expectations.sh BEFORE AFTER
#
# Counted are `#expect`, `#require`, `Issue.record`, and calls of the tests' own functions whose names
# begin with expect or require, such as `expectClose`; comments are not. A revision may be
# WORKTREE, the files as they are now. With two revisions the script ends with 1 where the total is
# smaller.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

if (($# < 1 || $# > 2)); then
    sed -n '3,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
fi

# The Swift files of all tests of a revision, each line behind its file's name.
lines_of() {
    local where=() revision=("$1")
    if [[ $1 == WORKTREE ]]; then
        where=(--untracked)
        revision=()
    elif ! git rev-parse --verify --quiet "$1^{commit}" >/dev/null; then
        echo "count_expectations: error: $1: expected a revision of git or WORKTREE;" \
            "see 'git log --oneline'" >&2
        return 1
    fi
    git grep --null "${where[@]}" -e . "${revision[@]}" -- \
        'Tests/*.swift' 'Benchmarks/Tests/*.swift'
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
number=0
for revision in "$@"; do
    number=$((number + 1))
    lines_of "$revision" >"$folder/$number"
done

python3 - "$folder" "$@" <<'PYTHON'
import collections, pathlib, re, sys

folder, revisions = pathlib.Path(sys.argv[1]), sys.argv[2:]
EXPECTATIONS = ("#expect", "#require", "Issue.record", "own")
# A call, and no declaration: `expect(…)`, `expectClose(…)`, but not `expectedPixels(…)`.
FOUND = re.compile(
    r"(#expect|#require|Issue\.record)\b|(?<![\w#])(?<!func )((?:expect|require)(?:[A-Z]\w*)?)\(")
DECLARED = re.compile(r"func ((?:expect|require)(?:[A-Z]\w*)?)\s*[<(]")


def counts(path, revision):
    """The number of each kind of expectation by test target."""
    lines = []
    for line in path.read_text().splitlines():
        name, text = line.split("\0", 1)
        if not text.lstrip().startswith("//"):
            lines.append((name.removeprefix(revision + ":"), text))
    own = {name for _, text in lines for name in DECLARED.findall(text)}
    found = collections.defaultdict(collections.Counter)
    for name, text in lines:
        parts = name.split("/")
        target = parts[parts.index("Tests") + 1]
        for shared, call in FOUND.findall(text):
            if shared or call in own:
                found[target][shared or "own"] += 1
    return found


sides = [counts(folder / str(index + 1), name) for index, name in enumerate(revisions)]
totals = [sum((side[target] for target in side), collections.Counter()) for side in sides]
rows = [(target, [side[target] for side in sides]) for target in sorted(set().union(*sides))]
rows.append(("**all**", totals))
if len(sides) == 1:
    print("| tests |", *(f"{kind if kind != 'own' else 'own functions'} |" for kind in EXPECTATIONS),
          "all |")
    print("| --- |" + " --- |" * 5)
    for target, (count,) in rows:
        print(f"| {target} |", *(f"{count[kind]} |" for kind in EXPECTATIONS),
              f"{count.total()} |")
else:
    print(f"| tests | {revisions[0]} | {revisions[1]} | difference |")
    print("| --- | --- | --- | --- |")
    for target, (before, after) in rows:
        difference = after.total() - before.total()
        print(f"| {target} | {before.total()} | {after.total()} |",
              f"{difference:+d} |" if difference else "0 |")
    lost = totals[0].total() - totals[1].total()
    if lost > 0:
        sys.exit(f"count_expectations: error: {lost} expectations fewer than in {revisions[0]}")
PYTHON
