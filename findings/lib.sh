# Sourced by the scripts beside it: makes a virtual environment in a temporary folder, removed at the end.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Installs the packages named; the CPU build of PyTorch comes from its own index where pip's has none.
install() {
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install -q "$@" 2>/dev/null ||
        "$folder/venv/bin/pip" install -q --extra-index-url https://download.pytorch.org/whl/cpu "$@"
}

# Ends the script where there is nothing to be seen.
needs_amx() {
    grep -q amx_bf16 /proc/cpuinfo && return
    echo 'not seen: this processor has no AMX'
    exit 0
}

# Runs the Python program on standard input, prints its output, and compares it with what was seen before.
expect() {
    local found
    found=$(cd "$folder" && "$folder/venv/bin/python" -W ignore -)
    printf '%s\n' "$found"
    if [[ $found != "$1" ]]; then
        printf 'changed; this was seen before:\n%s\n' "$1" >&2
        exit 1
    fi
    echo 'as seen before'
}
