#!/usr/bin/env bash
#
# Makes Sources/ONNXFiles/Messages/onnx.pb.swift of onnx.proto, and Sources/EventFiles/Messages/event.pb.swift of
# event.proto. Needed only after a change of these files. It wants Debian's protobuf-compiler, and builds swift-protobuf's plugin (two minutes).
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly scratch=.build-protobuf
command -v protoc >/dev/null || {
    echo "messages: error: protoc is lacking; install it with: apt-get install protobuf-compiler" >&2
    exit 1
}
[[ -d $scratch/source ]] ||
    git clone --quiet --depth 1 --branch 1.39.0 https://github.com/apple/swift-protobuf "$scratch/source"
swift build --package-path "$scratch/source" -c release --product protoc-gen-swift
for file in ONNXFiles/onnx EventFiles/event; do
    target=Sources/${file%/*}
    protoc --plugin="$scratch/source/.build/release/protoc-gen-swift" --proto_path="$target" \
        --swift_out="$target/Messages" "${file#*/}.proto"
done
