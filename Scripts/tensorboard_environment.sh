#!/usr/bin/env bash
#
# Makes .venv-tensorboard, whose tensorboard reads in a test what this package writes.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
source Scripts/python_environment.sh

make_environment .venv-tensorboard tensorboard==2.20.0 'setuptools<81'
