#!/usr/bin/env bash
# `make test`: everything that can be tested on one machine. Each suite writes a log into .test/; a suite that fails shows
# the end of its own. Closes with "N passed, M failed", and fails when any suite failed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

# What is tested here is on this machine; `make test-cluster` asks a cluster.
unset KAFKA_BOOTSTRAP KAFKA_CONFIG

LOGS=$ROOT/.test
rm -rf "$LOGS"
mkdir -p "$LOGS"
passed=0
failed=0
mock_pid=""
build_pid=""
trap 'for pid in $mock_pid $build_pid; do stop_process "$pid"; done' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

suite() { # NAME COMMAND…
  local name=$1 log=$LOGS/${1// /-}.log began=$SECONDS
  shift
  step "$name"
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    printf '       ok, %d s%s\n' $((SECONDS - began)) "$(count_in "$log")"
  else
    failed=$((failed + 1))
    printf '       FAILED after %d s; the end of %s:\n' $((SECONDS - began)) "$log"
    grep -aE '✘|error:|FAILED|failed' "$log" | tail -n 20 | cut -c1-300 || true
    tail -n 20 "$log" | cut -c1-300
  fi
}

# What a log says of its tests, as ", 123 tests".
count_in() {
  sed -nE 's/.*Test run with ([0-9]+ tests?).*passed.*/, \1/p; s/^([0-9]+ passed, [0-9]+ failed).*/, \1/p' "$1" | tail -n 1
}

# Suites with clients and brokers of others, which are run by themselves, and once more where one fails.
FOREIGN='Foreign|AdminCompare|MockCluster'

swift_tests() { swift test --skip-build --filter "$1" --skip "$FOREIGN"; } # PATTERN

foreign_tests() {
  KAFKAWIRE_VENV=$VENV KAFKAWIRE_JARS=$(jars) KAFKAWIRE_MOCK_BOOTSTRAP=$(cat "$LOGS/mock.address" 2>/dev/null || true) \
    swift test --skip-build --filter "$FOREIGN"
}

# A foreign client may lose a race of its own, as kafka-python does now and then when a group rebalances; what fails twice
# is a failure.
foreign_tests_twice() {
  foreign_tests && return
  echo "once more, since something failed"
  foreign_tests
}

# librdkafka's mock cluster: real TCP listeners that speak what librdkafka's authors think Kafka speaks.
start_mock() {
  "$VENV/bin/python" Tests/Foreign/mock_cluster.py >"$LOGS/mock.address" 2>"$LOGS/mock.log" &
  mock_pid=$!
  wait_until 20 "[ -s '$LOGS/mock.address' ]" "$mock_pid" || die "librdkafka's mock cluster did not start: $(cat "$LOGS/mock.log")"
}

conformance() { .build/release/kw conformance Fixtures/golden/*.jsonl Fixtures/golden/murmur2.tsv; }

# Two instances of each agent, one of which is killed on the way: nothing is lost, and the alerts are those of an
# uninterrupted run.
demo_with_a_kill() { EVENTS=60000 RATE=6000 INSTANCES=2 scripts/demo.sh; }

# Histories that once found something: a producer's late records behind newer ones, doubled ones, deliveries that outlived their
# time (2005, 2015, 2025, 2032), cut ends of files that came back with a second loss of power (10064), a
# standstill that came later than its calls were told (972371), and a member that is slow by its settings (987613: the checker's fault).
found_histories() {
  local seed
  for seed in 2005 2015 2025 2032 10064 10079 972371 987613; do .build/release/kw simulate --seed "$seed" || return 1; done
}

histories() { SEED=1 HISTORIES=200 VERIFY=yes scripts/simulate.sh; }

pure_agents() {
  local program
  for program in anomaly-agent velocity-agent probe-agent kw; do
    if ldd ".build/release/$program" | grep -E 'libpq|librdkafka'; then return 1; fi
  done
}

# Each build has long stretches on one core. Two at once need a folder each; where there are programs already, they are built anew
# in their place.
programs=
if [ -d .build/programs ] || [ ! -e .build/release ]; then programs=.build/programs; fi
step "building the programs (release), beside the tests"
# Both would write Package.resolved.
swift package resolve >"$LOGS/build.log" 2>&1 || { tail -n 30 "$LOGS/build.log"; die "the packages could not be fetched"; }
SCRATCH=$programs scripts/build.sh >"$LOGS/build.log" 2>&1 &
build_pid=$!
[ -n "$programs" ] || wait "$build_pid" || { tail -n 30 "$LOGS/build.log"; die "the release build failed"; }
suite "building the tests (debug)" swift build --build-tests
# The programs take longer than the tests: these need none of them, and are not hurried.
suite "the README pasted by a newcomer" scripts/newcomer.sh
suite "the guide builds without warnings (DocC)" scripts/guide.sh build "$LOGS/guide"
suite "docker-compose.yml" "$VENV/bin/python" scripts/check-compose.py
suite "container file, images, units" scripts/check-deploy.py
suite "the examples against kw broker" env BUILD=debug scripts/examples.sh
if [ -n "$programs" ]; then
  wait "$build_pid" || { tail -n 30 "$LOGS/build.log"; die "the release build failed"; }
  ln -sfn programs/release .build/release
fi
build_pid=""
start_mock
suite "golden bytes and values (swift test)" swift_tests '^(WireTests|AppTests|PostgreSQLTests)\.'
suite "the tools (swift test)" swift_tests '^ToolTests\.'
suite "the broker (swift test)" swift_tests '^BrokerTests\.'
suite "the client against brokers (swift test)" swift_tests '^ClientTests\.'
suite "client and broker simulated (swift test)" swift_tests '^SimulationTests\.'
suite "clients and brokers of others (swift test)" foreign_tests_twice
suite "kw conformance" conformance
suite "the exercise's commands, judged by kcat and kafka-python" "$VENV/bin/python" Tests/Foreign/exercise_tools.py --kw .build/release/kw
suite "agents link neither libpq nor librdkafka" pure_agents
suite "simulated histories that found something once" found_histories
suite "200 simulated histories, twice" histories
suite "the broker killed under load, and on a full disk" env KILLS=20 scripts/crash.sh
suite "make demo, with an agent killed on the way" demo_with_a_kill
suite "libpq programs against PostgreSQL" scripts/test-postgres.sh
suite "the broker's page in headless Chromium" scripts/ui-check.sh
suite "the exercise's first activity, distributed Connect" scripts/activity.sh
suite "the real pipeline" scripts/test-pipeline.sh
suite "the real pipeline over SASL_SSL" env SECURE=1 scripts/test-pipeline.sh
suite "demo and pipeline in a cluster that is named" scripts/test-named-cluster.sh
suite "the stream beside Spark and SQL polls" scripts/test-compare.sh

echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
