#!/usr/bin/env python3
"""librdkafka's groups under the newer protocol (group.protocol=consumer, KIP-848) against the embedded broker.

    BOOTSTRAP=127.0.0.1:9092 python Tests/Foreign/test_consumer_groups.py [part of a test's name]

The broker gives topics four partitions, wants a heartbeat every 300 ms or so, and ends sessions after some seconds.
Every test uses topics and groups of its own. Closes with "N passed, M failed"; exits 1 when any failed.
"""

import functools
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import uuid

from confluent_kafka import (
    Consumer, ConsumerGroupState, ConsumerGroupType, KafkaError, KafkaException, Producer, TopicPartition)
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

BOOTSTRAP = os.environ.get("BOOTSTRAP", "127.0.0.1:9092")
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def fresh(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


def equal(found, wanted, what="value"):
    assert found == wanted, f"{what}: found {found!r}, wanted {wanted!r}"


def eventually(what, question, seconds=25):
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


def settings(group, **more):
    return {
        "bootstrap.servers": BOOTSTRAP, "group.id": group, "group.protocol": "consumer",
        "auto.offset.reset": "earliest", "enable.auto.commit": False, "topic.metadata.refresh.interval.ms": 500,
        **{name.replace("_", "."): value for name, value in more.items()}}


@functools.cache
def admin():
    """One for all: an answer is lost with the client that asked."""
    return AdminClient({"bootstrap.servers": BOOTSTRAP})


def done(futures):
    for future in futures.values():
        future.result(20)


def create(name, partitions):
    done(admin().create_topics([NewTopic(name, partitions, 1)]))


def produce(topic, prefix, count):
    producer = Producer({"bootstrap.servers": BOOTSTRAP})
    for i in range(count):
        producer.produce(topic, f"{prefix}{i}", f"{prefix}{i}")
    equal(producer.flush(20), 0, "unsent")


def describe(group):
    return admin().describe_consumer_groups([group])[group].result(20)


def read(consumer, count, seconds=20):
    found = []
    end = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < end:
        message = consumer.poll(0.1)
        if message is not None and not message.error():
            found.append(message.value().decode())
    return found


class Member:
    """A member in a thread of its own, which commits what it has read before it lets go of it."""

    def __init__(self, group, topics, **more):
        self.values, self.assigned, self.error, self.lost, self.stop = [], frozenset(), None, 0, False
        # Commits that came while the group went on to its next generation: what they were for may come again.
        self.refused = 0
        self.consumer = Consumer(settings(group, **more))
        self.consumer.subscribe(topics, on_lost=self.on_lost)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def on_lost(self, consumer, partitions):
        self.lost += len(partitions)

    def run(self):
        try:
            while not self.stop:
                message = self.consumer.poll(0.05)
                self.assigned = frozenset((p.topic, p.partition) for p in self.consumer.assignment())
                if message is not None and not message.error():
                    self.values.append(message.value().decode())
                    self.commit(message)
        except Exception as error:
            self.error = error
        finally:
            self.consumer.close()
            self.assigned = frozenset()

    def commit(self, message):
        try:
            self.consumer.commit(message, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in (KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS):
                raise
            self.refused += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stop = True
        self.thread.join(20)
        if self.error:
            raise self.error


def share(partitions, *members):
    """Whether the members have all the partitions, each once, and as evenly as that goes."""
    own = [member.assigned for member in members]
    low, high = partitions // len(members), -(-partitions // len(members))
    return (all(low <= len(each) <= high for each in own) and sum(map(len, own)) == partitions
            and len(frozenset().union(*own)) == partitions)


@test
def reads_commits_and_resumes():
    topic, group = fresh("plain"), fresh("group")
    produce(topic, "a", 500)
    consumer = Consumer(settings(group))
    consumer.subscribe([topic])
    equal(len(set(read(consumer, 500))), 500)
    consumer.commit(asynchronous=False)
    consumer.close()
    produce(topic, "b", 1)
    consumer = Consumer(settings(group))
    consumer.subscribe([topic])
    equal(read(consumer, 1), ["b0"])
    consumer.commit(asynchronous=False)
    equal(sum(max(0, p.offset) for p in consumer.committed(consumer.assignment(), 10)), 501)
    consumer.close()


def members_come_and_go(assignor):
    topic, group = fresh("moving"), fresh("group")
    create(topic, 6)
    produce(topic, "a", 200)
    more = {"group_remote_assignor": assignor}
    first = Member(group, [topic], **more)
    eventually("one member has all", lambda: share(6, first))
    second = Member(group, [topic], **more)
    produce(topic, "b", 200)
    eventually("two members share", lambda: share(6, first, second))
    third = Member(group, [topic], **more)
    produce(topic, "c", 200)
    eventually("three members share", lambda: share(6, first, second, third))
    produce(topic, "d", 200)
    second.close()
    eventually("the others have all", lambda: share(6, first, third))
    first.close()
    eventually("the last one has all", lambda: share(6, third))
    eventually("all is read", lambda: sum(len(m.values) for m in (first, second, third)) >= 800)
    third.close()
    found = first.values + second.values + third.values
    equal(len(found), 800)
    equal(len(set(found)), 800)
    equal(first.lost + second.lost + third.lost, 0, "lost")


@test
def members_come_and_go_uniform():
    members_come_and_go("uniform")


@test
def members_come_and_go_range():
    members_come_and_go("range")


@test
def a_static_member_comes_back():
    topic, group = fresh("static"), fresh("group")
    create(topic, 4)
    with Member(group, [topic], group_instance_id="other") as other:
        member = Member(group, [topic], group_instance_id="one")
        eventually("both have two", lambda: share(4, member, other))
        had, others = member.assigned, other.assigned
        member.close()
        time.sleep(1)
        equal(other.assigned, others)
        with Member(group, [topic], group_instance_id="one") as again:
            eventually("it has them again", lambda: again.assigned == had)
            equal(other.assigned, others)


@test
def a_pattern_follows_topics():
    prefix, group = fresh("pattern"), fresh("group")
    create(f"{prefix}-a", 2)
    create(f"not-{prefix}", 2)
    with Member(group, [f"^{prefix}-.*"]) as member:
        eventually("it has a", lambda: len(member.assigned) == 2)
        create(f"{prefix}-b", 3)
        produce(f"{prefix}-b", "b", 10)
        eventually("it has both", lambda: len(member.assigned) == 5)
        eventually("it reads", lambda: len(member.values) == 10)
        done(admin().create_partitions([NewPartitions(f"{prefix}-a", 4)]))
        eventually("it has the new partitions", lambda: len(member.assigned) == 7)


@test
def a_killed_member_is_replaced():
    topic, group = fresh("killed"), fresh("group")
    create(topic, 4)
    with Member(group, [topic]) as member:
        eventually("it has all", lambda: share(4, member))
        child = subprocess.Popen([sys.executable, __file__, "--member", group, topic], stdout=subprocess.PIPE, text=True)
        try:
            equal(child.stdout.readline().strip(), "2", "the other's partitions")
            eventually("they share", lambda: len(member.assigned) == 2)
            produce(topic, "a", 100)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait(10)
        eventually("it has all again", lambda: share(4, member))
        eventually("it has read all", lambda: len(set(member.values)) == 100)


def run_member(group, topic):
    """What the process does that is killed: it joins, says how much it has, and reads without committing."""
    consumer = Consumer(settings(group))
    consumer.subscribe([topic])
    while len(consumer.assignment()) < 2:
        consumer.poll(0.05)
    print(len(consumer.assignment()), flush=True)
    for _ in range(600):
        consumer.poll(0.1)


@test
def tools_see_groups():
    topic, group = fresh("tools"), fresh("group")
    create(topic, 4)
    produce(topic, "a", 10)
    with Member(group, [topic], client_id="one") as one, Member(group, [topic], client_id="two") as two:
        eventually("they share", lambda: share(4, one, two))
        eventually("it is stable", lambda: describe(group).state == ConsumerGroupState.STABLE)
        eventually("all is read", lambda: len(one.values) + len(two.values) == 10)
        found = describe(group)
        equal(found.type, ConsumerGroupType.CONSUMER)
        equal(found.partition_assignor, "uniform")
        equal(sorted(member.client_id for member in found.members), ["one", "two"])
        for member in found.members:
            equal(len(member.assignment.topic_partitions), 2)
            equal(len(member.target_assignment.topic_partitions), 2)
        listed = admin().list_consumer_groups(types={ConsumerGroupType.CONSUMER}).result(20).valid
        equal([g.state for g in listed if g.group_id == group], [ConsumerGroupState.STABLE])
        listed = admin().list_consumer_groups(types={ConsumerGroupType.CLASSIC}).result(20).valid
        assert group not in [g.group_id for g in listed]
        try:
            done(admin().delete_consumer_groups([group]))
            raise AssertionError("a group with members was deleted")
        except KafkaException as error:
            equal(error.args[0].name(), "NON_EMPTY_GROUP")
        positions = admin().list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(20)
        equal(sum(p.offset for p in positions.topic_partitions), 10)
    equal(describe(group).state, ConsumerGroupState.EMPTY)
    done(admin().delete_consumer_groups([group]))


@test
def an_empty_group_changes_its_protocol():
    topic, group = fresh("upgrade"), fresh("group")
    create(topic, 4)
    produce(topic, "a", 10)
    with Member(group, [topic], group_protocol="classic") as old:
        eventually("all is read", lambda: len(old.values) == 10)
    produce(topic, "b", 10)
    with Member(group, [topic]) as new:
        eventually("it goes on", lambda: len(new.values) == 10)
    equal(sorted(new.values), sorted(f"b{i}" for i in range(10)))
    produce(topic, "c", 10)
    with Member(group, [topic], group_protocol="classic") as old:
        eventually("it goes on", lambda: len(old.values) == 10)


def members_change_over(strategy):
    topic, group = fresh("mixed"), fresh("group")
    create(topic, 6)
    produce(topic, "a", 100)
    classic = {"group_protocol": "classic", "partition_assignment_strategy": strategy, "heartbeat_interval_ms": 300}
    one = Member(group, [topic], **classic)
    two = Member(group, [topic], **classic)
    eventually("the classic ones share", lambda: share(6, one, two))
    three = Member(group, [topic])
    produce(topic, "b", 100)
    eventually("both kinds share", lambda: share(6, one, two, three))
    equal(describe(group).type, ConsumerGroupType.CONSUMER)
    one.close()
    produce(topic, "c", 100)
    eventually("one of each shares", lambda: share(6, two, three))
    three.close()
    eventually("the classic one has all", lambda: share(6, two))
    equal(describe(group).type, ConsumerGroupType.CLASSIC)
    eventually("all is read", lambda: sum(len(m.values) for m in (one, two, three)) >= 300)
    two.close()
    found = one.values + two.values + three.values
    equal(len(set(found)), 300)
    assert len(found) - 300 <= sum(m.refused for m in (one, two, three)), f"{len(found)} records of 300"


@test
def members_change_over_range():
    members_change_over("range")


@test
def members_change_over_cooperative_sticky():
    members_change_over("cooperative-sticky")


@test
def clients_of_both_protocols_share():
    """kafka-python and librdkafka speak the classic protocol, librdkafka the newer one, all in one group."""
    import kafka

    topic, group = fresh("clients"), fresh("group")
    create(topic, 6)
    produce(topic, "a", 100)
    found, stop, assigned = [], threading.Event(), set()

    def run():
        consumer = kafka.KafkaConsumer(
            bootstrap_servers=BOOTSTRAP, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
            heartbeat_interval_ms=300, session_timeout_ms=6000,
            partition_assignment_strategy=[kafka.coordinator.assignors.range.RangePartitionAssignor])
        # kafka-python that joins before it knows the topic may stay without partitions (peers.py).
        consumer.partitions_for_topic(topic)
        consumer.subscribe([topic])
        while not stop.is_set():
            for records in consumer.poll(100).values():
                found.extend(record.value.decode() for record in records)
                consumer.commit()
            assigned.clear()
            assigned.update(consumer.assignment())
        consumer.close()

    import kafka.coordinator.assignors.range
    thread = threading.Thread(target=run)
    thread.start()
    try:
        eventually("kafka-python has all", lambda: len(assigned) == 6)
        classic = Member(group, [topic], group_protocol="classic", partition_assignment_strategy="range",
                         heartbeat_interval_ms=300)
        eventually("two classic clients share", lambda: len(assigned) == 3 and len(classic.assigned) == 3)
        newer = Member(group, [topic])
        produce(topic, "b", 100)
        eventually("all three share", lambda: [len(assigned), len(classic.assigned), len(newer.assigned)] == [2, 2, 2])
        produce(topic, "c", 100)
        newer.close()
        eventually("the classic ones share", lambda: len(assigned) == 3 and len(classic.assigned) == 3)
        eventually("all is read", lambda: len(set(found + classic.values + newer.values)) == 300)
        classic.close()
    finally:
        stop.set()
        thread.join(20)


def main():
    if sys.argv[1:2] == ["--member"]:
        return run_member(*sys.argv[2:])
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = failed = 0
    for function in TESTS:
        if wanted not in function.__name__:
            continue
        start = time.monotonic()
        try:
            function()
            passed += 1
            print(f"ok   {function.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
        except BaseException:
            failed += 1
            print(f"FAIL {function.__name__}", flush=True)
            traceback.print_exc(file=sys.stdout)
    print(f"{passed} passed, {failed} failed", flush=True)
    os._exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
