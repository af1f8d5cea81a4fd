#!/usr/bin/env bash
# The programs: all, or those named. In release mode (unless BUILD says debug), and then without tables for a debugger, which
# are nine tenths of what the compiler would write; a crash is still told with the names of functions. SCRATCH is another folder to
# build in, .build otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Else all is compiled anew every few builds: lib.sh says why.
export SWIFT_DETERMINISTIC_HASHING=1

BUILD=${BUILD:-release}
options=(-c "$BUILD")
[ "$BUILD" = debug ] || options+=(-debug-info-format none)
[ -z "${SCRATCH:-}" ] || options+=(--scratch-path "$SCRATCH")
[ $# -gt 0 ] || exec swift build "${options[@]}"
for product in "$@"; do swift build "${options[@]}" --product "$product"; done
