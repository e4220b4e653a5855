#!/usr/bin/env bash
#
# Makes this checkout ready for SwiftPM: checks Swift, installs the system packages that are
# lacking, and puts LibTorch into .libtorch, where Package.swift looks for it.
#
# LIBTORCH, when set, names a LibTorch to link to. Otherwise the CPU build pinned below is
# fetched. Nothing of a run that is cut off stays under the name .libtorch.
set -euo pipefail

readonly torch_version='2.13.0+cpu'
readonly torch_wheel="torch-${torch_version}-cp311-cp311-manylinux_2_28_x86_64.whl"
readonly torch_sha256='6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b'
readonly torch_index='https://download.pytorch.org/whl/cpu'
readonly torch_libraries=(libtorch.so libtorch_cpu.so libc10.so libgomp.so.1)

readonly stamp="torch==$torch_version sha256:$torch_sha256"
readonly stamp_file='.libtorch/setup-stamp'
readonly partial=".libtorch.partial.$$"

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

require_swift() {
    local found
    found=$(swiftc --version 2>/dev/null || true)
    if [[ $found =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]]; then
        ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 6002)) && return
        fail "Swift: expected 6.2 or later, found ${BASH_REMATCH[1]}.${BASH_REMATCH[2]};" \
            "get a current one from https://www.swift.org/install/linux/"
    fi
    fail "Swift: expected 6.2 or later, found none on the PATH;" \
        "get it from https://www.swift.org/install/linux/"
}

# Prints the Debian packages whose commands or headers are lacking. Probing for the files rather
# than the packages lets other distributions, and other packages with the same files, pass too.
lacking_packages() {
    command -v make >/dev/null || echo make
    command -v git >/dev/null || echo git ca-certificates
    command -v curl >/dev/null || echo curl ca-certificates
    command -v unzip >/dev/null || echo unzip
    compgen -G '/usr/include/c++/*/vector' >/dev/null || echo g++
    [[ -e /usr/include/zlib.h ]] || echo zlib1g-dev
    [[ -e /usr/include/archive.h ]] || echo libarchive-dev
    [[ -e /usr/include/jpeglib.h ]] || echo libjpeg-dev
    [[ -e /usr/include/png.h ]] || echo libpng-dev
    [[ -e /usr/include/webp/decode.h ]] || echo libwebp-dev
    [[ -e /usr/include/sqlite3.h ]] || echo libsqlite3-dev
    command -v patchelf >/dev/null || echo patchelf
    # The build for CUDA takes libarchive in, with all that its zip reader names.
    [[ ${REVIEWKD_CUDA:-} == 1 ]] || return 0
    [[ -e /usr/include/bzlib.h ]] || echo libbz2-dev
    [[ -e /usr/include/lzma.h ]] || echo liblzma-dev
    [[ -e /usr/include/zstd.h ]] || echo libzstd-dev
    [[ -e /usr/include/nettle/hmac.h ]] || echo nettle-dev
}

install_packages() {
    local packages as_root=()
    read -r -d '' -a packages < <(lacking_packages) || true
    ((${#packages[@]} > 0)) || return 0
    command -v apt-get >/dev/null ||
        fail "system packages: what Debian calls '${packages[*]}' is lacking, and there is no" \
            "apt-get here; install them with this system's package manager, then run this again"
    if ((EUID != 0)); then
        as_root=(sudo)
        sudo -n true 2>/dev/null ||
            fail "system packages: '${packages[*]}' are lacking; install them with:" \
                "sudo apt-get update && sudo apt-get install -y ${packages[*]}"
    fi
    say "installing ${packages[*]} with apt-get"
    "${as_root[@]}" apt-get update -qq >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >&2
}

# A folder with SQLite's archive and not its shared library, so that the linker takes the archive: the program
# then carries SQLite where it goes.
link_sqlite() {
    local archive
    archive=$(gcc -print-file-name=libsqlite3.a)
    [[ -e $archive ]] || fail "SQLite: expected its archive libsqlite3.a, found none; install Debian's libsqlite3-dev"
    mkdir -p .libsqlite
    ln -sfn "$(readlink -f "$archive")" .libsqlite/libsqlite3.a
}

# Prints MAJOR.MINOR of the LibTorch in folder $1; the header moved between releases.
libtorch_version() {
    cat "$1"/include/torch/{headeronly,csrc/api/include/torch}/version.h 2>/dev/null |
        awk '$2 == "TORCH_VERSION_MAJOR" { major = $3 }
             $2 == "TORCH_VERSION_MINOR" { minor = $3 }
             END { if (major != "") print major "." minor }'
}

# Prints what keeps folder $1 from being a LibTorch that the package builds with, or nothing.
libtorch_defect() {
    local file version
    for file in include/ATen/ATen.h lib/lib{torch,torch_cpu,c10}.so; do
        [[ -f $1/$file ]] || { echo "has no $file" && return; }
    done
    version=$(libtorch_version "$1" || true)
    [[ $version == 2.11 || $version == 2.13 ]] || echo "is of version ${version:-unknown}"
}

# A real folder without the stamp was put there by hand, and is not this script's to delete.
refuse_foreign_libtorch() {
    [[ -d .libtorch && ! -L .libtorch && ! -e $stamp_file ]] || return 0
    fail ".libtorch: expected nothing, a link, or what this script unpacked, found a folder" \
        "made by other means; move it away, then run this again"
}

begin_partial() {
    # EXIT covers signals too; what SIGKILL leaves, the next run removes.
    trap 'rm -rf "$partial"' EXIT
    trap 'exit 130' INT
    mkdir "$partial"
}

remove_stale_partials() {
    local folder process
    for folder in .libtorch.partial.*; do
        process=${folder##*.}
        [[ -e $folder ]] || continue
        [[ -d /proc/$process && $process != "$$" ]] && continue
        say "removing $folder, left by a run that was cut off"
        rm -rf "$folder" || say "$folder is still in use; the next run removes the rest"
    done
}

# Renames $1 to .libtorch. A run cut off between the two renames leaves no .libtorch at all.
replace_libtorch() {
    [[ ! -e .libtorch && ! -L .libtorch ]] || mv -T .libtorch "$partial/replaced"
    mv -T "$1" .libtorch
}

link_libtorch() {
    local target=$1 defect
    defect=$(libtorch_defect "$target")
    [[ -z $defect ]] ||
        fail "LIBTORCH: expected a folder with the headers and libraries of LibTorch 2.11 or" \
            "2.13, but '$target' $defect; correct LIBTORCH, or unset it to get the pinned build"
    [[ $target -ef .libtorch ]] && return
    refuse_foreign_libtorch
    begin_partial
    ln -s "$target" "$partial/link"
    replace_libtorch "$partial/link"
    say "linked .libtorch to $target"
}

# Naming the platform makes pip take the pinned file whatever Python runs it; short time-outs,
# because the caller has another source to turn to.
pip_download() {
    TMPDIR="$partial" python3 -m pip download "$@" "torch==$torch_version" \
        --dest "$partial" --no-deps --only-binary=:all: --python-version 3.11 \
        --implementation cp --platform manylinux_2_28_x86_64 \
        --no-cache-dir --disable-pip-version-check --timeout 15 --retries 1 </dev/null >&2
}

download_wheel() {
    local url="$torch_index/${torch_wheel/+/%2B}"
    if python3 -m pip --version >/dev/null 2>&1; then
        say "getting $torch_wheel (192 MB) from the sources that pip is set up with"
        pip_download 2>"$partial/pip.log" && return
        say "pip: $(tail -n 1 "$partial/pip.log")"
        say "getting it from $torch_index with pip"
        pip_download --index-url "$torch_index" && return
    fi
    say "getting $url with curl"
    curl --fail --location --connect-timeout 15 --speed-time 60 --speed-limit 1000 \
        --output "$partial/$torch_wheel" "$url" && return
    fail "LibTorch: expected $torch_wheel from pip or $torch_index, found neither reachable;" \
        "check the network and run this again, or set LIBTORCH to a LibTorch you have"
}

verify_wheel() {
    local found
    found=$(sha256sum "$partial/$torch_wheel")
    found=${found%% *}
    [[ $found == "$torch_sha256" ]] ||
        fail "$torch_wheel: expected SHA-256 $torch_sha256, found $found; nothing was" \
            "installed. Run this again; if it stays so, the source serves another file"
}

# Only what a program without Python links and loads.
unpack_wheel() {
    say "unpacking its headers and libraries into .libtorch (500 MB)"
    unzip -q "$partial/$torch_wheel" 'torch/include/*' "${torch_libraries[@]/#/torch/lib/}" \
        -d "$partial" </dev/null
    printf '%s\n' "$stamp" >"$partial/torch/${stamp_file##*/}"
    # Without this a power cut could leave the new name on files that never reached the disk.
    sync -f "$partial/torch"
}

fetch_libtorch() {
    [[ $(uname -sm) == 'Linux x86_64' ]] ||
        fail "LibTorch: expected x86_64 Linux, for which a build is pinned, found $(uname -sm);" \
            "set LIBTORCH to the folder of a LibTorch 2.11 or 2.13 for this machine"
    refuse_foreign_libtorch
    begin_partial
    download_wheel
    verify_wheel
    unpack_wheel
    replace_libtorch "$partial/torch"
}

libtorch_is_in_place() {
    [[ -z $(libtorch_defect .libtorch) ]] || return 1
    [[ ! -e $stamp_file || -L .libtorch || $(<"$stamp_file") == "$stamp" ]]
}

main() {
    local chosen=''
    [[ -z ${LIBTORCH:-} ]] || chosen=$(realpath -m -- "$LIBTORCH")
    cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
    require_swift
    install_packages
    link_sqlite
    remove_stale_partials
    if [[ -n $chosen ]]; then
        link_libtorch "$chosen"
    elif ! libtorch_is_in_place; then
        fetch_libtorch
    fi
    say "ready, with LibTorch $(libtorch_version .libtorch) in .libtorch"
}

main "$@"
