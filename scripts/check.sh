#!/usr/bin/env bash
# `make check`: what a change must pass before it is committed. The compiler treats warnings as errors (Package.swift).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

step "format (swift format, strict)"
swift format lint --strict -r Package.swift Sources Tests {Benchmarks,Fuzzing,Examples}/{Package.swift,Sources} Examples/Tests

step "warnings are errors (debug build with tests)"
swift build --build-tests 2>&1 | grep -vE '^\[|^Building|^$' || true
swift build --build-tests >/dev/null

step "layers (Tests/WireTests/LayerTests.swift)"
swift test --skip-build --filter 'WireTests.LayerTests' >/tmp/kw-layers.$$ 2>&1 || { cat /tmp/kw-layers.$$; rm -f /tmp/kw-layers.$$; die "a layer is broken"; }
rm -f /tmp/kw-layers.$$

step "values that could trap (scripts/traps.py)"
scripts/traps.py || die "a place could trap"

step "orders of dictionaries and sets (scripts/orders.py)"
scripts/orders.py || die "a run could depend on the order of a dictionary or a set"

step "files that take long to type-check (scripts/slow-files.py)"
scripts/slow-files.py || die "write it otherwise: give the literals and closures of a long expression their types, or part it"

step "scripts"
for script in scripts/*.sh scripts/connect/*.sh deploy/*.sh .ci/run; do bash -n "$script"; done
# SC2034: variables that conditions given to eval use.
if type -P shellcheck >/dev/null; then shellcheck -x -S warning -e SC2034 scripts/*.sh scripts/connect/*.sh deploy/*.sh .ci/run; fi

step "container file, images, units (scripts/check-deploy.py)"
scripts/check-deploy.py || die "what is in deploy/ would not do"

if git ls-files --error-unmatch Package.resolved .build >/dev/null 2>&1; then die "Package.resolved and .build stay out of commits"; fi
step "clean"
