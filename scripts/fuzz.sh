#!/usr/bin/env bash
# The fuzzers (`make fuzz`): libFuzzer, which is in Swift's toolchain, over all that decodes bytes from outside, over a
# whole broker without sockets, and over the programs that read others' answers. Corpora begin with the bytes in Fixtures/ and are kept in .fuzz/ between runs. A finding
# is made as small as it gets, is copied to Fixtures/fuzz/TARGET, where `swift test` reads it from then on, and makes this
# fail.
#
#   TIME=60            seconds for each target
#   RUNS=10000000      inputs for each target, in place of a time
#   TARGET="a b"       only these; there are frames, messages, batches, embedded, events, broker, page, proxy, agents, readers,
#                      login, tls and, some hundred times slower, answers and doctor
#   JOBS=1             targets at the same time
#   SANITIZE=address   also the address sanitizer; three to six times slower
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

all_targets=(frames messages batches embedded events broker page proxy agents readers login tls answers doctor)
read -r -a targets <<<"${TARGET:-${all_targets[*]}}"
TIME=${TIME:-60}
RUNS=${RUNS:-}
JOBS=${JOBS:-1}
SANITIZE=${SANITIZE:-}

for target in "${targets[@]}"; do
  [[ " ${all_targets[*]} " == *" $target "* ]] || die "no target '$target'; there are: ${all_targets[*]}"
done
for number in "$TIME" "${RUNS:-1}" "$JOBS"; do
  [[ $number =~ ^[1-9][0-9]*$ ]] || die "TIME, RUNS and JOBS are whole numbers above 0, not '$number'"
done
case $SANITIZE in
  "") build=$ROOT/Fuzzing/.build sanitizers=() memory=2048 ;;
  address)
    build=$ROOT/Fuzzing/.build/address memory=4096
    # The last -sanitize counts: it has to name both.
    sanitizers=(-Xswiftc "-sanitize=fuzzer,address" -Xcc -fsanitize=address)
    ;;
  *) die "SANITIZE is 'address' or nothing, not '$SANITIZE'" ;;
esac
program=$build/release/kwfuzz
work=$ROOT/.fuzz
# Swift's own handler of crashes would come before libFuzzer's, which keeps the input.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0:malloc_context_size=4
declare -A pids=()
declare -A results=()
findings=0

# MARK: running

build_fuzzers() {
  step "building the fuzzers (release${SANITIZE:+, address sanitizer}); a few minutes the first time"
  mkdir -p "$work"
  swift build -c release --package-path Fuzzing --scratch-path "$build" --sanitize fuzzer "${sanitizers[@]}" \
    >"$work/build.log" 2>&1 || {
    tail -n 20 "$work/build.log"
    die "the fuzzers do not build (log: .fuzz/build.log)"
  }
}

start_target() { # TARGET
  local target=$1 folder=$work/$1 longest limit=(-max_total_time="$TIME") patience=10
  # What waits for sockets may wait for a busy machine.
  case $target in answers | doctor) patience=60 ;; esac
  rm -rf "$folder/seeds" "$folder/findings"
  mkdir -p "$folder/seeds" "$folder/corpus" "$folder/findings"
  longest=$(KWFUZZ_TARGET=$target KWFUZZ_SEEDS=$folder/seeds KWFUZZ_FIXTURES=$ROOT/Fixtures "$program") ||
    die "the seeds of $target: $longest"
  [ ! -d "Fixtures/fuzz/$target" ] || cp "Fixtures/fuzz/$target"/* "$folder/seeds/"
  [ -z "$RUNS" ] || limit=(-runs="$RUNS")
  [ ! -s "$folder/seeds.dict" ] || limit+=(-dict="$folder/seeds.dict")
  KWFUZZ_TARGET=$target "$program" "$folder/corpus" "$folder/seeds" "${limit[@]}" \
    -max_len="$longest" -artifact_prefix="$folder/findings/" -timeout=$patience \
    -rss_limit_mb=$memory -malloc_limit_mb=256 -detect_leaks=0 -print_final_stats=1 >"$folder/log" 2>&1 </dev/null &
  pids[$target]=$!
}

# The last line in which libFuzzer says how far it is.
last_line() { grep -aE '^#[0-9]' "$work/$1/log" 2>/dev/null | tail -n 1; }

# The number behind a word of that line: figure TARGET WORD.
figure() { last_line "$1" | sed -nE "s,.*$2:? ([0-9]+).*,\1,p"; }

# How many inputs there were.
inputs() {
  local stated
  stated=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)/\1/p' "$work/$1/log" | tail -n 1)
  echo "${stated:-$(last_line "$1" | sed -nE 's/^#([0-9]+).*/\1/p')}"
}

show_progress() {
  local target
  for target in "${targets[@]}"; do
    [ -n "${pids[$target]:-}" ] || continue
    printf '       %-9s %s\n' "$target" "$(last_line "$target" | tr '\t' ' ' | cut -c1-100)"
  done
}

# Takes in the targets that have ended.
collect() {
  local target status
  for target in "${targets[@]}"; do
    [ -n "${pids[$target]:-}" ] || continue
    kill -0 "${pids[$target]}" 2>/dev/null && continue
    status=0
    wait "${pids[$target]}" 2>/dev/null || status=$?
    unset "pids[$target]"
    if [ -n "$(find "$work/$target/findings" -mindepth 1 ! -name 'slow-unit*' -print -quit)" ]; then
      results[$target]="A FINDING"
      findings=$((findings + 1))
    elif [ "$status" -ne 0 ]; then
      results[$target]="ended with $status, see .fuzz/$target/log"
      findings=$((findings + 1))
    else
      results[$target]="clean"
    fi
  done
}

run_all() {
  local waiting=("${targets[@]}") told=$SECONDS
  while [ ${#waiting[@]} -gt 0 ] || [ ${#pids[@]} -gt 0 ]; do
    while [ ${#waiting[@]} -gt 0 ] && [ ${#pids[@]} -lt "$JOBS" ]; do
      step "${waiting[0]}: $([ -n "$RUNS" ] && echo "$RUNS inputs" || echo "$TIME seconds")"
      start_target "${waiting[0]}"
      waiting=("${waiting[@]:1}")
    done
    sleep 0.5
    collect
    if [ $((SECONDS - told)) -ge 15 ]; then
      show_progress
      told=$SECONDS
    fi
  done
}

# MARK: the end

show_table() {
  local target
  printf '\n%-9s %12s %9s %7s %9s %7s  %s\n' target inputs "per s" edges features corpus result
  for target in "${targets[@]}"; do
    [ -f "$work/$target/log" ] && [ -n "${results[$target]:-}" ] || continue
    printf '%-9s %12s %9s %7s %9s %7s  %s\n' "$target" "$(inputs "$target")" "$(figure "$target" 'exec/s')" \
      "$(figure "$target" cov)" "$(figure "$target" ft)" \
      "$(last_line "$target" | sed -nE 's|.*corp: ([0-9]+)/.*|\1|p')" "${results[$target]}"
  done
}

# Makes each finding small, and a fixture.
keep_findings() {
  local target file small name
  for target in "${targets[@]}"; do
    [ "${results[$target]:-}" = "A FINDING" ] || continue
    for file in "$work/$target/findings"/*; do
      [[ ${file##*/} != slow-unit* ]] || continue
      small=$work/$target/smallest
      cp "$file" "$small"
      step "$target: making ${file##*/} smaller"
      KWFUZZ_TARGET=$target "$program" -minimize_crash=1 -max_total_time=20 -timeout=10 \
        -rss_limit_mb=$memory -exact_artifact_path="$small" "$file" >"$work/$target/minimize.log" 2>&1 </dev/null || true
      name=$(sha1sum "$small" | cut -c1-12)
      mkdir -p "Fixtures/fuzz/$target"
      cp "$small" "Fixtures/fuzz/$target/$name"
      grep -aE '^FINDING|Fatal error|ERROR: ' "$work/$target/log" | head -n 3 | cut -c1-600
      echo "       kept as Fixtures/fuzz/$target/$name; again: KWFUZZ_TARGET=$target $program Fixtures/fuzz/$target/$name"
      echo "       or: swift test --filter Fuzz"
    done
  done
}

finish() {
  local status=$? target
  trap - EXIT
  for target in "${targets[@]}"; do
    [ -n "${pids[$target]:-}" ] || continue
    stop_process "${pids[$target]}" 5
    wait "${pids[$target]}" 2>/dev/null || true
    unset "pids[$target]"
    results[$target]=${results[$target]:-"stopped"}
  done
  show_table
  exit "$status"
}

build_fuzzers
# Data directories of brokers are made in memory, where there is such a place.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
finish_at_end
run_all
keep_findings
[ "$findings" = 0 ]
