#!/usr/bin/env bash
# What a newcomer does: the Package.swift and the program of the README, pasted into an empty folder, once with this checkout by
# path and once by URL. Nothing but what the library needs may be fetched; then the program is built, which by URL would be the
# same (BUILD=no leaves it out). With SIMULATION=yes so are the tests that docs/simulation.md shows: in a package of their own they
# are run, each with a few of its seeds.
# Closes with "N passed, M failed".
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
expected="swift-collections swift-log"

# A document's blocks of Swift, by a line that only one of them has.
block() { # LINE [DOCUMENT]
  awk -v line="$1" '/^```swift$/ { inside = 1; text = ""; next } /^```$/ { if (inside && found) { printf "%s", text; exit } inside = 0; next }
    inside { text = text $0 "\n"; if (index($0, line)) found = 1 }' "${2:-README.md}"
}

check() { # NAME CONDITION…
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    echo "ok    $name"
  else
    failed=$((failed + 1))
    echo "FAIL  $name"
  fi
}

# The names of all packages that a newcomer's package comes to, this one left out.
fetched() { # FOLDER
  (cd "$1" && swift package show-dependencies --format json 2>"$1.log") |
    python3 -c '
import json, sys
def names(node): return {n for child in node["dependencies"] for n in {child["identity"]} | names(child)}
print(*sorted(names(json.load(sys.stdin)) - {"kafkawire"}))'
}

newcomer() { # NAME DEPENDENCY
  local folder=$work/$1 found
  mkdir -p "$folder/Sources/App"
  block "// swift-tools-version" | sed "s|\.package(path: \"../kafkawire\", traits: \[\"Compression\", \"Security\"\])|$2|" >"$folder/Package.swift"
  block "@main enum App" >"$folder/Sources/App/App.swift"
  found=$(fetched "$folder") || { cat "$folder.log"; found="nothing: it does not resolve"; }
  check "$1: what the library needs is fetched, and nothing else ($found)" [ "$found" = "$expected" ]
  [ "${BUILD:-yes}" = yes ] || return 0
  swift build --package-path "$folder" >"$folder.log" 2>&1 || tail -n 20 "$folder.log"
  check "$1: the README's program builds" [ -x "$folder/.build/debug/App" ]
}

# The tests of docs/simulation.md, in the README's package with a test target in place of its program.
simulation() {
  local folder=$work/simulation found
  mkdir -p "$folder/Tests/AppTests"
  block "// swift-tools-version" | awk '
    /\.executableTarget\(/ { print "        .testTarget("; print "            name: \"AppTests\","
      print "            dependencies: ["
      print "                .product(name: \"KafkaWire\", package: \"kafkawire\"),"
      print "                .product(name: \"KafkaSimulation\", package: \"kafkawire\"),"
      print "            ]),"; inside = 1 }
    inside { if (/\]\),$/) inside = 0; next }
    { print }' >"$folder/Package.swift"
  for line in "import KafkaSimulation" "struct FraudAgent" "noAlertIsLostInAStormOfRebalances"; do
    block "$line" docs/simulation.md
  done | sed 's/seeds: 0\.\.<100)/seeds: 0..<5)/' >"$folder/Tests/AppTests/AppTests.swift"
  found=$(fetched "$folder") || { cat "$folder.log"; found="nothing: it does not resolve"; }
  check "simulation: what it needs is fetched, and nothing else ($found)" [ "$found" = "$expected" ]
  check "simulation: both tests are pasted" [ "$(grep -c '^@Test' "$folder/Tests/AppTests/AppTests.swift")" = 2 ]
  [ "${BUILD:-yes}" = yes ] || return 0
  # Not what tests of XCTest would say, of which there are none.
  swift test --package-path "$folder" --disable-xctest >"$folder.log" 2>&1 || tail -n 20 "$folder.log"
  check "simulation: its tests pass" grep -q "Test run with 2 tests.* passed" "$folder.log"
}

# The same place under the name that the README has, whatever this checkout's folder is called.
ln -s "$ROOT" "$work/kafkawire"
newcomer path '.package(path: "../kafkawire", traits: ["Compression", "Security"])'
[ -z "${SIMULATION:-}" ] || simulation
# Nobody can clone from a checkout without its history.
if [ "$(git rev-parse --is-shallow-repository 2>/dev/null)" = false ]; then
  BUILD=no newcomer url ".package(url: \"file://$work/kafkawire\", revision: \"$(git rev-parse HEAD)\")"
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
