#!/usr/bin/env bash
#
# Kills a process of a run of two at random moments, goes on each time, and compares the end with a run left alone.
#
#   Scripts/kill_ranks.sh PROGRAM DATA TEACHER [KILLS] [SEED]
#
# PROGRAM is a built reviewkd, DATA the folder of CIFAR-100, TEACHER the weights of a resnet56. It prints each kill, and
# fails where the weights differ, or where the run ended before any kill.
set -euo pipefail

program=$1 data=$2 teacher=$3 kills=${4:-20}
RANDOM=${5:-1}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

run() {
    exec "$program" distill cifar100/resnet56-resnet20 --teacher "$teacher" --data "$data" --output "$1" \
        --processes 2 --max-steps 60 --checkpoint-every 5 --no-records --quiet "${@:2}"
}

(run "$folder/alone") >/dev/null 2>&1
resume=()
done_kills=0
for ((kill = 1; kill <= kills; kill++)); do
    setsid bash -c "$(declare -f run); program='$program' data='$data' teacher='$teacher'; run $folder/killed ${resume[*]-}" \
        >"$folder/log" 2>&1 &
    parent=$!
    sleep "$((RANDOM % 7 + 2)).$((RANDOM % 10))"
    # The ranks are the children of the program; a run that has ended has none.
    mapfile -t ranks < <(pgrep -P "$parent" || true)
    if ((${#ranks[@]} == 2)); then
        victim=$((RANDOM % 2))
        if kill -KILL "${ranks[victim]}" 2>/dev/null; then
            done_kills=$((done_kills + 1))
            echo "kill $kill: rank $victim"
        else
            echo "kill $kill: rank $victim had ended"
        fi
    else
        echo "kill $kill: the run had ended"
    fi
    wait "$parent" || grep -h 'Error' "$folder/log" | head -1
    [[ -e $folder/killed/checkpoint ]] && resume=(--resume)
done
(run "$folder/killed" "${resume[@]}") >/dev/null 2>&1 || { cat "$folder/log" && exit 1; }
# The tensors of the last checkpoint: the header before them also has how long the epoch took.
sums() {
    local file header
    for file in "$1"/checkpoint/*.safetensors; do
        header=$(od -An -t u8 -N 8 "$file")
        echo "$(tail -c "+$((header + 9))" "$file" | sha256sum | cut -d ' ' -f 1) tensors of ${file##*/}"
    done
}
sums "$folder/alone" >"$folder/a"
sums "$folder/killed" >"$folder/b"
cat "$folder/a"
diff "$folder/a" "$folder/b"
((done_kills > 0)) || {
    echo 'no process was killed: the run ended before' >&2
    exit 1
}
echo "the same bytes after $done_kills kills"
