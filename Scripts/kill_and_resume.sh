#!/usr/bin/env bash
#
# Shows that a run killed at ten random moments ends with the same weights as one left alone.
#
#   Scripts/kill_and_resume.sh FOLDER COMMAND…
#
# COMMAND is a `reviewkd train` or `reviewkd distill` without --output and --resume; FOLDER is made
# anew and keeps both runs. The seed of the moments is SEED (default 0).
set -euo pipefail
if (($# < 2)); then
    sed -n '3,8p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2
    exit 64
fi
folder=$1
shift
RANDOM=${SEED:-0}
rm -rf "$folder"
mkdir -p "$folder"

start=$SECONDS
"$@" --output "$folder/alone" --quiet >"$folder/alone.log" 2>&1
whole=$((SECONDS - start))
echo "left alone: $whole s"

kills=0
while ((kills < 10)); do
    "$@" --output "$folder/killed" --resume --quiet >>"$folder/killed.log" 2>&1 &
    run=$!
    # Between nothing and a sixth of the whole run, in milliseconds.
    pause=$((RANDOM * 32768 + RANDOM))
    pause=$((pause % (whole * 1000 / 6 + 1)))
    sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
    if ! kill -KILL "$run" 2>/dev/null; then break; fi
    wait "$run" 2>/dev/null || true
    kills=$((kills + 1))
    newest=$(find "$folder/killed/checkpoint" -name 'step-*.safetensors' 2>/dev/null | sort | tail -n 1)
    echo "kill $kills after $pause ms; newest checkpoint: ${newest:+$(basename "$newest")}"
done
"$@" --output "$folder/killed" --resume --quiet >>"$folder/killed.log" 2>&1

sha256sum "$folder"/{alone,killed}/student-last.safetensors
cmp "$folder"/{alone,killed}/student-last.safetensors
echo "the same bytes after $kills kills"
