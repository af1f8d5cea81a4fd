#!/usr/bin/env bash
# The broker's web page in headless Chromium: topics, decoded change events, a group's lag, and an attempt to inject a
# script, which has to stay text. Screenshots of each page, narrow and wide, light and dark, are left in .test/ui.
# Closes with "N passed, M failed". `BIN` is the folder of kw (default: .build/release).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
VENV=${KAFKAWIRE_VENV:-$VENV}
[ -n "${KAFKAWIRE_VENV:-}" ] || scripts/setup.sh browser

OUT=$ROOT/.test/ui
rm -rf "$OUT"
mkdir -p "$OUT"
passed=0
failed=0
broker_pid=""
feed_pid=""
stream_pid=""
finish() {
  exec 9>&-
  [ -z "$feed_pid" ] || stop_process "$feed_pid" 5
  [ -z "$stream_pid" ] || stop_process "$stream_pid" 5
  [ -z "$broker_pid" ] || stop_process "$broker_pid" 5
}
finish_at_end

browse() { # PATH OPTION… — the page's elements after five seconds of its own time
  local path=$1
  shift
  # Nothing but this machine can be reached by it, and nothing of it is kept.
  timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$OUT/profile" \
    --disable-background-networking --disable-component-update --disable-sync --no-first-run --hide-scrollbars \
    --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1' --virtual-time-budget=5000 "$@" "$page/$path" \
    2>>"$OUT/chromium.log"
}

check() { # NAME FILE PATTERN [absent]
  local found=yes
  grep -qE -- "$3" "$2" || found=no
  if [ "$found" = "$([ "${4:-}" = absent ] && echo no || echo yes)" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $1: ${4:-not} found: $3 (in $2)"
  fi
}

step "kw broker with its page"
"$BIN/kw" broker --listen 127.0.0.1:0 --topic orders:3 --ui 0 >"$OUT/broker.out" 2>"$OUT/broker.log" &
broker_pid=$!
wait_until 20 "grep -q 'is ready on' '$OUT/broker.out'" "$broker_pid" || die "the broker did not start: $(cat "$OUT/broker.log")"
bootstrap=$(sed -n 's/.*is ready on \([^ ]*\).*/\1/p' "$OUT/broker.out")
page=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$OUT/broker.out")

step "messages, change events, groups"
mkfifo "$OUT/hold"
"$VENV/bin/python" Tests/Foreign/ui_feed.py "$bootstrap" Fixtures/debezium <"$OUT/hold" >"$OUT/feed.out" 2>"$OUT/feed.log" &
feed_pid=$!
exec 9>"$OUT/hold"
wait_until 60 "grep -q fed '$OUT/feed.out'" "$feed_pid" || die "the feed failed: $(cat "$OUT/feed.log")"

step "the pages in Chromium"
browse '#/topics' --dump-dom >"$OUT/topics.html"
check "a topic is listed" "$OUT/topics.html" '<a href="#/topics/orders">orders</a></td><td class="number wide">3</td>'
check "the address is told" "$OUT/topics.html" "class=\"live\">$bootstrap<"

browse '#/topics/orders?open' --dump-dom >"$OUT/orders.html"
check "numbers keep their digits" "$OUT/orders.html" '9007199254740993'
check "JSON is indented" "$OUT/orders.html" '^  "order": 9,$'
check "bytes are shown as such" "$OUT/orders.html" '0x000102'
check "a tombstone is named" "$OUT/orders.html" 'null \(tombstone\)'
check "headers are shown" "$OUT/orders.html" 'Header trace'
check "a commit is marked" "$OUT/orders.html" 'class="operation commit"'
check "an abort is marked" "$OUT/orders.html" 'class="operation abort"'
browse '#/topics/orders?partition=1&offset=2' --dump-dom >"$OUT/offset.html"
check "from an offset on: that one" "$OUT/offset.html" '>1:2<'
check "from an offset on: none before" "$OUT/offset.html" '>1:1<' absent
check "of one partition only" "$OUT/offset.html" '>[02]:[0-9]+<' absent

for topic in dbserver1.public.transactions bare.public.transactions; do
  browse "#/topics/$topic?open" --dump-dom >"$OUT/$topic.html"
  check "$topic: an operation" "$OUT/$topic.html" '<span class="operation update">update</span>'
  check "$topic: the table" "$OUT/$topic.html" 'public\.transactions'
  check "$topic: a decimal before and after" "$OUT/$topic.html" 'amount -?[0-9]+\.[0-9][0-9] → -?[0-9]+\.[0-9][0-9]'
  check "$topic: a time in plain figures" "$OUT/$topic.html" '>2026-[0-9-]+T[0-9:.]+Z?<'
  check "$topic: what the agents make of it" "$OUT/$topic.html" 'transaction of user [0-9]+: [0-9]+\.[0-9][0-9]'
done

browse '#/groups' --dump-dom >"$OUT/groups.html"
check "a group" "$OUT/groups.html" '<b>billing</b><span class="state good">Stable</span>'
check "its lag" "$OUT/groups.html" '<span>lag 4</span>'
check "its member and partitions" "$OUT/groups.html" '<b>ui-member</b>.*orders: 0, 1, 2'
browse '#/transactions' --dump-dom >"$OUT/transactions.html"
check "a transactional id" "$OUT/transactions.html" 'ui-transaction.*CompleteAbort'

browse '#/topics/hostile?open' --dump-dom >"$OUT/hostile.html"
for name in hostile groups; do
  check "$name: markup in a message is text" "$OUT/$name.html" "&lt;script&gt;document.title='PWNED'&lt;/script&gt;"
  check "$name: and becomes no element" "$OUT/$name.html" '<img|<script>' absent
  check "$name: and never runs" "$OUT/$name.html" '<title>KafkaWire</title>'
done
check "Chromium has no objection" "$OUT/chromium.log" 'CONSOLE.*(Error|Refused|Uncaught)' absent

# Messages that come while the page is open: it asked for fifty at first, and shows what came since.
"$VENV/bin/python" Tests/Foreign/ui_feed.py "$bootstrap" --stream 20 >"$OUT/stream.out" 2>&1 &
stream_pid=$!
wait_until 10 "grep -q streaming '$OUT/stream.out'" "$stream_pid" || die "the stream failed: $(cat "$OUT/stream.out")"
browse '#/topics/stream' --dump-dom >"$OUT/stream.html"
browse '#/topics' --dump-dom >"$OUT/rates.html"
stop_process "$stream_pid" 5
echo "messages: $(grep -o '<details' "$OUT/stream.html" | wc -l)" >"$OUT/followed"
check "the page follows" "$OUT/followed" '^messages: (5[1-9]|[6-9][0-9]|[0-9]{3,})$'
check "a rate is told" "$OUT/rates.html" '>stream</a></td>(<td[^>]*>[^<]*</td>){3}<td class="number">[1-9][0-9.,]*/s<'

# What no browser would send.
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
{
  echo "other host: $(status -H 'Host: rebound.example' "$page/")"
  echo "no get: $(status -X POST "$page/api/topics")"
  echo "unknown: $(status "$page/api/topics/nothing")"
  echo "wrong number: $(status "$page/api/topics/orders/messages?count=0")"
} >"$OUT/refusals"
check "another host's name is refused" "$OUT/refusals" '^other host: 403$'
check "only GET" "$OUT/refusals" '^no get: 405$'
check "an unknown topic" "$OUT/refusals" '^unknown: 404$'
check "a wrong number" "$OUT/refusals" '^wrong number: 400$'

step "screenshots in $OUT"
# Width and height stand behind a PNG's first 16 bytes.
picture_size() { od -An -tu4 --endian=big -j16 -N8 "$1"; }
shot() { # NAME PATH
  local width scheme
  for width in 400 1400; do
    for scheme in light dark; do
      browse "$2" --screenshot="$OUT/$1-$width-$scheme.png" --window-size="$width,1000" \
        --blink-settings=preferredColorScheme="$([ $scheme = dark ] && echo 0 || echo 1)" >/dev/null
      check "a screenshot of $1, $width pixels, $scheme" <(picture_size "$OUT/$1-$width-$scheme.png") "^ *$width +1000$"
    done
  done
}
shot topics '#/topics'
shot messages '#/topics/dbserver1.public.transactions'
shot change '#/topics/dbserver1.public.transactions?offset=100&open'
shot groups '#/groups'

step "the clean stop"
began=$(now_us)
stop_process "$broker_pid" 5
broker_pid=""
echo "stopped in $((($(now_us) - began) / 1000)) ms" >>"$OUT/broker.out"
check "within a second" "$OUT/broker.out" '^stopped in [0-9]{1,3} ms$'
check "with a last line" "$OUT/broker.out" '^kw broker stopped: [0-9,]+ records in 5 topics, up '

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
