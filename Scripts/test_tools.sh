#!/usr/bin/env bash
#
# Installs what some tests need beside `make setup`; without it they say that they are skipped.
#
#   a headless Chromium    opens the dashboard
#   zsh, fish, mandoc      load the completions and check the manual page
#   g++                    compiles a teacher for PyTorch, which writes it as C++
#   .venv-tensorboard      reads our event files
#   .venv-export           runs our ONNX files, and loads our .pth files into PyTorch
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

as_root=()
((EUID == 0)) || as_root=(sudo)
packages=()
command -v chromium >/dev/null || command -v chromium-headless-shell >/dev/null ||
    packages+=(chromium-headless-shell)
for program in zsh fish mandoc g++; do
    command -v "$program" >/dev/null || packages+=("$program")
done
if ((${#packages[@]} > 0)); then
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null
fi
Scripts/tensorboard_environment.sh
Scripts/export_environment.sh
