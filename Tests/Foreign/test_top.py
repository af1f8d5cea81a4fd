#!/usr/bin/env python3
"""`kw top` in a terminal (pyte's), and what it tells beside what kafka-python's admin client tells. Run as judging.py
says; the program is KW here too."""

import json
import os
import select
import signal
import subprocess
import sys
import time

import judging
from judging import equal, fresh, installed, main, test, wait
from peers import subscribed

KW = os.environ.get("KW") or sys.exit("give the program as KW")
ENTER = b"\x1b[?1049h"
LEAVE = b"\x1b[?1049l"


def terminal(*options, columns=100, rows=30, environment=None, bootstrap=None):
    installed("pyte")
    from terminal import Terminal
    return Terminal(
        [KW, "top", "--bootstrap-server", bootstrap or judging.BOOTSTRAP, "--interval", "300ms", *options], columns, rows,
        environment)


def produce(topic, values, key=b"key", headers=None):
    kafka = installed("kafka")
    producer = kafka.KafkaProducer(bootstrap_servers=judging.BOOTSTRAP)
    for value in values:
        producer.send(topic, key=key, value=value, headers=headers or [])
    producer.flush(20)
    producer.close()


def consume(topic, group, count):
    """Reads and commits that many; the group is empty then."""
    kafka = installed("kafka")
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=judging.BOOTSTRAP, group_id=group, auto_offset_reset="earliest",
        enable_auto_commit=False, max_poll_records=count)
    subscribed(consumer, topic)
    seen = 0
    end = time.time() + 30
    while seen < count and time.time() < end:
        for partition, records in consumer.poll(500, max_records=count - seen).items():
            seen += len(records)
    consumer.commit()
    consumer.close()
    equal(seen, count)


def once(*options):
    done = subprocess.run(
        [KW, "top", "--bootstrap-server", judging.BOOTSTRAP, "--once", "--json", *options], capture_output=True,
        text=True, timeout=30)
    equal(done.stderr, "")
    equal(done.returncode, 0)
    return json.loads(done.stdout)


@test
def lag_is_what_kafka_python_says():
    kafka = installed("kafka")
    topics = [fresh("lag"), fresh("lag")]
    group = fresh("group")
    for index, topic in enumerate(topics):
        produce(topic, [b"x"] * 100)
        consume(topic, group, 30 + 10 * index)
    found = next(g for g in once("--group", group)["groups"])
    admin = kafka.KafkaAdminClient(bootstrap_servers=judging.BOOTSTRAP)
    reader = kafka.KafkaConsumer(bootstrap_servers=judging.BOOTSTRAP)
    committed = admin.list_group_offsets({group: None})
    committed = committed.get(group, committed)
    ends = reader.end_offsets(list(committed))
    wanted = {(p.topic, p.partition): ends[p] - o.offset for p, o in committed.items() if o.offset >= 0}
    equal({(p["topic"], p["partition"]): p["lag"] for p in found["partitions"]}, wanted)
    equal(found["lag"], sum(wanted.values()))
    equal(found["lag"], 200 - 30 - 40)
    equal(found["state"], "Empty")
    equal(sorted(found["topics"]), sorted(topics))
    reader.close()
    admin.close()


@test
def topics_are_what_kafka_python_says():
    kafka = installed("kafka")
    topic = fresh("told")
    produce(topic, [b"x"] * 77)
    whole = once("--no-rates")
    reader = kafka.KafkaConsumer(bootstrap_servers=judging.BOOTSTRAP)
    equal({t["name"] for t in whole["topics"] if not t["isInternal"]}, set(reader.topics()))
    found = next(t for t in whole["topics"] if t["name"] == topic)
    partitions = [kafka.TopicPartition(topic, p) for p in sorted(reader.partitions_for_topic(topic))]
    equal([p["endOffset"] for p in found["partitions"]], [reader.end_offsets(partitions)[p] for p in partitions])
    equal([p["startOffset"] for p in found["partitions"]], [reader.beginning_offsets(partitions)[p] for p in partitions])
    equal(found["records"], 77)
    reader.close()


@test
def a_person_looks_around():
    topic, group = fresh("orders"), fresh("billing")
    produce(topic, [b'{"id":%d}' % i for i in range(60)])
    consume(topic, group, 45)
    view = terminal()
    try:
        view.until(f"{topic} +ok .* 60 ", "the topic and its records")
        assert view.written.startswith(ENTER), view.written[:80]
        view.send("3")
        view.until(f"{group} +Empty .* 15 ", "the group and its lag")
        # A filter, with a letter that is a key elsewhere.
        view.send("/" + group[:-1] + "\r")
        view.until(lambda text: "3 Groups 1" in text, "only that group")
        view.send("\r")
        view.until("Group billing.*\n.*lag 15 ", "the group's view")
        view.until("nobody", "partitions without a member")
        # An escape alone, then the other tab.
        view.send("\x1b")
        view.until("1 Brokers", "the list again")
        view.send("\x1b", 0.3)
        view.send("2/" + topic + "\r\r")
        view.until("Latest messages", "the topic's view")
        view.until(r'\{"id":59\}', "its last message")
        produce(topic, ['{"user":"Zoë","evil":"\u202e"}'.encode()], b"k\x1b[2J\x07", [("trace", b"\x00\x1b]0;x\x07")])
        view.until("Zoë", "a message that comes")
        text = view.text()
        assert r"k\x1b[2J\x07" in text, text
        view.send("\r")
        view.until(r'\n  "user": "Zoë",\n', "the message, indented")
        assert r"\x00\x1b]0;x\x07" in view.text() and r"\u202e" in view.text(), view.text()
        # A sequence cut in two is one key.
        view.send("\x1b[B", 0.02)
        view.send("\x7f\x1b[D", 0.02)
        view.send("\x1b")
        view.until("1 Brokers", "the list again")
        view.send("1")
        view.until(r"ADDRESS", "the brokers")
        view.until(r"127\.0\.0\.1:\d+ \(controller\)", "the broker")
        view.send("h")
        view.until("Keys", "the help")
        view.send("hp")
        view.until("PAUSED", "the pause")
        view.send("q")
        equal(view.end(), 0)
        assert view.is_restored(), "the terminal is not as it was"
        assert view.written.endswith(LEAVE), view.written[-80:]
        assert b"\x1b[?25h" in view.written
    finally:
        view.close()


@test
def the_terminal_may_change_its_size():
    produce(fresh("注文-日本語"[:2].encode().hex()), [b"x"])
    view = terminal(columns=120, rows=40)
    try:
        view.until("TOPIC", "topics")
        for columns, rows in [(40, 10), (200, 50), (63, 17), (80, 24)]:
            view.resize(columns, rows)
            # The last line is the keys', wherever the last line is now.
            view.until(lambda text: text.split("\n")[-1].startswith("q quit"), f"keys at {columns}x{rows}")
            view.read(0.7)
            lines = view.lines()
            assert lines[0].startswith("kw top") and "TOPIC" in "\n".join(lines), "\n".join(lines)
            equal(sum(line.startswith("kw top") for line in lines), 1)
        view.send("\x03")
        equal(view.end(), 0)
        assert view.is_restored()
    finally:
        view.close()


@test
def every_way_out_restores_the_terminal():
    for number, status in [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGHUP, -1), (signal.SIGQUIT, -3),
                           (signal.SIGSEGV, -11), (signal.SIGABRT, -6)]:
        view = terminal()
        try:
            view.until("TOPIC", "topics")
            assert not view.is_restored(), "the terminal was not in raw mode"
            view.process.send_signal(number)
            ended = view.end()
            # Swift may print a trace of a crash and end with another signal.
            assert ended == status or status < 0 and ended < 0, f"signal {number}: status {ended}"
            assert view.is_restored(), f"signal {number}"
            assert LEAVE in view.written, f"signal {number}"
        finally:
            view.close()


@test
def it_can_be_suspended():
    view = terminal()
    try:
        view.until("TOPIC", "topics")
        view.send("\x1a")

        def is_stopped():
            view.read(0.05)
            with open(f"/proc/{view.process.pid}/stat") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0] == "T"

        wait(is_stopped, "the process is stopped")
        view.read(0.2)
        assert view.written.endswith(LEAVE), view.written[-200:]
        assert view.is_restored()
        view.process.send_signal(signal.SIGCONT)
        wait(lambda: view.read(0.05) or view.written.count(ENTER) == 2, "the view is back")
        view.until("TOPIC", "topics")
        view.send("q")
        equal(view.end(), 0)
        assert view.is_restored()
    finally:
        view.close()


@test
def a_frame_is_written_when_something_changed():
    view = terminal()
    try:
        view.until("TOPIC", "topics")
        view.send("p")
        view.until("PAUSED", "the pause")
        view.read(0.5)
        before = len(view.written)
        view.read(2.5)
        # Only the clock moves: a line a second.
        assert len(view.written) - before < 1000, view.written[before:]
        assert b"\x1b[2J" not in view.written[before:]
        view.send("q")
        equal(view.end(), 0)
    finally:
        view.close()


@test
def colours_only_where_they_are_wanted():
    def colours(environment):
        view = terminal(environment=environment)
        try:
            view.until("TOPIC", "topics")
            view.send("q")
            equal(view.end(), 0)
            return b"\x1b[32m" in view.written or b"\x1b[1;36m" in view.written
        finally:
            view.close()

    assert colours({})
    assert not colours({"NO_COLOR": "1"})
    for term in ["dumb", ""]:
        view = terminal(environment={"TERM": term})
        try:
            equal(view.end(), 64)
            text = view.written.decode()
            assert "--once" in text and ENTER not in view.written, text
        finally:
            view.close()


@test
def a_broker_may_go_and_come_back():
    directory = f"/tmp/kw-top-{os.getpid()}"
    process, address = judging.start_broker("--topic", "stays:2", "--data-dir", directory)
    view = terminal(bootstrap=address)
    try:
        view.until("stays", "the topic")
        process.terminate()
        process.wait(10)
        view.until("NO ANSWER", "the failure", 20)
        line = next(i for i, text in enumerate(view.lines()) if address in text and i > 2)
        equal(view.screen.buffer[line][0].fg, "red")
        assert "stays" in view.text(), "what was known is gone"
        view.send("3")
        view.until("GROUP", "keys still work")
        process = subprocess.Popen(
            [KW, "broker", "--listen", address, "--data-dir", directory], stdout=subprocess.PIPE, text=True)
        assert select.select([process.stdout], [], [], 20)[0]
        view.until(lambda text: "NO ANSWER" not in text, "the broker is back", 20)
        view.send("q")
        equal(view.end(), 0)
    finally:
        view.close()
        process.kill()
        process.wait()
        subprocess.run(["rm", "-rf", directory], check=True)


@test
def a_cluster_that_is_not_there_is_said():
    view = terminal(bootstrap="127.0.0.1:1")
    try:
        view.until("127.0.0.1:1", "the address")
        view.until("NO ANSWER", "the failure", 8)
        view.send("q")
        equal(view.end(), 0)
        assert view.is_restored()
    finally:
        view.close()


main()
