#!/usr/bin/env bash
# `make examples`: the programs of the package Examples against `kw broker`, each held to what it has to print, and one of them
# under the simulation. The broker is stopped however this ends. Closes with "N passed, M failed".
#
# Knobs, as variables: BUILD of kw (debug), BIN where it is, STORM=no leaves the simulation out.
set -euo pipefail
BUILD=${BUILD:-debug}
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

[ -x "$BIN/kw" ] || die "$BIN/kw is missing; build it with: BUILD=$BUILD scripts/build.sh kw"
work=$(mktemp -d)
passed=0
failed=0
# Processes of ours by name.
declare -A pids=()

finish() {
  local status=$? name
  trap - EXIT INT TERM HUP PIPE
  for name in "${!pids[@]}"; do [ "$name" = broker ] || stop_process "${pids[$name]}" 5; done
  [ -z "${pids[broker]:-}" ] || stop_process "${pids[broker]}" 5
  rm -rf "$work"
  exit "$status"
}
finish_at_end

# MARK: programs

# A line is to be seen when it is printed, although it goes into a file: start NAME COMMAND…
start() {
  local name=$1
  shift
  setsid stdbuf -oL "$@" >>"$work/$name.out" 2>>"$work/$name.err" </dev/null &
  pids[$name]=$!
}

# Sends a signal, and waits for the end, whose status is then in `status`: end NAME SIGNAL
end() {
  local pid=${pids[$1]}
  kill "-$2" "$pid" 2>/dev/null || true
  # What is killed is gone at once; waited for here, bash does not tell of it.
  [ "$2" = KILL ] || wait_until 30 "! kill -0 $pid" || kill -KILL "$pid" 2>/dev/null || true
  status=0
  wait "$pid" 2>/dev/null || status=$?
  unset "pids[$1]"
}

# From the beginning to the end, which comes by itself; its status is then in `status`: run NAME COMMAND…
run() {
  local name=$1
  shift
  status=0
  timeout -k 2 60 "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null || status=$?
}

kw() { timeout -k 2 30 "$BIN/kw" "$1" --bootstrap-server "$server" "${@:2}" 2>>"$work/kw.err"; } # COMMAND [OPTION…]
values() { kw consume --topic "$1" --from-beginning --exit-at-end --isolation-level read_committed "${@:2}"; } # TOPIC [OPTION…]
count() { values "$1" | wc -l; } # TOPIC

# MARK: checks

# By name, of which program, and what has to hold: shell conditions, of which all must. Where one does not, what the program has
# printed is shown.
check() { # NAME PROGRAM CONDITION…
  local name=$1 program=$2 condition file
  shift 2
  for condition in "$@"; do
    if ! eval "$condition"; then
      failed=$((failed + 1))
      printf 'FAIL  %s\n      not so: %s\n' "$name" "$condition"
      for file in "$work/$program".{out,err} "$work/kw.err"; do
        [ ! -s "$file" ] || tail -n 8 "$file" | cut -c 1-300 | sed "s/^/      ${file##*/}: /"
      done
      return
    fi
  done
  passed=$((passed + 1))
  echo "ok    $name"
}

prints() { grep -Eq -- "$2" "$work/$1.out"; } # PROGRAM PATTERN
says() { grep -Eq -- "$2" "$work/$1.err"; }   # PROGRAM PATTERN
lines() { grep -Ec -- "$2" "$work/$1.out" || true; } # PROGRAM PATTERN

# MARK: the work

step "building the examples (debug)"
swift build --package-path Examples --build-tests >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log"; die "the examples do not build"; }
programs=$(swift build --package-path Examples --show-bin-path)

step "the broker"
start broker "$BIN/kw" broker --listen 127.0.0.1:0 --topic orders:2 --topic payments:4 --topic bookings:2 \
  --topic invoices:2 --topic questions:2 --topic answers:1
wait_until 30 "prints broker 'is ready on'" "${pids[broker]}" || die "the broker did not start: $(cat "$work/broker.err")"
server=$(sed -n 's/.*is ready on \([^ ]*\).*/\1/p' "$work/broker.out" | head -n 1)

step "hello"
run hello "$programs/hello" "$server"
check "hello: reads what it has sent" hello '[ "$status" = 0 ]' 'prints hello "^read hello: world$"'
take_ports NOBODY
run hello "$programs/hello" "127.0.0.1:$NOBODY"
check "hello: says in one line that no broker is there, and where" hello '[ "$status" = 1 ]' \
  'says hello "^hello: .*127.0.0.1:$NOBODY"' '[ "$(wc -l <"$work/hello.err")" = 1 ]'

step "json"
run json "$programs/json" "$server"
check "json: orders come back as values" json '[ "$status" = 0 ]' \
  'prints json "^order 1: tea for 980 cents$"' 'prints json "^order 3: sugar for 120 cents$"' '[ "$(lines json .)" = 2 ]'
check "json: what is no order is named, and passed over" json 'says json "offset 1 is no order, .*JSON"' \
  'says json "offset 2 is no order, .*it has no \"cents\""' '[ "$(wc -l <"$work/json.err")" = 2 ]'

step "group"
seq 1 5 | kw produce --topic orders >/dev/null
start group "$programs/group" "$server"
wait_until 40 '[ "$(lines group "^orders.*: [1-5]$")" = 5 ]' "${pids[group]}" || true
end group INT
check "group: SIGINT ends it in order" group '[ "$status" = 0 ]' '[ "$(lines group "^orders.*: [1-5]$")" = 5 ]' \
  'prints group "^assigned orders.*orders"' '[ "$(tail -n 1 "$work/group.out")" = "left the group" ]'
check "group: it has left, and all is committed" group 'kw groups --describe --group examples --json >"$work/group.json"' \
  'grep -q "\"memberCount\":0" "$work/group.json"' 'grep -q "\"lag\":0" "$work/group.json"' \
  '! grep -Eq "\"lag\":[1-9]" "$work/group.json"'
echo 6 | kw produce --topic orders >/dev/null
start group "$programs/group" "$server"
wait_until 40 'prints group ": 6$"' "${pids[group]}" || true
end group TERM
check "group: the next run goes on where it had ended" group '[ "$status" = 0 ]' '[ "$(lines group "^orders.*: [0-9]+$")" = 6 ]'

step "exactly-once: two bookkeepers, which are killed and started again in turn"
start bookkeeper1 "$programs/exactly-once" "$server" 1
start bookkeeper2 "$programs/exactly-once" "$server" 2
payments=1000
for round in $(seq 0 9); do
  seq $((round * payments / 10)) $(((round + 1) * payments / 10 - 1)) | sed 's/.*/&:&/' |
    kw produce --topic payments --property parse.key=true --property key.separator=: >/dev/null
  name=bookkeeper$((round % 2 + 1))
  # That it has begun, so that it is killed at work, or a moment later.
  began=$(lines "$name" booked)
  wait_until 20 '[ "$(lines "$name" booked)" -gt "$began" ]' "${pids[$name]}" || true
  end "$name" KILL
  start "$name" "$programs/exactly-once" "$server" $((round % 2 + 1))
done
wait_until 90 '[ "$(count bookings)" -ge $payments ]' || true
values bookings >"$work/booked" || true
check "exactly-once: after ten kills every payment is booked once, and none twice" bookkeeper1 \
  '[ "$(sort "$work/booked")" = "$(seq 0 $((payments - 1)) | sed "s/^/booked /" | sort)" ]'
for name in bookkeeper1 bookkeeper2; do
  end "$name" INT
  check "exactly-once: SIGINT ends $name in order" "$name" '[ "$status" = 0 ]'
done

step "retry"
printf '12.50\n5000\nten\n-1\n' | kw produce --topic invoices >/dev/null
start retry "$programs/retry" "$server"
wait_until 60 '[ "$(count invoices.dead-letter)" -ge 2 ] && prints retry "paid 5000"' "${pids[retry]}" || true
end retry INT
check "retry: what works at once or later is done once" retry '[ "$status" = 0 ]' \
  'prints retry "^paid 12.50, failed before: 0$"' 'prints retry "^paid 5000, failed before: 1$"' '[ "$(lines retry .)" = 2 ]'
values invoices.dead-letter --json >"$work/dead" || true
check "retry: what never works is a dead letter, with its reason" retry '[ "$(wc -l <"$work/dead")" = 2 ]' \
  'grep "is no amount" "$work/dead" | grep -q retry.origin.topic' 'grep "the bank says: later" "$work/dead" | grep -q retry.attempts'

step "service"
start service "$programs/service" "$server"
seq 1 3 | kw produce --topic questions >/dev/null
wait_until 40 '[ "$(count answers)" = 3 ]' "${pids[service]}" || true
end service TERM
check "service: SIGTERM ends it in order" service '[ "$status" = 0 ]' '[ "$(count answers)" = 3 ]'
check "service: metrics and traces tell what it did" service 'prints service "^kafka_consumer_records_total 3$"' \
  'prints service "^kafka_producer_records_total 3$"' '[ "$(lines service "^trace: process questions > send answers$")" = 3 ]'
check "service: its clients log" service 'says service answerer'

end broker TERM
check "the broker ends in order" broker '[ "$status" = 0 ]' 'prints broker "^kw broker stopped"'

if [ "${STORM:-yes}" != no ]; then
  step "exactly-once under the simulation"
  # Not what tests of XCTest would say, of which there are none.
  swift test --package-path Examples --skip-build --disable-xctest >"$work/storm.out" 2>"$work/storm.err" || true
  check "exactly-once: a storm of kills, pauses and cut connections" storm 'grep -Eq "Test run with 1 test .*passed" "$work"/storm.{out,err}'
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
