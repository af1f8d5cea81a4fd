#!/usr/bin/env bash
# The exercise's first activity, change data capture, walked through on free ports: PostgreSQL, Debezium in distributed
# Kafka Connect, the embedded broker, and foreign clients (kcat, kafka-python) that look at what it holds.
#
# 1 create the table, 2 register the connector, 3 check its status, 4 insert Alice, 5 see her message, 6 read all from
# the beginning, 7 describe and list the topics. Then what else Connect's REST API does to a connector; Connect is
# killed while rows are inserted, and so is the broker where it keeps its data: no row is missing from the topic.
# Ends by itself, with exit code 0 only if all of it held.
# shellcheck disable=SC2317 # finish and what wait_until evaluates are called indirectly
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python="$VENV/bin/python"
dir=${STACK_DIR:-"$ROOT/.stack/activity"}
inserter_pid=""
passed=0

finish() {
  local status=$?
  # Whatever fails from here on, the rest is still to be stopped.
  set +e
  trap '' INT TERM HUP PIPE
  [ -z "$stack_dir" ] || touch "$dir/calm"
  [ -z "$inserter_pid" ] || kill "$inserter_pid" 2>/dev/null || true
  if [ "$status" -ne 0 ] && [ "$status" -lt 128 ] && [ -n "$stack_dir" ]; then show_logs >&2; fi
  stop_stack
  [ "$status" -ne 0 ] || echo "$passed passed, 0 failed"
  exit "$status"
}
finish_at_end

check() { # WHAT COMMAND…
  local what=$1
  shift
  "$@" || die "failed: $what"
  passed=$((passed + 1))
  step "ok: $what"
}

# MARK: what is looked at

# Every change in the topic from its beginning, as lines `OP ID NAME`; kcat reads it.
events() {
  kcat -b "127.0.0.1:$KAFKA_PORT" -C -t "$TOPIC" -o beginning -e -q -f '%s\n' 2>"$dir/kcat.log" | "$python" -c '
import json, sys
for line in sys.stdin:
    change = json.loads(line)["payload"] if line.strip() else None
    if change:
        row = change["after"] or change["before"]
        print(change["op"], row["id"], row["name"])'
}

holds() { events | grep -qx "$1"; }                 # LINE
arrives() { wait_until "${2:-30}" "holds '$1'"; }   # LINE [SECONDS]
stays_away() { ! wait_until "${2:-2}" "holds '$1'"; } # LINE [SECONDS]
tool() { "$VENV/bin/kafka-python" admin -b "127.0.0.1:$KAFKA_PORT" "$@"; }
rest() { curl -sS -m 60 -o "$dir/rest.json" -w '%{http_code}' -X "$1" "http://127.0.0.1:$CONNECT_PORT$2"; } # METHOD PATH
answers() { [ "$(rest "$2" "$3")" = "$1" ]; }       # STATUS METHOD PATH
state_is() { curl -fs -m 10 "http://127.0.0.1:$CONNECT_PORT/connectors/$CONNECTOR/status" |
  "$python" -c 'import json, sys; s = json.load(sys.stdin)
sys.exit({s["connector"]["state"]} | {t["state"] for t in s["tasks"]} != {sys.argv[1]})' "$1"; } # STATE
insert() { run_psql -c "INSERT INTO activity (name) VALUES ('$1') RETURNING id" | head -n 1; } # NAME
# Deleted ones as well; no insertion of this script is rolled back.
rows_ever_inserted() { run_psql -c "SELECT generate_series(1, last_value) FROM activity_id_seq" | sort -u; }
rows_in_topic() { events | awk '$1 == "c" || $1 == "r" { print $2 }' | sort -u; }
same_rows() { diff <(rows_ever_inserted) <(rows_in_topic) >"$dir/rows.diff"; }

write_connector() { # NAME SLOT PUBLICATION [MEMBER…] of the settings
  local name=$1 slot=$2 publication=$3
  shift 3
  cat <<JSON
{"name": "$name", "config": {
  "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
  "tasks.max": 1,
  "database.hostname": "127.0.0.1",
  "database.port": $PG_PORT,
  "database.user": "postgres",
  "database.password": "postgrespw",
  "database.dbname": "activity",
  "slot.name": "$slot",
  "publication.name": "$publication",
  $(printf '%s,' "$@")
  "plugin.name": "pgoutput"}}
JSON
}

# RUNNING by kw's own wait; then until it streams, since a row that is inserted before is part of the snapshot.
register() {
  write_connector "$CONNECTOR" "$SLOT" dbz_publication '"topic.prefix": "dbserver1"' >"$dir/connector.json"
  connectors register "$dir/connector.json" >"$dir/register.out" 2>"$dir/register.log" ||
    die "not registered: $(cat "$dir/register.log")"
  state_is RUNNING || die "kw says that it runs, Connect does not: $(cat "$dir/register.out")"
  wait_for_connector
}

fails() { # WORDS COMMAND…: with a sentence that has those words, and status 1
  local words=$1 status=0
  shift
  "$@" >"$dir/kw.out" 2>"$dir/kw.log" || status=$?
  [ "$status" = 1 ] && grep -qF "$words" "$dir/kw.log" && ! grep -qF postgrespw "$dir/kw.log"
}

# Single rows, each in a transaction of its own, until the file `calm` appears.
insert_until_calm() {
  while [ ! -e "$dir/calm" ]; do
    echo "INSERT INTO activity (name) VALUES ('on the way');"
    sleep 0.01
  done | run_psql >"$dir/inserted.log" 2>&1
}

# While rows are being inserted, something happens; afterwards every row of the table is in the topic.
while_inserting() { # COMMAND…
  rm -f "$dir/calm"
  insert_until_calm &
  inserter_pid=$!
  sleep 1
  "$@"
  wait_for_connector
  sleep 1
  touch "$dir/calm"
  wait "$inserter_pid" || die "inserting rows failed"
  inserter_pid=""
  wait_until 60 same_rows || die "table (<) and topic (>) differ: $(head -n 5 "$dir/rows.diff")"
}

lose_connect() {
  wait_until 30 connector_offset_is_kept || die "Kafka Connect wrote no offset within 30 s"
  step "killing Kafka Connect (SIGKILL), then starting it again"
  kill_connect
  sleep 1
  start_connect
}

stop_connect() {
  step "stopping Kafka Connect, then starting it again"
  connect_runs=""
  "$ROOT/scripts/connect/connect.sh" stop "$stack_dir/connect"
  start_connect
}

lose_broker() { # SIGNAL
  step "ending the broker (SIG$1) while Connect runs, then starting it again"
  kill -"$1" "${stack_pids[broker]}"
  stop_programs broker
  sleep 1
  start_broker "${kept[@]}"
}

# MARK: the walk

take_ports PG_PORT KAFKA_PORT CONNECT_PORT
export PGPORT=$PG_PORT
TOPIC=dbserver1.public.activity
CONNECTOR=activity-connector
SLOT=activityslot
type -P kcat >/dev/null || die "kcat is missing; run: scripts/setup.sh all"
kept=()
if "$BIN/kw" broker --help | grep -q -e --data-dir; then kept=(--data-dir "$(realpath -m "$dir")/data"); fi
start_services "$dir" "${kept[@]}"

run_psql -c "CREATE DATABASE activity"
export PGDATABASE=activity
check "1: a table" run_psql -c "
  CREATE TABLE activity (id SERIAL PRIMARY KEY, name VARCHAR(255) NOT NULL, email VARCHAR(255))"
check "2: the connector is registered" register
check "3: its status is RUNNING" state_is RUNNING
check "4: Alice is inserted" run_psql -c "INSERT INTO activity (name) VALUES ('Alice')"
check "5: her message has op c and id 1" arrives "c 1 Alice"
insert Bob >/dev/null
run_psql -c "UPDATE activity SET name = 'Alicia' WHERE id = 1; DELETE FROM activity WHERE id = 2"
check "6: all messages from the beginning, in order" arrives "d 2 " 
[ "$(events)" = $'c 1 Alice\nc 2 Bob\nu 1 Alicia\nd 2 ' ] || die "the topic holds: $(events)"
tool topics list >"$dir/topics.json"
check "7: the topics are listed" grep -q "$TOPIC" "$dir/topics.json"
tool topics describe -t "$TOPIC" >"$dir/topic.json"
check "7: the topic is described" grep -q partition_index "$dir/topic.json"
for topic in connect-configs connect-offsets connect-status; do
  tool configs describe -r topic -n "$topic" >"$dir/$topic.json" 2>&1 || die "cannot describe $topic: $(cat "$dir/$topic.json")"
  check "$topic is compacted" grep -q compact "$dir/$topic.json"
done


# MARK: what else can be done to a connector

connector=/connectors/$CONNECTOR
says() { grep -qF "$1" <<<"$("${@:2}" 2>&1)"; } # WORDS COMMAND…
check "it is listed with its class" says PostgresConnector connectors list
check "its plugin is listed" says PostgresConnector connectors plugins
check "everything runs" connectors status --check
check "its password is not shown" says 'database.password=********' connectors config "$CONNECTOR"
check "its topics are listed" says "$TOPIC" connectors topics "$CONNECTOR"
check "a name that is taken is a conflict" fails "already exists" connectors register "$dir/connector.json"
check "the same settings over themselves are none" connectors register "$dir/connector.json" --replace
check "a setting is changed" connectors update "$CONNECTOR" --config poll.interval.ms=100
check "and is there" says poll.interval.ms=100 connectors config "$CONNECTOR"
check "settings are validated" connectors validate "$dir/connector.json"
check "and refused with their name" fails "database.hostname: " connectors validate "$dir/connector.json" --config database.hostname=
check "a wrong password is refused" fails "password authentication failed" connectors register "$dir/connector.json" --name other --config database.password=wrong
check "an unknown connector is none" fails "There is no connector nobody" connectors status nobody
check "connector and task are restarted" connectors restart "$CONNECTOR" --include-tasks
id=$(insert Carol)
check "a row after that arrives" arrives "c $id Carol"
check "the task is restarted" connectors restart "$CONNECTOR" --task 0
id=$(insert Dave)
check "a row after that arrives" arrives "c $id Dave"
check "it is paused" connectors pause "$CONNECTOR"
check "it is PAUSED" state_is PAUSED
id=$(insert Erin)
check "a row waits meanwhile" stays_away "c $id Erin"
check "it is resumed" connectors resume "$CONNECTOR"
check "it is RUNNING" state_is RUNNING
check "the row arrives" arrives "c $id Erin"

# Without a publication, and forbidden to make one, the task fails; with one, it is restarted.
write_connector failing failing_slot failing_publication '"topic.prefix": "failing"' \
  '"publication.autocreate.mode": "disabled"' >"$dir/failing.json"
check "a task that fails ends the wait with its reason" fails "Task 0 of failing FAILED" connectors register "$dir/failing.json"
grep -F FAILED "$dir/kw.log"
check "status shows its trace" says "at io.debezium" connectors status failing --trace
check "a check of the status fails" fails "task FAILED" connectors status failing --check
run_psql -c "CREATE PUBLICATION failing_publication FOR TABLE activity"
check "what failed is restarted" connectors restart failing --include-tasks --only-failed
check "offsets of one that runs cannot be reset" fails "connectors stop failing" connectors offsets failing --reset
check "it is stopped" connectors stop failing
check "its offsets are reset" connectors offsets failing --reset
check "it is deleted" connectors delete failing

check "deleting it" connectors delete "$CONNECTOR"
check "it is gone" wait_until 10 "answers 404 GET '$connector'"
id=$(insert Frank)
check "a row waits for a connector" stays_away "c $id Frank"
check "registered again" register
check "it goes on where it was" arrives "c $id Frank"
[ "$(events | grep -c '^[cr] 1 ')" = 1 ] || die "a second snapshot: the offsets of the deleted connector were lost"
check "its offset is shown" says '"lsn"' connectors offsets "$CONNECTOR"

# MARK: stopping and starting loses nothing

check "no row is missing after Connect was stopped and started" while_inserting stop_connect
check "no row is missing after Connect was killed" while_inserting lose_connect
if [ ${#kept[@]} -gt 0 ]; then
  check "no row is missing after the broker was stopped" while_inserting lose_broker TERM
  check "no row is missing after the broker was killed" while_inserting lose_broker KILL
else
  step "the broker cannot keep its data yet (--data-dir): not restarted"
fi
step "$(rows_ever_inserted | wc -l) rows, $(events | wc -l) events"
