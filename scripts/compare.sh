#!/usr/bin/env bash
# The exercise's two questions asked in three ways of the same rows under the same inserts (`make compare`): by the stream
# (Debezium, broker, both agents), by Spark over JDBC, and by a program that polls with SQL. Each has a PostgreSQL of its own
# that begins with the same table. Ends with a table of what was measured, and with exit code 0 only if all three found the
# alerts that the agents' rules find in the table (`fraud-batch --referee`).
#
# Knobs, as variables:
#   SIZES ("100000 1000000")   rows that are there before anything starts; the first is measured at length, the others shortly
#   ROWS (60000), RATE (1000)  inserted at that rate while the first is measured, in commits of a twentieth of a second
#   BURST (100000)             then inserted as fast as it goes; 0 for none
#   USERS (9000), INTERVAL (5) users, and seconds between two looks of the batch ways
#   PARTITIONS (4)             of the topic, and of Spark's reads
#   INSERTERS (2)              that insert at the same time, each with users of its own
#   WAYS ("alone stream sql spark"), SEED (1), SPARK_MEMORY (1g), JSON (a file for the figures), PICTURES (a directory)
#   DOC (docs/architecture.md, say): a document whose tables are filled anew, with its pictures in the folder of its name
#   PG_PORT, KAFKA_PORT, CONNECT_PORT; KAFKA_BOOTSTRAP names a cluster in place of the embedded broker (its knobs: cluster.sh)
# shellcheck disable=SC2317 # finish is called by the trap
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SIZES=${SIZES:-"100000 1000000"}
ROWS=${ROWS:-60000}
RATE=${RATE:-1000}
BURST=${BURST:-100000}
USERS=${USERS:-9000}
INTERVAL=${INTERVAL:-5}
INSERTERS=${INSERTERS:-2}
WAYS=${WAYS:-"alone stream sql spark"}
SEED=${SEED:-1}
SPARK_MEMORY=${SPARK_MEMORY:-1g}
dir=${STACK_DIR:-"$ROOT/.stack/compare"}
JSON=${JSON:-"$dir/figures.json"}
DOC=${DOC:-}
PICTURES=${PICTURES:-"${DOC:+${DOC%.md}}"}
PICTURES=${PICTURES:-"$dir"}
python="$VENV/bin/python"
sampler_pid=""

# MARK: what can be wrong

use_cluster
require_counts ROWS RATE USERS INTERVAL PARTITIONS INSERTERS SEED
[[ $BURST =~ ^[0-9]{1,9}$ ]] || die "BURST must be a whole number, not '$BURST'"
for size in $SIZES; do
  [[ $size =~ ^[1-9][0-9]{0,8}$ ]] || die "SIZES must be whole numbers above 0, not '$SIZES'"
done
[ -n "${SIZES// /}" ] || die "SIZES names no number of rows"
for way in $WAYS; do
  [[ $way =~ ^(alone|stream|sql|spark)$ ]] || die "WAYS may name alone, stream, sql and spark, not '$way'"
done
[[ $SPARK_MEMORY =~ ^[1-9][0-9]*[mg]$ ]] || die "SPARK_MEMORY must be a size such as 1g or 800m, not '$SPARK_MEMORY'"
# The agents know 100,000 users at a time, and forget the others.
[ "$USERS" -le 100000 ] || die "USERS must be 100000 at most, of which the agents know that many, not $USERS"
[ "$INSERTERS" -le "$USERS" ] && [ "$INSERTERS" -le 16 ] || die "INSERTERS must be 16 at most, and no more than USERS"
# Those whose questions all three ways are asked.
AGENTS=(anomaly-agent velocity-agent)
for program in kw fraud-producer fraud-batch "${AGENTS[@]}"; do
  [ -x "$BIN/$program" ] || die "$BIN/$program is missing; build it with: make build"
done
[ -n "$(postgres_bin)" ] || die "no PostgreSQL server; run: scripts/setup.sh compare"
java=$(java_command)
if [[ $WAYS == *spark* ]]; then
  [ -f "$JDBC_DRIVER" ] || die "no JDBC driver of PostgreSQL at $JDBC_DRIVER; run: scripts/setup.sh compare"
  "$python" -c 'import pyspark' 2>/dev/null || die "no pyspark in $VENV; run: scripts/setup.sh compare"
fi
[ -z "$DOC" ] || grep -q '<!-- compare: end -->' "$DOC" 2>/dev/null || die "DOC names no document with tables to fill: $DOC"
require_port_free "$PG_PORT" "PostgreSQL"
[ -n "$cluster" ] || require_port_free "$KAFKA_PORT" "the broker"
require_port_free "$CONNECT_PORT" "Kafka Connect"

finish() {
  local status=$?
  # Whatever fails from here on, the rest is still to be stopped.
  set +e
  trap '' INT TERM HUP PIPE
  for process in $helper $sampler_pid; do kill "$process" 2>/dev/null; done
  if [ "$status" -ne 0 ] && [ "$status" -lt 128 ] && [ -n "$stack_dir" ]; then show_logs >&2; fi
  stop_way
  exit "$status"
}
finish_at_end

# MARK: the table

# Rows of the past, at the rate of those to come. They end a minute ago, so that no way finds more fast users among the new
# rows than another because it was ready sooner.
fill_table() { # ROWS
  step "$1 rows that are there already"
  run_psql >/dev/null <<SQL
SELECT setseed(0.5);
INSERT INTO transactions (user_id, amount, card_type, merchant_id, created_at)
  SELECT 1000 + floor(random() * $USERS), round((5 + random() * 4995)::numeric, 2),
    (ARRAY['VISA', 'MASTERCARD', 'AMEX'])[1 + floor(random() * 3)], 1 + floor(random() * 100),
    now()::timestamp - interval '60 s' - ($1 - row) * interval '1 s' / $RATE
  FROM generate_series(1, $1) AS row;
SQL
}

settle_table() { run_psql -c 'VACUUM (ANALYZE) transactions' -c 'CHECKPOINT'; }

create_index() { run_psql -c 'CREATE INDEX IF NOT EXISTS transactions_user_id_id ON transactions (user_id, id)'; }

# Every inserter has users of its own: two transactions of one user never run at the same time, as in a bank. So the order in
# which a user's rows commit is that of their ids, and "before" means the same to a stream and to a table.
insert_rows() { # COUNT RATE BATCH NAME; RATE 0 is as fast as it goes
  local number from to status=0 options=()
  local inserter_pids=()
  # It runs beside this script (`watched`), and takes its inserters with it.
  trap 'kill "${inserter_pids[@]}" 2>/dev/null || true' EXIT
  trap 'exit 143' TERM
  [ "$2" = 0 ] || options=(--rate "$(((${2} + INSERTERS - 1) / INSERTERS))")
  for ((number = 0; number < INSERTERS; number++)); do
    from=$((1000 + USERS * number / INSERTERS))
    to=$((1000 + USERS * (number + 1) / INSERTERS - 1))
    "$BIN/fraud-producer" --count $((($1 + number) / INSERTERS)) --batch "$3" --seed $((SEED + number)) \
      --users "$from-$to" "${options[@]}" --quiet --json >"$stack_dir/$4-$number.jsonl" 2>"$stack_dir/$4-$number.log" &
    inserter_pids+=($!)
  done
  for number in "${inserter_pids[@]}"; do wait "$number" || status=1; done
  return "$status"
}

# MARK: figures

note() { echo "$1 $2" >>"$stack_dir/figures.txt"; } # NAME VALUE

# The database's own counts, of which only differences are looked at. The statements of inserters and of this script are left
# out of the time in queries: what is asked for is what a way costs.
note_counters() { # WHEN
  sleep 1.2
  local line
  line=$(run_psql -F ' ' <<'SQL'
SELECT (SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'transactions'),
  (SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'transactions'),
  (SELECT coalesce(round(sum(total_exec_time)::numeric, 1), 0) FROM pg_stat_statements
    WHERE query NOT LIKE 'COPY%' AND query NOT LIKE 'INSERT%' AND query NOT LIKE '%pg_stat%' AND query NOT LIKE '%txid_current()%'
      AND query NOT LIKE '%pg_replication_slots%' AND query NOT LIKE 'VACUUM%' AND query NOT LIKE 'CREATE%' AND query NOT LIKE 'CHECKPOINT%'),
  pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'),
  (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
SQL
  )
  note "$1" "$line"
}

note_sizes() { # WAY
  note table_bytes "$(run_psql -c "SELECT pg_table_size('transactions')")"
  note index_bytes "$(run_psql -c "SELECT pg_indexes_size('transactions')")"
  if [ "$1" = stream ]; then
    note topic_bytes "$(kw_there log-dirs --describe --json --topic-list "$TOPIC" |
      grep -o '"size":[0-9]*' | awk -F: '{ sum += $2 } END { print sum + 0 }')"
  fi
  [ ! -f "$stack_dir/state" ] || note state_bytes "$(stat -c %s "$stack_dir/state")"
}

# What one look at the newest rows costs with the index on (user_id, id), and what without: note_run NAME.
note_run() {
  local from
  from=$(run_psql -c "SELECT greatest(0, max(id) - $RATE * $INTERVAL) FROM transactions")
  note_counters "$1_began"
  "$BIN/fraud-batch" --once --json --after-id "$from" --statement-timeout 10m >"$stack_dir/$1.jsonl" ||
    die "fraud-batch failed"
  note_counters "$1_ended"
  note "$1_s" "$(sed -n 's/.*"type":"run".*"seconds":\([0-9.]*\).*/\1/p' "$stack_dir/$1.jsonl")"
}

# MARK: the ways

part() { echo "$1 $2" >>"$stack_dir/parts"; } # NAME PID

start_way() { # WAY
  local began
  began=$(now_us)
  case $1 in
    stream)
      start_kafka --topic "$TOPIC:$PARTITIONS"
      [ -n "$cluster" ] || part broker "${stack_pids[broker]}"
      start_connect
      part connect "$(cat "$stack_dir/connect/connect.pid")"
      start_agents --alerts-topic "$ALERTS"
      for agent in "${AGENTS[@]}"; do part "$agent" "${stack_pids[$agent]}"; done
      note ready_us $(($(now_us) - began))
      CONNECTOR_PATIENCE=600 register_connector
      ;;
    sql)
      start_program fraud-batch "$BIN/fraud-batch" --interval "${INTERVAL}s" --json --state "$stack_dir/state" \
        --statement-timeout 10m
      part fraud-batch "${stack_pids[fraud-batch]}"
      note ready_us $(($(now_us) - began))
      ;;
    spark)
      mkdir -p "$stack_dir/spark"
      start_program spark env JAVA_HOME="$(dirname "$(dirname "$(readlink -f "$java")")")" "$python" \
        "$ROOT/scripts/compare/spark_batch.py" --driver "$JDBC_DRIVER" --interval "$INTERVAL" --partitions "$PARTITIONS" \
        --memory "$SPARK_MEMORY" --work "$stack_dir/spark" --state "$stack_dir/state"
      part spark "${stack_pids[spark]}"
      wait_until 120 "grep -q started '$stack_dir/spark.jsonl'" "${stack_pids[spark]}" ||
        die "Spark did not start: $(tail -n 1 "$stack_dir/spark.log" | cut -c1-300)"
      note ready_us $(($(now_us) - began))
      ;;
  esac
  step "looking at what is there"
}

# Waits until the way has judged every row of the table.
caught_up() { # WAY ROWS SECONDS
  [ "$1" != alone ] || return 0
  watched "$python" "$ROOT/scripts/compare/report.py" wait --dir "$stack_dir" --way "$1" --rows "$2" --seconds "$3" \
    --topic "$TOPIC" --groups "${group_of[anomaly-agent]},${group_of[velocity-agent]}" \
    --kw "$BIN/kw" -b "$(bootstrap)" "${client_words[@]}" || die "$1 did not judge all $2 rows within $3 s"
}

stop_way() {
  stop_programs fraud-batch spark
  stop_stack
  if [ -n "$sampler_pid" ]; then stop_process "$sampler_pid"; fi
  sampler_pid=""
}

# One way from its beginning to its end: run_way WAY SIZE ROWS BURST.
run_way() {
  local way=$1 size=$2 rows=$3 burst=$4 began total home
  printf '\n%s%s%s, %s rows there, %s more\n' "$bold" "$way" "$plain" "$size" "$((rows + burst))"
  # In a cluster every run has topics of its own.
  [ -z "$cluster" ] || name_all "$KAFKA_PREFIX-$size-"
  stack_order=()
  start_postgres "$dir/$way-$size" track_commit_timestamp=on shared_preload_libraries=pg_stat_statements \
    pg_stat_statements.track=top
  create_table
  run_psql -c 'CREATE EXTENSION pg_stat_statements'
  fill_table "$size"
  case $way in sql | spark) create_index ;; esac
  settle_table
  home=$(postgres_home)
  part postgres "$(postmaster_pid)"
  "$python" "$ROOT/scripts/compare/sampler.py" "$stack_dir/parts" "$stack_dir/samples.jsonl" 2>"$stack_dir/sampler.log" &
  sampler_pid=$!
  for name in size rows burst; do note "$name" "${!name}"; done

  note_counters first_began
  began=$(now_us)
  start_way "$way"
  caught_up "$way" "$size" $((120 + size / 2000))
  note first_us $(($(now_us) - began))
  note_counters first_ended

  step "inserting $rows rows, $RATE a second, by $INSERTERS at a time"
  note_counters paced_began
  note paced_from "$(run_psql -c 'SELECT max(id) FROM transactions')"
  watched insert_rows "$rows" "$RATE" $(((RATE / INSERTERS + 19) / 20)) paced || die "fraud-producer failed"
  note paced_to "$(run_psql -c 'SELECT max(id) FROM transactions')"
  total=$((size + rows))
  caught_up "$way" "$total" 120
  note_counters paced_ended

  if [ "$burst" -gt 0 ]; then
    step "inserting $burst rows as fast as it goes"
    began=$(now_us)
    watched insert_rows "$burst" 0 1000 burst || die "fraud-producer failed"
    total=$((total + burst))
    caught_up "$way" "$total" $((120 + burst / 1000))
    note burst_us $(($(now_us) - began))
    if [ "$way" = alone ]; then
      create_index
      step "the same beside the index that the batch ways need"
      watched insert_rows "$burst" 0 1000 indexed || die "fraud-producer failed"
    fi
  fi
  note_sizes "$way"
  if [ "$way" != alone ]; then
    step "stopping $way, then asking the agents' own rules"
    stop_programs "${AGENTS[@]}" fraud-batch spark
    if [ "$way" = stream ]; then
      kw_there consume --topic "$ALERTS" --from-beginning --exit-at-end \
        --isolation-level read_committed >"$stack_dir/committed.jsonl" || die "the alerts could not be read back"
    fi
    "$BIN/fraud-batch" --referee --json >"$stack_dir/referee.jsonl" || die "the referee failed"
    run_psql -F ' ' -c "SELECT id, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint FROM transactions
      WHERE id > $(sed -n 's/^paced_from //p' "$stack_dir/figures.txt") AND id <= $(sed -n 's/^paced_to //p' "$stack_dir/figures.txt")" \
      >"$stack_dir/commits.txt"
  fi
  if [ "$way" = sql ]; then
    step "one more look, with the index and without"
    note_run indexed
    run_psql -c 'DROP INDEX transactions_user_id_id'
    note_run scanned
  fi
  run_psql -c 'SHOW server_version' >"$stack_dir/postgres.version"
  stop_way
  rm -rf "$home/data" "$stack_dir/spark"
}

# MARK: the run

rm -rf "$dir"
mkdir -p "$dir"
first=yes
for size in $SIZES; do
  for way in $WAYS; do
    if [ -n "$first" ]; then
      run_way "$way" "$size" "$ROWS" "$BURST"
    elif [ "$way" != alone ]; then
      run_way "$way" "$size" $((RATE * INTERVAL * 2)) 0
    fi
  done
  first=""
done
stack_dir=""
[ -z "$cluster" ] || step "what the cluster at $cluster took of CPU and memory is in none of the figures"
"$python" "$ROOT/scripts/compare/report.py" report --dir "$dir" --ways "$WAYS" --sizes "$SIZES" --json "$JSON" \
  --pictures "$PICTURES" ${DOC:+--doc "$DOC"} --rate "$RATE" --interval "$INTERVAL" --users "$USERS" --inserters "$INSERTERS"
