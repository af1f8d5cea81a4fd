#!/usr/bin/env bash
# Makes the text recordings in docs/recordings anew, from real runs on 127.0.0.1: `recordings.sh [top|watch|proxy|doctor]…`
# (default: all). `BIN` is the folder of the programs (default: .build/release). What `kw top` and `demo watch` show is written
# by terminals that are not ours (pyte), and the proxy's client is kcat.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
OUT=$ROOT/docs/recordings
[ -x "$BIN/kw" ] || die "there is no $BIN/kw; build it (make build), or name its folder as BIN"
"$VENV/bin/python" -c 'import pyte, kafka' 2>/dev/null || scripts/setup.sh venv
type -P kcat >/dev/null || scripts/setup.sh native
mkdir -p "$OUT"
WORK=$(mktemp -d)
export WORK
pids=()
trap 'for pid in "${pids[@]}"; do stop_process "$pid"; done; rm -rf "$WORK"' EXIT
PATH=$(cd "$BIN" && pwd):$PATH

record() { # NAME COMMAND… — the file takes the place of the old one only when all went well
  local name=$1
  shift
  step "recording $name"
  "$@" >"$WORK/$name" || die "recording $name did not go well: $(tail -n 5 "$WORK/$name")"
  ! grep -qE '^.{101,}' "$WORK/$name" || die "the recording of $name has lines of more than 100 columns"
  mv "$WORK/$name" "$OUT/$name.txt"
}

# Starts a program in the background and waits until it says that it is ready.
begin() { # LOG COMMAND…
  local log=$WORK/$1
  shift
  timeout 120 "$@" >"$log" 2>&1 &
  pids+=($!)
  wait_until 10 "grep -q ready '$log'" "$!" || die "$* did not start: $(cat "$log")"
}

# A line as it is typed, and what it prints.
show() { # LINE
  printf '\n$ %s\n' "$1"
  local status=0
  timeout 60 bash -c "$1" 2>&1 || status=$?
  [ "$status" = 0 ] || echo "(exit status $status)"
}

# What a proxy that was begun last has printed, up to its Ctrl-C.
finish_proxy() { # LOG
  printf '\n$ ^C\n'
  kill -INT "$(pgrep -P "${pids[-1]}")"
  wait "${pids[-1]}" || true
  unset 'pids[-1]'
  cat "$WORK/$1"
}

# `kw proxy` as it is typed, and then begun.
proxy() { # LOG OPTION…
  printf '\n$ kw proxy --bootstrap-server 127.0.0.1:19090 %s &\n' "${*:2}"
  begin "$1" kw proxy --bootstrap-server 127.0.0.1:19090 "${@:2}"
}

# kcat through a proxy to a cluster of two nodes: plain, decoded, disturbed, replayed.
record_proxy() {
  cd "$WORK"
  echo "# kw proxy and kw replay: kcat through a proxy to a cluster of two nodes. Made by scripts/recordings.sh."
  printf '\n$ kw broker --listen 127.0.0.1:19090 --brokers 2 --topic orders:2 &\n'
  begin broker kw broker --listen 127.0.0.1:19090 --brokers 2 --topic orders:2
  cat broker

  proxy plain --record session.jsonl
  show "printf 'one\\ntwo\\nthree\\n' | kcat -b 127.0.0.1:19092 -t orders -p 0 -P"
  show "kcat -b 127.0.0.1:19092 -t orders -p 0 -C -e -q"
  finish_proxy plain

  proxy deep --api Produce,Fetch --depth 3
  show "echo four | kcat -b 127.0.0.1:19092 -t orders -p 0 -P -z lz4 -X enable.idempotence=true"
  finish_proxy deep

  proxy faults --api Produce --seed 7 --error Produce=NOT_LEADER_OR_FOLLOWER@40% --delay Produce=10ms-50ms@50%
  show "seq 6 | kcat -b 127.0.0.1:19092 -t orders -p 1 -P -X batch.num.messages=1 -X max.in.flight=1"
  finish_proxy faults

  printf '\n$ kw broker --listen 127.0.0.1:19190 --brokers 2 --topic orders:2 &    # a fresh one\n'
  begin second kw broker --listen 127.0.0.1:19190 --brokers 2 --topic orders:2
  cat second
  show "kw replay session.jsonl --bootstrap-server 127.0.0.1:19190 --speed max"
}

# Before a healthy cluster, before the exercise's trap (a broker that advertises the name it has inside of Docker), and
# before a port that speaks TLS.
record_doctor() {
  begin healthy kw broker --listen 127.0.0.1:9592 --brokers 3 --topic orders:4 --topic alerts:2
  # As in the exercise: 9092 is the listener inside of Docker, 9094 the one outside; both ports are published.
  begin trap kw broker --listen 127.0.0.1:9092 --advertise kafka:9092 --topic orders:1
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$WORK/key.pem" -out "$WORK/cert.pem" -days 1 -subj /CN=localhost 2>/dev/null
  openssl s_server -accept 127.0.0.1:9693 -key "$WORK/key.pem" -cert "$WORK/cert.pem" -quiet >/dev/null 2>&1 </dev/null &
  pids+=($!)
  wait_until 10 "port_is_open 9693" "$!" || die "openssl does not listen on port 9693"
  echo "kw doctor, recorded by scripts/recordings.sh."
  show "kw doctor --bootstrap-server localhost:9592 --verbose"
  show "kw doctor --bootstrap-server localhost:9092"
  show "kw doctor --bootstrap-server localhost:9693"
  # With TLS and SASL, first as it should be, then with another password.
  begin secure kw broker --secure --listen 127.0.0.1:9694 --data-dir "$WORK/data" --topic orders:4
  cp "$WORK/data/secure/kw.properties" "$WORK/kw.properties"
  sed 's/password="[^"]*"/password="forgotten"/' "$WORK/kw.properties" >"$WORK/forgotten.properties"
  chmod 600 "$WORK/forgotten.properties"
  local folder=$PWD
  cd "$WORK"
  show "kw doctor --command-config kw.properties --topic orders --verbose"
  show "kw doctor --command-config forgotten.properties"
  cd "$folder"
}

# Not behind a pipe: what was begun has to be known to the script's end.
folded() {
  "$@" >"$WORK/long" 2>&1
  fold -s -w 99 "$WORK/long" | sed -E 's/[[:space:]]+$//'
}

[ $# -gt 0 ] || set -- top watch proxy doctor
for name in "$@"; do
  case $name in
    top) record top timeout 300 "$VENV/bin/python" Tests/Foreign/record_top.py "$BIN" ;;
    watch) record watch timeout 300 "$VENV/bin/python" Tests/Foreign/record_watch.py "$BIN" ;;
    proxy) record proxy folded record_proxy ;;
    doctor) record doctor record_doctor ;;
    *) die "there is no recording $name" ;;
  esac
done
