#!/usr/bin/env bash
# `make test-cluster`: the suites of Tests/ClientTests/Cluster against the cluster that KAFKA_BOOTSTRAP names (host:port, with
# commas between several), or where it names none, against three nodes of our own. They make topics, groups, transactional ids
# and a quota whose names begin with kafkawire-test-, and take away what can be taken away. What the cluster does not offer is
# skipped, with a sentence. Knobs: ONLY (part of a suite's or a test's name), BUILT=yes where the tests are built already.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

BUILD=debug
BIN=$ROOT/.build/debug
broker=""
dir=""

finish() {
  [ -z "$broker" ] || stop_process "$broker"
  [ -z "$dir" ] || rm -rf "$dir"
}
finish_at_end

if [ -z "${BUILT:-}" ]; then
  step "building the tests (debug)"
  swift build --build-tests >/dev/null
fi

# Three nodes in one process, each on a port and in a rack of its own.
start_nodes() {
  [ -x "$BIN/kw" ] || die "$BIN/kw is missing; build it with: swift build --product kw"
  dir=$(mktemp -d)
  step "three nodes of our own (kw broker), since KAFKA_BOOTSTRAP names no cluster"
  # As a real one has it by default, but for the pause before a group's first assignment, and the racks.
  setsid "$BIN/kw" broker --listen 127.0.0.1:0 --brokers 3 --racks a,b,c --json \
    --config group.initial.rebalance.delay.ms=500 \
    --config replica.selector.class=org.apache.kafka.common.replica.RackAwareReplicaSelector \
    >"$dir/broker.jsonl" 2>"$dir/broker.log" </dev/null &
  broker=$!
  wait_until 20 "grep -q '\"event\":\"ready\"' '$dir/broker.jsonl'" "$broker" || die "kw broker did not start: $(cat "$dir/broker.log")"
  KAFKA_BOOTSTRAP=$(sed -nE 's/.*"bootstrap":"([^"]*)".*/\1/p' "$dir/broker.jsonl" | head -n 1)
  export KAFKA_BOOTSTRAP KAFKAWIRE_OWN_NODES=yes
}

# Clients of others where they are installed; their tests are skipped where they are not.
find_foreigners() {
  if [ -z "${KAFKAWIRE_VENV:-}" ] && [ -x "$VENV/bin/python" ]; then export KAFKAWIRE_VENV=$VENV; fi
  if [ -z "${KAFKAWIRE_JARS:-}" ] && type -P java >/dev/null; then
    KAFKAWIRE_JARS=$(jars)
    ls "$KAFKAWIRE_JARS"/kafka-clients-*.jar >/dev/null 2>&1 || KAFKAWIRE_JARS=""
    export KAFKAWIRE_JARS
  fi
}

[ -n "${KAFKA_BOOTSTRAP:-}" ] || start_nodes
find_foreigners
step "the client in the cluster at $KAFKA_BOOTSTRAP"
swift test --skip-build --filter "^ClientTests\.Cluster.*${ONLY:-}"
