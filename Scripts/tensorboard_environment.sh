#!/usr/bin/env bash
#
# Makes .venv-tensorboard, whose tensorboard reads in a test what this package writes.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly stamp='tensorboard==2.20.0'
[[ -e .venv-tensorboard/stamp && $(<.venv-tensorboard/stamp) == "$stamp" ]] && exit
rm -rf .venv-tensorboard
python3 -m venv .venv-tensorboard
.venv-tensorboard/bin/pip install --quiet --disable-pip-version-check "$stamp" 'setuptools<81'
echo "$stamp" >.venv-tensorboard/stamp
