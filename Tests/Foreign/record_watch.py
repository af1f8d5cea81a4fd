#!/usr/bin/env python3
"""Records what `demo watch` shows: the demo's topic and its three agents, and the screens that a person sees who looks around.
Called by scripts/recordings.sh.

    record_watch.py BIN     # the folder with kw, demo and the agents
"""

import sys

from recorder import address, drained, record, show, start
from terminal import Terminal

BIN = sys.argv[1]
TOPIC = "dbserver1.public.transactions"
COLUMNS, ROWS = 98, 22


def main():
    broker = start(f"{BIN}/kw", "broker", "--listen", "127.0.0.1:0", "--topic", f"{TOPIC}:4", "--topic", "fraud-alerts:2")
    bootstrap = address(broker)
    for agent in ("anomaly-agent", "velocity-agent", "probe-agent"):
        drained(start(f"{BIN}/{agent}", "-b", bootstrap, "--instance-id", f"{agent}-1", "--alerts-topic", "fraud-alerts", "--json"))
    drained(start(f"{BIN}/demo", "feed", "--bootstrap-server", bootstrap, "--topic", TOPIC, "--partitions", "4", "--events",
                  "200000", "--rate", "2500", "--schemas", "0.3", "--seed", "1", "--suspicious", "0.004"))
    command = [f"{BIN}/demo", "watch", "--bootstrap-server", bootstrap]
    view = Terminal(command, COLUMNS, ROWS)
    print("# demo watch, as a person sees it in a terminal of 98 columns (colours are left out).")
    print("# The demo's topic and agents on kw broker; made by scripts/recordings.sh.")
    print("\n$ demo watch")
    view.until("probe +[0-9]", "an alert of the third agent", 60)
    # Rates are taken over 15 seconds.
    view.read(20)
    show("Alerts (1), the newest first", view)
    view.send("p/probe\r")
    view.until("/probe", "the third agent's alerts")
    view.read(0.5)
    view.send("\r")
    view.until(r"(?s)The user's last transactions.*▸", "the transactions behind an alert", 20)
    show("An alert (Enter): what its agent found, and the user's last transactions", view)
    view.send("\x1b")
    view.until("1 Alerts", "the list")
    view.send("\x1b")
    view.read(0.4)
    view.send("p2")
    view.until("RULE", "the rules")
    show("By rule (2)", view)
    view.send("4")
    view.until("MERCHANT", "the merchants")
    show("By merchant (4)", view)
    view.send("5")
    view.until("record → alert", "the pipeline")
    view.read(3)
    show("The pipeline (5): rates, latency, all lags in one picture", view)
    view.send("q")
    view.end()
    restored = view.is_restored()
    view.close()
    view = Terminal([*command, "--once"], COLUMNS, 48)
    view.end()
    print("\n$ demo watch --once\n" + view.text().strip())
    view.close()
    if not restored:
        sys.exit("the terminal was not restored")


record(main)
