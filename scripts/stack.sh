#!/usr/bin/env bash
# The exercise's stack without Docker, left running for trying things by hand (`make stack`). Ctrl-C stops all of it.
# The broker keeps its topics and offsets in memory: when it ends, they are gone. So the end of any part is the end of
# the whole stack, and each start is a fresh one. Its files are in .stack/stack.
# SECURE=1: the broker speaks SASL_SSL, and everybody logs in; its topics are on the disk then, and gone all the same.
# Knobs: SECURE, PARTITIONS, PG_PORT, KAFKA_PORT, CONNECT_PORT. KAFKA_BOOTSTRAP names a cluster in place of the embedded broker (its
# knobs: cluster.sh).
# shellcheck disable=SC2317,SC2119 # finish is called by the trap; the agents need no further options
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
secure=${SECURE:-}
use_cluster

finish() {
  local status=$?
  # Whatever fails from here on, the rest is still to be stopped.
  set +e
  trap '' INT TERM HUP PIPE
  case $status in
    0 | 129 | 130 | 141 | 143) ;;
    *) [ -z "$stack_dir" ] || show_logs >&2 ;;
  esac
  [ -z "$stack_dir" ] || step "stopping everything"
  stop_stack
  case $status in 129 | 130 | 141 | 143) exit 0 ;; esac
  exit "$status"
}
finish_at_end

hints() {
  local how="" login kcat
  kcat="kcat -b $(bootstrap) -t $TOPIC -C -o -1 -e"
  if [ -n "$secure" ]; then
    how=", SASL_SSL: log in with the files in ${stack_dir#"$ROOT/"}/broker/secure"
    kcat="kcat -F $(secure_file librdkafka.properties) -t $TOPIC -C -o -1 -e"
    kcat=${kcat/"$ROOT/"/}
  fi
  login="${client_words[*]:+ ${client_words[*]}}"
  login=${login/"$ROOT/"/}
  # kcat has other settings than Java.
  [ -z "$cluster" ] || [ -z "$login" ] || kcat="${BIN#"$ROOT/"}/kw consume -b $(bootstrap)$login --topic $TOPIC --from-beginning --max-messages 1"
  cat <<TEXT

${bold}The stack runs.${plain} Ctrl-C stops all of it.

  PostgreSQL      127.0.0.1:$PG_PORT   database mydb, user postgres, password postgrespw
  Kafka           $(bootstrap)   topic $TOPIC, $PARTITIONS partitions$how
  Kafka Connect   http://127.0.0.1:$CONNECT_PORT   $CONNECTOR is RUNNING
  agents          groups ${group_of[*]}

${bold}Try, in another terminal:${plain}

  export PGHOST=127.0.0.1 PGPORT=$PG_PORT PGUSER=postgres PGPASSWORD=postgrespw PGDATABASE=mydb
  ${BIN#"$ROOT/"}/fraud-producer --count 100000
  tail -f ${stack_dir#"$ROOT/"}/*-agent.jsonl
  psql -c "INSERT INTO transactions (user_id, amount, card_type, merchant_id) VALUES (4010, 4970.17, 'VISA', 7)"
  ${BIN#"$ROOT/"}/kw connectors status --connect http://localhost:$CONNECT_PORT
  $kcat
  ${BIN#"$ROOT/"}/kw groups -b $(bootstrap)$login --describe --all-groups

TEXT
}

start_stack "${STACK_DIR:-"$ROOT/.stack/stack"}"
start_agents
hints
while ! ended=$(ended_program); do sleep 0.5; done
die "$ended ended by itself"
