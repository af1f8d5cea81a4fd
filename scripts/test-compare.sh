#!/usr/bin/env bash
# The comparison once, short, as one of the suites of `make test`: its values, its bad inputs, and all three ways over some
# thousand rows, on free ports and in a directory of its own. Knobs as in compare.sh.
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

work=$(mktemp -d /tmp/kafkawire-compare.XXXXXX)
listener=""
trap 'rm -rf "$work"; [ -z "$listener" ] || stop_process "$listener"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

take_ports PG_PORT KAFKA_PORT CONNECT_PORT TAKEN_PORT
export STACK_DIR=${STACK_DIR:-"$ROOT/.stack/test-compare"}

"$VENV/bin/python" "$ROOT/scripts/compare/test_figures.py"

# One sentence, and nothing started: wrong WHAT WORDS [NAME=VALUE…].
wrong() {
  local what=$1 words=$2 output status=0
  shift 2
  output=$(env "$@" timeout 60 "$ROOT/scripts/compare.sh" 2>&1) || status=$?
  if [ "$status" != 1 ] || [ "$(wc -l <<<"$output")" != 1 ] || ! grep -qF -- "$words" <<<"$output"; then
    die "$what: status $status, and it said: $output"
  fi
  step "ok: $what"
}

wrong "a knob that is no number" "RATE must be a whole number above 0, not 'fast'" RATE=fast
wrong "a way that there is not" "not 'flink'" WAYS="stream flink"
wrong "sizes that are none" "SIZES must be whole numbers above 0, not '100 many'" SIZES="100 many"
wrong "more users than the agents know" "USERS must be 100000 at most" USERS=200000
wrong "a memory without a unit" "SPARK_MEMORY must be a size" SPARK_MEMORY=1000
wrong "programs that were not built" "is missing; build it with: make build" BIN=/nowhere
mkdir "$work/bin"
for tool in /usr/bin/* /bin/*; do
  [ "${tool##*/}" = java ] || ln -sf "$tool" "$work/bin/"
done
wrong "no Java" "no java; run: scripts/setup.sh java" JAVA_HOME= PATH="$work/bin"
wrong "no JDBC driver" "no JDBC driver of PostgreSQL at /nowhere.jar; run: scripts/setup.sh compare" JDBC_DRIVER=/nowhere.jar
"$VENV/bin/python" -c 'import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(600)' "$TAKEN_PORT" &
listener=$!
wait_until 10 "port_is_open $TAKEN_PORT" "$listener" || die "nothing listens on port $TAKEN_PORT"
for knob in PG_PORT KAFKA_PORT CONNECT_PORT; do
  wrong "$knob in use" "port $TAKEN_PORT on 127.0.0.1 is in use" "$knob=$TAKEN_PORT"
done

export SIZES=${SIZES:-3000} ROWS=${ROWS:-4000} RATE=${RATE:-1000} BURST=${BURST:-2000} USERS=${USERS:-400} INTERVAL=${INTERVAL:-1}
export WAYS=${WAYS:-"stream sql spark"}
"$ROOT/scripts/compare.sh"
for file in figures.json freshness.svg cpu.svg; do
  [ -s "$STACK_DIR/$file" ] || die "the run left no $file"
done
