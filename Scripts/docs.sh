#!/usr/bin/env bash
#
# Writes pages about every public declaration of the library into .build/docs. A link that leads
# nowhere, and every other warning of DocC, is an error. It builds the package first.
#
#     Scripts/docs.sh
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

targets=$(swift package --ignore-lock dump-package | python3 -c '
import json, sys
products = json.load(sys.stdin)["products"]
print(*(name for one in products if one["name"] == "ReviewKD" for name in one["targets"]))')

swift package dump-symbol-graph --skip-synthesized-members --minimum-access-level public >&2
graphs=$(swift build --show-bin-path)/../symbolgraph

out=.build/docs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
archives=()
for target in $targets; do
    catalog=Sources/$target/$target.docc
    if [ ! -d "$catalog" ]; then
        echo "docs: error: $target has no landing page, expected $catalog/$target.md; write it" >&2
        failed=1
        continue
    fi
    mkdir "$work/$target"
    cp "$graphs/$target".symbols.json "$work/$target"
    # What it adds to types of other targets.
    find "$graphs" -name "$target@*.symbols.json" -exec cp -t "$work/$target" {} +
    docc convert "$catalog" --additional-symbol-graph-dir "$work/$target" --warnings-as-errors \
        --fallback-display-name "$target" --fallback-bundle-identifier "reviewkd.$target" \
        --output-dir "$work/$target.doccarchive" >&2 || failed=1
    archives+=("$work/$target.doccarchive")
done
if [ $failed != 0 ]; then
    echo "docs: error: DocC warned in the lines above; mend the comments or pages that it names" >&2
    exit 1
fi
rm -rf "$out"
docc merge "${archives[@]}" --synthesized-landing-page-name ReviewKD --output-path "$out" >&2
echo "$out: read it with python3 -m http.server --directory $out, at http://localhost:8000/documentation"
