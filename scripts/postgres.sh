#!/usr/bin/env bash
# A private PostgreSQL for the tests and the pipeline: its own data directory, port and user, logical WAL.
#
#   scripts/postgres.sh start DIR [PORT [NAME=VALUE…]]   makes it when missing, starts it, waits until it answers (port: 5433)
#   scripts/postgres.sh stop DIR                         stops it; the data stay
#   scripts/postgres.sh status DIR                       says whether it runs; exit status 0 or 3
#
# Settings beside those of the file hold until it stops.
# User postgres, password postgrespw, database mydb, on 127.0.0.1 only. Needs Debian's package `postgresql`.
# PostgreSQL refuses to run as root: then it runs as the system's user `postgres`, and when that user cannot reach DIR
# (a checkout under /root), the data live in a directory under /tmp that DIR/where names.
set -euo pipefail

say() { echo "postgres.sh: $*" >&2; }
die() { say "$*"; exit 1; }
usage() { sed -n '4,6s/^# *//p' "$0" >&2; exit 2; }

[ $# -ge 2 ] || usage
verb=$1
dir=$2
port=${3:-}
settings=("${@:4}")
[ ${#settings[@]} = 0 ] || [ "$verb" = start ] || usage
for setting in ${settings[@]+"${settings[@]}"}; do
    [[ "$setting" =~ ^[a-z_.]+=[A-Za-z0-9_.]+$ ]] || die "a setting is NAME=VALUE, not \"$setting\"."
done
[ -z "$port" ] || [[ "$port" =~ ^[0-9]{1,5}$ ]] || die "the port must be a number, not \"$port\"."
# None of the caller's PG… variables are meant for this server.
unset "${!PG@}"
export LC_ALL=C

binaries() {
    local newest
    newest=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
    if [ -n "$newest" ] && [ -x "$newest/initdb" ]; then
        echo "$newest"
    elif command -v initdb >/dev/null 2>&1; then
        dirname "$(command -v initdb)"
    else
        die "PostgreSQL's server is not installed: run apt-get install postgresql."
    fi
}
bin=$(binaries)

# Runs a command as the user that owns the data.
as_owner() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
    else
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups --reset-env -- "$@")
    fi
}

# The directory with the data: DIR itself, or the one that DIR/where names.
home_of() { if [ -f "$dir/where" ]; then cat "$dir/where"; else (cd "$dir" && pwd -P); fi; }

is_running() { [ -d "$1/data" ] && as_owner "$bin/pg_ctl" status -D "$1/data" >/dev/null 2>&1; }

choose_home() {
    mkdir -p "$dir"
    if [ ! -f "$dir/where" ] && [ "$(id -u)" = 0 ]; then
        id postgres >/dev/null 2>&1 || die "there is no user postgres to run as instead of root: install postgresql."
        # Handed over only when empty or already theirs: never somebody's files.
        if [ -z "$(ls -A "$dir")" ]; then chown postgres:postgres "$dir"; fi
    fi
    # A socket's path has at most 107 bytes, so a long DIR is no home either.
    if [ ! -f "$dir/where" ]; then
        local absolute
        absolute=$(cd "$dir" && pwd -P)
        if [ "${#absolute}" -gt 80 ] || ! as_owner test -w "$absolute" || ! as_owner test -x "$absolute"; then
            local other
            other=$(mktemp -d /tmp/kafkawire-postgres.XXXXXX)
            if [ "$(id -u)" = 0 ]; then chown postgres:postgres "$other"; fi
            echo "$other" > "$dir/where"
        fi
    fi
    # The directory under /tmp may be gone after a reboot: then the record is void.
    if [ -f "$dir/where" ] && [ ! -d "$(cat "$dir/where")" ]; then
        rm -f "$dir/where"
        choose_home
    fi
}

create() {
    local home=$1
    say "making a cluster in $home"
    rm -rf "$home/data"
    as_owner mkdir -p "$home/socket"
    as_owner sh -c "umask 077; echo postgrespw > '$home/password'"
    as_owner "$bin/initdb" -D "$home/data.new" -U postgres --pwfile="$home/password" --auth-local=trust \
        --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 > "$dir/initdb.log" 2>&1 ||
        { cat "$dir/initdb.log" >&2; rm -rf "$home/data.new"; die "initdb failed in $home: see its output above."; }
    as_owner rm -f "$home/password"
    as_owner sh -c "cat >> '$home/data.new/postgresql.conf'" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$home/socket'
wal_level = logical
max_wal_senders = 10
max_replication_slots = 10
max_wal_size = 1GB
log_timezone = 'UTC'
timezone = 'UTC'
CONF
    # Last, so that a cluster that was interrupted in the making is made anew.
    as_owner mv "$home/data.new" "$home/data"
}

start() {
    choose_home
    local home
    home=$(home_of)
    if is_running "$home"; then
        local running
        running=$(sed -n 4p "$home/data/postmaster.pid")
        [ -z "$port" ] || [ "$port" = "$running" ] ||
            die "it already runs in $dir on port $running: stop it first, or leave the port out."
        say "already runs on 127.0.0.1:$running"
        return
    fi
    port=${port:-5433}
    rm -rf "$home/data.new"
    [ -f "$home/data/PG_VERSION" ] || create "$home"
    local made
    made=$(cat "$home/data/PG_VERSION")
    case $bin in
        */"$made"/bin | */"${made%%.*}"/*) ;;
        *) if [ -x "/usr/lib/postgresql/$made/bin/postgres" ]; then bin=/usr/lib/postgresql/$made/bin; fi ;;
    esac
    # pg_ctl's own wait is bounded by -t; the server's output goes to a file, so that no pipe of the caller stays open.
    if ! as_owner "$bin/pg_ctl" start -D "$home/data" -w -t 30 -l "$home/server.log" -o "-p $port ${settings[*]/#/-c }" \
        > /dev/null 2>&1 < /dev/null; then
        tail -n 5 "$home/server.log" >&2 || true
        as_owner "$bin/pg_ctl" stop -D "$home/data" -m immediate > /dev/null 2>&1 || true
        die "the server did not start on port $port: see above, and $home/server.log."
    fi
    local client=("$bin/psql" -X -q -h "$home/socket" -p "$port" -U postgres -d postgres -At)
    if [ "$(as_owner "${client[@]}" -c "SELECT count(*) FROM pg_database WHERE datname = 'mydb'")" != 1 ]; then
        as_owner "${client[@]}" -c 'CREATE DATABASE mydb'
    fi
    say "runs on 127.0.0.1:$port (user postgres, password postgrespw, database mydb; data in $home)"
}

stop() {
    [ -d "$dir" ] || { say "nothing to stop: there is no $dir"; return; }
    local home
    home=$(home_of)
    if ! is_running "$home"; then
        say "does not run in $dir"
        return
    fi
    # First politely to the sessions (fast), then not (immediate), then to the process itself.
    local pid
    pid=$(head -n 1 "$home/data/postmaster.pid")
    as_owner "$bin/pg_ctl" stop -D "$home/data" -m fast -w -t 15 > /dev/null 2>&1 ||
        as_owner "$bin/pg_ctl" stop -D "$home/data" -m immediate -w -t 5 > /dev/null 2>&1 ||
        { kill -KILL "$pid" 2>/dev/null || true; sleep 0.5; }
    is_running "$home" && die "the server (process $pid) does not end: look at $home/server.log."
    say "stopped"
}

status() {
    local home
    [ -d "$dir" ] && home=$(home_of) && is_running "$home" || { say "does not run in $dir"; exit 3; }
    say "runs on 127.0.0.1:$(sed -n 4p "$home/data/postmaster.pid"), data in $home"
}

case $verb in
    start | stop | status) "$verb" ;;
    *) usage ;;
esac
