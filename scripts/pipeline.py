#!/usr/bin/env python3
"""The counting half of pipeline.sh: waits for the agents, and judges the run.

    pipeline.py wait   --dir DIR --rows N --seconds S --since MICROSECONDS
    pipeline.py report --dir DIR --rows N --in-table N --since MICROSECONDS --bootstrap HOST:PORT --topic NAME …

DIR holds what the stack wrote: `anomaly-agent.jsonl` and `velocity-agent.jsonl` (one JSON line for each transaction,
`"type":"transaction"` with `transaction_id` and the wall clock `processed_at_us`; one for each alert, `"type":"alert"`),
`latency.txt` (id and time of commit of each single row), `changed.txt` (`u ID` and `d ID`: rows updated and deleted).

The topic is read back with librdkafka, not with this project's own client: the referee is somebody else.
"""

import argparse
import collections
import json
import os
import sys
import time

AGENTS = {"anomaly-agent": "anomaly-detection-group", "velocity-agent": "fraud-detection-group"}


class Tail:
    """Counts an agent's transactions in its output while the agent still writes it."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.rest = b""
        self.transactions = 0

    def read(self):
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            data = file.read()
        self.offset += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        self.transactions += sum(1 for line in lines if b'"type":"transaction"' in line)
        return self.transactions


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
        self.unreadable = 0
        with open(path, encoding="utf-8") as file:
            for text in file:
                try:
                    line = json.loads(text)
                except ValueError:
                    self.unreadable += 1
                    continue
                if line.get("type") == "transaction":
                    self.transactions += 1
                    self.processed_at.setdefault(line["transaction_id"], line["processed_at_us"])
                elif line.get("type") == "alert":
                    self.alerts.append(line)


class Topic:
    """The change events in the topic, counted from their bytes, and how far each group has committed."""

    def __init__(self, bootstrap, name):
        from confluent_kafka import Consumer, TopicPartition

        settings = {"bootstrap.servers": bootstrap, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
        reader = Consumer({**settings, "group.id": "pipeline-referee", "fetch.message.max.bytes": 4 << 20})
        found = reader.list_topics(name, timeout=10).topics[name].partitions
        partitions = [TopicPartition(name, number, 0) for number in found]
        ends = {p.partition: reader.get_watermark_offsets(p, timeout=10)[1] for p in partitions}
        self.lags = {group: self._lag(Consumer, settings, group, partitions, ends) for group in AGENTS.values()}

        self.operations = collections.Counter()
        self.created = set()
        self.scattered = set()
        home = {}
        reader.assign(partitions)
        left = sum(ends.values())
        deadline = time.monotonic() + 60 + left / 5000
        while left > 0 and time.monotonic() < deadline:
            for message in reader.consume(10000, timeout=1):
                if message.error():
                    raise SystemExit(f"pipeline: reading {name} back failed: {message.error()}")
                left -= 1
                self._count(message.value())
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

    def _count(self, value):
        if value is None:
            self.operations["tombstone"] += 1
            return
        at = value.rfind(b'"op":"')
        operation = value[at + 6 : at + 7].decode()
        self.operations[operation] += 1
        if operation in "cr":
            self.created.add(int(_field(value, b'"after":{"id":')))


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
    if alert.get("score") is not None:
        fields.append(f"score {alert['score']}")
    return f"transaction {alert.get('transaction_id')}: " + ", ".join(fields)


def report(options):
    outputs = {agent: Output(os.path.join(options.dir, agent + ".jsonl")) for agent in AGENTS}
    topic = Topic(options.bootstrap, options.topic)
    changed = read_lines(options.dir, "changed.txt")
    updated = sum(1 for kind, _ in changed if kind == "u")
    deleted = sum(1 for kind, _ in changed if kind == "d")
    single = {int(row): int(at) for row, at in read_lines(options.dir, "latency.txt")}
    ever = options.in_table + deleted
    created = topic.operations["c"] + topic.operations["r"]

    print()
    print(f"  rows ever inserted    {ever:>9,}   ({options.in_table:,} in the table, {deleted:,} deleted on the way)")
    print(f"  create events         {created:>9,}   in {options.topic}")
    print(f"  other events          {'':>9}   {topic.operations['u']:,} updates, {topic.operations['d']:,} deletes, "
          f"{topic.operations['tombstone']:,} tombstones")
    checks = [
        ("every row that was asked for was inserted", ever == options.rows),
        ("each row ever inserted is one create event", created == ever == len(topic.created)),
        ("each update and each delete is one event", topic.operations["u"] == updated
            and topic.operations["d"] == topic.operations["tombstone"] == deleted),
        ("each user's events are in one partition", not topic.scattered),
        ("the whole topic was read back", topic.unread == 0),
    ]
    for agent, output in outputs.items():
        print(f"  {agent:<20}  {output.transactions:>9,}   transactions, {len(output.alerts):,} alerts")
        checks.append((f"{agent} handled each row once",
                       output.transactions == len(output.processed_at) == ever and
                       output.processed_at.keys() == topic.created))
        checks.append((f"{agent}'s output is whole", output.unreadable == 0))
    for group, lag in topic.lags.items():
        print(f"  lag                   {lag:>9,}   {group}")
        checks.append((f"{group} has lag 0", lag == 0))

    bulk_end = max((at for output in outputs.values() for row, at in output.processed_at.items() if row not in single),
                   default=options.since)
    seconds = max(bulk_end - options.since, 1) / 1e6
    bulk = ever - len(single)
    print(f"  from COPY to agents   {bulk / seconds:>9,.0f}   rows a second ({bulk:,} rows in {seconds:.1f} s)")
    for agent, output in outputs.items():
        waits = sorted((output.processed_at[row] - at) / 1000 for row, at in single.items() if row in output.processed_at)
        if waits:
            print(f"  commit to {agent:<14}{percentile(waits, 0.5):>7.1f} ms at the median, {percentile(waits, 0.95):.1f} "
                  f"at the 95th percentile, {waits[-1]:.1f} at most ({len(waits)} single rows)")
    for agent, output in outputs.items():
        for alert in output.alerts[-3:]:
            print(f"  alert of {agent:<15} {describe(alert)}")
    print(f"  versions              {', '.join(options.version)}")
    print()
    failed = [name for name, holds in checks if not holds]
    for name in failed:
        print(f"  NOT TRUE: {name}")
    print("  All of it agrees." if not failed else "  The counts do not agree.")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in (verbs.add_parser("wait"), verbs.add_parser("report")):
        verb.add_argument("--dir", required=True)
        verb.add_argument("--rows", type=int, required=True)
        verb.add_argument("--since", type=int, required=True)
    verbs.choices["wait"].add_argument("--seconds", type=float, required=True)
    verbs.choices["report"].add_argument("--in-table", type=int, required=True)
    verbs.choices["report"].add_argument("--bootstrap", required=True)
    verbs.choices["report"].add_argument("--topic", required=True)
    verbs.choices["report"].add_argument("--version", action="append", default=[])
    options = parser.parse_args()
    return {"wait": wait, "report": report}[options.verb](options)


if __name__ == "__main__":
    sys.exit(main())
