#!/usr/bin/env python3
"""Groups whose members are different clients (run as judging.py says): librdkafka, kafka-python, aiokafka, Java and kcat
in one classic group; one leaves, one dies; static members come back, or are fenced by another of their name."""

import asyncio
import subprocess
import threading
import time

import judging
from judging import Skipped, equal, fresh, installed, java, main, test, wait
from peers import Aiokafka, Confluent, JavaClient, KafkaPython, available, subscribed

PARTITIONS = 12


class Member:
    """What is the same in all: the partitions it has, the values it saw, and the error that ended it."""

    def __init__(self, group, topic, assignors, instance=None):
        self.group, self.topic, self.assignors, self.instance = group, topic, assignors, instance
        self.assigned, self.values, self.error, self.rebalances = frozenset(), [], "", 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.guarded, daemon=True)
        self.thread.start()

    def guarded(self):
        try:
            self.run()
        except BaseException as error:
            self.error = self.error or f"{type(error).__name__}: {error}"
        self.assigned = frozenset()

    def got(self, partitions):
        partitions = frozenset(partitions)
        self.rebalances += partitions != self.assigned
        self.assigned = partitions

    def look(self):
        pass

    def leave(self):
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive(), f"{type(self).__name__} does not come to its end"


class LibrdkafkaMember(Member):
    client = Confluent

    def run(self):
        ck = installed("confluent_kafka")
        fatal = []
        settings = {
            "bootstrap.servers": judging.BOOTSTRAP, "group.id": self.group, "auto.offset.reset": "earliest",
            "enable.auto.commit": False, "session.timeout.ms": 6000, "heartbeat.interval.ms": 300, "log_level": 0,
            "partition.assignment.strategy": ",".join(self.assignors)}
        if self.instance:
            settings["group.instance.id"] = self.instance
        consumer = ck.Consumer(settings)
        consumer.subscribe([self.topic])
        while not self.stop.is_set() and not fatal:
            messages = consumer.consume(100, 0.1)
            fatal += [m.error() for m in messages if m.error() and m.error().code() == ck.KafkaError._FATAL]
            messages = [m for m in messages if not m.error()]
            self.values += [m.value().decode() for m in messages]
            self.got(p.partition for p in consumer.assignment())
            try:
                if messages:
                    consumer.commit(asynchronous=False)
            except ck.KafkaException:
                pass
        consumer.close()
        if fatal:
            raise ck.KafkaException(fatal[0])


class KafkaPythonMember(Member):
    client = KafkaPython

    def run(self):
        kafka = installed("kafka")
        from kafka.coordinator.assignors.range import RangePartitionAssignor
        from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
        known = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor}
        consumer = kafka.KafkaConsumer(
            bootstrap_servers=judging.BOOTSTRAP, group_id=self.group, auto_offset_reset="earliest",
            enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=300,
            group_instance_id=self.instance, partition_assignment_strategy=[known[a] for a in self.assignors])
        subscribed(consumer, self.topic)
        while not self.stop.is_set():
            records = consumer.poll(500)
            for batch in records.values():
                self.values += [r.value.decode() for r in batch]
            self.got(p.partition for p in consumer.assignment())
            try:
                if records:
                    consumer.commit()
            except (kafka.errors.CommitFailedError, kafka.errors.RebalanceInProgressError):
                pass
        consumer.close()


class AiokafkaMember(Member):
    client = Aiokafka

    def run(self):
        asyncio.run(self.consume())

    async def consume(self):
        aiokafka = installed("aiokafka")
        from aiokafka.coordinator.assignors.range import RangePartitionAssignor
        from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
        known = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor}
        consumer = aiokafka.AIOKafkaConsumer(
            self.topic, bootstrap_servers=judging.BOOTSTRAP, group_id=self.group, auto_offset_reset="earliest",
            enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=300,
            group_instance_id=self.instance, partition_assignment_strategy=[known[a] for a in self.assignors])
        await consumer.start()
        try:
            while not self.stop.is_set():
                records = await consumer.getmany(timeout_ms=100)
                for batch in records.values():
                    self.values += [r.value.decode() for r in batch]
                self.got(p.partition for p in consumer.assignment())
                try:
                    if records:
                        await consumer.commit()
                except (aiokafka.errors.CommitFailedError, aiokafka.errors.IllegalStateError):
                    pass
        finally:
            await consumer.stop()


class JavaMember(Member):
    client = JavaClient
    names = {"range": "org.apache.kafka.clients.consumer.RangeAssignor",
             "roundrobin": "org.apache.kafka.clients.consumer.RoundRobinAssignor"}

    def run(self):
        self.name = fresh("member")
        java().call("join", self.name, self.group, self.topic, ",".join(self.names[a] for a in self.assignors), self.instance)
        while not self.stop.is_set():
            self.take(java().call("state", self.name))
            time.sleep(0.1)
        self.take(java().call("leave", self.name))

    def take(self, state):
        error, partitions, *values = state
        self.values += values
        self.got(int(p) for p in partitions.split(",") if p)
        if error:
            self.error = error
            raise judging.JavaError(error)


class KcatMember:
    """In a process of its own, which can be killed."""

    def __init__(self, group, topic, assignors):
        self.process = subprocess.Popen(
            ["kcat", "-b", judging.BOOTSTRAP, "-G", group, "-u", "-q", "-X", "session.timeout.ms=6000", "-X",
             "heartbeat.interval.ms=300", "-X", "auto.offset.reset=earliest", "-X",
             f"partition.assignment.strategy={','.join(assignors)}", topic], stdout=subprocess.PIPE, text=True)
        self.values = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.values.append(line.rstrip("\n"))


KINDS = [LibrdkafkaMember, KafkaPythonMember, AiokafkaMember, JavaMember]


def kinds():
    there = available([kind.client for kind in KINDS])
    return [kind for kind in KINDS if kind.client in there]


def new_topic(name, partitions):
    installed("kafka")
    from kafka.admin import KafkaAdminClient, NewTopic
    topic = fresh(name)
    admin = KafkaAdminClient(bootstrap_servers=judging.BOOTSTRAP)
    admin.create_topics([NewTopic(topic, partitions, 1)])
    admin.close()
    return topic


def share_all(members, partitions=PARTITIONS):
    """Each partition has one member, and each member has its part."""
    for member in members:
        assert not member.error, f"{type(member).__name__}: {member.error}"
    parts = [member.assigned for member in members]
    return all(parts) and sum(map(len, parts)) == partitions and len(frozenset().union(*parts)) == partitions


def described(members):
    return lambda: f"{[(type(m).__name__, sorted(m.assigned), m.error) for m in members]}"


def lag(group, topic):
    kafka = installed("kafka")
    from kafka.admin import KafkaAdminClient
    consumer = kafka.KafkaConsumer(bootstrap_servers=judging.BOOTSTRAP, group_id=group, enable_auto_commit=False)
    partitions = [kafka.TopicPartition(topic, p) for p in range(PARTITIONS)]
    ends = consumer.end_offsets(partitions)
    found = sum(ends[p] - (consumer.committed(p) or 0) for p in partitions)
    consumer.close()
    return found


def one_of_each(order, lists):
    """`order` are the kinds in the order of their joining: the first one leads the group, and assigns. `lists` are the
    assignors of each; the one that is in all of them is used."""
    if len(order) < 2:
        raise Skipped("it takes two clients")
    ck = installed("confluent_kafka")
    topic, group = new_topic("mixed", PARTITIONS), fresh("group")
    producer = ck.Producer({"bootstrap.servers": judging.BOOTSTRAP})
    count = 0

    def produce(more):
        nonlocal count
        for _ in range(more):
            producer.produce(topic, f"v{count}", partition=count % PARTITIONS)
            count += 1
        equal(producer.flush(20), 0)

    def seen():
        return set(v for m in everyone for v in m.values)

    members = []
    for kind, assignors in zip(order, lists):
        members.append(kind(group, topic, assignors))
        wait(lambda: members[-1].assigned or members[-1].error, described(members), 30)
    everyone = list(members)
    wait(lambda: share_all(members), described(members), 30)
    produce(240)
    wait(lambda: len(seen()) == count, lambda: f"{len(seen())} of {count} values", 30)
    for member in members:
        assert member.values, f"{type(member).__name__} has seen nothing"
    # One leaves, and says so: no session has to end.
    started = time.time()
    members.pop(1).leave()
    wait(lambda: share_all(members), described(members), 30)
    assert time.time() - started < 5, f"{time.time() - started:.1f} s until the others had the partitions of one that left"
    produce(120)
    # One joins, reads, and dies.
    dying = KcatMember(group, topic, lists[0])
    everyone.append(dying)
    wait(lambda: sum(len(m.assigned) for m in members) < PARTITIONS, described(members), 30)
    dying.process.kill()
    dying.process.wait(10)
    produce(120)
    wait(lambda: share_all(members), described(members), 30)
    wait(lambda: len(seen()) == count, lambda: f"{len(seen())} of {count} values", 30)
    wait(lambda: lag(group, topic) == 0, lambda: f"lag {lag(group, topic)}")
    for member in members:
        member.leave()
    for member in everyone[:-1]:
        equal(member.error, "", type(member).__name__)


@test
def one_group_of_all_clients_range():
    found = kinds()
    one_of_each(found, [["range"]] * len(found))


@test
def one_group_of_all_clients_that_agree_on_roundrobin():
    found = kinds()[::-1]
    one_of_each(found, [["range", "roundrobin"], ["roundrobin"], ["roundrobin", "range"], ["range", "roundrobin"]])


@test
def a_member_without_a_common_assignor_is_refused():
    ck = installed("confluent_kafka")
    topic, group = new_topic("uncommon", 2), fresh("group")
    first = LibrdkafkaMember(group, topic, ["range"])
    wait(lambda: len(first.assigned) == 2, described([first]))
    consumer = ck.Consumer({"bootstrap.servers": judging.BOOTSTRAP, "group.id": group, "session.timeout.ms": 6000,
                            "partition.assignment.strategy": "roundrobin"})
    consumer.subscribe([topic])
    end = time.time() + 3
    codes = set()
    while time.time() < end and not codes:
        message = consumer.poll(0.2)
        if message and message.error():
            codes.add(message.error().name())
    equal(codes, {"INCONSISTENT_GROUP_PROTOCOL"})
    consumer.close()
    equal((len(first.assigned), first.rebalances), (2, 1))
    first.leave()


@test
def static_members_return_without_a_rebalance():
    for kind in kinds():
        topic, group = new_topic("static", 4), fresh("group")
        stays = LibrdkafkaMember(group, topic, ["range"], "stays")
        comes = kind(group, topic, ["range"], "comes")
        wait(lambda: share_all([stays, comes], 4), described([stays, comes]))
        before, rebalances = comes.assigned, stays.rebalances
        # Consumers with an instance id do not tell the group that they leave (KIP-345).
        comes.leave()
        time.sleep(0.5)
        again = kind(group, topic, ["range"], "comes")
        wait(lambda: again.assigned == before, described([stays, again]))
        equal(stays.rebalances, rebalances, f"rebalances of the other member while one of {kind.__name__} returned")
        again.leave()
        stays.leave()


@test
def of_two_with_one_name_the_older_is_fenced():
    # aiokafka does not know this error, and its commits do not name the instance: it would join once more.
    for kind in [kind for kind in kinds() if kind is not AiokafkaMember]:
        topic, group = new_topic("twins", 2), fresh("group")
        older = kind(group, topic, ["range"], "twin")
        wait(lambda: len(older.assigned) == 2, described([older]))
        younger = LibrdkafkaMember(group, topic, ["range"], "twin")
        wait(lambda: len(younger.assigned) == 2, described([older, younger]))
        # Not every client says what its heartbeat was told; each says it of a commit.
        Confluent.produce(topic, "none", [("1000", None, "for both", None)])
        wait(lambda: "fenced" in older.error.lower(), lambda: f"{kind.__name__}: {older.error!r}")
        equal((len(younger.assigned), younger.error), (2, ""))
        younger.leave()


@test
def cooperative_members_keep_what_they_have():
    ck = installed("confluent_kafka")
    topic, group = new_topic("cooperative", 6), fresh("group")

    class Cooperative(LibrdkafkaMember):
        lost = 0

        def run(self):
            consumer = ck.Consumer({
                "bootstrap.servers": judging.BOOTSTRAP, "group.id": group, "heartbeat.interval.ms": 300,
                "partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 6000})

            def revoked(_, partitions):
                self.lost += len(partitions)

            consumer.subscribe([topic], on_revoke=revoked)
            while not self.stop.is_set():
                consumer.poll(0.1)
                self.got(p.partition for p in consumer.assignment())
            self.lost_while_running = self.lost
            consumer.close()

    first = Cooperative(group, topic, [])
    wait(lambda: len(first.assigned) == 6, described([first]))
    second = Cooperative(group, topic, [])
    wait(lambda: share_all([first, second], 6), described([first, second]))
    equal((first.lost, second.lost), (3, 0), "partitions given up")
    third = Cooperative(group, topic, [])
    wait(lambda: share_all([first, second, third], 6), described([first, second, third]))
    equal(first.lost + second.lost, 5, "partitions given up for the third")
    for member in (first, second, third):
        member.leave()


if __name__ == "__main__":
    main()
