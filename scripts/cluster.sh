# shellcheck shell=bash
# shellcheck disable=SC2034 # for the scripts that source this
# What a run calls its topics and groups, and where they are: in the embedded broker, or, of a script that calls use_cluster, in the
# cluster that KAFKA_BOOTSTRAP names (host:port, with commas between several). Sourced by lib.sh.
#
# Knobs in a cluster: KAFKA_CONFIG, a file with the settings by which clients log in, under Java's names; KAFKA_PREFIX, with which the
# names of topics, groups and transactional ids begin (kafkawire- and the time); REPLICATION of the topics (the cluster's default);
# KEEP=1 leaves them there.

# Not empty: the cluster in place of the embedded broker.
cluster=""
# What a client of ours is started with to log in.
client_words=()
declare -A group_of=()
# Topics that this run has made in the cluster, and groups that it has used there.
made_topics=()
made_groups=()

# The names of topics and groups: name_all [PREFIX].
name_all() {
  name_prefix=${1:-}
  TOPIC_PREFIX=${name_prefix}dbserver1
  TOPIC=$TOPIC_PREFIX.public.transactions
  ALERTS=${name_prefix}fraud-alerts
  connect_group=${name_prefix}connect
  group_of=([anomaly-agent]=${name_prefix}anomaly-detection-group [velocity-agent]=${name_prefix}fraud-detection-group
    [probe-agent]=${name_prefix}probe-detection-group)
}
name_all

use_cluster() {
  if [ -z "${KAFKA_BOOTSTRAP:-}" ]; then
    [ -z "${KAFKA_CONFIG:-}" ] || die "KAFKA_CONFIG says how to log in, but KAFKA_BOOTSTRAP names no cluster; set it to host:port"
    return 0
  fi
  [ -z "${SECURE:-}" ] || die "SECURE is the embedded broker's; KAFKA_CONFIG names the file that logs in to the cluster at $KAFKA_BOOTSTRAP"
  [ -z "${KAFKA_CONFIG:-}" ] || [ -r "$KAFKA_CONFIG" ] || die "there is no file $KAFKA_CONFIG that can be read (KAFKA_CONFIG)"
  [ -z "${REPLICATION:-}" ] || require_counts REPLICATION
  KAFKA_PREFIX=${KAFKA_PREFIX:-kafkawire-$(date +%Y%m%d-%H%M%S)}
  [[ $KAFKA_PREFIX =~ ^[A-Za-z0-9._-]{1,100}$ ]] ||
    die "KAFKA_PREFIX may have letters, digits, '.', '_' and '-', 100 at most, not '$KAFKA_PREFIX'"
  cluster=$KAFKA_BOOTSTRAP
  client_words=(${KAFKA_CONFIG:+--command-config "$KAFKA_CONFIG"})
  name_all "$KAFKA_PREFIX-"
}

# Where the run's Kafka is.
bootstrap() { echo "${cluster:-127.0.0.1:$KAFKA_PORT}"; }

# kw, asking the run's Kafka: kw_there COMMAND [OPTION…].
kw_there() { "$BIN/kw" "$1" -b "$(bootstrap)" "${client_words[@]}" "${@:2}"; }

# The topics of the agents of AGENTS. One that is there already is somebody else's, and ends the run.
make_topics() {
  local agent
  step "topics and groups of this run in the cluster at $cluster: $TOPIC, …"
  make_topic "$TOPIC"
  make_topic "$ALERTS"
  for agent in "${AGENTS[@]}"; do
    make_topic "${group_of[$agent]}-changelog" --config cleanup.policy=compact --config segment.ms=600000
    made_groups+=("${group_of[$agent]}")
  done
}

make_topic() { # NAME [OPTION…]
  local said
  said=$(kw_there topics --create --topic "$1" --partitions "$PARTITIONS" \
    ${REPLICATION:+--replication-factor "$REPLICATION"} "${@:2}" 2>&1) || die "$1 was not made in the cluster at $cluster: ${said##*$'\n'}"
  made_topics+=("$1")
}

# Those of Kafka Connect, which makes its topics itself.
note_connect() {
  made_groups+=("$connect_group")
  made_topics+=("$connect_group"-{configs,offsets,status})
}

# Takes away what this run has made in the cluster. A member that does not say that it leaves, as agents with a name of their own, has
# to be given up by its group first.
take_away() {
  [ ${#made_topics[@]} -gt 0 ] || return 0
  local all="topics ${made_topics[*]}; groups ${made_groups[*]}"
  if [ -n "${KEEP:-}" ]; then
    step "left in the cluster: $all"
  else
    step "taking this run's topics and groups away"
    wait_until 30 nothing_is_left || step "of these some are still in the cluster: $all${trouble:+ ($trouble)}"
  fi
  made_topics=()
  made_groups=()
}

# What the cluster said last against it.
trouble=""
nothing_is_left() {
  local topics groups
  topics=$(those_of topics "${made_topics[@]}") && groups=$(those_of groups "${made_groups[@]}") || return 1
  [ -n "$topics$groups" ] || return 0
  # shellcheck disable=SC2046,SC2086 # names without spaces
  [ -z "$groups" ] || trouble=$(kw_there groups --delete $(printf -- '--group %s ' $groups) 2>&1 >/dev/null) || true
  # The option takes patterns.
  [ -z "$topics" ] || trouble=$(kw_there topics --delete --topic "$(paste -sd, <<<"${topics//./\\.}")" 2>&1 >/dev/null) || true
  sleep 0.4
  return 1
}

# Which of these are in the cluster: those_of topics|groups NAME….
those_of() {
  local listed
  listed=$(kw_there "$1" --list) || return 1
  grep -xF "$(printf '%s\n' "${@:2}")" <<<"$listed" || true
}
