#!/usr/bin/env bash
#
# Sets up .venv-export, the virtual environment in which the tests of exported files run onnxruntime and
# PyTorch (about 250 MB to get). Without it these tests say that they did not run.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly packages=(numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 torch==2.13.0+cpu)
readonly torch_index='https://download.pytorch.org/whl/cpu'
readonly environment='.venv-export'
# Written last, so that an environment that was cut off is made anew.
readonly stamp_file="$environment/setup-stamp"

say() { printf 'export: %s\n' "$*" >&2; }

if [[ -e $stamp_file && $(<"$stamp_file") == "${packages[*]}" ]]; then
    say "ready, with ${packages[*]} in $environment"
    exit 0
fi
python3 -c 'import ensurepip, venv' 2>/dev/null || {
    say "error: Python's venv is lacking; install it with: apt-get install python3-venv"
    exit 1
}
say "setting up $environment with ${packages[*]}"
python3 -m venv --clear "$environment"
# The CPU build of PyTorch comes from its own index where pip's sources have none.
get() {
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "$@" "${packages[@]}" </dev/null >&2
}
get 2>/dev/null || get --extra-index-url "$torch_index" || {
    say "error: pip could not install ${packages[*]} (its reason is above); check the network and run this again"
    exit 1
}
printf '%s\n' "${packages[*]}" >"$stamp_file"
say "ready, with ${packages[*]} in $environment"
