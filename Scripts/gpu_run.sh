#!/usr/bin/env bash
# One stretch on a machine with a GPU: what counts first, every figure written as it comes.
#
#   Scripts/gpu_run.sh [DEVICE] [SECONDS]      DEVICE: cuda (default) or cpu, to rehearse
#
# REVIEWKD is the program (default .build-cuda/release/reviewkd), PYTHON one that has PyTorch (default python3),
# DATA a folder with CIFAR-100, TEACHER the weights of a ResNet-56, OUT the folder for what comes out. QUICK=1 takes
# two steps each, to rehearse. Parts that need what is not there are left out, and that is said.
#
# In order: the devices; steps of both pairs as a graph, without one, and PyTorch's eager and compiled; then the 240
# epochs of ResNet-56 -> ResNet-20 for as long as time is left. A repeated call goes on with those from their
# checkpoint if OUT still has it.
set -uo pipefail

device=${1:-cuda}
budget=${2:-720}
started=$SECONDS
program=${REVIEWKD:-.build-cuda/release/reviewkd}
python=${PYTHON:-python3}
out=${OUT:?the folder for the results}
steps=${QUICK:+2}
steps=${steps:-50}
mkdir -p "$out"

if [[ $device != cpu ]]; then
    libraries=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__) + "/lib")') || exit 1
    export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi

left() { echo $((budget - (SECONDS - started))); }

# run NAME LIMIT COMMAND...: writes NAME.out and NAME.err, and one line of what happened and how long it took.
run() {
    local name=$1 limit=$2 status=0 begun=$SECONDS
    shift 2
    limit=$((limit < $(left) ? limit : $(left)))
    if ((limit < 5)); then
        echo "$name: no time left" | tee -a "$out/summary.txt"
        return
    fi
    timeout --signal=INT --kill-after=20 "$limit" "$@" >"$out/$name.out" 2>"$out/$name.err" || status=$?
    echo "$name: status $status, $((SECONDS - begun)) s: $(tail -n 1 "$out/$name.out" | cut -c1-300)" |
        tee -a "$out/summary.txt"
}

run version 30 "$program" --version
run devices 30 "$program" devices --json
for pair in resnet56-resnet20 resnet32x4-resnet8x4; do
    bench=("$program" bench "cifar100/$pair" --device "$device" --steps "$steps" --json)
    peer=("$python" Benchmarks/pytorch_step.py --pair "$pair" --work distill --batch-size 128 --steps "$steps" --device "$device")
    for work in distill train evaluate; do run "$pair-$work-graph" 60 "${bench[@]}" --work "$work"; done
    run "$pair-distill-operators" 60 "${bench[@]}" --work distill --no-graph
    run "$pair-pytorch-eager" 60 "${peer[@]}" --mode plain
    run "$pair-pytorch-compiled" 150 "${peer[@]}" --mode compile
done
run demo 60 "$program" demo --device "$device" --quiet --json
if [[ -d ${DATA:-} && -f ${TEACHER:-} ]]; then
    resume=()
    [[ ! -e $out/full/recipe.yaml ]] || resume=(--resume)
    run full "$(left)" "$program" distill cifar100/resnet56-resnet20 --teacher "$TEACHER" --data "$DATA" \
        --device "$device" --output "$out/full" --quiet "${resume[@]}" ${QUICK:+--max-steps 2}
else
    echo "full: left out, DATA or TEACHER is not there" | tee -a "$out/summary.txt"
fi
