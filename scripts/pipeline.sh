#!/usr/bin/env bash
# The real pipeline without Docker, once, from end to end (`make pipeline`): PostgreSQL, Debezium in Kafka Connect's
# real worker, the embedded broker, both agents. Ends by itself with a summary, and with exit code 0 only if the rows
# ever inserted, the create events in the topic and the transactions of each agent agree.
#
# Knobs, as variables: ROWS (300000), LATENCY_ROWS (150), PARTITIONS (4), and PG_PORT, KAFKA_PORT, CONNECT_PORT.
# shellcheck disable=SC2317 # finish is called by the trap
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ROWS=${ROWS:-300000}
LATENCY_ROWS=${LATENCY_ROWS:-150}
dir=${STACK_DIR:-"$ROOT/.stack/pipeline"}
python="$VENV/bin/python"
# What this script itself has running in the background: the producer, the row changer, the one that waits.
helper=""
insert_pid=""
churn_pid=""

finish() {
  local status=$?
  trap '' INT TERM
  for process in $helper $insert_pid $churn_pid; do kill "$process" 2>/dev/null || true; done
  if [ "$status" -ne 0 ] && [ "$status" -lt 128 ] && [ -n "$stack_dir" ]; then show_logs; fi
  [ -z "$stack_dir" ] || step "stopping everything"
  stop_stack
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command in the background and watches the stack while it works: a part that ends early is said at once, and a
# signal is answered at once.
watched() {
  local ended status=0
  "$@" &
  helper=$!
  while kill -0 "$helper" 2>/dev/null; do
    if ended=$(ended_program); then die "$ended ended before its work was done"; fi
    sleep 0.2
  done
  wait "$helper" || status=$?
  helper=""
  return "$status"
}

# Changes rows while others are being inserted, until the file `calm` appears: none of it is a new transaction.
churn() {
  while [ ! -e "$dir/calm" ]; do
    run_psql >>"$dir/changed.txt" <<'SQL'
SELECT coalesce(max(id), 0) AS top FROM transactions \gset
UPDATE transactions SET amount = amount + 0.01 WHERE id > :top - 20 RETURNING 'u ' || id;
DELETE FROM transactions WHERE id > :top - 40 AND id <= :top - 35 RETURNING 'd ' || id;
SQL
    sleep 0.1
  done
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

handled() { # ROWS SECONDS
  watched "$python" "$ROOT/scripts/pipeline.py" wait --dir "$dir" --rows "$1" --seconds "$2" --since "$started_us"
}

start_stack "$dir"
start_agents --verbose
step "inserting $ROWS rows by COPY, with updates and deletes on the way"
started_us=$(now_us)
churn &
churn_pid=$!
"$BIN/fraud-producer" --count "$ROWS" --batch 1000 --quiet --json >"$dir/producer.jsonl" 2>"$dir/producer.log" &
insert_pid=$!
handled "$ROWS" $((60 + ROWS / 2000)) || die "the agents did not handle all rows in time"
wait "$insert_pid" || die "fraud-producer failed"
touch "$dir/calm"
wait "$churn_pid" || die "changing rows on the way failed"

step "inserting $LATENCY_ROWS single rows, to measure how long one takes from commit to agent"
watched insert_single_rows || die "inserting single rows failed"
handled $((ROWS + LATENCY_ROWS)) 30 || die "the agents did not handle the single rows in time"

step "stopping both agents, then counting"
stop_programs anomaly-agent velocity-agent
"$python" "$ROOT/scripts/pipeline.py" report --dir "$dir" --bootstrap "127.0.0.1:$KAFKA_PORT" --topic "$TOPIC" \
  --since "$started_us" --rows $((ROWS + LATENCY_ROWS)) \
  --in-table "$(run_psql -c 'SELECT count(*) FROM transactions')" \
  --version "PostgreSQL $(run_psql -c 'SHOW server_version')" \
  --version "$(tail -n 1 "$dir/connect.log" | grep -o 'Kafka Connect [0-9.]*')" \
  --version "Debezium $(curl -fs "http://127.0.0.1:$CONNECT_PORT/connector-plugins" | grep -o '[0-9][0-9.]*Final')"
