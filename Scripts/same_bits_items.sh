#!/usr/bin/env bash
#
# What Scripts/same_bits.sh compares, of one build; that script calls this one.
#
#   Scripts/same_bits_items.sh all|quick SIDE DATA
#   Scripts/same_bits_items.sh old SIDE DATA STOPPED FINISHED
#
# SIDE holds `reviewkd`; each item becomes a file in SIDE/items, with the line "failed" and the
# reason where it cannot be made. `old` resumes the run in the folder STOPPED, and evaluates the weights
# FINISHED. REVIEWKD_TEACHER is the teacher's file. Times, speeds, memory and revisions are left out.
set -euo pipefail
readonly mode=$1 side=$2 data=$3 teacher=$REVIEWKD_TEACHER jobs=${JOBS:-2}
readonly methods='reviewkd kd fitnet at sp rkd pkt vid crd ofd dkd dist reviewkd+kd'
work=$(mktemp -d)
readonly work
trap 'wait; rm -rf "$work"' EXIT
trap 'exit 143' TERM
export OMP_NUM_THREADS=1
cd "$work"

# Runs the tool without a word where it succeeds.
tool() {
    local log
    log=$(mktemp -p "$work")
    "$side/reviewkd" "$@" 2>"$log" || {
        echo "reviewkd $*: $(tail -n 3 "$log")" >&2
        return 1
    }
}

# A training run with one thread, or with what the arguments say.
learn() { tool "$@" --seed 0 --quiet >/dev/null; }

digest() { sha256sum "$1" | cut -c -64; }

# Prints JSON, an object a line, without what differs from run to run.
timeless() {
    python3 -c '
import json, sys
UNSTEADY = {"seconds", "images_per_second", "peak_memory_bytes", "revision"}
def steady(value):
    if isinstance(value, dict):
        return {key: steady(part) for key, part in value.items() if key not in UNSTEADY}
    return [steady(part) for part in value] if isinstance(value, list) else value
for line in sys.stdin:
    print(json.dumps(steady(json.loads(line)), sort_keys=True, indent=1))'
}

# Prints the names in the JSON of a list.
names() { python3 -c 'import json, sys
for entry in json.load(sys.stdin)[sys.argv[1]]: print(entry["name"])' "$1"; }

# Writes CIFAR-100 with a few images of noise, of which a run takes a second.
make_small_data() {
    mkdir -p small/cifar-100-binary
    python3 -c '
import random
for name, count in (("train", 32), ("test", 16)):
    noise = random.Random(name)
    with open(f"small/cifar-100-binary/{name}.bin", "wb") as file:
        for image in range(count):
            file.write(bytes([image % 20, image * 7 % 100]) + noise.randbytes(3072))'
}

# What stays of a run beside its weights.
records() {
    cat "$1/recipe.yaml"
    timeless <"$1/metrics.jsonl"
}

# Puts standard output of a command into an item. The command runs in the background, so that its
# first failure ends it.
item() {
    local name=$1 errors status=0
    shift
    errors=$(mktemp -p "$work")
    ("$@") >"$side/items/$name" 2>"$errors" &
    wait $! || status=$?
    ((status != 0)) || return 0
    { echo failed && cat "$errors"; } >"$side/items/$name"
}

# Makes a run in a folder and prints the digest of its weights.
learned() {
    learn "${@:2}" --output "$1"
    digest "$1/student-last.safetensors"
}

# The two items of a run that a command makes in a folder.
run() {
    item "$1: weights" learned "${@:2}"
    item "$1: recipe and metrics" records "$2"
}

demo_json() { tool demo --seeds 0 --json --quiet --threads 1 | timeless; }

demo_itself() { item 'demo: accuracies' demo_json; }

# The students of `demo`, by the recipes that it trains.
demo_students() {
    run 'demo: teacher' teacher train demo/teacher --threads 1
    run 'demo: alone' alone train demo/student --threads 1
    local method
    for method in kd reviewkd; do
        run "demo: $method" "$method" distill demo/student --method "$method" --threads 1 \
            --teacher teacher/student-last.safetensors
    done
}

# The short recipe on real images, with the threads of the third argument.
real_images() {
    run "resnet56-resnet20-short: $2 steps in $1 with $3 threads" "real-$1-$3" \
        distill cifar100/resnet56-resnet20-short --teacher "$teacher" --data "$data" \
        --precision "$1" --max-steps "$2" --threads "$3"
}

# The arguments of a run of two epochs on the small data.
small_run() {
    distill=(distill cifar100/resnet56-resnet8-short --teacher "$teacher" --data small
        --set batch_size=8 --epochs 2 --precision bfloat16 --threads 1)
}

each_method() {
    local method distill
    small_run
    run 'method alone' small-alone train cifar100/resnet56-resnet8-short --data small \
        --set batch_size=8 --epochs 2 --precision bfloat16 --threads 1
    for method in $methods; do
        run "method $method" "small-$method" "${distill[@]}" --method "$method"
    done
}

# Stops a run, and keeps its folder for `old`.
stopped() {
    learned stopped "${distill[@]}" --max-steps 3
    cp -r stopped "$side/stopped"
}

stop_and_resume() {
    local distill
    small_run
    item 'a stopped run: weights' stopped
    run 'a resumed run' stopped "${distill[@]}" --resume
    item 'a resumed run: evaluation' evaluate stopped/student-last.safetensors
    cp stopped/student-last.safetensors "$side/finished.safetensors"
}

evaluate() {
    tool evaluate "$1" --model resnet8 --dataset cifar100 --data small --json --threads 1 | timeless
}

# Every model for one epoch by itself, then pairs of different families. The teachers here have
# learned next to nothing, so that a small learning rate keeps the losses finite.
trained_models() {
    local model pair settings=(--data small --set batch_size=16 --set optimizer.learning_rate=0.001
        --epochs 1 --precision bfloat16 --threads 1)
    for model in $(<models.txt); do
        learn train "cifar100/$model" "${settings[@]}" --output "models/$model"
        echo "$model $(digest "models/$model/student-last.safetensors")"
    done
    for pair in vgg13-MobileNetV2 wrn_40_2-ShuffleV1 resnet32x4-ShuffleV2; do
        learn distill "cifar100/$pair" "${settings[@]}" --output "models/$pair" \
            --teacher "models/${pair%-*}/student-last.safetensors"
        echo "$pair $(digest "models/$pair/student-last.safetensors")"
    done
}

list_models() { tool models --json | tee models.json | timeless; }

every_model() {
    item 'models --json' list_models
    names models <models.json >models.txt
    item 'every model and three pairs: weights after an epoch' trained_models
}

list_recipes() { tool recipes --json | tee recipes.json | timeless; }

show_recipes() {
    local name
    for name in $(<recipes.txt) cifar100/resnet14-resnet8 cifar100/vgg19-ShuffleV2-short \
        cifar100/ResNet34 cifar100/wrn_16_1-short cifar100/resnet56-resnet20/stages/2-1 \
        cifar100/resnet56-resnet20-short/components/residual-abf; do
        echo "# $name"
        tool recipes show "$name"
    done
}

every_recipe() {
    item 'recipes --json' list_recipes
    names recipes <recipes.json >recipes.txt
    item 'recipes show: all shipped, six composed' show_recipes
}

# Two pairs, of one of which the teacher is still to be trained.
plan() {
    mkdir -p teachers
    ln -s "$teacher" "teachers/resnet56.${teacher##*.}"
    tool reproduce cifar100 --dry-run --json --quiet --data small --teachers teachers \
        --output study --schedule short --pairs resnet56-resnet20,resnet14-resnet8 \
        --methods kd,reviewkd,crd --seeds 0,1 --threads 1 --precision bfloat16 | timeless
}

# Runs the words, each with its arguments, so many at a time; the long ones come first. Where one ends
# before its items are made, an item says so.
at_once() {
    local word running=0 broken=0
    for word in "$@"; do
        if ((running == jobs)); then
            wait -n || broken=$((broken + 1))
            running=$((running - 1))
        fi
        # shellcheck disable=SC2086
        $word &
        running=$((running + 1))
    done
    for ((; running > 0; running--)); do wait -n || broken=$((broken + 1)); done
    ((broken == 0)) || item 'groups of items that were cut off' false
}

plan_item() { item 'reproduce cifar100 --dry-run --json' plan; }

# Goes on with another build's run.
taken_up() {
    cp -r "$1" old
    learned old "${distill[@]}" --resume
}

take_up_old_run() {
    local distill
    small_run
    item "before's stopped run, resumed by after: weights" taken_up "$1"
    item "before's stopped run, resumed by after: recipe and metrics" records old
    item "before's weights, evaluated by after: evaluation" evaluate "$2"
}

make_small_data
quick=(every_model each_method plan_item every_recipe stop_and_resume)
case $mode in
quick) at_once "${quick[@]}" ;;
all)
    at_once demo_itself demo_students 'real_images float32 30 1' 'real_images bfloat16 30 1' \
        'real_images bfloat16 4 2' "${quick[@]}"
    ;;
old) take_up_old_run "$4" "$5" ;;
esac
