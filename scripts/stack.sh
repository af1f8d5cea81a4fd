#!/usr/bin/env bash
# The exercise's stack without Docker, left running for trying things by hand (`make stack`). Ctrl-C stops all of it.
# The broker keeps its topics and offsets in memory: when it ends, they are gone. So the end of any part is the end of
# the whole stack, and each start is a fresh one. Its files are in .stack/stack.
# Knobs: PARTITIONS, PG_PORT, KAFKA_PORT, CONNECT_PORT.
# shellcheck disable=SC2317,SC2119 # finish is called by the trap; the agents need no further options
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

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
  cat <<TEXT

${bold}The stack runs.${plain} Ctrl-C stops all of it.

  PostgreSQL      127.0.0.1:$PG_PORT   database mydb, user postgres, password postgrespw
  Kafka           127.0.0.1:$KAFKA_PORT   topic $TOPIC, $PARTITIONS partitions
  Kafka Connect   http://127.0.0.1:$CONNECT_PORT   $CONNECTOR is RUNNING
  agents          groups anomaly-detection-group and fraud-detection-group

${bold}Try, in another terminal:${plain}

  export PGHOST=127.0.0.1 PGPORT=$PG_PORT PGUSER=postgres PGPASSWORD=postgrespw PGDATABASE=mydb
  ${BIN#"$ROOT/"}/fraud-producer --count 100000
  tail -f ${stack_dir#"$ROOT/"}/*-agent.jsonl
  psql -c "INSERT INTO transactions (user_id, amount, card_type, merchant_id) VALUES (4010, 4970.17, 'VISA', 7)"
  ${BIN#"$ROOT/"}/kw connectors status --connect http://localhost:$CONNECT_PORT
  kcat -b 127.0.0.1:$KAFKA_PORT -t $TOPIC -C -o -1 -e

TEXT
}

start_stack "${STACK_DIR:-"$ROOT/.stack/stack"}"
start_agents
hints
while ! ended=$(ended_program); do sleep 0.5; done
die "$ended ended by itself"
