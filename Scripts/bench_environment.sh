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

source Scripts/python_environment.sh

readonly packages=("${BENCH_TORCH:-torch==2.13.0+cpu}" numpy)
readonly environment='.venv-bench'

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
    local lacking as_root=()
    read -r -d "" -a lacking < <(lacking_packages) || true
    ((${#lacking[@]} > 0)) || return 0
    command -v apt-get >/dev/null ||
        fail "PyTorch: what Debian calls '${lacking[*]}' is lacking, and there is no apt-get" \
            "here; install them with this system's package manager, then run this again"
    if ((EUID != 0)); then
        as_root=(sudo)
        sudo -n true 2>/dev/null ||
            fail "PyTorch: '${lacking[*]}' are lacking; install them with:" \
                "sudo apt-get update && sudo apt-get install -y ${lacking[*]}"
    fi
    say "installing ${lacking[*]} with apt-get"
    "${as_root[@]}" apt-get update -qq >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${lacking[@]}" </dev/null >&2
}

has_environment "$environment" "${packages[@]}" && exit
install_packages
say "the CPU build of PyTorch is 192 MB to get, and 900 MB unpacked"
make_environment "$environment" "${packages[@]}"
