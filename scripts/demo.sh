#!/usr/bin/env bash
# `make demo`: the embedded broker, recorded and generated change events, the agents, and a summary. Ends by itself.
#
# Knobs, as variables: BUILD of the programs (release), EVENTS generated events (250000; of a debug build 30000), RATE events
# per second (15000; of a debug build 3000), PARTITIONS (4), INSTANCES per agent (1), SCHEMAS the share of events with an
# embedded schema (0.3), SEED (1), KILL the instance that is killed on the way (anomaly-agent-1; none), BIN where the programs are.
# KAFKA_BOOTSTRAP names a cluster in place of the embedded broker (its knobs: cluster.sh).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BUILD=${BUILD:-release}
if [ "$BUILD" = debug ]; then
  EVENTS=${EVENTS:-30000}
  RATE=${RATE:-3000}
fi
EVENTS=${EVENTS:-250000}
RATE=${RATE:-15000}
PARTITIONS=${PARTITIONS:-4}
INSTANCES=${INSTANCES:-1}
SCHEMAS=${SCHEMAS:-0.3}
SEED=${SEED:-1}
KILL=${KILL:-anomaly-agent-1}
DIR=$ROOT/.demo
use_cluster

for program in demo "${AGENTS[@]}" ${cluster:+kw}; do
  [ -x "$BIN/$program" ] || die "$BIN/$program is missing; run: make build"
done
for knob in EVENTS PARTITIONS INSTANCES; do
  [[ ${!knob} =~ ^[0-9]+$ ]] || die "$knob must be a whole number, not '${!knob}'"
done
rm -rf "$DIR"
mkdir -p "$DIR"

stop_all() {
  touch "$DIR/stopping"
  local file
  for file in "$DIR"/*.pid; do
    [ -e "$file" ] && stop_process "$(cat "$file")"
  done
  wait 2>/dev/null || true
}
finish() {
  local status=$?
  set +e
  stop_all
  take_away
  exit "$status"
}
finish_at_end

# Keeps an agent running: one that dies, even by SIGKILL, is started again under the same name.
keep_running() { # AGENT NUMBER
  local name=$1-$2
  while [ ! -e "$DIR/stopping" ]; do
    "$BIN/$1" "${there[@]}" --group "${group_of[$1]}" --instance-id "$name" --json --alerts-topic "$ALERTS" \
      >>"$DIR/$name.jsonl" 2>>"$DIR/$name.log" &
    echo $! >"$DIR/$name.pid"
    wait $! 2>/dev/null && break
    [ -e "$DIR/stopping" ] || echo "$name ended unexpectedly and is started again" >&2
    sleep 0.2
  done
}

if [ -n "$cluster" ]; then
  BROKER=$cluster
  make_topics
else
  step "starting the embedded broker"
  "$BIN/demo" broker --topic "$TOPIC" --partitions "$PARTITIONS" >"$DIR/broker.out" 2>"$DIR/broker.log" &
  echo $! >"$DIR/broker.pid"
  wait_until 20 "grep -q 'is ready on' '$DIR/broker.out'" "$(cat "$DIR/broker.pid")" ||
    die "the broker did not start: $(cat "$DIR/broker.log")"
  BROKER=$(sed -n 's/.*is ready on \([^ ]*\).*/\1/p' "$DIR/broker.out" | head -n 1)
fi
there=(--bootstrap-server "$BROKER" "${client_words[@]}" --topic "$TOPIC")
groups=()
for agent in "${AGENTS[@]}"; do groups+=(--group "${group_of[$agent]}"); done

watch=(--bootstrap-server "$BROKER" "${client_words[@]}")
[ -z "$cluster" ] || watch=("${there[@]}" --alerts-topic "$ALERTS" "${groups[@]}")
step "to look on from another terminal: $BIN/demo watch ${watch[*]}"

step "starting the agents: $INSTANCES of each, in groups of their own"
outputs=()
for number in $(seq "$INSTANCES"); do
  for agent in "${AGENTS[@]}"; do
    keep_running "$agent" "$number" &
    outputs+=("--${agent%-agent}" "$DIR/$agent-$number.jsonl")
  done
done
# As many of each as there are partitions get some.
seats=$((${#AGENTS[@]} * (INSTANCES < PARTITIONS ? INSTANCES : PARTITIONS)))
wait_until 30 "[ \$(grep -ls '\"type\":\"assigned\".*\[[0-9]' '$DIR'/*.jsonl | wc -l) -ge $seats ]" ||
  die "the agents did not join their groups: $(tail -n 3 "$DIR"/*-agent-*.log)"

step "feeding Debezium's recorded events, then $EVENTS generated ones, to $BROKER"
# Somewhere in the middle, as power fails: what it had not committed is judged again, and each alert is committed once.
if [ "$KILL" != none ]; then
  (
    sleep 5
    [ ! -e "$DIR/stopping" ] || exit 0
    step "killing $KILL (kill -9), which is started again"
    kill -KILL "$(cat "$DIR/$KILL.pid")"
  ) &
fi
"$BIN/demo" feed "${there[@]}" --partitions "$PARTITIONS" --events "$EVENTS" --rate "$RATE" --seed "$SEED" \
  --schemas "$SCHEMAS" --recorded "$ROOT/Fixtures/debezium/keyed.public.transactions.jsonl" \
  --recorded "$ROOT/Fixtures/debezium/bare.public.transactions.jsonl" \
  "${groups[@]}"

step "stopping the agents"
touch "$DIR/stopping"
for file in "$DIR"/*-agent-*.pid; do stop_process "$(cat "$file")"; done

step "comparing what they found with what is in the topic"
"$BIN/demo" report "${there[@]}" --alerts-topic "$ALERTS" --group-prefix "$name_prefix" "${outputs[@]}"
[ "$BUILD" = release ] || printf '\n  (a debug build, which is built soon and runs slowly; BUILD=release make demo measures)\n'

