#!/usr/bin/env bash
#
# Trains the table of imagenette in docs/results/imagenet.md, run by run: a ResNet-34, three students of it by three methods with
# three seeds, a ResNet-50 and its students, and ResNet-18 at 64 pixels on photographs that are decoded as fast as can be and
# in full.
#
#     Scripts/imagenette_study.sh DATA OUTPUT [REVIEWKD]
#
# DATA holds `train` and `val` with a folder for each class. Stop it at any moment and repeat the command: each run goes on where
# it was. A run that is done has a file NAME.done in OUTPUT, and a line in results.jsonl there.
set -euo pipefail

[ $# -ge 2 ] || {
    sed -n '3,10s/^#//p' "$0" >&2
    exit 64
}
data=$(realpath "$1")
program=$(realpath "${3:-.build/release/reviewkd}")
mkdir -p "$2"
cd -- "$2"

# A run by its name; what follows are the words of its command.
run() {
    local name=$1 resume=
    shift
    [ ! -e "$name.done" ] || return 0
    [ ! -d "$name" ] || resume=--resume
    "$program" "$@" --data "$data" --output "$name" --checkpoint-every 60 $resume 2>>"$name.log"
    touch "$name.done"
    write_results
}

# The last epoch of each run that is done, in the order in which they ended.
write_results() {
    python3 - <<'PYTHON' >results.jsonl.new
import datetime
import json
import pathlib

for done in sorted(pathlib.Path().glob("*.done"), key=lambda file: file.stat().st_mtime):
    last = json.loads((pathlib.Path(done.stem) / "metrics.jsonl").read_text().splitlines()[-1])
    test = last["test"]
    print(json.dumps({
        "run": done.stem, "epochs": last["epoch"], "top1": test["top1"], "top5": test["top5"],
        "test_images": test["count"], "training_images": last["training_images"],
        "kernels": last.get("kernels"), "revision": last["revision"],
        "date": datetime.date.fromtimestamp(done.stat().st_mtime).isoformat(),
    }))
PYTHON
    mv results.jsonl.new results.jsonl
}

# A run may have ended just before the script was stopped.
write_results
pair=imagenet/ResNet34-ResNet18-short
light=imagenet/ResNet50-MobileNetV1-short
run T34 train imagenet/ResNet34-short
for seed in 0 1 2; do
    run "alone-$seed" train "$pair" --seed "$seed"
    run "reviewkd-$seed" distill "$pair" --teacher T34/student-last.safetensors --seed "$seed"
    run "kd-$seed" distill "$pair" --teacher T34/student-last.safetensors --seed "$seed" --method kd
done
run T50 train imagenet/ResNet34-short --set student.model=imagenet-ResNet50 \
    --set name=imagenet/ResNet50-short
run light-alone-0 train "$light"
run light-reviewkd-0 distill "$light" --teacher T50/student-last.safetensors
run light-kd-0 distill "$light" --teacher T50/student-last.safetensors --method kd
# At 128 pixels no crop of imagenette's pictures of 224 is decoded at half size, and both ways give the same bytes.
small=(train "$pair" --set dataset.image_size=64)
for seed in 0 1 2; do
    run "small-fast-$seed" "${small[@]}" --seed "$seed"
    run "small-exact-$seed" "${small[@]}" --seed "$seed" --set dataset.exact=true
done
