#!/bin/sh
# Writes a Swift file that holds the revision of the sources; unchanged, so that nothing is built anew.
set -eu
revision=$(git -C "$1" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
if [ -n "$(git -C "$1" status --porcelain -- Package.swift Plugins Sources 2>/dev/null)" ]; then
    revision=$revision+changes
fi
text="/// The commit that this was built from.
public let revision = \"$revision\""
file=$2/Revision.swift
[ "$text" = "$(cat "$file" 2>/dev/null)" ] || printf '%s\n' "$text" > "$file"
