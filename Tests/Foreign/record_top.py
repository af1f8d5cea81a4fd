#!/usr/bin/env python3
"""Records what `kw top` shows: the fraud demo's topic and agents on an embedded cluster of three brokers, a third group that
reads at a pace of its own, and the screens that a person sees who looks around. Called by scripts/recordings.sh.

    record_top.py BIN     # the folder with kw, demo, anomaly-agent and velocity-agent
"""

import subprocess
import sys
import threading
import time

from recorder import address, drained, record, show, start
from terminal import Terminal

BIN = sys.argv[1]
TOPIC = "dbserver1.public.transactions"
COLUMNS, ROWS = 98, 20


class Reader(threading.Thread):
    """A group that reads and commits so many records a second."""

    def __init__(self, bootstrap):
        super().__init__(daemon=True)
        self.bootstrap = bootstrap
        self.pace = 600.0
        self.ends = False

    def run(self):
        import kafka
        consumer = kafka.KafkaConsumer(
            TOPIC, bootstrap_servers=self.bootstrap, group_id="reports", client_id="reports-1",
            auto_offset_reset="earliest", enable_auto_commit=False)
        due = 0.0
        last = time.time()
        while not self.ends:
            now = time.time()
            due = min(due + (now - last) * self.pace, self.pace)
            last = now
            if due < 1:
                time.sleep(0.02)
                continue
            polled = consumer.poll(100, max_records=max(1, int(due)))
            due -= sum(len(records) for records in polled.values())
            if polled:
                consumer.commit()
        consumer.close()


def main():
    broker = start(f"{BIN}/kw", "broker", "--listen", "127.0.0.1:0", "--brokers", "3", "--topic", f"{TOPIC}:4",
                   "--topic", "alerts:2", "--config", "default.replication.factor=3")
    bootstrap = address(broker)
    for number in (1, 2):
        drained(start(f"{BIN}/velocity-agent", "-b", bootstrap, "--instance-id", f"velocity-{number}", "--alerts-topic", "alerts",
                      "--json"))
    drained(start(f"{BIN}/anomaly-agent", "-b", bootstrap, "--instance-id", "anomaly-1", "--json"))
    drained(start(f"{BIN}/demo", "feed", "--bootstrap-server", bootstrap, "--topic", TOPIC, "--partitions", "4",
                  "--events", "200000", "--rate", "1200", "--schemas", "0", "--seed", "1"))
    reader = Reader(bootstrap)
    reader.start()

    command = [f"{BIN}/kw", "top", "--bootstrap-server", bootstrap]
    view = Terminal(command, COLUMNS, ROWS)
    print("# kw top, as a person sees it in a terminal of 98 columns (colours are left out).")
    print("# The fraud demo's topic on an embedded cluster of three brokers; made by scripts/recordings.sh.")
    print("\n$ kw top")
    view.until(TOPIC[:14] + ".* ok ", "topics", 30)
    # Rates are taken over 15 seconds.
    view.read(26)
    show("Topics, sorted by what comes in (s)", (view.send("sssss"), view.read(0.5), view)[2])
    view.send("3")
    view.until("never", "a group that falls behind", 40)
    show("Groups (3): one reads too slowly", view)
    reader.pace = 1700.0
    view.until(r"reports .* in \d", "a group that catches up", 60)
    show("The same group, faster: when it will have caught up", view)
    view.send("/fraud\r\r")
    view.until("Group fraud", "the group")
    show("Inside a group (Enter): members, their partitions, lag", view)
    view.send("\x1b")
    view.until("1 Brokers", "the list")
    view.send("\x1b")
    view.read(0.3)
    view.send("2\x1b[H\r")
    view.until(r"VALUE\n.*\d\d:\d\d:\d\d.*\{", "messages")
    view.read(1.5)
    show("Inside a topic (Enter): partitions, and messages as they come", view)
    view.send("p\r")
    view.until(r"\n  \"", "a message")
    view.resize(COLUMNS, 40)
    view.read(0.6)
    show("A message (Enter), the terminal made higher", view)
    view.send("\x1b")
    view.until("Latest messages", "the topic")
    view.send("\x1b")
    view.until("1 Brokers", "the list")
    view.send("1p")
    view.resize(60, 14)
    view.read(1.0)
    show("Brokers (1), in a terminal of 60 by 14", view)
    view.send("q")
    view.end()
    restored = view.is_restored()
    view.close()
    view = Terminal([*command, "--once"], COLUMNS, 30)
    view.end()
    print("\n$ kw top --once\n" + view.text().strip())
    view.close()
    options = ["--once", "--json", "--no-rates", "--group", "reports"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=30)
    text = done.stdout[:380] + "…"
    print(f"\n$ kw top {' '.join(options)}\n" + "\n".join(text[i:i + COLUMNS] for i in range(0, len(text), COLUMNS)))
    reader.ends = True
    reader.join(5)
    if not restored:
        sys.exit("the terminal was not restored")


record(main)
