#!/usr/bin/env bash
# The guide in docs/: `scripts/guide.sh write` fills its listings with what kw explain prints now, `check` compares them,
# `build [DIR]` makes the pages (default .build/guide) and fails on any warning of DocC's.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

docc() { "$(dirname "$(readlink -f "$(type -P swift)")")/docc" "$@"; }

case "${1:-check}" in
  write) KAFKAWIRE_WRITE_LISTINGS=1 swift test --filter 'ToolTests.GuideTests' ;;
  check) swift test --filter 'ToolTests.GuideTests' ;;
  build)
    docc convert docs/KafkaByteByByte.docc --fallback-display-name "Kafka, byte by byte" \
      --fallback-bundle-identifier kafkawire.guide --fallback-bundle-version 1 --warnings-as-errors \
      --output-path "${2:-.build/guide}"
    ;;
  *) die "write, check or build, not $1" ;;
esac
