#!/usr/bin/env python3
"""Foreign clients while leaders and coordinators move and nodes stop and start: nothing is lost, nothing doubled.

    BOOTSTRAP=127.0.0.1:9092,127.0.0.1:9093 python Tests/Foreign/test_nodes.py

Whoever runs it lets the nodes go round meanwhile (Tests/BrokerTests/Foreign/NodeForeignTests.swift). Each client has a
topic and a group of its own: an idempotent producer numbers its records for SECONDS seconds, a group with committed
positions reads them as they come, and in the end a fresh reader looks at what the topic holds. A client that is not
installed is skipped, and said so. Closes with "N passed, M failed"; exits 1 when any failed.
"""

import os
import sys
import threading
import time
import traceback
import uuid

BOOTSTRAP = os.environ.get("BOOTSTRAP", "127.0.0.1:9092")
SECONDS = float(os.environ.get("SECONDS", "8"))
PARTITIONS = 4
PAUSE = 0.002
# How long the clients may take to get over the last change.
PATIENCE = 40


class Skipped(Exception):
    pass


def fresh(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


def check(topic, sent, kept, read, least=200):
    """`sent` counts the records of each partition, `kept` has what the topic holds, `read` what the group has seen."""
    assert sum(sent) >= least, f"only {sum(sent)} records were sent"
    for partition in range(PARTITIONS):
        wanted = [f"{partition}-{i}" for i in range(sent[partition])]
        found = kept[partition]
        assert found == wanted, (
            f"{topic}-{partition}: {len(found)} records for {len(wanted)} sent, {len(found) - len(set(found))} doubled, "
            f"{len(set(wanted) - set(found))} lost, in order: {found == sorted(found, key=lambda v: int(v.split('-')[1]))}")
        missed = set(wanted) - read[partition]
        assert not missed, f"{topic}-{partition}: the group has missed {len(missed)}, such as {sorted(missed)[:3]}"


def confluent():
    try:
        import confluent_kafka as ck
        from confluent_kafka.admin import AdminClient, NewTopic
    except ImportError:
        raise Skipped("confluent-kafka is not installed")
    topic = fresh("librdkafka")
    common = {"bootstrap.servers": BOOTSTRAP, "reconnect.backoff.max.ms": 500, "topic.metadata.refresh.interval.ms": 2000}
    admin = AdminClient(common)
    admin.create_topics([NewTopic(topic, PARTITIONS, 3)])[topic].result(20)
    read = [set() for _ in range(PARTITIONS)]
    stop = threading.Event()

    def consume():
        consumer = ck.Consumer({
            **common, "group.id": topic, "auto.offset.reset": "earliest", "enable.auto.commit": False,
            "session.timeout.ms": 6000, "heartbeat.interval.ms": 300})
        consumer.subscribe([topic])
        while not stop.is_set():
            message = consumer.poll(0.2)
            if message is None or message.error():
                continue
            read[message.partition()].add(message.value().decode())
            if len(read[message.partition()]) % 50 == 0:
                try:
                    consumer.commit(asynchronous=True)
                except ck.KafkaException:
                    pass
        consumer.close()

    reader = threading.Thread(target=consume)
    reader.start()
    try:
        producer = ck.Producer({**common, "enable.idempotence": True, "linger.ms": 5})
        sent = [0] * PARTITIONS
        failed = []
        end = time.time() + SECONDS
        while time.time() < end:
            partition = sum(sent) % PARTITIONS
            producer.produce(
                topic, f"{partition}-{sent[partition]}", partition=partition,
                callback=lambda error, _: failed.append(error) if error else None)
            sent[partition] += 1
            producer.poll(0)
            time.sleep(PAUSE)
        assert producer.flush(PATIENCE) == 0, "records are left"
        assert not failed, failed[:3]
        end = time.time() + PATIENCE
        while sum(map(len, read)) < sum(sent) and time.time() < end:
            time.sleep(0.05)
    finally:
        stop.set()
        reader.join(PATIENCE)
    kept = [[] for _ in range(PARTITIONS)]
    consumer = ck.Consumer({**common, "group.id": fresh("look"), "enable.auto.commit": False})
    consumer.assign([ck.TopicPartition(topic, i, 0) for i in range(PARTITIONS)])
    end = time.time() + PATIENCE
    while sum(map(len, kept)) < sum(sent) and time.time() < end:
        message = consumer.poll(0.2)
        if message is not None and not message.error():
            kept[message.partition()].append(message.value().decode())
    consumer.close()
    check(topic, sent, kept, read)
    return f"{sum(sent)} records"


def kafka_python():
    try:
        import kafka
        from kafka.admin import KafkaAdminClient, NewTopic
    except ImportError:
        raise Skipped("kafka-python is not installed")
    topic = fresh("kafka-python")
    servers = BOOTSTRAP.split(",")
    admin = KafkaAdminClient(bootstrap_servers=servers)
    admin.create_topics([NewTopic(topic, PARTITIONS, 3)])
    admin.close()
    read = [set() for _ in range(PARTITIONS)]
    stop = threading.Event()

    def consume():
        consumer = kafka.KafkaConsumer(
            bootstrap_servers=servers, group_id=topic, auto_offset_reset="earliest", enable_auto_commit=False,
            session_timeout_ms=6000, heartbeat_interval_ms=300, metadata_max_age_ms=2000)
        # kafka-python that joins before it knows the topic may stay without partitions (peers.py).
        consumer.partitions_for_topic(topic)
        consumer.subscribe([topic])
        while not stop.is_set():
            for records in consumer.poll(200).values():
                for record in records:
                    read[record.partition].add(record.value.decode())
            if sum(map(len, read)) % 7 == 0:
                try:
                    consumer.commit_async()
                except kafka.errors.KafkaError:
                    pass
        consumer.close()

    reader = threading.Thread(target=consume)
    reader.start()
    try:
        producer = kafka.KafkaProducer(
            bootstrap_servers=servers, enable_idempotence=True, acks="all", linger_ms=5, retry_backoff_ms=50,
            metadata_max_age_ms=2000, delivery_timeout_ms=PATIENCE * 1000)
        sent = [0] * PARTITIONS
        futures = []
        end = time.time() + SECONDS
        while time.time() < end:
            partition = sum(sent) % PARTITIONS
            futures.append(producer.send(topic, f"{partition}-{sent[partition]}".encode(), partition=partition))
            sent[partition] += 1
            time.sleep(PAUSE)
        for future in futures:
            future.get(PATIENCE)
        producer.close()
        end = time.time() + PATIENCE
        while sum(map(len, read)) < sum(sent) and time.time() < end:
            time.sleep(0.05)
    finally:
        stop.set()
        reader.join(PATIENCE)
    kept = [[] for _ in range(PARTITIONS)]
    consumer = kafka.KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, metadata_max_age_ms=2000)
    partitions = [kafka.TopicPartition(topic, i) for i in range(PARTITIONS)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    end = time.time() + PATIENCE
    while sum(map(len, kept)) < sum(sent) and time.time() < end:
        for records in consumer.poll(200).values():
            for record in records:
                kept[record.partition].append(record.value.decode())
    consumer.close()
    check(topic, sent, kept, read)
    return f"{sum(sent)} records"


def transactional():
    """librdkafka commits what it produces and what it has consumed, in transactions, while their coordinator moves."""
    try:
        import confluent_kafka as ck
        from confluent_kafka.admin import AdminClient, NewTopic
    except ImportError:
        raise Skipped("confluent-kafka is not installed")
    topic = fresh("transactions")
    common = {"bootstrap.servers": BOOTSTRAP, "reconnect.backoff.max.ms": 500}
    admin = AdminClient(common)
    admin.create_topics([NewTopic(topic, PARTITIONS, 3)])[topic].result(20)
    producer = ck.Producer({**common, "transactional.id": "chased", "transaction.timeout.ms": 30000})

    def patiently(call):
        end = time.time() + PATIENCE
        while True:
            try:
                return call()
            except ck.KafkaException as error:
                if not error.args[0].retriable() or time.time() > end:
                    raise
                time.sleep(0.05)

    patiently(lambda: producer.init_transactions(PATIENCE))
    sent = [0] * PARTITIONS
    transactions = 0
    end = time.time() + SECONDS
    while time.time() < end:
        producer.begin_transaction()
        for _ in range(8):
            partition = sum(sent) % PARTITIONS
            producer.produce(topic, f"{partition}-{sent[partition]}", partition=partition)
            sent[partition] += 1
        patiently(lambda: producer.commit_transaction(PATIENCE))
        transactions += 1
        time.sleep(0.01)
    kept = [[] for _ in range(PARTITIONS)]
    consumer = ck.Consumer({
        **common, "group.id": fresh("look"), "enable.auto.commit": False, "isolation.level": "read_committed"})
    consumer.assign([ck.TopicPartition(topic, i, 0) for i in range(PARTITIONS)])
    end = time.time() + PATIENCE
    while sum(map(len, kept)) < sum(sent) and time.time() < end:
        message = consumer.poll(0.2)
        if message is not None and not message.error():
            kept[message.partition()].append(message.value().decode())
    consumer.close()
    check(topic, sent, kept, [set(values) for values in kept], least=40)
    return f"{transactions} transactions of {sum(sent)} records"


def main():
    outcomes = {}

    def run(function):
        try:
            outcomes[function.__name__] = ("ok  ", function())
        except Skipped as reason:
            outcomes[function.__name__] = ("skip", str(reason))
        except BaseException:
            outcomes[function.__name__] = ("FAIL", traceback.format_exc())

    threads = [threading.Thread(target=run, args=(f,)) for f in (confluent, kafka_python, transactional)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, (state, text) in outcomes.items():
        print(state, name, text)
    failed = sum(state == "FAIL" for state, _ in outcomes.values())
    print(f"{sum(state == 'ok  ' for state, _ in outcomes.values())} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
