# Sourced by scripts that have gone to the checkout: virtual environments with pinned packages.

# The CPU build of PyTorch comes from its own index where pip's sources have none.
readonly torch_index='https://download.pytorch.org/whl/cpu'

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }

# has_environment FOLDER PACKAGE... succeeds where the folder holds an environment with these packages.
has_environment() {
    [[ -e $1/setup-stamp && $(<"$1/setup-stamp") == "${*:2}" ]] || return 1
    say "ready, with ${*:2} in $1"
}

# make_environment FOLDER PACKAGE... makes that environment where it is not there.
make_environment() {
    has_environment "$@" && return
    local folder=$1
    shift
    python3 -c 'import ensurepip, venv' 2>/dev/null || {
        say "error: Python's venv is lacking; install it with: apt-get install python3-venv"
        return 1
    }
    say "setting up $folder with $*"
    python3 -m venv --clear "$folder"
    local pip=("$folder/bin/python" -m pip install --quiet --disable-pip-version-check)
    "${pip[@]}" "$@" </dev/null >&2 2>/dev/null ||
        "${pip[@]}" --extra-index-url "$torch_index" "$@" </dev/null >&2 || {
        say "error: pip could not install $* from its sources or $torch_index (its reason is above); check the" \
            "network and run this again"
        return 1
    }
    # Written last, so that an environment that was cut off is made anew.
    printf '%s\n' "$*" >"$folder/setup-stamp"
    say "ready, with $* in $folder"
}
