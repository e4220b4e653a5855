#!/usr/bin/env bash
#
# Checks what `swift format` does not see: no text file of the repository ends a line in white
# space or holds a marker of unfinished work, the pages have no sentence above 25 words,
# and the targets and their folders use each other as declared. Prints each offending line.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

# Succeeds when no tracked or new file matches the extended regular expression $2.
refuse() {
    local status=0
    git grep --untracked -nIE -e "$2" || status=$?
    case $status in
    0) echo "lint: error: $1 in the lines above; remove it" >&2 && return 1 ;;
    1) return 0 ;;
    *) echo "lint: error: git grep ended with status $status" >&2 && return 1 ;;
    esac
}

failed=0
refuse 'white space at the end' '[[:blank:]]+$' || failed=1
refuse 'a marker of a merge' '^(<<<<<<<|>>>>>>>) ' || failed=1
# The brackets keep this line from matching itself.
refuse 'all of LibTorch (name its operators instead, as ATen/ops/empty.h: a file then compiles in a third of the time)' \
    '#include <(ATen/ATe[n]|torch/torc[h])\.h>' || failed=1
refuse 'a marker of unfinished work' '\b(TO[D]O|FIX[M]E)\b' || failed=1
if command -v python3 >/dev/null; then
    Scripts/sentences.py || {
        echo "lint: error: the sentences above have more than 25 words; split them" >&2
        failed=1
    }
    Scripts/arrows.py || {
        echo "lint: error: the arrows above are not as declared; mend the imports or the folders" >&2
        failed=1
    }
else
    echo "lint: error: Scripts/sentences.py needs python3, found none; install it" >&2
    failed=1
fi
exit $failed
