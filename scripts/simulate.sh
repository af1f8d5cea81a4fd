#!/usr/bin/env bash
# `make simulate`: simulated histories by the thousand; see docs/simulation.md. HISTORIES is how many, SEED that of the first one
# (any, where it is not given), SCENARIO and MINUTES what each is, JOBS how many at a time, VERIFY=yes performs each twice, and
# CAPTURE names a file for the frames of the first one that fails.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

KW=${KW:-$ROOT/.build/release/kw}
[ -x "$KW" ] || die "$KW is missing; run: scripts/build.sh kw"

options=(--histories "${HISTORIES:-1000}")
[ -z "${SEED:-}" ] || options+=(--seed "$SEED")
[ -z "${SCENARIO:-}" ] || options+=(--scenario "$SCENARIO")
[ -z "${MINUTES:-}" ] || options+=(--minutes "$MINUTES")
[ -z "${JOBS:-}" ] || options+=(--jobs "$JOBS")
[ -z "${CAPTURE:-}" ] || options+=(--capture "$CAPTURE")
[ "${VERIFY:-no}" = no ] || options+=(--verify)
exec "$KW" simulate "${options[@]}"
