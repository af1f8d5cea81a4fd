#!/usr/bin/env python3
"""`demo watch` in a terminal (pyte's), over topics that kafka-python writes. Run as judging.py says; the program is DEMO, the
broker's is KW."""

import json
import os
import signal
import subprocess
import sys
import time

import judging
from judging import equal, fresh, installed, main, test

DEMO = os.environ.get("DEMO") or sys.exit("give the program as DEMO")
ENTER = b"\x1b[?1049h"
LEAVE = b"\x1b[?1049l"


class Pipeline:
    """Two topics of its own, and who writes them."""

    def __init__(self):
        kafka = installed("kafka")
        self.changes, self.alerts, self.group = fresh("changes"), fresh("alerts"), fresh("group")
        self.producer = kafka.KafkaProducer(bootstrap_servers=judging.BOOTSTRAP)
        self.offset = 0

    def pay(self, user, amount, merchant=7):
        row = {"id": self.offset + 1, "user_id": user, "amount": amount, "card_type": "VISA", "merchant_id": merchant,
               "created_at": int(time.time() * 1_000_000)}
        event = {"before": None, "after": row, "source": {"table": "transactions"}, "op": "c"}
        place = self.producer.send(self.changes, json.dumps(event).encode(), partition=0).get(20)
        self.offset = place.offset + 1
        return place.offset

    def alert(self, user, amount, offset, agent="velocity", **more):
        alert = {"agent": agent, "user_id": user, "transaction_id": offset + 1, "amount": f"{amount:.2f}", "score": 90,
                 "event_time": "2026-01-07T22:00:00.000000Z", "partition": 0, "offset": offset, **more}
        self.write(json.dumps(alert).encode())

    def write(self, value):
        self.producer.send(self.alerts, value, partition=0).get(20)

    def options(self):
        return ["--bootstrap-server", judging.BOOTSTRAP, "--topic", self.changes, "--alerts-topic", self.alerts, "--group",
                self.group, "--interval", "300ms"]

    def watch(self, columns=110, rows=32, environment=None):
        installed("pyte")
        from terminal import Terminal
        return Terminal([DEMO, "watch", *self.options()], columns, rows, environment)


@test
def a_person_watches():
    pipeline = Pipeline()
    for amount in (10, 20, 30):
        pipeline.pay(41, amount)
    view = pipeline.watch()
    try:
        view.until(f"there is no topic {pipeline.alerts} yet", "the topic that is waited for")
        assert view.written.startswith(ENTER), view.written[:80]
        place = pipeline.pay(41, 4800.5, merchant=33)
        pipeline.alert(41, 4800.5, place, reason="\x1b]0;x\x07")
        view.until(r"velocity +41 +33 +4800\.50 +score 90", "the alert, with its event's merchant")
        assert r"reason \x1b]0;x\x07" in view.text(), view.text()
        view.send("\r")
        view.until("The user's last transactions", "the alert's view")
        view.until(r"▸ .* 4800\.50 .*\n.* 30\.00 .*\n.* 20\.00 .*\n.* 10\.00 ", "its user's transactions, the newest first")
        view.send("\x1b")
        view.until("1 Alerts 1", "the list again")
        view.send("\x1b", 0.3)
        view.send("4")
        view.until("MERCHANT.*\n +33 +1 ", "the merchant")
        view.send("5")
        view.until("record → alert median ", "the pipeline")
        view.until("not there yet", "a group that is not there yet")
        pipeline.write(b"no alert")
        view.until("1 record of .* is no alert", "what is no alert")
        view.send("h")
        view.until("Keys", "the help")
        view.send("hp")
        view.until("PAUSED", "the pause")
        view.send("q")
        equal(view.end(), 0)
        assert view.is_restored(), "the terminal is not as it was"
        assert view.written.endswith(LEAVE), view.written[-80:]
    finally:
        view.close()


@test
def every_way_out_restores_the_terminal():
    pipeline = Pipeline()
    pipeline.alert(1, 600, pipeline.pay(1, 600))
    for number, status in [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGHUP, -1)]:
        view = pipeline.watch()
        try:
            view.until("velocity", "an alert that was there before")
            assert not view.is_restored(), "the terminal was not in raw mode"
            view.process.send_signal(number)
            equal(view.end(), status)
            assert view.is_restored() and LEAVE in view.written, f"signal {number}"
        finally:
            view.close()


@test
def the_terminal_may_change_its_size():
    pipeline = Pipeline()
    pipeline.alert(1, 600, pipeline.pay(1, 600))
    view = pipeline.watch()
    try:
        view.until("velocity", "an alert")
        for columns, rows in [(40, 10), (200, 50), (63, 17), (80, 24)]:
            view.resize(columns, rows)
            view.until(lambda text: text.split("\n")[-1].startswith("q quit"), f"keys at {columns}x{rows}")
            view.read(0.5)
            lines = view.lines()
            equal(sum(line.startswith("demo watch") for line in lines), 1)
        view.send("\x03")
        equal(view.end(), 0)
        assert view.is_restored()
    finally:
        view.close()


@test
def without_a_terminal_it_prints_once():
    pipeline = Pipeline()
    pipeline.alert(7, 900, pipeline.pay(7, 900, merchant=5))
    refused = subprocess.run([DEMO, "watch", *pipeline.options()], capture_output=True, text=True, timeout=30)
    equal((refused.returncode, refused.stdout), (64, ""))
    assert "standard output is no terminal; use --once" in refused.stderr, refused.stderr
    tables = subprocess.run([DEMO, "watch", "--once", *pipeline.options()], capture_output=True, text=True, timeout=30)
    equal((tables.returncode, tables.stderr), (0, ""))
    assert "velocity" in tables.stdout and "not there yet" in tables.stdout, tables.stdout
    document = subprocess.run([DEMO, "watch", "--once", "--json", *pipeline.options()], capture_output=True, text=True, timeout=30)
    equal((document.returncode, document.stderr), (0, ""))
    found = json.loads(document.stdout)
    equal([(a["user"], a["merchant"], a["amount"]) for a in found["alerts"]], [(7, 5, "900.00")])
    equal((found["alertsSeen"], found["noAlerts"], found["rules"][0]["name"]), (1, 0, "velocity"))


main()
