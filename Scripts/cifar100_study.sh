#!/usr/bin/env bash
#
# Runs the cells that docs/results/cifar100.md reports, in the order in which they count, and copies
# each result to docs/results/cifar100.jsonl as soon as it is there. Cells that stand there already
# are not run again, so it may be ended at any time and started again, on another machine too.
#
#     Scripts/cifar100_study.sh DATA TEACHERS OUTPUT [JOBS]
#
# DATA holds cifar-100-binary; TEACHERS holds resnet56.pt (the published one of README.md), and where
# they are not to be trained here vgg13.safetensors and wrn_40_2.safetensors. Each job has one thread.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

if (($# < 3)); then
    sed -n '3,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
fi
readonly data=$1 teachers=$2 output=$3 jobs=${4:-2}
readonly tool=${REVIEWKD:-.build/release/reviewkd} results=docs/results/cifar100.jsonl
readonly small=cifar100/resnet56-resnet20-short
readonly common=(--data "$data" --teachers "$teachers" --output "$output" --jobs "$jobs"
    --threads "$jobs" --checkpoint-every 100)

mkdir -p "$output"
[ ! -f "$results" ] || "$tool" reproduce cifar100 --pairs resnet56-resnet20 --schedule short \
    --output "$output" --merge "$results" --quiet >"$output/merged.txt"

keep() {
    while sleep 10; do
        cmp -s "$output/results.jsonl" "$results" || cp "$output/results.jsonl" "$results"
    done
}
keep &
trap 'kill %1; cp "$output/results.jsonl" "$results"' EXIT

table() { "$tool" reproduce cifar100 --schedule short "${common[@]}" "$@"; }
ablate() { "$tool" ablate "$1" "$small" "${common[@]}" "${@:2}"; }

table --pairs resnet56-resnet20 --methods kd,reviewkd --seeds 0,1,2
ablate stages --seeds 0
ablate components --seeds 0
table --pairs resnet56-resnet20 --seeds 0
ablate stages --seeds 0,1,2
ablate components --seeds 0,1,2
table --pairs resnet56-resnet20 --seeds 0,1,2
table --pairs vgg13-vgg8,wrn_40_2-ShuffleV1 --methods kd,reviewkd --seeds 0
table --pairs vgg13-vgg8,wrn_40_2-ShuffleV1 --methods kd,reviewkd --seeds 0,1,2
for ablation in fusion distance weight; do ablate "$ablation" --seeds 0; done
