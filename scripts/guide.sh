#!/usr/bin/env bash
# The guide in docs/ and the articles of the libraries (Sources/*/*.docc): `scripts/guide.sh write` fills the guide's listings with
# what kw explain prints now and the articles' with the code of the tests, `check` compares them, `build [DIR]` makes the pages
# (default .build/guide, and .build/guide-MODULE) and fails on any warning of DocC's.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

tool() { "$(dirname "$(readlink -f "$(type -P swift)")")/$1" "${@:2}"; } # NAME ARGUMENTS…
LISTINGS='ToolTests.GuideTests|ClientTests.Article|SimulationTests.SimulationArticle'
LIBRARIES="KafkaWire KafkaBroker KafkaSimulation"

# The public symbols of a module that is built, for the links in its articles and comments. Reading them out of the module takes a
# second, where `-emit-symbol-graph` would build everything anew.
graph() { # MODULE FOLDER
  local built system options=() name
  built=$(swift build --show-bin-path)
  [ -e "$built/Modules/$1.swiftmodule" ] || swift build --target "$1"
  for name in CCRC32C CConcurrency CMemory CZlib CSnappy CLZ4 CZstd COpenSSL CLibpq; do
    system=Sources/$name/module.modulemap
    [ ! -e "$system" ] || options+=(-Xcc "-fmodule-map-file=$system")
  done
  mkdir -p "$2"
  tool swift-symbolgraph-extract -module-name "$1" -I "$built/Modules" "${options[@]}" -target "$(target)" \
    -minimum-access-level public -skip-synthesized-members -output-dir "$2"
  # What a module adds to others' types (`KafkaWire@Swift`) is no page of its own.
  rm -f "$2/$1@"*.symbols.json
  python3 scripts/graphs.py "Sources/$1/Messages" "$2/$1.symbols.json" "$2/$1.symbols.json"
}

target() {
  swift -print-target-info | python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["unversionedTriple"])'
}

# The pages of a library. A comment names the parameters that need a word, which DocC wants all or none of; every other warning is
# an error.
library() { # MODULE FOLDER
  local work log
  work=$(mktemp -d)
  log=$work/log
  graph "$1" "$work/graph"
  tool docc convert "Sources/$1/$1.docc" --additional-symbol-graph-dir "$work/graph" --fallback-display-name "$1" \
    --fallback-bundle-identifier "kafkawire.$1" --fallback-bundle-version 1 --ide-console-output \
    --output-path "$2" >"$log" 2>&1 || { cat "$log"; die "the pages of $1 were not made"; }
  if grep -E '(warning|error): ' "$log" | grep -vE "Parameter '.*' is missing documentation"; then die "the pages of $1 have warnings"; fi
  rm -rf "$work"
}

case "${1:-check}" in
  write) KAFKAWIRE_WRITE_LISTINGS=1 swift test --filter "$LISTINGS" ;;
  check) swift test --filter "$LISTINGS" ;;
  build)
    tool docc convert docs/KafkaByteByByte.docc --fallback-display-name "Kafka, byte by byte" \
      --fallback-bundle-identifier kafkawire.guide --fallback-bundle-version 1 --warnings-as-errors \
      --output-path "${2:-.build/guide}"
    for module in $LIBRARIES; do library "$module" "${2:-.build/guide}-$module"; done
    ;;
  *) die "write, check or build, not $1" ;;
esac
