#!/usr/bin/env bash
#
# Checks that a program needs only what every machine has, and LibTorch.
#
#   Scripts/needed.sh PROGRAM
#
# The build for CUDA is taken to machines without Swift and without picture libraries, whose code it has taken in.
# Prints a sentence and fails where another library is needed.
set -euo pipefail

readonly program=${1:?the program}
readonly allowed='^(ld-linux-x86-64|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|z|gomp|torch|torch_cpu|torch_cuda|c10|c10_cuda))\.so(\.[0-9.]+)?$'

entries=$(readelf --dynamic --wide -- "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[[ -n $entries ]] || {
    echo "error: $program: expected libraries that it needs, found none; is it a program?" >&2
    exit 1
}
foreign=$(grep -Ev "$allowed" <<<"$entries" || true)
[[ -z $foreign ]] || {
    echo "error: $program: expected to need only libstdc++, zlib, the C library and LibTorch, but it needs" \
        "${foreign//$'\n'/, }; link what these are by their static archives" >&2
    exit 1
}
