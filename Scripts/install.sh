#!/usr/bin/env bash
#
# Puts the program below a folder, so that it runs there without this checkout:
#
#   Scripts/install.sh PREFIX
#
#   PREFIX/bin/reviewkd                    the program
#   PREFIX/lib/reviewkd                    LibTorch, Swift's libraries, and those of pictures and archives
#   PREFIX/share/man/man1                  the manual page
#   PREFIX/share/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
#
# DESTDIR, when set, stands before all of them. The libraries of the C library and of the compiler stay the system's.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

fail() {
    echo "install: error: $*" >&2
    exit 1
}

readonly prefix=${1:-}
[[ -n $prefix ]] || fail "PREFIX: expected a folder, found none; say make install PREFIX=/usr/local"
readonly root=${DESTDIR:-}$prefix
readonly program=.build/release/reviewkd
[[ -x $program ]] || fail "$program: expected the built program, found none; run make install"

mkdir -p "$root"/{bin,lib/reviewkd,share/man/man1} \
    "$root"/share/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d} ||
    fail "$root: expected a folder that can be written, found none; choose another PREFIX, or use sudo"

# The names of these libraries are part of every glibc or gcc system.
readonly given='^(linux-vdso|ld-linux-x86-64|lib(c|m|dl|rt|pthread|util|resolv|gcc_s|stdc\+\+))\.so'

ldd "$program" | awk '$2 == "=>" { print $1, $3 }' | while read -r name path; do
    [[ $name =~ $given ]] && continue
    [[ -e $path ]] || fail "$name: expected a library, found none; run make setup"
    install -m 644 -- "$(readlink -f "$path")" "$root/lib/reviewkd/$name"
done

# Nothing of this checkout's paths stays in it.
install -m 755 -- "$program" "$root/bin/.reviewkd.new"
patchelf --set-rpath '$ORIGIN/../lib/reviewkd' "$root/bin/.reviewkd.new"
# Libraries find their neighbours, whatever their makers wrote into them.
for library in "$root"/lib/reviewkd/*; do
    [[ $(patchelf --print-rpath "$library") == '$ORIGIN' ]] ||
        patchelf --set-rpath '$ORIGIN' "$library"
done
strip --strip-unneeded "$root/bin/.reviewkd.new"
mv -f "$root/bin/.reviewkd.new" "$root/bin/reviewkd"

"$root/bin/reviewkd" --version >/dev/null || fail "$root/bin/reviewkd: expected it to run, but it does not"
"$root/bin/reviewkd" completions bash >"$root/share/bash-completion/completions/reviewkd"
"$root/bin/reviewkd" completions zsh >"$root/share/zsh/site-functions/_reviewkd"
"$root/bin/reviewkd" completions fish >"$root/share/fish/vendor_completions.d/reviewkd.fish"
Scripts/manual.py "$root/bin/reviewkd" | gzip -9n >"$root/share/man/man1/reviewkd.1.gz"
echo "installed $root/bin/reviewkd"
