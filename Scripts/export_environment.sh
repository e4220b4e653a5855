#!/usr/bin/env bash
#
# Sets up .venv-export, the virtual environment in which the tests of exported files run onnxruntime and
# PyTorch (about 250 MB to get). Without it these tests say that they did not run.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
source Scripts/python_environment.sh

make_environment .venv-export numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 torch==2.13.0+cpu
