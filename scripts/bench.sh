#!/usr/bin/env bash
# The benchmarks (`make bench`): KafkaWire beside librdkafka (the system's, and that of confluent-kafka's wheel) and
# kafka-python against the embedded broker, in the clear and under TLS, transactions and a rebalance among it, what the broker
# takes and serves, its
# start and idle memory (Benchmarks/serving.py), the agents, and the micro-benchmarks. Takes a few minutes after the build and ends by itself.
#
#   RECORDS=2000000  records of 100 B in one run (a quarter of that with 1 KB)
#   EVENTS=900000    change events without schemas for an agent (a third of that with schemas)
#   REPEAT=3         runs of each; the tables show medians
#   MICRO=1          0 leaves the micro-benchmarks out; 1 ends with an error where one is over its committed limit
#
#   scripts/bench.sh [--json] [--no-clients] [--no-serving] [--no-agents] [--only agents|tls|idle]
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

RECORDS=${RECORDS:-2000000}
EVENTS=${EVENTS:-900000}
REPEAT=${REPEAT:-3}
MICRO=${MICRO:-1}
BENCH_PYTHON=${BENCH_PYTHON:-"$VENV/bin/python"}
BIN=$ROOT/.build/release
NEWER=Benchmarks/.build/rdkafka_bench_wheel

build() {
  echo "building (release)…" >&2
  # No package is asked for while everything is there.
  [ -x "$BENCH_PYTHON" ] || scripts/setup.sh venv >&2
  { command -v gcc && pkg-config --exists rdkafka zlib libpq; } >/dev/null 2>&1 || scripts/setup.sh all >&2
  scripts/build.sh kw anomaly-agent velocity-agent probe-agent >&2
  swift build -c release -debug-info-format none --package-path Benchmarks >&2
  mkdir -p Benchmarks/.build
  # shellcheck disable=SC2046 # several words are meant
  gcc -O2 -Wall -Wextra -Werror -o Benchmarks/.build/rdkafka_bench Benchmarks/peers/rdkafka_bench.c \
    $(pkg-config --cflags --libs rdkafka)
  # The same program over the newer librdkafka that confluent-kafka's wheel brings, where there is one.
  rm -f "$NEWER"
  local library
  library=$("$BENCH_PYTHON" -c 'import glob, importlib.util, os
spec = importlib.util.find_spec("confluent_kafka")
base = os.path.dirname(os.path.dirname(spec.origin)) if spec and spec.origin else ""
print(next(iter(glob.glob(os.path.join(base, "confluent_kafka.libs", "librdkafka*.so*"))), "") if base else "")') || library=
  if [ -n "$library" ]; then
    # shellcheck disable=SC2046 # several words are meant
    gcc -O2 -Wall -Wextra -Werror -o "$NEWER" Benchmarks/peers/rdkafka_bench.c $(pkg-config --cflags rdkafka) \
      "$library" -Wl,-rpath,"$(dirname "$library")" -Wl,--unresolved-symbols=ignore-in-shared-libs || rm -f "$NEWER"
  fi
}

build
micro=()
for argument in "$@"; do [ "$argument" != --json ] || micro=(--json); done
# What is over its limit (Benchmarks/thresholds.tsv) is said, and decides how this ends; the other figures still come.
verdict=0
[ "$MICRO" = 0 ] || Benchmarks/.build/release/micro --check "${micro[@]}" || verdict=$?
"$BENCH_PYTHON" Benchmarks/bench.py --kw "$BIN/kw" --bin "$BIN" --kwbench Benchmarks/.build/release/kwbench \
  --rdkafka Benchmarks/.build/rdkafka_bench --rdkafka-wheel "$NEWER" --python "$BENCH_PYTHON" \
  --kafka-python Benchmarks/peers/kafka_python_bench.py \
  --records "$RECORDS" --events "$EVENTS" --repeat "$REPEAT" "$@"
exit "$verdict"
