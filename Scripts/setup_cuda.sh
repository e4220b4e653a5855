#!/usr/bin/env bash
#
# Puts the CUDA LibTorch into .libtorch-cuda, where Package.swift looks for it when REVIEWKD_CUDA
# is 1. No graphics card is needed. Scripts/setup.sh comes first.
#
# The wheels of cuda-requirements.txt, each verified against its SHA-256, are unpacked beside and
# renamed when whole: nothing of a run that is cut off stays under the name .libtorch-cuda.
set -euo pipefail

readonly target=.libtorch-cuda
readonly partial="$target.partial.$$"
readonly stamp_file="$target/setup-stamp"
readonly requirements=Scripts/cuda-requirements.txt

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

remove_stale_partials() {
    local folder process
    for folder in "$target".partial.*; do
        process=${folder##*.}
        [[ -e $folder ]] || continue
        [[ -d /proc/$process && $process != "$$" ]] && continue
        say "removing $folder, left by a run that was cut off"
        rm -rf "$folder"
    done
}

require_pip() {
    python3 -m pip --version >/dev/null 2>&1 && return
    fail "pip: expected python3 with pip, which fetches the CUDA wheels, found none; install it," \
        "on Debian with: apt-get install -y python3-pip"
}

require_space() {
    local free
    free=$(df --output=avail -k . | tail -n 1)
    ((free > 8 * 1024 * 1024)) ||
        fail "disk: expected 8 GB free for the CUDA LibTorch, found $((free / 1024)) MB;" \
            "make room, then run this again"
}

# A real folder without the stamp was put there by hand, and is not this script's to delete.
refuse_foreign() {
    [[ -d $target && ! -e $stamp_file ]] || return 0
    fail "$target: expected nothing or what this script unpacked, found a folder made by other" \
        "means; move it away, then run this again"
}

# Naming the platforms makes pip take the pinned files whatever Python runs it.
fetch() {
    local platform platforms=()
    for platform in manylinux_2_{28,27,25,24,18,17,12,5}_x86_64 manylinux{2014,2010,1}_x86_64; do
        platforms+=(--platform "$platform")
    done
    say "getting the CUDA LibTorch (2 GB, 4 GB unpacked) from the sources that pip is set up with"
    TMPDIR="$partial/tmp" python3 -m pip install --quiet --target "$partial/site" --no-deps \
        --only-binary=:all: --require-hashes --no-compile --no-cache-dir \
        --disable-pip-version-check --root-user-action=ignore --python-version 3.11 \
        --implementation cp "${platforms[@]}" --requirement "$requirements" </dev/null >&2 ||
        fail "CUDA LibTorch: expected the wheels of $requirements, but pip could not get them" \
            "as told above; check the network and run this again"
}

install() {
    trap 'rm -rf "$partial"' EXIT
    trap 'exit 130' INT
    mkdir -p "$partial/tmp"
    fetch
    cp "$requirements" "$partial/site/${stamp_file##*/}"
    # Without this a power cut could leave the new name on files that never reached the disk.
    sync -f "$partial/site"
    [[ ! -e $target && ! -L $target ]] || mv -T "$target" "$partial/replaced"
    mv -T "$partial/site" "$target"
}

main() {
    cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
    [[ $(uname -sm) == 'Linux x86_64' ]] ||
        fail "CUDA LibTorch: expected x86_64 Linux, for which it is pinned, found $(uname -sm)"
    remove_stale_partials
    if ! cmp -s "$requirements" "$stamp_file"; then
        refuse_foreign
        require_pip
        require_space
        install
    fi
    say "ready, with the CUDA LibTorch in $target"
}

main "$@"
