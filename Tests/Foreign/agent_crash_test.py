#!/usr/bin/env python3
"""kill -9 of agents at random moments, under load: a reader of what is committed sees each alert and each dead letter exactly once.

    python Tests/Foreign/agent_crash_test.py --bin .build/release [--agent probe-agent] [--kills 200] [--instances 3] [--seed 1]

Instances of an agent with `--alerts-topic` are killed, paused until their group takes them for dead, and doubled under one
name, while librdkafka writes rows, and now and then what is none, to a `kw broker`. The rules are stated here once more; librdkafka
reads what the agents have written. Exits 1 with the first violation.
"""

import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from confluent_kafka import Consumer, Producer, TopicPartition

EVENTS, ALERTS, LETTERS, PARTITIONS = "changes", "alerts", "unreadable", 6


def anomalies(rows):
    """The exercise's rule: over three times the mean of the last 50 amounts, of three at least, and over 500."""
    histories, alerts = collections.defaultdict(lambda: collections.deque(maxlen=50)), []
    for number, user, cents, _ in rows:
        history = histories[user]
        if len(history) >= 3 and cents > 50_000 and cents * len(history) > 3 * sum(history):
            alerts.append(number)
        history.append(cents)
    return alerts


def thefts(rows):
    """A card that is tried out: over 500, behind up to 100 at three merchants within ten minutes, of the last twelve such."""
    histories, alerts = collections.defaultdict(lambda: collections.deque(maxlen=12)), []
    for number, user, cents, merchant in rows:
        history = histories[user]
        if cents > 50_000 and len({where for when, where in history if number - when < 600_000}) >= 3:
            alerts.append(number)
        if cents <= 10_000:
            history.append((number, merchant))
    return alerts


RULES = {"anomaly-agent": (anomalies, "anomaly-detection-group"), "probe-agent": (thefts, "probe-detection-group")}


def event(number, user, cents, merchant):
    row = {"id": number, "user_id": user, "amount": f"{cents // 100}.{cents % 100:02}", "card_type": "VISA",
           "merchant_id": merchant, "created_at": 1_795_000_000_000_000 + number * 1000}
    return json.dumps({"before": None, "after": row, "source": {"table": "transactions"}, "op": "c"})


class Agents:
    def __init__(self, program, directory, bootstrap, count):
        self.command = [program, "-b", bootstrap, "-t", EVENTS, "--alerts-topic", ALERTS, "--dead-letter-topic", LETTERS,
                        "--amount", "string", "--session-timeout", "6s", "--json"]
        self.log = open(os.path.join(directory, "agents.log"), "ab")
        self.running = {name: self.start(name) for name in map(str, range(count))}

    def start(self, name):
        return subprocess.Popen([*self.command, "--instance-id", name], stdout=self.log, stderr=self.log)

    def again(self, name, old):
        old.send_signal(signal.SIGKILL)
        old.wait()
        self.running[name] = self.start(name)

    def hurt(self, rng):
        """One of them, in one of three ways."""
        name = rng.choice(sorted(self.running))
        old, way = self.running[name], rng.choices(["kill", "pause", "twin"], [8, 1, 1])[0]
        if way == "pause":
            old.send_signal(signal.SIGSTOP)
            time.sleep(7)
            old.send_signal(signal.SIGCONT)
            time.sleep(0.5)
        if way == "twin":
            twin = self.start(name)
            time.sleep(1.5)
            old.send_signal(signal.SIGKILL)
            old.wait()
            old = twin
        self.again(name, old)
        return way

    def stop(self):
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(30) for process in self.running.values()]
        self.log.close()
        return codes


def transaction(message):
    """Which transaction an alert is of."""
    return json.loads(message.value())["transaction_id"]


def origin(message):
    """Where what a dead letter has stood."""
    headers = dict(message.headers())
    return int(headers["retry.origin.partition"]), int(headers["retry.origin.offset"])


def read(bootstrap, topic, what):
    """What the records of a topic are of, as a reader of what is committed sees them."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "judge", "isolation.level": "read_committed",
                         "enable.auto.commit": False, "enable.partition.eof": True})
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    left, found = set(partitions), []
    while left:
        message = consumer.poll(30)
        if message is None:
            raise SystemExit(f"FAILED: {topic} cannot be read to its end")
        if message.error():
            left.discard(message.partition())
        else:
            found.append(what(message))
    consumer.close()
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=".build/release")
    parser.add_argument("--agent", default="anomaly-agent", choices=RULES)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--instances", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--log", help="where to copy what the agents have said")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    rule, group = RULES[options.agent]
    print(f"{options.agent}, seed {options.seed}, {options.kills} kills")
    with tempfile.TemporaryDirectory() as directory:
        broker = subprocess.Popen(
            [os.path.join(options.bin, "kw"), "broker", "--listen", "127.0.0.1:0", "--json", "--topic",
             f"{EVENTS}:{PARTITIONS}", "--topic", f"{ALERTS}:3", "--topic", f"{LETTERS}:1", "--config", "group.min.session.timeout.ms=1000"],
            stdout=subprocess.PIPE)
        agents = None
        try:
            bootstrap = json.loads(broker.stdout.readline())["bootstrap"]
            agents = Agents(os.path.join(options.bin, options.agent), directory, bootstrap, options.instances)
            rows, broken = write_and_hurt(bootstrap, agents, rng, options.kills)
            codes = settle(bootstrap, agents, group, len(rows) + broken)
            judge(rule(rows), read(bootstrap, ALERTS, transaction), codes)
            count(broken, read(bootstrap, LETTERS, origin))
        except BaseException:
            with open(os.path.join(directory, "agents.log"), errors="replace") as log:
                sys.stderr.write("".join(log.readlines()[-30:]))
            raise
        finally:
            if options.log:
                shutil.copy(os.path.join(directory, "agents.log"), options.log)
            for process in [*(agents.running.values() if agents else []), broker]:
                if process.poll() is None:
                    process.kill()


def write_and_hurt(bootstrap, agents, rng, kills):
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "partitioner": "murmur2_random"})
    rows, broken, ways, users = [], 0, collections.Counter(), 200
    for _ in range(kills):
        until = time.monotonic() + rng.uniform(0.1, 0.8)
        while time.monotonic() < until:
            for _ in range(50):
                user = rng.randrange(users)
                cents = rng.randrange(100_000, 900_000) if rng.random() < 0.05 else rng.randrange(100, 40_000)
                rows.append((len(rows) + 1, user, cents, rng.randrange(1, 101)))
                producer.produce(EVENTS, event(*rows[-1]), str(user))
            if rng.random() < 0.2:
                broken += 1
                producer.produce(EVENTS, '{"before":null,"after":{"id":', str(rng.randrange(users)))
            producer.poll(0)
            time.sleep(0.02)
        ways[agents.hurt(rng)] += 1
    producer.flush(60)
    print(f"{len(rows)} rows, {broken} that are none; " + ", ".join(f"{count} × {way}" for way, count in sorted(ways.items())))
    return rows, broken


def settle(bootstrap, agents, group, count):
    """Until the group has committed all."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    until = time.monotonic() + 120
    while time.monotonic() < until:
        time.sleep(0.5)
        positions = consumer.committed([TopicPartition(EVENTS, number) for number in range(PARTITIONS)], 10)
        ends = [consumer.get_watermark_offsets(TopicPartition(EVENTS, number), 10)[1] for number in range(PARTITIONS)]
        if sum(ends) == count and [position.offset for position in positions] == ends:
            return agents.stop()
    raise SystemExit("FAILED: the agents did not come to the end in 120 s")


def judge(wanted, found, codes):
    times = collections.Counter(found)
    doubled = [number for number, count in times.items() if count > 1]
    missing, extra = set(wanted) - set(found), set(found) - set(wanted)
    print(f"{len(wanted)} alerts expected, {len(found)} there: {len(missing)} missing, {len(extra)} too many, "
          f"{len(doubled)} doubled; agents ended with {codes}")
    if len(wanted) < 20:
        raise SystemExit("FAILED: too few alerts to say anything")
    if missing or extra or doubled or any(codes):
        raise SystemExit(f"FAILED: missing {sorted(missing)[:5]}, too many {sorted(extra)[:5]}, doubled {doubled[:5]}")
    print("each expected alert is there exactly once")


def count(broken, places):
    if len(places) != broken or len(set(places)) != broken:
        raise SystemExit(f"FAILED: {broken} events could not be used, {len(places)} dead letters are there, of {len(set(places))}")
    print(f"each of {broken} dead letters is there exactly once")


if __name__ == "__main__":
    main()
