#!/usr/bin/env bash
# Makes docs/recordings/doctor.txt anew: kw doctor before a healthy cluster, before the exercise's trap (a broker that
# advertises the name it has inside of Docker), and before a port that speaks TLS. Real runs, on 127.0.0.1 alone.
#
#   scripts/recordings-doctor.sh [path of kw]
set -euo pipefail
cd "$(dirname "$0")/.."

KW=${1:-.build/release/kw}
OUT=docs/recordings/doctor.txt
WORK=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$WORK"' EXIT

# Starts a broker, and waits until it says that it listens.
broker() {
  local log="$WORK/broker-${#pids[@]}.log"
  "$KW" broker "$@" >"$log" 2>&1 &
  pids+=($!)
  for _ in $(seq 100); do [ -s "$log" ] && return; sleep 0.1; done
  cat "$log" >&2
  exit 1
}

# Shows a command as it is typed, and what it prints; it ends on its own within a minute.
show() {
  echo
  echo "\$ $*"
  local status=0
  timeout 60 "$KW" "${@:2}" 2>&1 || status=$?
  echo "(exit status $status)"
}

broker --listen 127.0.0.1:9592 --brokers 3 --topic orders:4 --topic alerts:2
# As in the exercise: 9092 is the listener inside of Docker, 9094 the one outside; both ports are published.
broker --listen 127.0.0.1:9092 --advertise kafka:9092 --topic orders:1
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$WORK/key.pem" -out "$WORK/cert.pem" -days 1 -subj /CN=localhost 2>/dev/null
openssl s_server -accept 127.0.0.1:9693 -key "$WORK/key.pem" -cert "$WORK/cert.pem" -quiet >/dev/null 2>&1 </dev/null &
pids+=($!)
sleep 0.5

mkdir -p "$(dirname "$OUT")"
{
  echo "kw doctor, recorded by scripts/recordings-doctor.sh."
  show kw doctor --bootstrap-server localhost:9592 --verbose
  show kw doctor --bootstrap-server localhost:9092
  show kw doctor --bootstrap-server localhost:9693
} >"$WORK/doctor.txt"
awk 'length($0) >= 100 { print "too wide: " $0; wide = 1 } END { exit wide }' "$WORK/doctor.txt"
cp "$WORK/doctor.txt" "$OUT"
echo "wrote $OUT"
