#!/usr/bin/env bash
#
# Shows whether two commits compute the same bits on this machine, and record the same.
#
#   REVIEWKD_DATA=DIR REVIEWKD_TEACHER=FILE Scripts/same_bits.sh [--quick] [--fresh] BEFORE AFTER
#
# BEFORE and AFTER are revisions of git; AFTER may be WORKTREE, the files as they are now. DIR holds
# cifar-100-binary; FILE is the published ResNet-56 for CIFAR-100. The script prints a table in
# Markdown and, below it, the lines that differ. It ends with 1 where an item differs or fails.
#
# --quick leaves out the demonstration and the runs on real images, which take longest. JOBS
# (default 2) says how many runs of one thread go on at once.
#
# The script keeps its build folder, the binaries and the results of each commit in
# ${XDG_CACHE_HOME:-~/.cache}/reviewkd-same-bits, so that the next comparison makes what is new only.
# --fresh runs both sides again. The folder can be deleted at any time, to build from nothing too.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
script=$PWD/Scripts/same_bits.sh
items=$PWD/Scripts/same_bits_items.sh
libtorch=$(readlink -f .libtorch || true)
readonly script items libtorch cache=${XDG_CACHE_HOME:-$HOME/.cache}/reviewkd-same-bits

say() { printf 'same_bits: %s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

usage() {
    sed -n '3,16s/^# \{0,1\}//p' "$script" >&2
    exit 64
}

# Runs a command in a process group of its own, so that a signal can end it with all its children.
child=''
wait_for() {
    local status=0
    set -m
    "$@" &
    child=$!
    set +m
    wait "$child" || status=$?
    child=''
    return "$status"
}

clean_up() {
    [[ -z $child ]] || kill -TERM -- "-$child" 2>/dev/null || true
    [[ -z $child ]] || wait "$child" 2>/dev/null || true
    rm -rf "$folder"
}

# The name of the tree of a revision; the files as they are now become a tree of their own, whose
# objects lie in the temporary folder.
tree_of() {
    if [[ $1 == WORKTREE ]]; then
        cp "$(git rev-parse --git-path index)" "$folder/index"
        "${with_new_objects[@]}" GIT_INDEX_FILE="$folder/index" git add --all
        "${with_new_objects[@]}" GIT_INDEX_FILE="$folder/index" git write-tree
    else
        git rev-parse --verify --quiet "$1^{tree}" ||
            fail "$1: expected a revision of git or WORKTREE; see 'git log --oneline'"
    fi
}

# What a binary depends on beside its sources.
toolchain() {
    swift --version 2>&1
    cat "$libtorch"/lib/libtorch_cpu.so "$libtorch"/lib/libc10.so | sha256sum
}

# What the results depend on beside the binary.
surroundings() {
    grep -m 1 '^model name' /proc/cpuinfo || uname -m
    grep -m 1 '^flags' /proc/cpuinfo || true
    cat "$items" "$REVIEWKD_TEACHER" "$data"/{train,test}.bin | sha256sum
}

# A folder of the cache for the lines given.
kept() { echo "$cache/$1/$(printf '%s\n' "${@:2}" | sha256sum | cut -c -32)"; }

# Builds a tree in the kept folder, where only files that differ from the last tree change.
build() {
    local git_folder there
    git_folder=$(git rev-parse --absolute-git-dir)
    mkdir -p "$cache/sources"
    cd -P "$cache/sources" || return 1
    ln -sfn "$libtorch" .libtorch
    there=("${with_new_objects[@]}" GIT_DIR="$git_folder" GIT_WORK_TREE="$PWD"
        GIT_INDEX_FILE="$cache/index" git)
    "${there[@]}" read-tree --reset -u "$1" && "${there[@]}" clean -ffdq || return 1
    swift build -c release --product reviewkd >"$folder/build.log" 2>&1 || {
        tail -n 40 "$folder/build.log" >&2
        return 1
    }
    cp .build/release/reviewkd "$2"
}

# One build at a time in the kept folder.
build_alone() {
    exec 9>"$cache/lock" && flock 9 || return 1
    build "$@"
}

# Puts the binary of a tree into a folder.
take_binary() {
    local name=$1 tree=$2 into=$3 binary
    binary=$(kept builds "$tree" "$tools")
    if [[ ! -x $binary ]]; then
        say "$name: building (minutes)"
        mkdir -p "$cache/builds"
        wait_for build_alone "$tree" "$folder/reviewkd" ||
            fail "$name: the release build fails; its last lines are above"
        mv "$folder/reviewkd" "$binary"
    fi
    cp "$binary" "$into/reviewkd"
}

# Sets `side` to the folder with the results of a tree, which are made where they are lacking.
side=''
take_side() {
    local name=$1 tree=$2 made=$folder/$1 start
    side=$(kept sides "$tree" "$tools" "$around" "$extent")
    if [[ $fresh != yes && -e $side/done ]]; then
        say "$name: results of an earlier comparison"
        return
    fi
    mkdir -p "$made/items"
    take_binary "$name" "$tree" "$made"
    say "$name: running"
    start=$SECONDS
    wait_for "${with_libtorch[@]}" "$items" "$extent" "$made" "$data" ||
        fail "$name: the items could not be run; the reason is above"
    say "$name: ran for $((SECONDS - start)) s"
    if grep -qlx failed "$made"/items/*; then
        side=$made
        return
    fi
    touch "$made/done"
    mkdir -p "$cache/sides"
    rm -rf "$side"
    mv -T "$made" "$side"
}

# What the table shows of an item: the digest that is its only line, else the digest of its lines.
shown() {
    local text
    text=$(cat "$1" 2>/dev/null) || text=lacking
    case $text in
    failed* | lacking) echo "${text%%$'\n'*}" ;;
    *) if [[ $text =~ ^[0-9a-f]{64}$ ]]; then
        echo "${text:0:16}"
    else
        printf '%s' "$text" | sha256sum | cut -c -16
    fi ;;
    esac
}

# Prints the row of an item, and keeps the lines that differ.
count=0 different=0
row() {
    local verdict=yes
    count=$((count + 1))
    if ! cmp -s "$2" "$3" || grep -qsx failed "$2" "$3"; then
        verdict='**no**'
        different=$((different + 1))
        {
            echo
            echo "$1, before (-) and after (+):"
            diff -N -U 0 "$2" "$3" | sed 1,2d | grep '^[-+]' | cut -c -160 | head -n 12 || true
        } >>"$folder/differences"
    fi
    echo "| $1 | $(shown "$2") | $(shown "$3") | $verdict |"
}

table() {
    local name
    echo "| item | before: $1 | after: $2 | same? |"
    echo "| --- | --- | --- | --- |"
    while IFS= read -r name; do
        row "$name" "$before/items/$name" "$after/items/$name"
    done < <(find "$before/items" "$after/items" -type f -printf '%f\n' | sort -u)
    for name in "$crossed"/items/*; do
        row "${name##*/}" "$before/items/a resumed run: ${name##*: }" "$name"
    done
}

fresh=no extent=all
while [[ ${1:-} == --* ]]; do
    case $1 in
    --fresh) fresh=yes ;;
    --quick) extent=quick ;;
    *) usage ;;
    esac
    shift
done
(($# == 2)) || usage
[[ -n ${REVIEWKD_DATA:-} ]] ||
    fail "REVIEWKD_DATA is not set; expected the folder that holds cifar-100-binary"
[[ -n ${REVIEWKD_TEACHER:-} ]] ||
    fail "REVIEWKD_TEACHER is not set; expected the file of the published ResNet-56 for CIFAR-100"
data=$(readlink -f "$REVIEWKD_DATA")
[[ ! -d $data/cifar-100-binary ]] || data=$data/cifar-100-binary
[[ -f $data/train.bin && -f $data/test.bin ]] ||
    fail "$REVIEWKD_DATA: expected cifar-100-binary with train.bin and test.bin;" \
        "get them with 'reviewkd datasets fetch cifar100 --data DIR'"
[[ -f $REVIEWKD_TEACHER ]] || fail "$REVIEWKD_TEACHER: expected the teacher's file, found none"
[[ -d $libtorch/lib ]] || fail ".libtorch: expected LibTorch, found none; run 'make setup' first"
REVIEWKD_TEACHER=$(readlink -f "$REVIEWKD_TEACHER")
export REVIEWKD_TEACHER LC_ALL=C

folder=$(mktemp -d)
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
objects=$(git rev-parse --path-format=absolute --git-path objects)
readonly with_libtorch=(env LD_LIBRARY_PATH="$libtorch/lib")
readonly with_new_objects=(env GIT_OBJECT_DIRECTORY="$folder/objects"
    GIT_ALTERNATE_OBJECT_DIRECTORIES="$objects")
mkdir -p "$cache" "$folder/objects"
tools=$(toolchain)
around=$(surroundings)
before_tree=$(tree_of "$1")
after_tree=$(tree_of "$2")

take_side before "$before_tree"
before=$side
# The second side of a comparison of one tree with itself is run anew only where that was asked for.
if [[ $fresh == yes && $before_tree == "$after_tree" ]]; then
    cp -r "$before" "$folder/first"
    before=$folder/first
fi
take_side after "$after_tree"
after=$side
crossed=$folder/crossed
mkdir -p "$crossed/items"
cp "$after/reviewkd" "$crossed/reviewkd"
wait_for "${with_libtorch[@]}" "$items" old "$crossed" "$data" "$before/stopped" \
    "$before/finished.safetensors" || fail "the run of $1 could not be given to $2"

table "$1" "$2"
cat "$folder/differences" 2>/dev/null || true
echo
echo "$different of $count items differ. $(grep -m 1 '^model name' /proc/cpuinfo | sed 's,.*: ,,')," \
    "$("${with_libtorch[@]}" "$after/reviewkd" --version | sed 's, (.*,,'), $(date -u +%F)."
((different == 0))
