#!/usr/bin/env bash
#
# Sets up .venv-bench, the virtual environment in which `make bench` runs the PyTorch yardstick
# (Benchmarks/pytorch_step.py), with what torch.compile needs beside PyTorch: g++ and Python's
# headers.
#
# BENCH_TORCH, when set, is the requirement that pip gets in place of the CPU build pinned below,
# for example "torch==2.11.0" on a machine with a GPU.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly torch=${BENCH_TORCH:-torch==2.13.0+cpu}
readonly torch_index='https://download.pytorch.org/whl/cpu'
readonly environment='.venv-bench'
# Written last, so that an environment that was cut off is made anew.
readonly stamp_file="$environment/setup-stamp"

say() { printf 'bench: %s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

# Prints the Debian packages whose commands or headers are lacking.
lacking_packages() {
    command -v g++ >/dev/null || echo g++
    if ! command -v python3 >/dev/null; then
        echo python3 python3-venv python3-dev
        return
    fi
    python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    python3 -c 'import os, sysconfig
raise SystemExit(not os.path.exists(sysconfig.get_paths()["include"] + "/Python.h"))' ||
        echo python3-dev
}

install_packages() {
    local packages as_root=()
    read -r -d '' -a packages < <(lacking_packages) || true
    ((${#packages[@]} > 0)) || return 0
    command -v apt-get >/dev/null ||
        fail "PyTorch: what Debian calls '${packages[*]}' is lacking, and there is no apt-get" \
            "here; install them with this system's package manager, then run this again"
    if ((EUID != 0)); then
        as_root=(sudo)
        sudo -n true 2>/dev/null ||
            fail "PyTorch: '${packages[*]}' are lacking; install them with:" \
                "sudo apt-get update && sudo apt-get install -y ${packages[*]}"
    fi
    say "installing ${packages[*]} with apt-get"
    "${as_root[@]}" apt-get update -qq >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >&2
}

if [[ -e $stamp_file && $(<"$stamp_file") == "$torch" ]]; then
    say "ready, with $torch in $environment"
    exit 0
fi
install_packages
say "setting up $environment with $torch (the CPU build: 192 MB to get, 900 MB unpacked)"
python3 -m venv --clear "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
    --extra-index-url "$torch_index" "$torch" numpy </dev/null >&2 ||
    fail "$torch: pip could not install it from the sources it is set up with or" \
        "$torch_index (its reason is above); check the network and run this again"
printf '%s\n' "$torch" >"$stamp_file"
say "ready, with $torch in $environment"
