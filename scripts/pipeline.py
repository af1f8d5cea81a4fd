#!/usr/bin/env python3
"""The counting half of pipeline.sh: waits for the agents, and judges the run.

    pipeline.py wait   --dir DIR --rows N --seconds S --since MICROSECONDS
    pipeline.py report --dir DIR --rows N --in-table N --since MICROSECONDS --bootstrap HOST:PORT --topic NAME …

DIR holds what the stack wrote: `AGENT.jsonl` of each agent (one JSON line for each transaction,
`"type":"transaction"`, or `"type":"alert"` where it was one, both with `transaction_id` and the wall clock
`processed_at_us`; `"type":"totals"` at the end), `latency.txt` (id and time of commit of each single row),
`changed.txt` (`u ID`, `m ID` and `d ID`: rows updated, moved to another user, deleted).

The topic is read back with librdkafka, not with this project's own client: the referee is somebody else.
"""

import argparse
import collections
import json
import os
import re
import sys
import time

import rdkafka_settings
import usage

# Their groups, whose names in a cluster begin with a run's prefix.
AGENTS = {"anomaly-agent": "anomaly-detection-group", "velocity-agent": "fraud-detection-group",
          "probe-agent": "probe-detection-group"}


class Tail:
    """The rows that an agent has handled, from its output, while the agent still writes it."""

    ROW = re.compile(rb'"transaction_id":(\d+)')

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.rest = b""
        self.rows = set()

    def read(self):
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            data = file.read()
        self.offset += len(data)
        whole, newline, self.rest = (self.rest + data).rpartition(b"\n")
        self.rows.update(self.ROW.findall(whole))
        return len(self.rows)


def wait(options):
    tails = {agent: Tail(os.path.join(options.dir, agent + ".jsonl")) for agent in AGENTS}
    deadline = time.monotonic() + options.seconds
    shown = 0.0
    shown_counts = None
    while True:
        counts = {agent: tail.read() for agent, tail in tails.items()}
        finished = all(count >= options.rows for count in counts.values())
        if finished or time.monotonic() - shown >= (5 if counts == shown_counts else 1):
            shown = time.monotonic()
            shown_counts = counts
            seconds = max(time.time() - options.since / 1e6, 0.001)
            numbers = " · ".join(f"{agent} {count:,}" for agent, count in counts.items())
            print(f"       {seconds:5.1f} s  {numbers}  of {options.rows:,}", flush=True)
        if finished:
            return 0
        if time.monotonic() > deadline:
            return 1
        time.sleep(0.1)


class Output:
    """What an agent wrote in the whole run."""

    def __init__(self, path):
        self.processed_at = {}
        self.transactions = 0
        self.alerts = []
        self.totals = {}
        self.unreadable = 0
        with open(path, encoding="utf-8") as file:
            for text in file:
                try:
                    self._take(json.loads(text))
                except (ValueError, KeyError):
                    self.unreadable += 1

    def _take(self, line):
        if line["type"] == "totals":
            self.totals = line
        if line["type"] == "alert":
            self.alerts.append(line)
        if line["type"] in ("alert", "transaction"):
            self.transactions += 1
            self.processed_at.setdefault(line["transaction_id"], line["processed_at_us"])


class Topic:
    """The change events in the topic, counted from their bytes, and how far each group has committed."""

    def __init__(self, settings, name, prefix="", single=()):
        from confluent_kafka import Consumer, TopicPartition

        settings = {**settings, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
        # Without the last one, librdkafka waits for a second whenever its queue has been full.
        reader = Consumer({**settings, "group.id": prefix + "pipeline-referee", "fetch.message.max.bytes": 4 << 20,
                           "fetch.queue.backoff.ms": 5})
        found = reader.list_topics(name, timeout=10).topics[name].partitions
        partitions = [TopicPartition(name, number, 0) for number in found]
        ends = {p.partition: reader.get_watermark_offsets(p, timeout=10)[1] for p in partitions}
        self.lags = {group: self._lag(Consumer, settings, prefix + group, partitions, ends) for group in AGENTS.values()}

        self.operations = collections.Counter()
        self.created = set()
        self.scattered = set()
        # Of these rows: when PostgreSQL committed, Debezium read and Connect wrote it, in microseconds.
        self.stages = {row: None for row in single}
        home = {}
        reader.assign(partitions)
        left = sum(ends.values())
        deadline = time.monotonic() + 60 + left / 5000
        while left > 0 and time.monotonic() < deadline:
            for message in reader.consume(10000, timeout=1):
                if message.error():
                    raise SystemExit(f"pipeline: reading {name} back failed: {message.error()}")
                left -= 1
                self._count(message.value(), dict(message.headers() or ()), message.timestamp()[1] * 1000)
                user = _field(message.key(), b'"payload":{"user_id":')
                if home.setdefault(user, message.partition()) != message.partition():
                    self.scattered.add(user)
        reader.close()
        self.unread = left

    @staticmethod
    def _lag(consumer, settings, group, partitions, ends):
        member = consumer({**settings, "group.id": group})
        committed = member.committed(partitions, timeout=10)
        member.close()
        return sum(ends[p.partition] - max(p.offset, 0) for p in committed)

    def _count(self, value, headers, written_at):
        if value is None:
            self.operations["tombstone"] += 1
            return
        at = value.rfind(b'"op":"')
        operation = value[at + 6 : at + 7].decode()
        # A row whose user changes is told as deleted and created; this header says that the created one is not new.
        if operation == "c" and "__debezium.oldkey" in headers:
            operation = "moved"
        self.operations[operation] += 1
        if operation in "cr":
            row = int(_field(value, b'"after":{"id":'))
            self.created.add(row)
            if row in self.stages:
                self.stages[row] = (int(_field(value[:at], b'"ts_us":')), int(_field(value, b'"ts_us":')), written_at)


class Alerts:
    """The alerts in their topic as a reader sees them who is told of what was committed: how often each row's is there."""

    def __init__(self, settings, name, prefix=""):
        from confluent_kafka import Consumer, KafkaError, TopicPartition

        reader = Consumer({**settings, "group.id": prefix + "pipeline-referee",
                           "enable.auto.commit": False, "isolation.level": "read_committed", "enable.partition.eof": True})
        partitions = [TopicPartition(name, number, 0) for number in reader.list_topics(name, timeout=10).topics[name].partitions]
        reader.assign(partitions)
        self.of = {agent: collections.Counter() for agent in AGENTS}
        open_ones = {partition.partition for partition in partitions}
        deadline = time.monotonic() + 60
        while open_ones and time.monotonic() < deadline:
            for message in reader.consume(10000, timeout=1):
                if not message.error():
                    alert = json.loads(message.value())
                    self.of[alert["agent"] + "-agent"][alert["transaction_id"]] += 1
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    open_ones.discard(message.partition())
                else:
                    raise SystemExit(f"pipeline: reading {name} back failed: {message.error()}")
        reader.close()
        self.is_whole = bool(partitions) and not open_ones


def _field(value, name):
    """The number after `name`, as bytes; empty when there is none."""
    if value is None:
        return b""
    at = value.rfind(name)
    if at < 0:
        return b""
    start = at + len(name)
    end = start
    while end < len(value) and value[end : end + 1] in b"-0123456789":
        end += 1
    return value[start:end]


def percentile(sorted_values, share):
    return sorted_values[min(int(len(sorted_values) * share), len(sorted_values) - 1)] if sorted_values else None


def read_lines(directory, name):
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [line.split() if " " in line else line.strip().split("|") for line in file if line.strip()]


def describe(alert):
    fields = [f"user {alert.get('user_id')}", f"${alert.get('amount')}"]
    for name in ("score", "merchants"):
        if alert.get(name) is not None:
            fields.append(f"{name} {alert[name]}")
    return f"transaction {alert.get('transaction_id')}: " + ", ".join(fields)


def checks(options, topic, committed, outputs, ever, changed):
    """What must hold, as sentences with whether they do. With `--killed`, events may be there twice, rows never."""
    ops = topic.operations

    def same(events, rows):
        return events >= rows if options.killed else events == rows

    yield "every row that was asked for was inserted", ever == options.rows
    yield "each row ever inserted is one create event", len(topic.created) == ever and same(ops["c"] + ops["r"], ever)
    yield "each update is one event", same(ops["u"], changed["u"])
    yield "each row that moved to another user is one event", same(ops["moved"], changed["m"])
    yield "each delete is one event", same(ops["d"], changed["d"] + changed["m"]) and same(ops["tombstone"], ops["d"])
    yield "each user's events are in one partition", not topic.scattered
    yield "the whole topic was read back", topic.unread == 0
    for agent, output in outputs.items():
        totals = output.totals
        others = totals.get("others", {})
        yield f"{agent} handled each row", output.processed_at.keys() == topic.created
        yield f"{agent} handled each create event once", output.transactions == ops["c"] + ops["r"]
        yield f"{agent} printed as many transactions as it counted", output.transactions == totals.get("transactions")
        yield f"{agent} took no other event for a transaction", all(
            others.get(name, 0) == ops[operation]
            for name, operation in (("update", "u"), ("delete", "d"), ("tombstone", "tombstone"), ("movedRow", "moved")))
        yield f"{agent} could read every event", totals.get("malformed") == 0 and output.unreadable == 0
        found = committed.of[agent]
        yield f"{agent}'s alerts are in their topic, each once", found == dict.fromkeys(
            {alert["transaction_id"] for alert in output.alerts}, 1)
    yield "the topic of the alerts was read back", committed.is_whole
    for group, lag in topic.lags.items():
        yield f"{group} has lag 0", lag == 0


def report(options):
    outputs = {agent: Output(os.path.join(options.dir, agent + ".jsonl")) for agent in AGENTS}
    single = {int(row): int(at) for row, at in read_lines(options.dir, "latency.txt")}
    settings = {**rdkafka_settings.read(options.client), "bootstrap.servers": options.bootstrap}
    topic = Topic(settings, options.topic, options.prefix, single)
    committed = Alerts(settings, options.alerts_topic, options.prefix)
    ops = topic.operations
    changed = collections.Counter(kind for kind, _ in read_lines(options.dir, "changed.txt"))
    ever = options.in_table + changed["d"]
    events = ops["c"] + ops["r"]

    print()
    show("rows ever inserted", f"{ever:,}", f"{options.in_table:,} in the table, {changed['d']:,} deleted on the way")
    twice = f", {events - len(topic.created):,} of them sent twice" if options.killed else ""
    show("create events", f"{events:,}", f"in {options.topic}{twice}")
    for agent, output in outputs.items():
        show(agent, f"{output.transactions:,}",
             f"transactions, {len(output.alerts):,} alerts, {committed.of[agent].total():,} committed in {options.alerts_topic}")
    for group, lag in topic.lags.items():
        show("lag", f"{lag:,}", group)
    show("other events", f"{ops['u'] + ops['d'] + ops['tombstone'] + ops['moved']:,}",
         f"{ops['u']:,} updates, {ops['d']:,} deletes, {ops['tombstone']:,} tombstones, {ops['moved']:,} rows moved to "
         "another user: no transactions")

    timed = range(options.warm + 1, options.warm + 1 + options.rows - options.warm - len(single))
    ends = [at for output in outputs.values() for row, at in output.processed_at.items() if row in timed]
    seconds = max(max(ends, default=0) - options.since, 1) / 1e6
    print()
    show("COPY to all agents", f"{len(timed) / seconds:,.0f}", f"rows a second: {len(timed):,} in {seconds:.1f} s"
         + (f", after {options.warm:,} to warm up" if options.warm else "")
         + (", with Kafka Connect killed on the way" if options.killed else ""))
    for agent, output in outputs.items():
        waits = sorted((output.processed_at[row] - at) / 1000 for row, at in single.items() if row in output.processed_at)
        if waits:
            show(f"commit to {agent}", f"{percentile(waits, 0.5):.1f} ms",
                 f"at the median, {percentile(waits, 0.95):.1f} at the 95th percentile, {waits[-1]:.1f} at most "
                 f"({len(waits)} single rows)")
    show_stages(single, topic.stages, outputs["anomaly-agent"].processed_at)
    if not options.killed:
        show_usage(options.dir, len(timed))
    print()
    for agent, output in outputs.items():
        for alert in output.alerts[-2:]:
            print(f"  {agent:<24} {describe(alert)}")
    print(f"  {'versions':<24} {', '.join(options.version)}")
    print()
    failed = [name for name, holds in checks(options, topic, committed, outputs, ever, changed) if not holds]
    for name in failed:
        print(f"  NOT TRUE: {name}")
    print("  Rows, events and all agents agree." if not failed else "  The counts do not agree.")
    return 1 if failed else 0


def show_stages(single, stages, judged):
    """Where a single row's time goes."""
    paths = [(at, *stages[row], judged[row]) for row, at in single.items() if stages.get(row) and row in judged]
    for index, name in enumerate(("PostgreSQL commits it", "Debezium reads it", "Connect writes it", "the agent judges it")):
        waits = sorted((path[index + 1] - path[index]) / 1000 for path in paths)
        if waits:
            show(f"  {name}", f"{percentile(waits, 0.5):.1f} ms", f"of that; {percentile(waits, 0.95):.1f} at the 95th percentile")


def show_usage(directory, rows):
    """Where the machine's time went while the rows were inserted."""
    looks = []
    for name in ("usage-first.json", "usage-last.json"):
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            looks.append(json.load(file))
    passed, seconds = usage.took(*looks)
    print()
    print(f"  Where the time went: {sum(seconds.values()) / passed:.2f} of {os.cpu_count()} cores were busy for {passed:.1f} s")
    for name, spent in sorted(seconds.items(), key=lambda pair: -pair[1]):
        print(f"  {name:<46} {spent / rows * 1e6:>6.1f} µs a row  {spent / passed * 100:>4.0f} % of a core")


def show(name, number, rest):
    print(f"  {name:<24} {number:>9}  {rest}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in (verbs.add_parser("wait"), verbs.add_parser("report")):
        verb.add_argument("--dir", required=True)
        verb.add_argument("--rows", type=int, required=True)
        verb.add_argument("--since", type=int, required=True)
    verbs.choices["wait"].add_argument("--seconds", type=float, required=True)
    verbs.choices["report"].add_argument("--in-table", type=int, required=True)
    verbs.choices["report"].add_argument("--warm", type=int, default=0, help="the first rows, which are not timed")
    verbs.choices["report"].add_argument("--killed", action="store_true", help="Kafka Connect was killed on the way")
    verbs.choices["report"].add_argument("--bootstrap", required=True)
    verbs.choices["report"].add_argument("--client", help="a file of Java's or librdkafka's settings, to log in with")
    verbs.choices["report"].add_argument("--prefix", default="", help="what the names of the groups begin with")
    verbs.choices["report"].add_argument("--topic", required=True)
    verbs.choices["report"].add_argument("--alerts-topic", required=True)
    verbs.choices["report"].add_argument("--version", action="append", default=[])
    options = parser.parse_args()
    return {"wait": wait, "report": report}[options.verb](options)


if __name__ == "__main__":
    sys.exit(main())
