#!/usr/bin/env bash
# The real pipeline without Docker, once, from end to end (`make pipeline`): PostgreSQL, Debezium in Kafka Connect's
# real distributed worker, the embedded broker, the agents. Ends by itself with a summary, and with exit code 0 only if
# the rows ever inserted, the create events in the topic and the transactions of each agent agree.
#
# Knobs, as variables: ROWS (300000); WARM_ROWS (100000) that go first, since a Java program that has just started is
# several times slower than the same one a few seconds later; LATENCY_ROWS (150) single inserts; PARTITIONS (4);
# CONNECTORS (1) that share the users, in one Connect; SECURE=1: all of it over SASL_SSL, with permissions; KILL_CONNECT=1
# kills Connect with SIGKILL on the way and starts it again; PG_PORT, KAFKA_PORT, CONNECT_PORT. KAFKA_BOOTSTRAP names a cluster
# in place of the embedded broker (its knobs: cluster.sh).
# shellcheck disable=SC2317 # finish is called by the trap
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
secure=${SECURE:-}
use_cluster

ROWS=${ROWS:-300000}
WARM_ROWS=${WARM_ROWS:-100000}
LATENCY_ROWS=${LATENCY_ROWS:-150}
KILL_CONNECT=${KILL_CONNECT:-}
dir=${STACK_DIR:-"$ROOT/.stack/pipeline"}
python="$VENV/bin/python"
# What this script itself has running in the background, beside the one that waits: the producer, the row changer.
insert_pid=""
churn_pid=""
started_us=0

require_counts ROWS LATENCY_ROWS PARTITIONS CONNECTORS
# Users that move stay with their connector then.
[ $((1000 % CONNECTORS)) = 0 ] || die "CONNECTORS must be a number that 1000 can be divided by, not '$CONNECTORS'"
[ -z "$KILL_CONNECT" ] || [ "$CONNECTORS" = 1 ] || die "KILL_CONNECT=1 waits for one connector: leave CONNECTORS out"
client=${cluster:+${KAFKA_CONFIG:-}}
# The referee is a client of librdkafka.
[ -z "$client" ] || said=$("$python" "$ROOT/scripts/rdkafka_settings.py" "$client" 2>&1) || die "$said"
[[ $WARM_ROWS =~ ^[0-9]+$ ]] || die "WARM_ROWS must be a whole number, not '$WARM_ROWS'"

finish() {
  local status=$?
  # Whatever fails from here on, the rest is still to be stopped.
  set +e
  trap '' INT TERM HUP PIPE
  [ -z "$stack_dir" ] || touch "$dir/calm"
  for process in $helper $insert_pid $churn_pid; do kill "$process" 2>/dev/null || true; done
  if [ "$status" -ne 0 ] && [ "$status" -lt 128 ] && [ -n "$stack_dir" ]; then show_logs >&2; fi
  [ -z "$stack_dir" ] || step "stopping everything"
  stop_stack
  exit "$status"
}
finish_at_end

insert_rows() { # COUNT NAME
  "$BIN/fraud-producer" --count "$1" --batch 1000 --quiet --json >"$dir/$2.jsonl" 2>"$dir/$2.log"
}

# Changes rows while others are being inserted, until the file `calm` appears: amounts, users (an event's key: Debezium
# tells of a deleted and a created row then), and deletions. None of it is a new transaction.
churn() {
  {
    while [ ! -e "$dir/calm" ]; do
      cat <<SQL
SELECT coalesce(max(id), 0) AS top FROM transactions \gset
UPDATE transactions SET amount = amount + 0.01
  WHERE id = ANY (ARRAY(SELECT 1 + floor(random() * :top)::int FROM generate_series(1, 20))) RETURNING 'u ' || id;
UPDATE transactions SET user_id = 1000 + (user_id + $CONNECTORS) % 9000
  WHERE id = ANY (ARRAY(SELECT 1 + floor(random() * :top)::int FROM generate_series(1, 2))) RETURNING 'm ' || id;
DELETE FROM transactions
  WHERE id = ANY (ARRAY(SELECT 1 + floor(random() * :top)::int FROM generate_series(1, 5))) RETURNING 'd ' || id;
SQL
      sleep 0.1
    done
  } | run_psql >"$dir/changed.txt"
}

# Single rows at random distances (so that they do not march in step with Debezium's polling), each with the clock read
# just before its COMMIT: what is measured includes the commit itself.
insert_single_rows() {
  local row
  for ((row = 0; row < LATENCY_ROWS; row++)); do
    cat <<'SQL'
BEGIN;
INSERT INTO transactions (user_id, amount, card_type, merchant_id)
  VALUES (1000 + floor(random() * 9000), round((5 + random() * 4995)::numeric, 2), 'VISA', 7) RETURNING id \gset
SELECT :id, floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
COMMIT;
SELECT pg_sleep(0.02 + random() * 0.05) \g /dev/null
SQL
  done | run_psql >"$dir/latency.txt"
}

# Waits until all agents have handled so many of the rows, whichever are not counted yet.
handled() { # ROWS SECONDS
  watched "$python" "$ROOT/scripts/pipeline.py" wait --dir "$dir" --rows "$1" --seconds "$2" --since "$started_us"
}

# What each part has used so far: note_usage first|last.
note_usage() {
  local agent parts=("PostgreSQL=$(postmaster_pid)" "Connect=$(cat "$dir/connect/connect.pid")")
  [ -n "$cluster" ] || parts+=("broker=${stack_pids[broker]}")
  for agent in "${AGENTS[@]}"; do parts+=("$agent=${stack_pids[$agent]}"); done
  "$python" "$ROOT/scripts/usage.py" "$dir/usage-$1.json" "${parts[@]}"
}

start_stack "$dir"
start_agents --verbose --alerts-topic "$ALERTS"

if [ "$WARM_ROWS" -gt 0 ]; then
  step "warming up with $WARM_ROWS rows (counted, not timed)"
  started_us=$(now_us)
  watched insert_rows "$WARM_ROWS" warm-producer || die "fraud-producer failed"
  handled "$WARM_ROWS" $((60 + WARM_ROWS / 2000)) || die "the agents did not handle the first rows in time"
fi

step "inserting $ROWS rows by COPY, with updates and deletes on the way"
started_us=$(now_us)
note_usage first
insert_rows "$ROWS" producer &
insert_pid=$!
churn &
churn_pid=$!
if [ -n "$KILL_CONNECT" ]; then
  handled $((WARM_ROWS + ROWS / 3)) 60 || die "the agents did not handle a third of the rows in time"
  wait_until 30 connector_offset_is_kept || die "Kafka Connect wrote no offset within 30 s"
  step "killing Kafka Connect (SIGKILL), then starting it again"
  kill_connect
  start_connect
  wait_for_connector
fi
handled $((WARM_ROWS + ROWS)) $((60 + ROWS / 2000)) || die "the agents did not handle all rows in time"
note_usage last
wait "$insert_pid" || die "fraud-producer failed"
insert_pid=""
touch "$dir/calm"
wait "$churn_pid" || die "changing rows on the way failed"
churn_pid=""

step "inserting $LATENCY_ROWS single rows, to measure how long one takes from commit to agent"
watched insert_single_rows || die "inserting single rows failed"
handled $((WARM_ROWS + ROWS + LATENCY_ROWS)) 30 || die "the agents did not handle the single rows in time"

step "stopping the agents, then counting"
stop_programs "${AGENTS[@]}"
[ -z "$secure" ] || client=$(secure_file client.properties)
"$python" "$ROOT/scripts/pipeline.py" report --dir "$dir" --bootstrap "$(bootstrap)" --topic "$TOPIC" --prefix "$name_prefix" \
  --alerts-topic "$ALERTS" ${client:+--client "$client"} --since "$started_us" --rows $((WARM_ROWS + ROWS + LATENCY_ROWS)) --warm "$WARM_ROWS" ${KILL_CONNECT:+--killed} \
  --in-table "$(run_psql -c 'SELECT count(*) FROM transactions')" \
  --version "PostgreSQL $(run_psql -c 'SHOW server_version')" \
  --version "$(tail -n 1 "$dir/connect.log" | grep -o 'Kafka Connect [0-9.]*')" \
  --version "Debezium $(connectors plugins | grep -o '[0-9][0-9.]*Final')"
