#!/usr/bin/env python3
"""Foreign clients against the embedded broker: kcat, kafka-python, confluent-kafka, aiokafka.

    BOOTSTRAP=127.0.0.1:9092 python Tests/Foreign/test_foreign_clients.py [part of a test's name]

Every test uses topics and groups of its own, so that the script can run again against the same broker. A client that
is not installed is skipped, and said so. Closes with "N passed, M failed"; exits 1 when any failed.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
import traceback
import uuid

BOOTSTRAP = os.environ.get("BOOTSTRAP", "127.0.0.1:9092")
# Set where the topics packed-by-kafkawire-CODEC hold VALUES, packed by the library itself.
PACKED = os.environ.get("PACKED")
CODECS = ["gzip", "snappy", "lz4", "zstd"]
VALUES = [f"value {i} " * 50 for i in range(500)]
TESTS = []


class Skipped(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def fresh(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


def equal(found, wanted, what="value"):
    assert found == wanted, f"{what}: found {found!r}, wanted {wanted!r}"


# --- kcat -----------------------------------------------------------------------------------------------------------


def kcat(*arguments, stdin=None, timeout=30):
    if not shutil.which("kcat"):
        raise Skipped("kcat is not installed")
    done = subprocess.run(
        ["kcat", "-b", BOOTSTRAP, *arguments], input=stdin, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"kcat {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def kcat_read(topic, *arguments):
    return sorted(kcat("-C", "-t", topic, "-e", "-q", *arguments).splitlines())


@test
def kcat_produces_and_consumes():
    topic = fresh("kcat")
    lines = [f"k{i}:v{i}" for i in range(100)]
    kcat("-P", "-t", topic, "-K:", stdin="\n".join(lines))
    equal(kcat_read(topic, "-K:"), sorted(lines))


@test
def kcat_lists_what_it_created():
    topic = fresh("kcat-list")
    kcat("-P", "-t", topic, stdin="x")
    assert topic in kcat("-L", "-t", topic)


@test
def kcat_gzip():
    topic = fresh("kcat-gzip")
    lines = [f"line {i} " + "a" * 50 for i in range(500)]
    kcat("-P", "-t", topic, "-z", "gzip", stdin="\n".join(lines))
    equal(kcat_read(topic), sorted(lines))


@test
def kcat_idempotent():
    topic = fresh("kcat-idempotent")
    lines = [f"{i}" for i in range(1000)]
    kcat("-P", "-t", topic, "-p", "0", "-X", "enable.idempotence=true", stdin="\n".join(lines))
    equal(kcat("-C", "-t", topic, "-p", "0", "-e", "-q").splitlines(), lines)


@test
def kcat_without_acks():
    topic = fresh("kcat-acks0")
    kcat("-P", "-t", topic, "-X", "acks=0", stdin="a\nb\nc")
    time.sleep(0.3)
    equal(kcat_read(topic), ["a", "b", "c"])


@test
def kcat_headers_and_offsets():
    topic = fresh("kcat-headers")
    kcat("-P", "-t", topic, "-p", "0", "-H", "a=1", "-H", "b=2", stdin="one\ntwo\nthree")
    # The three are one batch: reading from inside it must work too.
    out = kcat("-C", "-t", topic, "-p", "0", "-o", "1", "-e", "-q", "-f", "%o %s %h\n")
    equal(out.splitlines(), ["1 two a=1,b=2", "2 three a=1,b=2"])


@test
def kcat_asks_for_offsets_by_time():
    topic = fresh("kcat-time")
    before = int(time.time() * 1000) - 1
    kcat("-P", "-t", topic, "-p", "0", stdin="early")
    time.sleep(0.05)
    between = int(time.time() * 1000)
    time.sleep(0.05)
    kcat("-P", "-t", topic, "-p", "0", stdin="late")
    for stamp, offset in [(before, 0), (between, 1), (between + 60000, -1), (-2, 0), (-1, 2)]:
        out = kcat("-Q", "-t", f"{topic}:0:{stamp}")
        found = int(out.strip().rsplit(" ", 1)[1])
        equal(found, offset, f"offset at {stamp}")


@test
def kcat_in_a_group_resumes():
    topic, group = fresh("kcat-group"), fresh("group")
    kcat("-P", "-t", topic, stdin="a\nb")
    args = ["-G", group, "-e", "-q", "-X", "auto.offset.reset=earliest", topic]
    equal(sorted(kcat(*args).splitlines()), ["a", "b"])
    kcat("-P", "-t", topic, stdin="c")
    equal(kcat(*args).splitlines(), ["c"])


@test
def kcat_is_refused_a_large_message():
    topic = fresh("kcat-large")
    done = subprocess.run(
        ["kcat", "-b", BOOTSTRAP, "-P", "-t", topic, "-X", "message.max.bytes=10000000", "-D", "\x01"],
        input="x" * 2_000_000, capture_output=True, text=True, timeout=30)
    assert "too large" in done.stderr.lower(), done.stderr


# --- kafka-python ---------------------------------------------------------------------------------------------------


def kafka_python():
    try:
        import kafka
    except ImportError as error:
        raise Skipped("kafka-python is not installed") from error
    return kafka


def python_member(topic, group, **options):
    consumer = kafka_python().KafkaConsumer(
        bootstrap_servers=BOOTSTRAP, group_id=group, auto_offset_reset="earliest", **options)
    # kafka-python that does not know the topic yet joins twice, and when a call of poll ends just then it loses the
    # second answer and stays without partitions.
    consumer.partitions_for_topic(topic)
    consumer.subscribe([topic])
    return consumer


def python_read(consumer, count, timeout=15):
    found = []
    end = time.time() + timeout
    while len(found) < count and time.time() < end:
        for records in consumer.poll(200).values():
            found += records
    return found


@test
def kafka_python_produces_and_consumes():
    kafka = kafka_python()
    topic = fresh("kp")
    producer = kafka.KafkaProducer(bootstrap_servers=BOOTSTRAP, acks="all")
    for i in range(200):
        producer.send(topic, key=b"k%d" % i, value=b"v%d" % i, headers=[("h", b"%d" % i)])
    producer.flush()
    producer.close()
    consumer = kafka.KafkaConsumer(topic, bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest", group_id=None)
    found = python_read(consumer, 200)
    consumer.close()
    equal({(r.key, r.value, tuple(r.headers)) for r in found},
          {(b"k%d" % i, b"v%d" % i, (("h", b"%d" % i),)) for i in range(200)})


@test
def kafka_python_gzip_both_ways():
    kafka = kafka_python()
    topic = fresh("kp-gzip")
    producer = kafka.KafkaProducer(bootstrap_servers=BOOTSTRAP, compression_type="gzip", linger_ms=50)
    for i in range(300):
        producer.send(topic, b"value %d " % i * 10)
    producer.close()
    kcat("-P", "-t", topic, "-z", "gzip", stdin="from kcat")
    consumer = kafka.KafkaConsumer(topic, bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest", group_id=None)
    equal(len(python_read(consumer, 301)), 301, "records")
    consumer.close()
    equal(len(kcat_read(topic)), 301, "records in kcat")


@test
def kafka_python_topics():
    kafka = kafka_python()
    from kafka.admin import KafkaAdminClient, NewTopic
    from kafka.errors import InvalidTopicError, TopicAlreadyExistsError, UnknownTopicOrPartitionError
    topic = fresh("kp-admin")
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    admin.create_topics([NewTopic(topic, 3, 1)])
    assert topic in admin.list_topics()
    consumer = kafka.KafkaConsumer(bootstrap_servers=BOOTSTRAP)
    equal(consumer.partitions_for_topic(topic), {0, 1, 2})
    consumer.close()
    for names, wanted in [([topic], TopicAlreadyExistsError), (["no spaces"], InvalidTopicError)]:
        try:
            admin.create_topics([NewTopic(name, 1, 1) for name in names])
            raise AssertionError(f"creating {names} went through")
        except wanted:
            pass
    admin.delete_topics([topic])
    assert topic not in admin.list_topics()
    try:
        admin.delete_topics([topic])
        raise AssertionError("deleting a topic twice went through")
    except UnknownTopicOrPartitionError:
        pass
    admin.close()


@test
def kafka_python_offsets_by_time():
    kafka = kafka_python()
    topic = fresh("kp-time")
    producer = kafka.KafkaProducer(bootstrap_servers=BOOTSTRAP, linger_ms=200)
    # One batch with three times: the record inside it has to be found.
    for stamp in (1000, 2000, 3000):
        producer.send(topic, b"x", partition=0, timestamp_ms=stamp)
    producer.close()
    consumer = kafka.KafkaConsumer(bootstrap_servers=BOOTSTRAP)
    partition = kafka.TopicPartition(topic, 0)
    for stamp, wanted in [(0, (0, 1000)), (1001, (1, 2000)), (3000, (2, 3000)), (3001, None)]:
        found = consumer.offsets_for_times({partition: stamp})[partition]
        equal(found and (found.offset, found.timestamp), wanted, f"offset at {stamp}")
    equal(consumer.beginning_offsets([partition])[partition], 0)
    equal(consumer.end_offsets([partition])[partition], 3)
    consumer.close()


@test
def kafka_python_commits_and_resumes():
    kafka = kafka_python()
    topic, group = fresh("kp-resume"), fresh("group")
    producer = kafka.KafkaProducer(bootstrap_servers=BOOTSTRAP)
    for i in range(10):
        producer.send(topic, b"%d" % i, partition=0)
    producer.flush()

    def consumer():
        return python_member(topic, group, enable_auto_commit=False)

    first = consumer()
    equal(len(python_read(first, 10)), 10, "records")
    partition = kafka.TopicPartition(topic, 0)
    first.commit({partition: kafka.OffsetAndMetadata(7, "seven", -1)})
    first.close()
    second = consumer()
    equal([r.value for r in python_read(second, 3)], [b"7", b"8", b"9"])
    found = second.committed(partition, metadata=True)
    equal((found.offset, found.metadata), (7, "seven"))
    second.close()
    producer.close()


@test
def kafka_python_two_members_rebalance():
    kafka = kafka_python()
    from kafka.admin import KafkaAdminClient, NewTopic
    topic, group = fresh("kp-two"), fresh("group")
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    admin.create_topics([NewTopic(topic, 4, 1)])
    admin.close()
    stop = [threading.Event(), threading.Event()]
    assigned = [set(), set()]
    found = [[], []]

    def member(index):
        consumer = python_member(topic, group, heartbeat_interval_ms=100, session_timeout_ms=6000)
        while not stop[index].is_set():
            for records in consumer.poll(500).values():
                found[index] += records
            assigned[index] = {p.partition for p in consumer.assignment()}
        consumer.close()
        assigned[index] = set()

    def wait(condition, what, seconds=15):
        end = time.time() + seconds
        while time.time() < end:
            if condition():
                return
            time.sleep(0.05)
        raise AssertionError(f"{what}: {assigned}")

    threads = [threading.Thread(target=member, args=(i,), daemon=True) for i in range(2)]
    threads[0].start()
    wait(lambda: assigned[0] == {0, 1, 2, 3}, "the first member has everything")
    threads[1].start()
    wait(lambda: len(assigned[0]) == 2 and len(assigned[1]) == 2 and assigned[0] | assigned[1] == {0, 1, 2, 3},
         "both have half")
    producer = kafka.KafkaProducer(bootstrap_servers=BOOTSTRAP)
    for i in range(40):
        producer.send(topic, b"%d" % i, partition=i % 4)
    producer.flush()
    wait(lambda: len(found[0]) == 20 and len(found[1]) == 20, "both read their half")
    stop[0].set()
    threads[0].join(10)
    wait(lambda: assigned[1] == {0, 1, 2, 3}, "the second member has everything")
    producer.send(topic, b"last", partition=0)
    producer.close()
    wait(lambda: any(r.value == b"last" for r in found[1]), "the second member goes on")
    stop[1].set()
    threads[1].join(10)
    equal(sorted(r.value for r in found[0] + found[1]), sorted([b"%d" % i for i in range(40)] + [b"last"]))


@test
def kafka_python_transactions():
    kafka = kafka_python()
    topic, source, group, name = fresh("kp-txn"), fresh("kp-in"), fresh("group"), fresh("t")

    def producer():
        made = kafka.KafkaProducer(bootstrap_servers=BOOTSTRAP, transactional_id=name)
        made.init_transactions()
        return made

    def committed(isolation, count):
        consumer = kafka.KafkaConsumer(
            bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest", isolation_level=isolation)
        partition = kafka.TopicPartition(topic, 0)
        consumer.assign([partition])
        found = [r.value for r in python_read(consumer, count)]
        found += [r.value for records in consumer.poll(300).values() for r in records]
        latest = consumer.end_offsets([partition])[partition]
        consumer.close()
        return found, latest

    first = producer()
    first.begin_transaction()
    first.send(topic, b"a", partition=0)
    first.partitions_for(source)
    first.send_offsets_to_transaction({kafka.TopicPartition(source, 0): kafka.OffsetAndMetadata(7, "seven", -1)}, group)
    first.commit_transaction()
    first.begin_transaction()
    first.send(topic, b"b", partition=0).get(20)
    first.abort_transaction()
    first.begin_transaction()
    first.send(topic, b"c", partition=0).get(20)
    equal(committed("read_committed", 1), ([b"a"], 4), "while a transaction is open")
    equal(committed("read_uncommitted", 3), ([b"a", b"b", b"c"], 5))
    second = producer()
    second.begin_transaction()
    second.send(topic, b"d", partition=0)
    second.commit_transaction()
    second.close()
    try:
        first.commit_transaction()
        raise AssertionError("the first one was not fenced")
    except kafka.errors.KafkaError as error:
        assert "Fenced" in type(error).__name__ or "Epoch" in type(error).__name__, repr(error)
    equal(committed("read_committed", 2)[0], [b"a", b"d"])
    consumer = kafka.KafkaConsumer(bootstrap_servers=BOOTSTRAP, group_id=group)
    equal(consumer.committed(kafka.TopicPartition(source, 0)), 7)
    consumer.close()


# --- confluent-kafka ------------------------------------------------------------------------------------------------


def confluent():
    try:
        import confluent_kafka
    except ImportError as error:
        raise Skipped("confluent-kafka is not installed") from error
    return confluent_kafka


@test
def confluent_produces_and_consumes_in_a_group():
    ck = confluent()
    topic, group = fresh("ck"), fresh("group")
    failures = []
    producer = ck.Producer({"bootstrap.servers": BOOTSTRAP, "enable.idempotence": True, "compression.type": "gzip"})
    for i in range(1000):
        producer.produce(topic, f"v{i}", f"k{i}", on_delivery=lambda error, _: failures.append(error) if error else None)
    equal(producer.flush(20), 0, "records not delivered")
    equal(failures, [])
    consumer = ck.Consumer({
        "bootstrap.servers": BOOTSTRAP, "group.id": group, "auto.offset.reset": "earliest",
        "partition.assignment.strategy": "cooperative-sticky", "enable.auto.commit": False})
    consumer.subscribe([topic])
    found = set()
    end = time.time() + 20
    while len(found) < 1000 and time.time() < end:
        for message in consumer.consume(500, 0.5):
            assert not message.error(), message.error()
            found.add(message.value())
    equal(len(found), 1000, "records")
    consumer.commit(asynchronous=False)
    positions = consumer.committed(consumer.assignment())
    equal(sum(max(0, p.offset) for p in positions), 1000, "sum of the committed offsets")
    consumer.close()


@test
def confluent_packs_and_unpacks():
    ck = confluent()
    for codec in CODECS:
        topic = f"packed-by-librdkafka-{codec}"
        producer = ck.Producer({"bootstrap.servers": BOOTSTRAP, "compression.type": codec, "linger.ms": 50})
        for i, value in enumerate(VALUES):
            producer.produce(topic, value, partition=0, timestamp=1000 + i)
        equal(producer.flush(20), 0, f"records not delivered, {codec}")
        equal(confluent_read(ck, topic), set(VALUES), f"values, {codec}")
        # The broker has to unpack the batch to answer this.
        consumer = ck.Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": fresh("group")})
        found = consumer.offsets_for_times([ck.TopicPartition(topic, 0, 1000 + 77)], 10)
        equal(found[0].offset, 77, f"offset at a time, {codec}")
        consumer.close()


@test
def confluent_unpacks_what_kafkawire_packed():
    ck = confluent()
    if not PACKED:
        raise Skipped("nothing says (in PACKED) that there are topics packed-by-kafkawire-CODEC")
    for codec in CODECS:
        equal(confluent_read(ck, f"packed-by-kafkawire-{codec}"), set(VALUES), f"values, {codec}")


def confluent_read(ck, topic):
    consumer = ck.Consumer({
        "bootstrap.servers": BOOTSTRAP, "group.id": fresh("group"), "auto.offset.reset": "earliest",
        "check.crcs": True})
    consumer.subscribe([topic])
    found = set()
    end = time.time() + 15
    while len(found) < len(VALUES) and time.time() < end:
        for message in consumer.consume(500, 0.5):
            assert not message.error(), message.error()
            found.add(message.value().decode())
    consumer.close()
    return found


@test
def confluent_static_member_returns():
    ck = confluent()
    topic, group = fresh("ck-static"), fresh("group")
    kcat("-P", "-t", topic, "-p", "0", stdin="a")
    generations = []

    def once():
        consumer = ck.Consumer({
            "bootstrap.servers": BOOTSTRAP, "group.id": group, "auto.offset.reset": "earliest",
            "group.instance.id": "one", "session.timeout.ms": 6000})
        consumer.subscribe([topic])
        end = time.time() + 15
        while not consumer.assignment() and time.time() < end:
            consumer.poll(0.1)
        assert consumer.assignment(), "nothing was assigned"
        generations.append(len(consumer.assignment()))
        consumer.close()

    once()
    started = time.time()
    once()
    assert time.time() - started < 5, "the static member had to wait for its own session to expire"
    equal(len(set(generations)), 1)


def confluent_producer(ck, name, **settings):
    settings = {key.replace("_", "."): value for key, value in settings.items()}
    producer = ck.Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": name, **settings})
    producer.init_transactions(20)
    return producer


def confluent_values(ck, topic, isolation, count):
    """The values of a topic in their order, up to its end as the isolation level sees it; count are awaited."""
    consumer = ck.Consumer({
        "bootstrap.servers": BOOTSTRAP, "group.id": fresh("group"), "auto.offset.reset": "earliest",
        "isolation.level": isolation, "enable.partition.eof": True})
    consumer.assign([ck.TopicPartition(topic, 0, 0)])
    found, ended = [], False
    end = time.time() + 15
    while not (ended and len(found) >= count) and time.time() < end:
        for message in consumer.consume(500, 0.5):
            if message.error():
                equal(message.error().code(), ck.KafkaError._PARTITION_EOF)
                ended = True
            else:
                ended = False
                found.append(message.value().decode())
    consumer.close()
    return found


@test
def confluent_commits_and_aborts():
    ck = confluent()
    topic = fresh("ck-txn")
    producer = confluent_producer(ck, fresh("t"))
    wanted, everything = [], []
    for turn in range(4):
        producer.begin_transaction()
        values = [f"{turn}-{i}" for i in range(100)]
        for value in values:
            producer.produce(topic, value, partition=0)
        everything += values
        if turn % 2 == 0:
            producer.commit_transaction(20)
            wanted += values
        else:
            # An abort drops what is not sent yet: it has to be in the log to be hidden.
            equal(producer.flush(20), 0, "records not delivered")
            producer.abort_transaction(20)
    equal(confluent_values(ck, topic, "read_committed", len(wanted)), wanted)
    equal(confluent_values(ck, topic, "read_uncommitted", len(everything)), everything)
    # An open transaction holds back what comes after it, also when that is committed.
    producer.begin_transaction()
    producer.produce(topic, "open", partition=0)
    equal(producer.flush(20), 0, "records not delivered")
    other = confluent_producer(ck, fresh("t"))
    other.begin_transaction()
    other.produce(topic, "committed", partition=0)
    other.commit_transaction(20)
    equal(confluent_values(ck, topic, "read_committed", len(wanted)), wanted)
    equal(confluent_values(ck, topic, "read_uncommitted", len(everything) + 2), everything + ["open", "committed"])
    producer.abort_transaction(20)
    equal(confluent_values(ck, topic, "read_committed", len(wanted) + 1), wanted + ["committed"])


@test
def confluent_consumes_and_produces_exactly_once():
    ck = confluent()
    source, sink, group, name = fresh("ck-in"), fresh("ck-out"), fresh("group"), fresh("t")
    plain = ck.Producer({"bootstrap.servers": BOOTSTRAP})
    for i in range(30):
        plain.produce(source, str(i), partition=0)
    equal(plain.flush(20), 0, "records not delivered")

    def run(commits):
        """Ten records in a transaction, as often as commits says; the last time it is aborted."""
        consumer = ck.Consumer({
            "bootstrap.servers": BOOTSTRAP, "group.id": group, "auto.offset.reset": "earliest",
            "enable.auto.commit": False, "isolation.level": "read_committed"})
        consumer.subscribe([source])
        producer = confluent_producer(ck, name)
        for commit in commits:
            producer.begin_transaction()
            taken = 0
            end = time.time() + 20
            while taken < 10 and time.time() < end:
                for message in consumer.consume(10 - taken, 0.5):
                    assert not message.error(), message.error()
                    producer.produce(sink, message.value(), partition=0)
                    taken += 1
            equal(taken, 10, "records taken")
            producer.send_offsets_to_transaction(
                consumer.position(consumer.assignment()), consumer.consumer_group_metadata(), 20)
            if commit:
                producer.commit_transaction(20)
            else:
                producer.flush(20)
                producer.abort_transaction(20)
        positions = consumer.committed([ck.TopicPartition(source, 0)], 10)
        consumer.close()
        return positions[0].offset

    equal(run([True, False]), 10, "committed offset")
    equal(run([True, True]), 30, "committed offset")
    equal(confluent_values(ck, sink, "read_committed", 30), [str(i) for i in range(30)])
    equal(len(confluent_values(ck, sink, "read_uncommitted", 40)), 40, "records with the aborted ones")


@test
def confluent_second_instance_fences_the_first():
    ck = confluent()
    topic, name = fresh("ck-fence"), fresh("t")
    first = confluent_producer(ck, name)
    first.begin_transaction()
    first.produce(topic, "first", partition=0)
    equal(first.flush(20), 0, "records not delivered")
    second = confluent_producer(ck, name)
    second.begin_transaction()
    second.produce(topic, "second", partition=0)
    second.commit_transaction(20)
    try:
        first.commit_transaction(20)
        raise AssertionError("the first one was not fenced")
    except ck.KafkaException as error:
        assert error.args[0].fatal(), error
        equal(error.args[0].code(), ck.KafkaError._FENCED)
    equal(confluent_values(ck, topic, "read_committed", 1), ["second"])


@test
def confluent_transaction_times_out():
    ck = confluent()
    topic = fresh("ck-late")
    producer = confluent_producer(ck, fresh("t"), transaction_timeout_ms=1500)
    producer.begin_transaction()
    producer.produce(topic, "late", partition=0)
    equal(producer.flush(20), 0, "records not delivered")
    plain = ck.Producer({"bootstrap.servers": BOOTSTRAP})
    plain.produce(topic, "plain", partition=0)
    plain.flush(20)
    equal(confluent_values(ck, topic, "read_committed", 0), [])
    time.sleep(2)
    equal(confluent_values(ck, topic, "read_committed", 1), ["plain"])
    try:
        producer.commit_transaction(20)
        raise AssertionError("a transaction was committed that had been aborted")
    except ck.KafkaException:
        pass


# --- aiokafka -------------------------------------------------------------------------------------------------------


@test
def aiokafka_produces_and_consumes_in_a_group():
    try:
        import aiokafka
    except ImportError as error:
        raise Skipped("aiokafka is not installed") from error
    topic, group = fresh("aio"), fresh("group")

    async def run():
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, enable_idempotence=True)
        await producer.start()
        for i in range(100):
            await producer.send(topic, b"%d" % i, key=b"%d" % i)
        await producer.stop()

        async def read(count):
            consumer = aiokafka.AIOKafkaConsumer(
                topic, bootstrap_servers=BOOTSTRAP, group_id=group, auto_offset_reset="earliest")
            await consumer.start()
            found = [(await asyncio.wait_for(consumer.getone(), 15)).value for _ in range(count)]
            await consumer.stop()
            return found

        equal(len(set(await read(100))), 100, "records")
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, compression_type="gzip")
        await producer.start()
        await producer.send_and_wait(topic, b"next")
        await producer.stop()
        equal(await read(1), [b"next"])

    asyncio.run(run())


# --- administration -------------------------------------------------------------------------------------------------


@test
def kafka_python_describes_and_alters_configs():
    kafka_python()
    from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic
    topic = fresh("kp-configs")
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"flush.ms": "5"})])

    def describe(kind, name, **options):
        found = admin.describe_configs([ConfigResource(kind, name)], include_synonyms=True, **options)
        return found[kind.name.lower()][name]

    own = describe(ConfigResourceType.TOPIC, topic)
    equal({name: entry["value"] for name, entry in own.items()}, {"flush.ms": "5"})
    all_of_them = describe(ConfigResourceType.TOPIC, topic, config_filter="all")
    assert len(all_of_them) > 30, sorted(all_of_them)
    equal(all_of_them["retention.ms"]["config_source"], "DEFAULT_CONFIG")
    equal([s["name"] for s in all_of_them["retention.ms"]["synonyms"]], ["log.retention.hours"])

    def alter(**changes):
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, {k.replace("_", "."): v for k, v in changes.items()})
        return admin.alter_configs([resource])["topic"][topic]

    alter(retention_ms=("SET", "1000"), cleanup_policy=("APPEND", "compact"), flush_ms=("DELETE", None))
    own = describe(ConfigResourceType.TOPIC, topic)
    equal({name: entry["value"] for name, entry in own.items()},
          {"retention.ms": "1000", "cleanup.policy": "delete,compact"})
    assert "Invalid" in str(alter(retention_ms=("SET", "x"))), "a retention of x went through"
    admin.reset_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {})])
    equal(describe(ConfigResourceType.TOPIC, topic), {})
    # The old way, which replaces everything.
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"flush.ms": "7"})], incremental=False)
    equal(describe(ConfigResourceType.TOPIC, topic)["flush.ms"]["value"], "7")
    node = str(admin.describe_cluster()["brokers"][0]["broker_id"])
    broker = describe(ConfigResourceType.BROKER, node, config_filter="all")
    equal((broker["node.id"]["value"], broker["node.id"]["read_only"]), (node, True))
    assert topic in admin.list_config_resources(["TOPIC"])["topic"]
    admin.close()


@test
def kafka_python_administers_groups():
    kafka = kafka_python()
    from kafka.admin import KafkaAdminClient
    topic, group = fresh("kp-groups"), fresh("group")
    producer = kafka.KafkaProducer(bootstrap_servers=BOOTSTRAP)
    producer.send(topic, b"x", partition=0)
    producer.close()
    consumer = python_member(topic, group, client_id="somebody")
    equal(len(python_read(consumer, 1)), 1, "records")
    consumer.commit()
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    partition = kafka.TopicPartition(topic, 0)
    stable = [g["group_id"] for g in admin.list_groups(states_filter=["Stable"], types_filter=["Classic"])]
    assert group in stable, stable
    found = admin.describe_groups([group])[group]
    equal((found["group_state"], found["protocol_type"], len(found["members"])), ("Stable", "consumer", 1))
    member = found["members"][0]
    equal((member["client_id"], member["client_host"]), ("somebody", "/127.0.0.1"))
    refused = admin.delete_group_offsets(group, [partition])[partition]
    equal(refused.__name__, "GroupSubscribedToTopicError")
    equal(admin.delete_groups([group])[group], "NonEmptyGroupError")
    consumer.close()
    equal(admin.describe_groups([group])[group]["group_state"], "Empty")
    equal(admin.delete_group_offsets(group, [partition])[partition].__name__, "NoError")
    equal(admin.delete_groups([group])[group], "OK")
    assert group not in [g["group_id"] for g in admin.list_groups()]
    admin.close()


@test
def kafka_python_administers_partitions():
    kafka = kafka_python()
    from kafka.admin import KafkaAdminClient, NewTopic
    from kafka.errors import InvalidPartitionsError, OffsetOutOfRangeError
    topic = fresh("kp-partitions")
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    admin.create_topics([NewTopic(topic, 1, 1)])
    admin.create_partitions({topic: 3})
    equal(len(admin.describe_topics([topic])[0]["partitions"]), 3)
    try:
        admin.create_partitions({topic: 2})
        raise AssertionError("fewer partitions went through")
    except InvalidPartitionsError:
        pass
    producer = kafka.KafkaProducer(bootstrap_servers=BOOTSTRAP)
    for i in range(10):
        producer.send(topic, b"%d" % i, partition=2)
    producer.close()
    partition = kafka.TopicPartition(topic, 2)
    equal(admin.delete_records({partition: 4})[partition]["low_watermark"], 4)
    consumer = kafka.KafkaConsumer(bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest")
    consumer.assign([partition])
    equal([r.value for r in python_read(consumer, 6)], [b"%d" % i for i in range(4, 10)])
    equal((consumer.beginning_offsets([partition])[partition], consumer.end_offsets([partition])[partition]), (4, 10))
    consumer.close()
    try:
        admin.delete_records({partition: 11})
        raise AssertionError("deleting beyond the end went through")
    except OffsetOutOfRangeError:
        pass
    equal(admin.list_partition_offsets({partition: -2})[partition].offset, 4)
    directories = admin.describe_log_dirs({topic: [0, 2]})[0]["log_dirs"]
    sizes = {p["partition_index"]: p["partition_size"] for p in directories[0]["topics"][0]["partitions"]}
    assert sizes[0] == 0 < sizes[2], sizes
    equal(admin.list_partition_reassignments(), {})
    found = admin.describe_topic_partitions([topic], response_partition_limit=2)
    assert topic in str(found), found
    admin.close()


def confluent_admin():
    ck = confluent()
    import confluent_kafka.admin as admin
    return ck, admin, admin.AdminClient({"bootstrap.servers": BOOTSTRAP})


def only(futures):
    (future,) = futures.values()
    return future.result(20)


@test
def confluent_describes_and_alters_configs():
    ck, admin, client = confluent_admin()
    topic = fresh("ck-configs")
    only(client.create_topics([admin.NewTopic(topic, 1, 1, config={"max.message.bytes": "5000"})]))
    resource = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, topic)
    found = only(client.describe_configs([resource]))
    equal((found["max.message.bytes"].value, found["max.message.bytes"].source),
          ("5000", admin.ConfigSource.DYNAMIC_TOPIC_CONFIG.value))
    equal(sorted(found["max.message.bytes"].synonyms), ["max.message.bytes", "message.max.bytes"])
    operation = admin.AlterConfigOpType
    only(client.incremental_alter_configs([admin.ConfigResource(
        admin.ConfigResource.Type.TOPIC, topic, incremental_configs=[
            admin.ConfigEntry("max.message.bytes", "300", incremental_operation=operation.SET),
            admin.ConfigEntry("cleanup.policy", "compact", incremental_operation=operation.APPEND)])]))
    found = only(client.describe_configs([resource]))
    equal((found["max.message.bytes"].value, found["cleanup.policy"].value), ("300", "delete,compact"))
    # It takes effect.
    errors = []
    producer = ck.Producer({"bootstrap.servers": BOOTSTRAP})
    for size in (100, 1000):
        producer.produce(topic, "x" * size, "key", on_delivery=lambda error, _: errors.append(error and error.name()))
        producer.flush(20)
    # A compacted topic wants keys.
    producer.produce(topic, "x", on_delivery=lambda error, _: errors.append(error and error.name()))
    producer.flush(20)
    equal(errors, [None, "MSG_SIZE_TOO_LARGE", "INVALID_RECORD"])
    try:
        only(client.incremental_alter_configs([admin.ConfigResource(
            admin.ConfigResource.Type.TOPIC, topic, incremental_configs=[
                admin.ConfigEntry("no.such", "1", incremental_operation=operation.SET)])]))
        raise AssertionError("a setting that does not exist went through")
    except ck.KafkaException as error:
        equal(error.args[0].name(), "INVALID_CONFIG")


@test
def confluent_administers_groups():
    ck, admin, client = confluent_admin()
    topic, group = fresh("ck-groups"), fresh("group")
    producer = ck.Producer({"bootstrap.servers": BOOTSTRAP})
    producer.produce(topic, "x", partition=0)
    equal(producer.flush(20), 0)
    consumer = ck.Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": group, "auto.offset.reset": "earliest",
                            "enable.auto.commit": False})
    consumer.subscribe([topic])
    end = time.time() + 15
    while time.time() < end and not consumer.poll(0.2):
        pass
    consumer.commit(asynchronous=False)
    listed = client.list_consumer_groups(
        states={ck.ConsumerGroupState.STABLE}, types={ck.ConsumerGroupType.CLASSIC}).result(20)
    equal(listed.errors, [])
    assert group in [g.group_id for g in listed.valid]
    found = only(client.describe_consumer_groups([group], include_authorized_operations=True))
    equal((found.state, len(found.members)), (ck.ConsumerGroupState.STABLE, 1))
    assert topic in [p.topic for p in found.members[0].assignment.topic_partitions]
    assert found.authorized_operations, "no authorized operations"
    try:
        only(client.delete_consumer_groups([group]))
        raise AssertionError("a group with members was deleted")
    except ck.KafkaException as error:
        equal(error.args[0].name(), "NON_EMPTY_GROUP")
    consumer.close()
    only(client.delete_consumer_groups([group]))
    assert group not in [g.group_id for g in client.list_consumer_groups().result(20).valid]


@test
def confluent_administers_partitions():
    ck, admin, client = confluent_admin()
    topic = fresh("ck-partitions")
    only(client.create_topics([admin.NewTopic(topic, 1, 1)]))
    only(client.create_partitions([admin.NewPartitions(topic, 3)]))
    equal(len(client.list_topics(topic, 20).topics[topic].partitions), 3)
    producer = ck.Producer({"bootstrap.servers": BOOTSTRAP})
    for i in range(10):
        producer.produce(topic, f"{i}", partition=1)
    equal(producer.flush(20), 0)
    equal(only(client.delete_records([ck.TopicPartition(topic, 1, 4)])).low_watermark, 4)
    partition = ck.TopicPartition(topic, 1)
    for spec, wanted in [(admin.OffsetSpec.earliest(), 4), (admin.OffsetSpec.latest(), 10)]:
        equal(only(client.list_offsets({partition: spec})).offset, wanted)
    elected = client.elect_leaders(ck.ElectionType.PREFERRED, [partition]).result(20)
    equal(elected[partition].name(), "ELECTION_NOT_NEEDED")
    try:
        only(client.create_partitions([admin.NewPartitions(topic, 3)]))
        raise AssertionError("no more partitions went through")
    except ck.KafkaException as error:
        equal(error.args[0].name(), "INVALID_PARTITIONS")
    # Describing ACLs would do as well, but librdkafka makes an empty list of that refusal.
    binding = admin.AclBinding(
        admin.ResourceType.TOPIC, topic, admin.ResourcePatternType.LITERAL, "User:u", "*", admin.AclOperation.READ,
        admin.AclPermissionType.ALLOW)
    try:
        only(client.create_acls([binding]))
        raise AssertionError("a broker without an authorizer took an ACL")
    except ck.KafkaException as error:
        equal(error.args[0].name(), "SECURITY_DISABLED")
@test
def aiokafka_transactions():
    try:
        import aiokafka
    except ImportError as error:
        raise Skipped("aiokafka is not installed") from error
    topic, group, name = fresh("aio-txn"), fresh("group"), fresh("t")
    partition = aiokafka.TopicPartition(topic, 0)

    async def started(**settings):
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, transactional_id=name, **settings)
        await producer.start()
        return producer

    async def read(isolation, count):
        consumer = aiokafka.AIOKafkaConsumer(
            bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest", isolation_level=isolation)
        await consumer.start()
        consumer.assign([partition])
        found = [(await asyncio.wait_for(consumer.getone(), 15)).value for _ in range(count)]
        rest = await consumer.getmany(timeout_ms=300)
        await consumer.stop()
        return found + [r.value for records in rest.values() for r in records]

    async def run():
        first = await started()
        async with first.transaction():
            await first.send_and_wait(topic, b"a", partition=0)
            await first.send_offsets_to_transaction({partition: 1}, group)
        try:
            async with first.transaction():
                await first.send_and_wait(topic, b"b", partition=0)
                await first.send_offsets_to_transaction({partition: 2}, group)
                raise RuntimeError("changed my mind")
        except RuntimeError:
            pass
        equal(await read("read_committed", 1), [b"a"])
        equal(await read("read_uncommitted", 2), [b"a", b"b"])
        consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=BOOTSTRAP, group_id=group, enable_auto_commit=False)
        await consumer.start()
        equal(await consumer.committed(partition), 1)
        await consumer.stop()
        await first.begin_transaction()
        await first.send_and_wait(topic, b"c", partition=0)
        second = await started()
        async with second.transaction():
            await second.send_and_wait(topic, b"d", partition=0)
        try:
            await first.commit_transaction()
            raise AssertionError("the first one was not fenced")
        except aiokafka.errors.ProducerFenced:
            pass
        equal(await read("read_committed", 2), [b"a", b"d"])
        await second.stop()
        await first.stop()

    asyncio.run(run())


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = failed = skipped = 0
    for function in TESTS:
        if wanted not in function.__name__:
            continue
        started = time.time()
        try:
            function()
            passed += 1
            print(f"ok   {function.__name__} ({time.time() - started:.1f} s)", flush=True)
        except Skipped as reason:
            skipped += 1
            print(f"skip {function.__name__}: {reason}", flush=True)
        except BaseException:  # one test's failure, whatever it is, must not hide the others
            failed += 1
            print(f"FAIL {function.__name__}", flush=True)
            traceback.print_exc(file=sys.stdout)
    note = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{note}")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
