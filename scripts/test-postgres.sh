#!/usr/bin/env bash
# The libpq programs against a real PostgreSQL: the tests of PostgreSQLTests, then the four executables as a user runs
# them, through outages, wrong settings and killed backends. Starts a private server on a free port and stops it.
#
#   scripts/test-postgres.sh          exit status 0 when everything passed
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT" || exit 1

unset "${!PG@}"
export LC_ALL=C TZ=UTC
work=$(mktemp -d /tmp/kafkawire-pg-test.XXXXXX)
children=()
passed=0
failed=0

finish() {
    local status=$?
    trap - EXIT INT TERM
    for child in ${children[@]+"${children[@]}"}; do kill -KILL "$child" 2>/dev/null; done
    scripts/postgres.sh stop "$work/server" > /dev/null 2>&1 || echo "the test server did not stop: $work/server" >&2
    if [ -f "$work/server/where" ]; then rm -rf "$(cat "$work/server/where")"; fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# check NAME COMMAND…: one line for each.
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "pass  $name"
    else
        failed=$((failed + 1))
        echo "FAIL  $name"
        for file in out err; do
            if [ -s "$work/$file" ]; then tail -n 5 "$work/$file" | cut -c 1-300 | sed "s/^/      $file: /"; fi
        done
    fi
}

# run COMMAND…: keeps its output and status; nothing may take longer than half a minute.
run() { timeout -k 2 30 "$@" > "$work/out" 2> "$work/err"; status=$?; }
sql() { PGPASSWORD=postgrespw psql -X -q -At -h 127.0.0.1 -p "$port" -U postgres -d mydb -c "$1" 2>> "$work/psql.log"; }
rows() { sql 'SELECT count(*) FROM transactions'; }
says() { grep -Eq -- "$1" "$work/err"; }
prints() { grep -Eq -- "$1" "$work/out"; }
is() { [ "$1" = "$2" ] || { echo "      expected $2, got $1"; false; }; }
all() { local part; for part in "$@"; do eval "$part" || { echo "      not so: $part"; return 1; }; done; }
# until_true SECONDS COMMAND: waits for it, bounded.
until_true() {
    local end=$((SECONDS + $1))
    until eval "$2"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}
backend() { sql "SELECT pid FROM pg_stat_activity WHERE application_name = 'fraud-producer' LIMIT 1"; }

take_ports FREE_PORT
port=$FREE_PORT
scripts/postgres.sh start "$work/server" "$port" || exit 1

echo "building"
swift build --build-tests 2>&1 | grep -E "error|warning: unre|Compiling|complete" | tail -n 3
[ "${PIPESTATUS[0]}" = 0 ] || exit 1
for product in temperature-producer temperature-consumer fraud-producer fraud-batch; do
    swift build --product "$product" > "$work/build" 2>&1 || { tail -n 20 "$work/build"; exit 1; }
done
bin=$(swift build --show-bin-path)
began=$SECONDS

run env KAFKAWIRE_PG_PORT="$port" swift test --skip-build --filter PostgreSQLTests
cat "$work/out" "$work/err" | grep -E "✘|Test run with" | head -n 20
check "swift test --filter PostgreSQLTests" is "$status" 0

export PGPORT=$port
stamp='^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}'

# --- temperature

run "$bin/temperature-consumer" --count 1
check "consumer without a table: no data, and advice" \
    all 'is $status 0' 'prints "$stamp - No data in last 10 minutes\.$"' 'says "no such table .*start the producer first"'

run "$bin/temperature-producer" --interval 100ms --count 4
check "producer creates the table and prints each reading" \
    all 'is $status 0' 'is $(grep -Ec "$stamp - Inserted temperature: [0-9]{2}\.[0-9]{2} °C$" "$work/out") 4' \
    'is "$(sql "SELECT count(*) FROM temperature_readings WHERE temperature BETWEEN 15 AND 35")" 4'

sql "INSERT INTO temperature_readings (recorded_at, temperature) SELECT (now() AT TIME ZONE 'UTC') - interval '11 min', 1000"
average=$(sql 'SELECT round(avg(temperature)::numeric, 2) FROM temperature_readings WHERE temperature < 100')
run "$bin/temperature-consumer" --count 1
check "the average is of the last ten minutes, not of the last rows" \
    all 'is $status 0' 'prints "$stamp - Average temperature last 10 minutes: $average °C$"'

run "$bin/temperature-consumer" --count 1 --window 1h --json
check "--json and --window" all 'is $status 0' 'prints "\"window_s\":3600\.0,\"readings\":5,\"celsius\":[0-9.]+}$"'

run env TZ=Asia/Tokyo PGTZ=America/New_York "$bin/temperature-producer" --count 1
run env TZ=America/Lima PGTZ=Asia/Tokyo "$bin/temperature-consumer" --count 1 --json
check "producer and consumer in different time zones agree" prints '"readings":5,'

"$bin/temperature-consumer" --interval 2s --count 3 > "$work/out" 2> "$work/err" &
pid=$!
children+=("$pid")
until_true 10 '[ "$(wc -l < "$work/out")" = 1 ]'
scripts/postgres.sh stop "$work/server" 2> /dev/null
until_true 10 '[ -s "$work/err" ]'
scripts/postgres.sh start "$work/server" "$port" 2> /dev/null
wait "$pid"
status=$?
check "consumer survives the server being away between two runs" \
    all 'is $status 0' 'is $(grep -c Average "$work/out") 3' 'is $(grep -c "Trying again" "$work/err") 1' \
    'is $(grep -c "is back after" "$work/err") 1'

"$bin/temperature-consumer" --interval 1s --count 2 > "$work/out" 2> "$work/err" &
pid=$!
children+=("$pid")
until_true 10 '[ "$(wc -l < "$work/out")" = 1 ]'
scripts/postgres.sh stop "$work/server" 2> /dev/null
scripts/postgres.sh start "$work/server" "$port" 2> /dev/null
wait "$pid"
check "consumer carries on after a restart" all 'is $(grep -c Average "$work/out") 2'

# --- clocks: the database's, which a function in front of its own can set

sql "CREATE SCHEMA clocks; CREATE TABLE clocks.hand AS SELECT interval '0' AS ahead;
    CREATE FUNCTION clocks.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.now() + ahead FROM clocks.hand';
    CREATE TABLE clocks.temperature_readings (LIKE temperature_readings INCLUDING ALL);
    ALTER ROLE postgres SET search_path = clocks, pg_catalog, public"
set_clock() { sql "UPDATE clocks.hand SET ahead = $1"; }
readings() { sql 'SELECT count(*) FROM temperature_readings'; }

run "$bin/temperature-producer" --interval 50ms --count 9
run "$bin/temperature-consumer" --count 1 --window 10s --missing --every 50ms
check "--missing counts from the readings that are there" \
    all 'is $status 0' 'prints "$stamp - Average temperature last 10 seconds: [0-9.]+ °C; missing readings: 1[89][0-9]$"'
set_clock "interval '-1 hour'"
run "$bin/temperature-consumer" --count 1 --missing
check "a clock that was set back: readings of the future are none" \
    all 'is $status 0' 'prints "$stamp - No data in last 10 minutes; missing readings: 10\.$"'
run "$bin/temperature-producer" --interval 50ms --count 5
run "$bin/temperature-consumer" --count 1 --json --missing
check "and those that are written now count" all 'is $status 0' 'prints "\"readings\":5,.*,\"missing\":9}$"'

# through_change NAME UTC: both programs while the clock passes a moment at which summer time begins or ends, and then an hour back.
through_change() {
    sql 'TRUNCATE temperature_readings'
    set_clock "timestamptz '$2+00' - interval '5 s' - pg_catalog.clock_timestamp()"
    : > "$work/written"
    TZ=Europe/Berlin timeout 60 "$bin/temperature-producer" --interval 200ms --count 60 > "$work/written" 2> "$work/err" &
    pid=$!
    children+=("$pid")
    until_true 10 '[ -s "$work/written" ]'
    run env TZ=Europe/Berlin "$bin/temperature-consumer" --interval 1s --count 10 --window 30s --json
    check "$1: the consumer goes on, with all readings" \
        all 'is $status 0' 'is $(grep -c "\"celsius\":[0-9.]*}$" "$work/out") 10' \
        'sed "s/.*\"readings\":\([0-9]*\).*/\1/" "$work/out" | sort -n -c' 'is $(cut -d: -f 4 "$work/out" | sort -u | wc -l) 2'
    set_clock "ahead - interval '1 hour'"
    wait "$pid"
    status=$?
    check "$1: the producer goes on, and through a clock that is set back" \
        all 'is $status 0' 'is $(readings) 60' 'is $(wc -l < "$work/written") 60' '[ ! -s "$work/err" ]'
}
through_change "summer time ends" '2026-10-25 01:00:00'
through_change "summer time begins" '2026-03-29 01:00:00'
sql 'ALTER ROLE postgres RESET search_path; DROP SCHEMA clocks CASCADE'

# --- what is wrong is said in one sentence

wrong() {
    all 'is $status 1' 'is $(wc -l < "$work/err") 1' "says '$1'" '! grep -q hush-hush "$work/err" "$work/out"' \
        'is $(wc -l < "$work/out") 0'
}
for program in temperature-producer temperature-consumer fraud-producer; do
    run env PGPASSWORD=hush-hush "$bin/$program" --count 1
    check "$program: wrong password" wrong 'does not accept the password .*PGPASSWORD'
    run "$bin/$program" --count 1 --password hush-hush
    check "$program: wrong --password" wrong 'does not accept the password'
    run "$bin/$program" --count 1 --database nosuch
    check "$program: unknown database" wrong "no such database .*nosuch.*check --database"
    run "$bin/$program" --count 1 --port 1 --retry-for 0
    check "$program: refused connection" wrong 'does not listen at 127.0.0.1:1/mydb: start it'
    run "$bin/$program" --count none
    check "$program: wrong usage" all 'is $status 64' 'says "invalid for .--count"'
done
run "$bin/fraud-producer" --count 1 --port 1 --retry-for 1s
check "a refused connection is retried for --retry-for, and told once" \
    all 'is $status 1' 'is $(wc -l < "$work/err") 2' 'is $(grep -c "Trying again" "$work/err") 1'
run "$bin/temperature-consumer" --count 1 --database "postgresql://postgres:hush-hush@127.0.0.1:x/mydb"
check "an address that is none does not show its password" wrong 'cannot be used'

for case in "does not listen at 127.0.0.1:1/mydb: start it|--once --port 1 --retry-for 0" \
    "does not accept the password|--once --password hush-hush" "no such table|--once"; do
    run "$bin/fraud-batch" ${case#*|}
    check "fraud-batch: ${case#*|}" wrong "${case%|*}"
done
run "$bin/fraud-batch" --after-id 5 --state "$work/state"
check "fraud-batch: wrong usage" all 'is $status 64' 'says "give one of them"'

# --- transactions

run "$bin/fraud-producer" --count 12345 --seed 7
check "fraud-producer inserts exactly --count rows" \
    all 'is $status 0' 'is $(rows) 12345' 'is $(grep -c "^Inserted 1000 transactions\.\.\.$" "$work/out") 12' \
    'prints "^Inserted 345 transactions\.\.\.$"' 'prints "^Inserted 12,345 transactions in .* rows/s\)\.$"'
check "values are in their ranges" is "$(sql "SELECT min(user_id) >= 1000 AND max(user_id) <= 9999 AND min(amount) >= 5
    AND max(amount) <= 5000 AND min(merchant_id) >= 1 AND max(merchant_id) <= 100 AND count(DISTINCT card_type) = 3
    AND bool_and(card_type IN ('VISA', 'MASTERCARD', 'AMEX')) AND count(created_at) = 12345 FROM transactions")" t
digest="SELECT md5(string_agg(user_id || amount::text || card_type || merchant_id, ',' ORDER BY id)) FROM transactions"
first=$(sql "$digest")
sql 'TRUNCATE transactions RESTART IDENTITY'
run "$bin/fraud-producer" --count 12345 --seed 7 --batch 999 --quiet
check "--seed repeats them, in batches of any size; --quiet prints the totals only" \
    all 'is "$(sql "$digest")" "$first"' 'is $(wc -l < "$work/out") 1'

multiset="SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (SELECT user_id || amount::text || card_type || merchant_id AS line
    FROM transactions) AS lines"
first=$(sql "$multiset")
sql 'TRUNCATE transactions RESTART IDENTITY'
run "$bin/fraud-producer" --count 12345 --seed 7 --batch 500 --connections 5
check "several connections insert the same rows together" \
    all 'is $status 0' 'is "$(sql "$multiset")" "$first"' 'is $(grep -c "^Inserted 500 transactions\.\.\.$" "$work/out") 24'

run "$bin/fraud-producer" --rate 1000 --batch 100 --count 1000 --json
seconds=$(sed -n 's/.*"seconds":\([0-9]*\)\..*/\1/p' "$work/out")
check "--rate and --json" \
    all 'is $status 0' 'prints "^.\"event\":\"total\",\"rows\":1000,"' '[ "${seconds:-9}" -le 2 ]' \
    'prints "\"seconds\":(0\.[89]|[12]\.)"'

run bash -c "'$bin/fraud-producer' | head -n 2"
check "a reader that leaves ends it quietly" all 'is $status 0' '[ ! -s "$work/err" ]'

# start_producer ARGUMENTS…: in the background, on an empty table.
start_producer() {
    sql 'TRUNCATE transactions'
    "$bin/fraud-producer" "$@" > "$work/out" 2> "$work/err" &
    pid=$!
    children+=("$pid")
    until_true 10 '[ "$(rows)" != 0 ]'
}
total() { sed -n 's/.*"event":"total","rows":\([0-9]*\),.*/\1/p' "$work/out"; }

start_producer --quiet --json
sleep 0.5
kill -INT "$pid"
wait "$pid"
status=$?
check "Ctrl-C finishes the batch, and the totals are the table's" all 'is $status 0' 'is "$(total)" "$(rows)"'

# kill_backends: terminates the producer's backends five times while they insert, however fast that goes, then stops it.
kill_backends() {
    kills=0
    terminate="SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE application_name = 'fraud-producer' AND state = 'active'"
    until_true 60 '[ "0$(sql "$terminate")" -gt 0 ] && [ $((kills += 1)) -ge 5 ]'
    kill -INT "$pid"
    wait "$pid"
    status=$?
}
start_producer --quiet --json
kill_backends
check "backend killed in mid-COPY ($kills times): no row lost, none twice" \
    all 'is $status 0' 'is $kills 5' 'is "$(total)" "$(rows)"' 'says "Trying again"'

start_producer --quiet --json --connections 3
kill_backends
check "the same over three connections ($kills times): no row lost, none twice" \
    all 'is $status 0' 'is $kills 5' 'is "$(total)" "$(rows)"' 'says "Trying again"'

# Two at once: after the crash the server gives the lost transactions' numbers again, each perhaps to the other one.
start_producer --count 100000 --rate 40000 --quiet --json
"$bin/fraud-producer" --count 100000 --rate 40000 --quiet --json > "$work/out2" 2> "$work/err2" &
other=$!
children+=("$other")
before=$(rows)
until_true 10 '[ "$(rows)" -gt $((before + 10000)) ]'
kept=$(rows)
server_pid=$(head -n 1 "$(cat "$work/server/where" 2>/dev/null || echo "$work/server")/data/postmaster.pid")
kill -QUIT "$server_pid"
until_true 10 '! kill -0 "$server_pid" 2>/dev/null'
scripts/postgres.sh start "$work/server" "$port" 2> /dev/null
wait "$other"
others_status=$?
wait "$pid"
status=$?
check "server crashed under two producers and restarted (at $kept rows): no row lost, none twice" \
    all 'is $status 0' 'is $others_status 0' 'is "$(total)" 100000' 'is $(rows) 200000' \
    'is $(grep -c "Trying again" "$work/err") 1'

# The server commits, and the answer is lost: a commit that waits for a standby that does not exist is already done
# locally when its backend is terminated.
sql 'TRUNCATE transactions'
sql "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
sql 'SELECT pg_reload_conf()' > /dev/null
"$bin/fraud-producer" --count 1000 --quiet --json > "$work/out" 2> "$work/err" &
pid=$!
children+=("$pid")
waiting="SELECT pid FROM pg_stat_activity WHERE application_name = 'fraud-producer' AND wait_event = 'SyncRep'"
until_true 10 '[ -n "$(sql "$waiting")" ]'
sql "SELECT pg_terminate_backend(pid) FROM ($waiting) AS waiting" > /dev/null
until_true 10 '! kill -0 "$pid" 2>/dev/null'
sql 'ALTER SYSTEM RESET synchronous_standby_names'
sql 'SELECT pg_reload_conf()' > /dev/null
wait "$pid"
status=$?
check "committed, but the answer was lost: looked up, not inserted again" \
    all 'is $status 0' 'is "$(total)" 1000' 'is $(rows) 1000' 'says "is back after"'
sql 'TRUNCATE transactions'
sql "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
sql 'SELECT pg_reload_conf()' > /dev/null
"$bin/fraud-producer" --quiet --json > "$work/out" 2> "$work/err" &
pid=$!
children+=("$pid")
until_true 10 '[ -n "$(sql "$waiting")" ]'
kill -INT "$pid"
sleep 0.3
sql "SELECT pg_terminate_backend(pid) FROM ($waiting) AS waiting" > /dev/null
wait "$pid"
status=$?
sql 'ALTER SYSTEM RESET synchronous_standby_names'
sql 'SELECT pg_reload_conf()' > /dev/null
check "the answer was lost after a Ctrl-C: still looked up" all 'is $status 0' 'is "$(total)" 1000' 'is $(rows) 1000'

# --- the batch way: two writers whose ids appear out of order, a transaction that commits late, one that is rolled back, an
# outage, and a program that is killed and goes on from its state.

sql 'DROP TABLE transactions'
: > "$work/err"
"$bin/fraud-batch" --interval 200ms --json --create-index --state "$work/state" > "$work/batch" 2> "$work/err" &
batch=$!
children+=("$batch")
until_true 10 '[ -s "$work/err" ]'
check "started before the producer it waits, and says so once" says "no such table"
"$bin/fraud-producer" --users 1000-1199 --count 6000 --rate 1500 --batch 20 --quiet > "$work/out" 2>&1 &
one=$!
"$bin/fraud-producer" --users 1200-1399 --count 6000 --rate 1500 --batch 170 --quiet > "$work/out2" 2>&1 &
other=$!
children+=("$one" "$other")
until_true 10 '[ "0$(rows)" -gt 500 ]'
same="INSERT INTO transactions (user_id, amount) SELECT 2000 + n % 3, 300 * (1 + n % 17) FROM generate_series(1, 40) AS n"
sql "BEGIN; $same; SELECT pg_sleep(1.5); $same; COMMIT" > /dev/null &
late=$!
sql "BEGIN; $same; SELECT pg_sleep(1); ROLLBACK" > /dev/null &
undone=$!
until_true 10 '[ "0$(rows)" -gt 4000 ]'
kill -KILL "$batch"
wait "$batch" 2>/dev/null
sed -i '$ { /}$/! d }' "$work/batch"
"$bin/fraud-batch" --interval 200ms --json --state "$work/state" >> "$work/batch" 2> "$work/err" &
batch=$!
children+=("$batch")
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fraud-batch'" > /dev/null
wait "$one" "$other" "$late" "$undone"
until_true 20 'is "$(grep -o "\"up_to\":[0-9]*" "$work/batch" | tail -n 1)" "\"up_to\":$(sql "SELECT max(id) FROM transactions")" > /dev/null'
sleep 0.5
began_to_end=$(date +%s%N)
kill -TERM "$batch"
wait "$batch"
status=$?
took=$((($(date +%s%N) - began_to_end) / 1000000))
alerts() { grep -h '"type":"alert"' "$@" | sed 's/,"processed_at_us.*//' | sort -u; }
check "fraud-batch ends within 2 s of SIGTERM" all 'is $status 0' '[ $took -lt 2000 ]'
"$bin/fraud-batch" --referee --json > "$work/referee" 2>> "$work/err"
"$bin/fraud-batch" --once --json > "$work/once" 2>> "$work/err"
check "all rows were judged, whatever their order, and none twice" \
    all 'is "$(rows)" 12080' '[ "$(alerts "$work/referee" | wc -l)" -gt 300 ]' \
    '[ "$(grep -c "\"late\":[1-9]" "$work/batch")" -gt 0 ]' \
    'is "$(alerts "$work/batch" | md5sum)" "$(alerts "$work/referee" | md5sum)"' \
    'is "$(alerts "$work/once" | md5sum)" "$(alerts "$work/referee" | md5sum)"'
run "$bin/fraud-batch" --once --state "$work/state"
check "it goes on from its state: nothing new" prints '^fraud-batch: 0 transactions, 0 anomalies, 0 fraud alerts$'
run "$bin/fraud-batch" --once --after-id 12000
check "its lines are the agents' lines" \
    all 'prints "^HIGH FRAUD ALERT: User [0-9]+ \| Score: 90 \| Amt: [$]4[0-9]{3}\.[0-9]{2}$"' 'prints "^fraud-batch: [0-9]+ trans"'
echo '{"up_to":7}' > "$work/broken"
run "$bin/fraud-batch" --once --state "$work/broken"
check "a state that is none is not taken for one" wrong "is no state of fraud-batch"
sql 'DROP TABLE transactions'

start_producer --quiet --json
stopped=$(backend)
kill -STOP "$stopped"
kill -INT "$pid"
sleep 0.6
kill -0 "$pid"
alive=$?
kill -INT "$pid"
wait "$pid"
status=$?
kill -CONT "$stopped"
check "a server that hangs: the first Ctrl-C waits, the second ends at once with 130" all 'is $alive 0' 'is $status 130'

start_producer --count 100000 --rate 40000 --quiet --json --statement-timeout 1s
stopped=$(backend)
kill -STOP "$stopped"
until_true 15 '[ -s "$work/err" ]'
hung=$?
kill -CONT "$stopped"
wait "$pid"
status=$?
check "a backend that hangs is given up in time, and the batch is not inserted twice" \
    all 'is $hung 0' 'is $status 0' 'says "did not answer in time"' 'is "$(total)" 100000' 'is $(rows) 100000'

echo "$passed passed, $failed failed, in $((SECONDS - began)) s"
[ "$failed" = 0 ]
