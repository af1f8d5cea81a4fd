#!/usr/bin/env bash
# Makes recordings of change events anew, in every form that Debezium's PostgreSQL connector writes: `record-events.sh [DIR]`
# (default: Fixtures/debezium). A real PostgreSQL, a real Kafka Connect with a connector for each form, on free ports of
# 127.0.0.1; all of it is stopped again. BIN is the folder of kw (default: .build/release).
#
# What is recorded is what Fixtures/debezium/README.md lists below "In every form". The rows as PostgreSQL itself tells them are
# recorded beside the events (*.rows.jsonl): tests hold what is read of the events against them.
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

OUT=${1:-"$ROOT/Fixtures/debezium"}
SQL=$ROOT/scripts/record
[ -x "$BIN/kw" ] || die "there is no $BIN/kw; build it (make build), or name its folder as BIN"
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
take_ports PG_PORT KAFKA_PORT CONNECT_PORT REGISTRY_PORT
export PGPORT=$PG_PORT PGTZ=UTC
work=$(mktemp -d)
finish() {
  local status=$?
  trap - EXIT
  [ "$status" = 0 ] || show_logs
  stop_programs registry
  stop_stack
  # As root the data live elsewhere.
  [ ! -f "$work/stack/postgres/where" ] || rm -rf "$(cat "$work/stack/postgres/where")"
  rm -rf "$work"
  exit "$status"
}
finish_at_end
python=$VENV/bin/python

# What the converter for Avro needs beside Connect's own.
export CONNECT_JARS="kafka-connect-avro-converter kafka-connect-avro-data kafka-avro-serializer kafka-schema-registry-client
  kafka-schema-serializer common-utils avro guava failureaccess commons-compress"
start_postgres "$work/stack" max_replication_slots=40 max_wal_senders=40
start_broker
start_connect
step "a schema registry on 127.0.0.1:$REGISTRY_PORT"
start_program registry "$python" "$ROOT/scripts/record_events.py" registry "$REGISTRY_PORT" "$work/registry.jsonl"
wait_until 20 "port_is_open $REGISTRY_PORT" "${stack_pids[registry]}" || die "the registry did not start"

run_psql -f "$SQL/tables.sql" >"$work/tables.txt"

connector=0
prefixes=()
begin() { # PREFIX TABLES [NAME=VALUE…] — registers a connector, and waits until its slot is in use
  local prefix=$1 tables=$2 setting config
  shift 2
  connector=$((connector + 1))
  prefixes+=("$prefix")
  CONNECTOR=record-$prefix
  SLOT=record_$connector
  config='"connector.class": "io.debezium.connector.postgresql.PostgresConnector", "tasks.max": "1",
    "database.hostname": "127.0.0.1", "database.port": "'"$PG_PORT"'", "database.user": "postgres",
    "database.password": "postgrespw", "database.dbname": "mydb", "topic.prefix": "'"$prefix"'",
    "plugin.name": "pgoutput", "slot.name": "'"$SLOT"'", "publication.name": "record_'"$connector"'",
    "table.include.list": "'"$tables"'", "poll.interval.ms": "50", "skipped.operations": "none"'
  for setting in "$@"; do config+=$(printf ', "%s": "%s"' "${setting%%=*}" "${setting#*=}"); done
  post_connector "$config"
}

# A connector's settings of a converter count with the converter's name only.
bare=(key.converter=org.apache.kafka.connect.json.JsonConverter key.converter.schemas.enable=false
  value.converter=org.apache.kafka.connect.json.JsonConverter value.converter.schemas.enable=false)
# Whoever wants changes only is spared the messages of pg_logical_emit_message.
quiet=("message.prefix.exclude.list=.*")
# The tables of one connector in one topic: they differ in their columns' types alone.
forms=("${quiet[@]}" transforms=one "transforms.one.type=org.apache.kafka.connect.transforms.RegexRouter"
  "transforms.one.regex=([^.]+)[.](s0|s4|free|money)[.]transactions" "transforms.one.replacement=\$1.forms.transactions")
kinds='(s0|s4|free|money)[.]transactions'
avro=(value.converter=io.confluent.connect.avro.AvroConverter key.converter=io.confluent.connect.avro.AvroConverter
  "value.converter.schema.registry.url=http://127.0.0.1:$REGISTRY_PORT" "key.converter.schema.registry.url=http://127.0.0.1:$REGISTRY_PORT")
unwrap=("${quiet[@]}" transforms=unwrap transforms.unwrap.type=io.debezium.transforms.ExtractNewRecordState)
# All that a connector can be made to write beside the changes.
whole=(provide.transaction.metadata=true heartbeat.interval.ms=2000 signal.data.collection=shop.signals
  notification.enabled.channels=sink)

form() { # [bare-]DECIMALS-TIMES [SETTING…]
  local modes=${1#bare-}
  begin "$1" "$kinds" "${forms[@]}" "decimal.handling.mode=${modes%-*}" "time.precision.mode=${modes#*-}" "${@:2}"
}
for modes in precise-adaptive double-connect string-isostring double-nanoseconds; do form "$modes"; done
for modes in precise-adaptive double-connect string-isostring precise-microseconds double-nanoseconds \
  string-adaptive_time_microseconds; do
  form "bare-$modes" "${bare[@]}"
done
begin avro-forms "$kinds" "${forms[@]}" "${avro[@]}"
begin whole 'shop[.](transactions|signals)' "${whole[@]}" notification.sink.topic.name=whole.notifications
begin bare-whole 'shop[.](transactions|signals)' "${whole[@]}" "${bare[@]}" notification.sink.topic.name=bare-whole.notifications
begin avro 'shop[.]transactions' "${quiet[@]}" "${avro[@]}"
begin cloud 'shop[.]transactions' "${quiet[@]}" value.converter=io.debezium.converters.CloudEventsConverter
begin unwrapped 'shop[.]transactions' "${unwrap[@]}"
begin bare-unwrapped 'shop[.]transactions' "${unwrap[@]}" "${bare[@]}"
added=("transforms.unwrap.add.fields=op,table,source.ts_ms" transforms.unwrap.delete.tombstone.handling.mode=rewrite)
begin added 'shop[.]transactions' "${unwrap[@]}" "${added[@]}"
begin bare-added 'shop[.]transactions' "${unwrap[@]}" "${added[@]}" "${bare[@]}"
begin bare-headers 'shop[.]transactions' "${unwrap[@]}" "${bare[@]}" transforms.unwrap.add.headers=op,source.ts_ms \
  transforms.unwrap.delete.tombstone.handling.mode=rewrite-with-tombstone

step "rows into the tables, while all $connector connectors stream"
run_psql -f "$SQL/forms.sql" >"$work/forms.txt"
run_psql -f "$SQL/shop.sql" >"$work/shop.txt"

step "recording into $OUT"
"$python" "$ROOT/scripts/record_events.py" read "127.0.0.1:$KAFKA_PORT" "$OUT" "${prefixes[@]}" || die "the events were not read"
for name in forms shop; do
  cat "$work/tables.txt" "$work/$name.txt" | grep "^{\"$name\"" >"$OUT/$name.rows.jsonl"
done
sort -u "$work/registry.jsonl" >"$OUT/avro.schemas.jsonl"
