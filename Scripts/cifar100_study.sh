#!/usr/bin/env bash
#
# Runs the cells that docs/results/cifar100.md reports, in the order in which they count, and adds
# each result to docs/results/cifar100.jsonl as soon as it is there. Cells that stand there already
# are not run again, so it may be ended at any time and started again, on another machine too. At its
# end it makes docs/results/cifar100-table.md and cifar100-stages.svg of what stands there.
#
#     Scripts/cifar100_study.sh DATA TEACHERS OUTPUT [JOBS]
#     Scripts/cifar100_study.sh --pages
#
# DATA holds cifar-100-binary; TEACHERS holds resnet56.pt (the published one of README.md), and where
# they are not to be trained here vgg13.safetensors and wrn_40_2.safetensors. Each job has one thread.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly tool=${REVIEWKD:-.build/release/reviewkd} results=docs/results/cifar100.jsonl
readonly small=cifar100/resnet56-resnet20-short

# Puts the results of files into the folder's results.jsonl.
merge() {
    local file arguments=()
    for file in "${@:2}"; do arguments+=(--merge "$file"); done
    "$tool" ablate stages "$small" --output "$1" --precision bfloat16 --quiet "${arguments[@]}" \
        >/dev/null
}

# Table and heat map of the recorded results.
pages() {
    local folder page=docs/results/cifar100-table.md
    folder=$(mktemp -d)
    merge "$folder" "$results"
    {
        echo "# Every recorded cell of CIFAR-100"
        echo
        echo "Written by \`Scripts/cifar100_study.sh --pages\` from [cifar100.jsonl](cifar100.jsonl);" \
            "what it says is in [cifar100.md](cifar100.md)."
        echo
        cat "$folder/ablation-stages.md"
    } >"$page.new"
    mv "$page.new" "$page"
    mv "$folder/ablation-stages.svg" docs/results/cifar100-stages.svg
    rm -r "$folder"
}

if [[ ${1:-} == --pages ]]; then
    pages
    exit
fi
if (($# < 3)); then
    sed -n '3,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
fi
readonly data=$1 teachers=$2 output=$3 jobs=${4:-2}
readonly common=(--data "$data" --teachers "$teachers" --output "$output" --jobs "$jobs"
    --threads "$jobs" --checkpoint-every 100)

# Joins result files into one of them; lines that are there stay.
join() {
    local folder
    folder=$(mktemp -d)
    merge "$folder" "${@:2}" && mv "$folder/results.jsonl" "$1"
    rm -r "$folder"
}

# Adds what is new to the recorded results; what another machine added meanwhile stays.
keep() {
    cmp -s "$output/results.jsonl" "$output/kept.jsonl" && return
    [ -f "$output/results.jsonl" ] || return 0
    touch "$results"
    cp "$output/results.jsonl" "$output/kept.jsonl"
    join "$results" "$results" "$output/kept.jsonl"
}

mkdir -p "$output"
[ ! -f "$results" ] || merge "$output" "$results"
(while sleep 10; do keep || true; done) &
readonly keeper=$!
child='' ended=0
trap 'ended=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true' TERM INT
trap 'kill "$keeper" 2>/dev/null || true; wait "$keeper" 2>/dev/null || true; keep; pages' EXIT

# A cell that fails does not keep the next tables from being made; a signal ends all, saved.
failed=0
try() {
    local status=0
    ((!ended)) || exit 143
    "$tool" "$@" --precision bfloat16 "${common[@]}" &
    child=$!
    wait "$child" || status=$?
    # A signal ends the wait at once, and the tool only when everything is saved.
    while kill -0 "$child" 2>/dev/null; do
        status=0
        wait "$child" || status=$?
    done
    ((!ended)) || exit 143
    ((status < 128)) || exit "$status"
    ((status == 0)) || failed=1
}
table() { try reproduce cifar100 --schedule short "$@"; }
ablate() { try ablate "$1" "$small" "${@:2}"; }

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
exit "$failed"
