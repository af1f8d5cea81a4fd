# shellcheck shell=bash
# What the shell scripts share: messages, processes that are surely stopped again, bounded waits. Sourced, not run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # for the scripts that source this
VENV="$ROOT/.venv"

# MARK: messages

if [ -t 1 ]; then
  bold=$'\e[1m'
  plain=$'\e[0m'
else
  bold=""
  plain=""
fi

# A step of the script, with the time since it started.
step() { printf '%s[%3ds]%s %s\n' "$bold" "$SECONDS" "$plain" "$*"; }

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# MARK: waiting

now_us() { echo "${EPOCHREALTIME/[.,]/}"; }

# Runs a shell condition ten times a second until it holds: wait_until SECONDS CONDITION [PID]. Fails when the time is
# over, or at once when the process PID, whose work the condition shows, is gone.
wait_until() {
  local deadline=$((SECONDS + $1))
  until eval "$2" 2>/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    [ -z "${3:-}" ] || kill -0 "$3" 2>/dev/null || return 1
    sleep 0.1
  done
}

port_is_open() { (exec 3<>"/dev/tcp/${2:-127.0.0.1}/$1") 2>/dev/null; } # PORT [HOST]

require_port_free() { # PORT WHOSE
  ! port_is_open "$1" || die "port $1 on 127.0.0.1 is in use, and $2 needs it; stop what listens there, then try again"
}

# MARK: processes

is_running() { # PIDFILE
  local pid
  pid=$(cat "$1" 2>/dev/null) && kill -0 "$pid" 2>/dev/null
}

# SIGTERM, then SIGKILL when it is still there after SECONDS (10).
stop_process() { # PID [SECONDS]
  local deadline=$((SECONDS + ${2:-10}))
  kill -TERM "$1" 2>/dev/null || return 0
  while kill -0 "$1" 2>/dev/null; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      kill -KILL "$1" 2>/dev/null || true
      return 0
    fi
    sleep 0.05
  done
}

# MARK: tools

java_command() {
  if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then
    echo "$JAVA_HOME/bin/java"
  else
    command -v java || die "no java; run: scripts/setup.sh java"
  fi
}
