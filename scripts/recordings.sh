#!/usr/bin/env bash
# Makes the text recordings in docs/recordings anew, from real runs: `recordings.sh [top]…` (default: all). `BIN` is the
# folder of the programs (default: .build/release); what they show is written by terminals that are not ours (pyte).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
BIN=${BIN:-.build/release}
OUT=docs/recordings
[ -x "$BIN/kw" ] || die "there is no $BIN/kw; build it (swift build -c release), or name its folder as BIN"
"$VENV/bin/python" -c 'import pyte, kafka' 2>/dev/null || scripts/setup.sh venv
mkdir -p "$OUT"

record() { # NAME COMMAND… — the file takes the place of the old one only when all went well
  local name=$1
  shift
  step "recording $name"
  timeout 300 "$@" >"$OUT/$name.tmp" || die "recording $name did not go well; see $OUT/$name.tmp"
  ! grep -qE '^.{101,}' "$OUT/$name.tmp" || die "$OUT/$name.tmp has lines of more than 100 columns"
  mv "$OUT/$name.tmp" "$OUT/$name.txt"
}

[ $# -gt 0 ] || set -- top
for name in "$@"; do
  case $name in
    top) record top "$VENV/bin/python" Tests/Foreign/record_top.py "$BIN" ;;
    *) die "there is no recording $name" ;;
  esac
done
