#!/bin/bash
# Makes docs/recordings/proxy.txt: a real session of kcat through kw proxy, plain, decoded, disturbed and replayed.
# Needs a built kw (KW, by default the debug build) and kcat.
set -euo pipefail
cd "$(dirname "$0")/.."
KW=${KW:-.build/debug/kw}
OUT=${1:-docs/recordings/proxy.txt}
WORK=$(mktemp -d)
PIDS=()
cleanup() {
    for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$WORK"
}
trap cleanup EXIT
mkdir -p "$(dirname "$OUT")"
cp "$KW" "$WORK/kw"

# Runs a program in the background and waits until it says that it is ready.
begin() {
    local log=$1
    shift
    timeout 60 "$@" >"$log" 2>&1 &
    PIDS+=($!)
    for _ in $(seq 100); do
        grep -q ready "$log" && return
        sleep 0.1
    done
    echo "$* did not start: $(cat "$log")" >&2
    exit 1
}
# Ends the proxy as Ctrl-C does and shows what it printed.
finish() {
    local pid=${PIDS[-1]}
    kill -INT "$(pgrep -P "$pid")"
    wait "$pid" || true
    unset 'PIDS[-1]'
    sed "s|$WORK/||" "$1"
}
say() { printf '\n$ %s\n' "$*"; }

begin "$WORK/broker" "$WORK/kw" broker --listen 127.0.0.1:19090 --brokers 2 --topic orders:2
{
    echo "# kw proxy and kw replay: kcat through a proxy to a cluster of two nodes. Made by scripts/recordings-proxy.sh."
    say "kw broker --listen 127.0.0.1:19090 --brokers 2 --topic orders:2 &"
    cat "$WORK/broker"

    say "kw proxy --bootstrap-server 127.0.0.1:19090 --record session.jsonl &"
    begin "$WORK/plain" "$WORK/kw" proxy --bootstrap-server 127.0.0.1:19090 --record "$WORK/session.jsonl"
    say "printf 'one\\ntwo\\nthree\\n' | kcat -b 127.0.0.1:19092 -t orders -p 0 -P"
    printf 'one\ntwo\nthree\n' | timeout 20 kcat -b 127.0.0.1:19092 -t orders -p 0 -P
    say "kcat -b 127.0.0.1:19092 -t orders -p 0 -C -e -q"
    timeout 20 kcat -b 127.0.0.1:19092 -t orders -p 0 -C -e -q
    say "^C"
    finish "$WORK/plain"

    say "kw proxy --bootstrap-server 127.0.0.1:19090 --api Produce,Fetch --depth 3 &"
    begin "$WORK/deep" "$WORK/kw" proxy --bootstrap-server 127.0.0.1:19090 --api Produce,Fetch --depth 3
    say "echo four | kcat -b 127.0.0.1:19092 -t orders -p 0 -P -z lz4 -X enable.idempotence=true"
    echo four | timeout 20 kcat -b 127.0.0.1:19092 -t orders -p 0 -P -z lz4 -X enable.idempotence=true
    say "^C"
    finish "$WORK/deep"

    say "kw proxy --bootstrap-server 127.0.0.1:19090 --api Produce --seed 7 \\
    --error Produce=NOT_LEADER_OR_FOLLOWER@40% --delay Produce=10ms-50ms@50% &"
    begin "$WORK/faults" "$WORK/kw" proxy --bootstrap-server 127.0.0.1:19090 --api Produce --seed 7 \
        --error Produce=NOT_LEADER_OR_FOLLOWER@40% --delay Produce=10ms-50ms@50%
    say "seq 6 | kcat -b 127.0.0.1:19092 -t orders -p 1 -P -X batch.num.messages=1 -X max.in.flight=1"
    seq 6 | timeout 20 kcat -b 127.0.0.1:19092 -t orders -p 1 -P -X batch.num.messages=1 -X max.in.flight=1
    say "^C"
    finish "$WORK/faults"

    say "kw broker --listen 127.0.0.1:19190 --brokers 2 --topic orders:2 &    # a fresh one"
    begin "$WORK/second" "$WORK/kw" broker --listen 127.0.0.1:19190 --brokers 2 --topic orders:2
    cat "$WORK/second"
    say "kw replay session.jsonl --bootstrap-server 127.0.0.1:19190 --speed max"
    "$WORK/kw" replay "$WORK/session.jsonl" --bootstrap-server 127.0.0.1:19190 --speed max
} >"$WORK/out" 2>&1
fold -s -w 99 "$WORK/out" | sed -E 's/[[:space:]]+$//' >"$OUT"
