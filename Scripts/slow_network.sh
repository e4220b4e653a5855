#!/usr/bin/env bash
# Trains in two network namespaces over a slow link, and tells the times of steps and of their sums. Needs root.
#
#   Scripts/slow_network.sh REVIEWKD [STEPS]
#
# For each delay (milliseconds one way), rate (Mbit/s) and loss (percent) a line has the milliseconds of a step, of the
# sum of its gradients alone, and the digest of the student after three steps, which must be the same in all lines. Then
# the link is cut in the middle of a run. Both sides must end within half a minute with a sentence that names the other.
set -euo pipefail
program=$(realpath "$1")
steps=${2:-20}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
recipe=cifar100/resnet56-resnet20
link=
trap '[ -z "$link" ] || kill "$link" 2>/dev/null; rm -rf "$work"' EXIT
cc -O2 -o "$work/slow_link" "$here/slow_link.c"

join() {
    "$work/slow_link" slow_a slow_b "$@" > "$work/link" &
    link=$!
    until [ -s "$work/link" ]; do sleep 0.05; done
}

disjoin() {
    kill "$link" 2> "$work/cut" || true
    wait "$link" 2>> "$work/cut" || true
    link=
    : > "$work/link"
}

# Runs a command on both sides; what rank 0 says is printed.
both() {
    local rank status=0
    for rank in 1 0; do
        RANK=$rank WORLD_SIZE=2 MASTER_ADDR=10.77.0.1 MASTER_PORT=29600 \
            ip netns exec "slow_$([ $rank = 0 ] && echo a || echo b)" \
            "$@" --threads 1 > "$work/out.$rank" 2> "$work/err.$rank" &
        pids[rank]=$!
    done
    for rank in 0 1; do wait "${pids[rank]}" || status=$?; done
    [ $status = 0 ] || cat "$work/err.0" "$work/err.1" >&2
    return $status
}

number() { grep -o "\"$1\":[0-9.e+-]*" "$work/out.0" | cut -d: -f2; }

data() {
    # Random pictures: the times do not depend on them.
    mkdir -p "$work/data/cifar-100-binary"
    python3 - "$work/data/cifar-100-binary" << 'PY'
import random
import sys

random.seed(1)
for name, count in (("train", 1280), ("test", 128)):
    with open(f"{sys.argv[1]}/{name}.bin", "wb") as file:
        for index in range(count):
            file.write(bytes([index % 20, index % 100]) + random.randbytes(3072))
PY
}

data
"$program" train cifar100/resnet56 --data "$work/data" --output "$work/teacher" --max-steps 1 --quiet \
    --no-records > "$work/log"
student() {
    rm -rf "$work/run"
    both "$program" distill "$recipe" --teacher "$work/teacher/student-last.safetensors" --data "$work/data" \
        --output "$work/run" --max-steps 3 --quiet --no-records --timeout 30
    sha256sum "$work/run/student-last.safetensors" | head -c 16
}

first=
echo "| delay, ms | Mbit/s | loss, % | ms per step | fastest | ms per sum | student |"
echo "|---|---|---|---|---|---|---|"
for setting in "0 100000 0" "1 1000 0" "10 1000 0" "1 100 0" "1 30 0" "1 1000 1"; do
    read -r delay rate loss <<< "$setting"
    join "$delay" "$rate" "$loss"
    both "$program" bench $recipe --work reduce --steps "$steps" --json
    sum=$(number ms_per_step)
    both "$program" bench $recipe --steps "$steps" --json
    step=$(number ms_per_step)
    fastest=$(number fastest_ms_per_step)
    digest=$(student)
    printf '| %s | %s | %s | %.1f | %.1f | %.1f | %s |\n' "$delay" "$rate" "$loss" "$step" "$fastest" "$sum" "$digest"
    disjoin
    [ "$digest" = "${first:=$digest}" ] || {
        echo "the student differs from that of the first line" >&2
        exit 1
    }
done

join 1 1000 0
(sleep 8; kill "$link") &
start=$(date +%s)
if both "$program" distill $recipe --teacher "$work/teacher/student-last.safetensors" --data "$work/data" \
    --output "$work/broken" --epochs 1000 --quiet --no-records --timeout 5; then
    echo "the run ended without an error, though its link was cut" >&2
    exit 1
fi
seconds=$(($(date +%s) - start))
for rank in 0 1; do
    grep -q "^Error: .*rank $((1 - rank)) " "$work/err.$rank" || {
        echo "rank $rank did not name the other one" >&2
        exit 1
    }
done
((seconds <= 8 + 30)) || {
    echo "the sides ended $((seconds - 8)) s after the cut" >&2
    exit 1
}
echo "cut after 8 s, both had ended after $seconds s:"
tail -n 1 "$work/err.0" "$work/err.1"
