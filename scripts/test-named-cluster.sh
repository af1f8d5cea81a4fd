#!/usr/bin/env bash
# Demo and pipeline in a cluster that KAFKA_BOOTSTRAP names, over SASL_SSL, as one of the suites of `make test`: three nodes of our own
# stand in for it. Nothing of a run is left there afterwards, and nothing that was there before is touched.
# shellcheck disable=SC2317 # finish is called by the trap
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

work=$(mktemp -d /tmp/kafkawire-cluster.XXXXXX)
nodes=""
finish() {
  local status=$?
  [ -z "$nodes" ] || stop_process "$nodes"
  rm -rf "$work"
  exit "$status"
}
finish_at_end

step "three nodes that speak SASL_SSL"
setsid "$BIN/kw" broker --listen 127.0.0.1:0 --brokers 3 --secure --data-dir "$work/data" --json \
  >"$work/broker.jsonl" 2>"$work/broker.log" </dev/null &
nodes=$!
wait_until 20 "grep -q '\"event\":\"ready\"' '$work/broker.jsonl'" "$nodes" || die "kw broker did not start: $(cat "$work/broker.log")"
KAFKA_BOOTSTRAP=$(sed -nE 's/.*"bootstrap":"([^"]*)".*/\1/p' "$work/broker.jsonl" | head -n 1)
export KAFKA_BOOTSTRAP KAFKA_CONFIG=$work/data/secure/client.properties

# Topics and groups, a line each.
contents() {
  local what
  for what in topics groups; do "$BIN/kw" "$what" --list --command-config "$KAFKA_CONFIG" | grep -v '^__' | sed "s/^/$what /" || true; done
}

# Runs a script, which has to say so, and looks whether the cluster is as before: run_there STATUS WORDS COMMAND….
run_there() {
  local before after status=0
  before=$(contents)
  "${@:3}" >"$work/said" 2>&1 || status=$?
  cat "$work/said"
  [ "$status" = "$1" ] || die "${*:3}: status $status, not $1"
  grep -qF -- "$2" "$work/said" || die "${*:3} did not say: $2"
  after=$(contents)
  [ "$before" = "$after" ] || die "${*:3} left in the cluster: $after; before it was: $before"
}

"$BIN/kw" topics --create --topic theirs-dbserver1.public.transactions --partitions 1 --command-config "$KAFKA_CONFIG"
run_there 1 "theirs-dbserver1.public.transactions was not made" env KAFKA_PREFIX=theirs "$ROOT/scripts/demo.sh"
run_there 1 "names no cluster" env -u KAFKA_BOOTSTRAP "$ROOT/scripts/demo.sh"
run_there 1 "there is no file /nowhere" env KAFKA_CONFIG=/nowhere "$ROOT/scripts/demo.sh"
run_there 0 "each committed once" env EVENTS=20000 RATE=4000 INSTANCES=2 "$ROOT/scripts/demo.sh"
run_there 0 "Rows, events and all agents agree" env ROWS=5000 CONNECTORS=2 "$ROOT/scripts/test-pipeline.sh"
