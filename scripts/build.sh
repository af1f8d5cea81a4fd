#!/usr/bin/env bash
# The programs in release mode: all, or those named. Without tables for a debugger, which are nine tenths of what the compiler
# would write; a crash is still told with the names of functions.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

options=(-c release -debug-info-format none)
[ $# -gt 0 ] || exec swift build "${options[@]}"
for product in "$@"; do swift build "${options[@]}" --product "$product"; done
