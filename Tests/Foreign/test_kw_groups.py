#!/usr/bin/env python3
"""What `kw groups` tells and does, held against kafka-python and confluent-kafka on the same broker.

    BOOTSTRAP=127.0.0.1:9092 KW=.build/debug/kw python Tests/Foreign/test_kw_groups.py

The broker has `orders` with four partitions and `payments` with two; both are filled here. Closes with "N passed, M failed";
exits 1 when any failed."""

import json
import os
import subprocess
import sys
import threading
import time
import traceback

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition as CTP
from confluent_kafka.admin import AdminClient, OffsetSpec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

BOOTSTRAP = os.environ["BOOTSTRAP"]
KW = os.environ["KW"]
COUNTS = {("orders", 0): 10, ("orders", 1): 20, ("orders", 2): 30, ("orders", 3): 0, ("payments", 0): 5, ("payments", 1): 7}
START = 1767225600000
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def kw(*arguments, status=0):
    done = subprocess.run([KW, "groups", "--bootstrap-server", BOOTSTRAP, *arguments], capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == status, f"{arguments}: status {done.returncode}, {done.stdout}{done.stderr}"
    return done.stdout


def described(group, *more):
    (one,) = json.loads(kw("--describe", "--group", group, "--json", *more))
    return one


def equal(found, wanted, what):
    assert found == wanted, f"{what}:\n  found  {found!r}\n  wanted {wanted!r}"


def eventually(what, question, seconds=25):
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


class Members(threading.Thread):
    """Consumers that are polled until they are told to stop; each commits what it has read."""

    def __init__(self, consumers, poll, commit, close):
        super().__init__(daemon=True)
        self.consumers, self.poll, self.commit, self.close = consumers, poll, commit, close
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.is_set():
            for consumer in self.consumers:
                if self.poll(consumer):
                    self.commit(consumer)
        for consumer in self.consumers:
            self.close(consumer)

    def stop(self):
        self.over.set()
        self.join(20)
        assert not self.is_alive(), "the members did not stop"


def kafka_python_members(group):
    consumers = [KafkaConsumer(bootstrap_servers=BOOTSTRAP, group_id=group, client_id=f"python-{i}",
                               auto_offset_reset="earliest", enable_auto_commit=False) for i in range(2)]
    for consumer in consumers:
        # kafka-python that joins before it knows the topic may stay without partitions (peers.py).
        for topic in ["orders", "payments"]:
            consumer.partitions_for_topic(topic)
        consumer.subscribe(["orders", "payments"])
    return Members(consumers, lambda c: c.poll(timeout_ms=50, max_records=4), lambda c: c.commit(), lambda c: c.close())


def librdkafka_members(group, protocol):
    settings = {"bootstrap.servers": BOOTSTRAP, "group.id": group, "auto.offset.reset": "earliest",
                "enable.auto.commit": False, "group.protocol": protocol}
    consumers = [Consumer({**settings, "client.id": f"confluent-{i}"}) for i in range(2)]
    for consumer in consumers:
        consumer.subscribe(["orders", "payments"])

    def poll(consumer):
        message = consumer.poll(0.02)
        return message is not None and message.error() is None
    return Members(consumers, poll, lambda c: c.commit(asynchronous=False), lambda c: c.close())


def ends():
    client = KafkaConsumer(bootstrap_servers=BOOTSTRAP)
    found = client.end_offsets([TopicPartition(t, p) for t, p in COUNTS])
    client.close()
    return {(p.topic, p.partition): offset for p, offset in found.items()}


def python_committed(group):
    client = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    found = client.list_group_offsets({group: None})[group]
    client.close()
    return {(p.topic, p.partition): o.offset for p, o in found.items()}


def confluent_committed(group):
    client = AdminClient({"bootstrap.servers": BOOTSTRAP})
    futures = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=10)
    return {(p.topic, p.partition): p.offset for p in futures[group].result().topic_partitions if p.offset >= 0}


def settled(group):
    """Waits until both members have partitions and everything is read and committed."""
    wanted = {place: count for place, count in COUNTS.items() if count}

    def is_so():
        found = confluent_committed(group)
        return all(found.get(place) == count for place, count in wanted.items())
    eventually(f"{group} has read everything", is_so)
    eventually(f"{group} is stable", lambda: described(group)["state"] == "Stable"
               and len({row["consumerId"] for row in described(group)["offsets"]} - {None}) == 2)


def compare_offsets(group, committed, assigned):
    """Offsets, ends, lag and the readers of `kw groups --describe` against what others found."""
    rows = {(r["topic"], r["partition"]): r for r in described(group)["offsets"]}
    equal({place: r["currentOffset"] for place, r in rows.items() if r["currentOffset"] is not None}, committed, "committed")
    log_ends = ends()
    equal({place: r["logEndOffset"] for place, r in rows.items()}, {place: log_ends[place] for place in rows}, "ends")
    equal({place: r["lag"] for place, r in rows.items()},
          {place: log_ends[place] - committed[place] if place in committed else None for place in rows}, "lag")
    equal({place: r["clientId"] for place, r in rows.items() if r["clientId"]}, assigned, "assignment")


@test
def classic_members_of_kafka_python():
    members = kafka_python_members("python-group")
    try:
        settled("python-group")
        client = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
        found = client.describe_groups(["python-group"])["python-group"]
        client.close()
        assigned = {(t["topic"], p): m["client_id"] for m in found["members"]
                    for t in m["member_assignment"]["assigned_partitions"] for p in t["partitions"]}
        equal(len(assigned), 6, "partitions")
        compare_offsets("python-group", python_committed("python-group"), assigned)
        one = described("python-group", "--members")
        equal({m["consumerId"] for m in one["members"]}, {m["member_id"] for m in found["members"]}, "member ids")
        equal((one["state"], one["assignor"], one["type"]), (found["group_state"], found["protocol_data"], "classic"), "state")
        kw("--reset-offsets", "--group", "python-group", "--all-topics", "--to-earliest", "--execute", status=1)
        kw("--delete", "--group", "python-group", status=1)
    finally:
        members.stop()


def librdkafka_group(group, protocol):
    members = librdkafka_members(group, protocol)
    try:
        settled(group)
        client = AdminClient({"bootstrap.servers": BOOTSTRAP})
        found = client.describe_consumer_groups([group], request_timeout=10)[group].result()
        assigned = {(p.topic, p.partition): m.client_id for m in found.members for p in m.assignment.topic_partitions}
        equal(len(assigned), 6, "partitions")
        compare_offsets(group, confluent_committed(group), assigned)
        one = described(group, "--state", "--verbose")
        equal((one["type"], one["assignor"]), (protocol, found.partition_assignor), "kind")
        equal((one["coordinator"], one["memberCount"]), (found.coordinator.id, 2), "coordinator")
        listed = {g["group"]: g["type"] for g in json.loads(kw("--list", "--json"))}
        equal(listed[group], protocol, "listed type")
        theirs = {g.group_id: g.type.name.lower() for g in client.list_consumer_groups(request_timeout=10).result().valid}
        equal(listed, theirs, "listed groups")
        kw("--reset-offsets", "--group", group, "--all-topics", "--to-earliest", "--execute", status=1)
    finally:
        members.stop()


@test
def classic_members_of_librdkafka():
    librdkafka_group("librdkafka-classic", "classic")


@test
def members_of_the_newer_protocol():
    librdkafka_group("librdkafka-consumer", "consumer")


@test
def resets_are_seen_by_others():
    group = "moved"
    kw("--reset-offsets", "--group", group, "--topic", "orders", "--topic", "payments:1", "--to-earliest", "--execute")
    places = [("orders", p) for p in range(4)] + [("payments", 1)]
    equal(python_committed(group), {place: 0 for place in places}, "earliest")
    equal(confluent_committed(group), {place: 0 for place in places}, "earliest")
    kw("--reset-offsets", "--group", group, "--all-topics", "--to-latest", "--execute")
    equal(python_committed(group), {place: COUNTS[place] for place in places}, "latest")
    kw("--reset-offsets", "--group", group, "--topic", "orders", "--shift-by", "-3", "--execute")
    equal(python_committed(group), {("orders", 0): 7, ("orders", 1): 17, ("orders", 2): 27, ("orders", 3): 0,
                                    ("payments", 1): 7}, "shifted")
    kw("--reset-offsets", "--group", group, "--topic", "orders:0,2", "--to-datetime", "2026-01-01T00:00:06.500", "--execute")
    client = AdminClient({"bootstrap.servers": BOOTSTRAP})
    asked = {CTP("orders", p): OffsetSpec.for_timestamp(START + 6500) for p in (0, 2)}
    theirs = {(p.topic, p.partition): f.result().offset for p, f in client.list_offsets(asked, request_timeout=10).items()}
    equal(theirs, {("orders", 0): 7, ("orders", 2): 7}, "by time")
    found = python_committed(group)
    equal({place: found[place] for place in theirs}, theirs, "by time")
    # A consumer goes on where the group was put.
    consumer = KafkaConsumer(bootstrap_servers=BOOTSTRAP, group_id=group, auto_offset_reset="latest", enable_auto_commit=False)
    consumer.assign([TopicPartition("orders", 2)])
    equal(consumer.committed(TopicPartition("orders", 2)), 7, "committed")
    first = next(iter(consumer.poll(timeout_ms=5000, max_records=1).values()))[0]
    equal(first.offset, 7, "first record")
    consumer.close()
    kw("--delete-offsets", "--group", group, "--topic", "orders")
    equal(python_committed(group), {("payments", 1): 7}, "after deleting offsets")
    kw("--delete", "--group", group)
    equal(python_committed(group), {}, "after deleting the group")


@test
def a_group_of_the_newer_protocol_is_moved():
    group = "librdkafka-consumer"
    eventually("it is empty", lambda: described(group)["state"] == "Empty")
    kw("--reset-offsets", "--group", group, "--topic", "orders:1", "--to-offset", "4", "--execute")
    equal(confluent_committed(group)[("orders", 1)], 4, "committed")
    rows = {(r["topic"], r["partition"]): r["lag"] for r in described(group)["offsets"]}
    equal(rows[("orders", 1)], 16, "lag")


def main():
    producer = KafkaProducer(bootstrap_servers=BOOTSTRAP)
    for (topic, partition), count in COUNTS.items():
        for index in range(count):
            producer.send(topic, b"%d" % index, partition=partition, timestamp_ms=START + index * 1000)
    producer.flush()
    producer.close()
    failed = 0
    for one in TESTS:
        try:
            one()
            print(f"ok {one.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED {one.__name__}\n{traceback.format_exc()}", flush=True)
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
