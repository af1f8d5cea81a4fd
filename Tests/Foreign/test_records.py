#!/usr/bin/env python3
"""What one client writes, every other client reads (run as judging.py says): each codec from each producer in each
consumer, with keys, values, headers and times; transactions of each, committed and aborted, in each consumer; places
by time and inside of batches."""

import json
import time

import peers
from judging import Skipped, equal, fresh, installed, kcat, main, test
from peers import CODECS, CONSUMERS, PRODUCERS, TRANSACTORS, available

import judging

# Texts of all lengths and alphabets, nothing, and none; times that do not only rise.
RECORDS = [
    (str(1_700_000_000_000 + (i * 7919) % 5000), None if i % 11 == 0 else f"key {i % 5}",
     None if i % 13 == 0 and i % 11 else "" if i % 17 == 0 else f"wért {i} ✓ " * (i % 23 + 1), None if i % 3 == 0 else f"h{i}")
    for i in range(120)]


def exchange(producer, consumers):
    for codec in producer.codecs():
        topic = fresh(f"{producer.name}-{codec}")
        before = int(time.time() * 1000) - 1
        kcat_like = producer is peers.Kcat
        producer.produce(topic, codec, RECORDS)
        for consumer in consumers:
            if codec not in consumer.codecs():
                print(f"     {consumer.name} without {codec}, whose library is not installed")
                continue
            found = consumer.consume(topic, len(RECORDS))
            what = f"{codec} from {producer.name} to {consumer.name}"
            equal(len(found), len(RECORDS), f"records of {what}")
            for record, wanted in zip(found, RECORDS):
                if kcat_like:
                    assert before <= int(record[0]) <= time.time() * 1000 + 1, f"{what}: time {record[0]}"
                    wanted = (record[0], wanted[1], wanted[2] or None, "kcat")
                equal(record, wanted, what)


def make(producer):
    def each_codec():
        if not available([producer]):
            raise Skipped("it is not there")
        exchange(producer, available(CONSUMERS))

    each_codec.__name__ = f"each_codec_from_{producer.name}".replace("-", "_")
    test(each_codec)


for one in PRODUCERS:
    make(one)


@test
def transactions_of_each_in_each():
    topic = fresh("transactions")
    committed, everything = [], []
    clients = available(TRANSACTORS)
    for turn in range(2):
        for client in clients:
            for end in ("commit", "abort"):
                values = [f"{client.name} {turn} {end} {i}" for i in range(3)]
                client.transact(f"{topic}-{client.name}-{end}", topic, end, values)
                everything += values
                committed += values if end == "commit" else []
    for consumer in available(CONSUMERS):
        equal([r[2] for r in consumer.consume(topic, len(committed), "read_committed")], committed, consumer.name)
        equal([r[2] for r in consumer.consume(topic, len(everything))], everything, consumer.name)


@test
def a_transaction_that_stays_open_holds_back():
    ck = installed("confluent_kafka")
    topic = fresh("open")
    peers.Confluent.transact(fresh("t"), topic, "commit", ["first"])
    producer = ck.Producer({"bootstrap.servers": judging.BOOTSTRAP, "transactional.id": fresh("t")})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, "open", partition=0)
    equal(producer.flush(20), 0)
    peers.Confluent.transact(fresh("t"), topic, "commit", ["behind"])
    clients = available(CONSUMERS)
    for consumer in clients:
        equal([r[2] for r in consumer.consume(topic, 1, "read_committed")], ["first"], consumer.name)
        equal([r[2] for r in consumer.consume(topic, 3)], ["first", "open", "behind"], consumer.name)
    producer.commit_transaction(20)
    for consumer in clients:
        equal([r[2] for r in consumer.consume(topic, 3, "read_committed")], ["first", "open", "behind"], consumer.name)


@test
def places_inside_of_batches():
    # Batches of a hundred, packed; every client that can starts in the middle of one, and finds a time inside of one.
    kafka, ck = installed("kafka"), installed("confluent_kafka")
    topic = fresh("middle")
    for start in (0, 100):
        peers.Confluent.produce(topic, "gzip", [(str(10_000 + start + i), "k", f"v{start + i}", None) for i in range(100)])
    partition = kafka.TopicPartition(topic, 0)
    consumer = kafka.KafkaConsumer(bootstrap_servers=judging.BOOTSTRAP)
    consumer.assign([partition])
    for offset in (0, 57, 99, 100, 142, 199):
        consumer.seek(partition, offset)
        record = next(iter(consumer.poll(5000, max_records=1).values()))[0]
        equal((record.offset, record.value), (offset, f"v{offset}".encode()))
        equal(consumer.offsets_for_times({partition: 10_000 + offset})[partition].offset, offset, "by time")
    equal(consumer.offsets_for_times({partition: 10_200})[partition], None)
    consumer.close()
    client = ck.Consumer({"bootstrap.servers": judging.BOOTSTRAP, "group.id": fresh("unused")})
    for offset in (57, 142):
        (found,) = client.offsets_for_times([ck.TopicPartition(topic, 0, 10_000 + offset)], 20)
        equal(found.offset, offset)
        client.assign([ck.TopicPartition(topic, 0, offset)])
        message = client.poll(10)
        equal((message.offset(), message.value()), (offset, f"v{offset}".encode()))
    client.close()
    # kcat from a time on, and from so many before the end.
    equal(kcat("-C", "-t", topic, "-p", "0", "-o", "s@10150", "-e", "-q", "-f", "%o\n").split()[:1], ["150"])
    equal(kcat("-C", "-t", topic, "-p", "0", "-o", "-3", "-e", "-q").split(), ["v197", "v198", "v199"])


@test
def kcat_in_its_modes():
    topic, group = fresh("modes"), fresh("group")
    peers.Confluent.produce(topic, "lz4", [(str(1000 * i), f"k{i}", f"v{i}", "h") for i in range(1, 7)])
    listed = json.loads(kcat("-L", "-J", "-t", topic))
    equal(listed["topics"], [{"topic": topic, "partitions": [
        {"partition": 0, "leader": 1, "replicas": [{"id": 1}], "isrs": [{"id": 1}]}]}])
    equal(f"{listed['brokers'][0]['name']}", judging.BOOTSTRAP)
    assert topic in [t["topic"] for t in json.loads(kcat("-L", "-J"))["topics"]], "the list of all topics"
    read = ["-C", "-t", topic, "-p", "0", "-e", "-q"]
    # From one time to another, a number of records, and what is told of one.
    equal(kcat(*read, "-o", "s@2500", "-o", "e@5000").split(), ["v3", "v4"])
    equal(kcat(*read, "-c", "2").split(), ["v1", "v2"])
    equal(kcat(*read, "-o", "5", "-f", "%t %p %o %k %s %T %h %K %S\n"), f"{topic} 0 5 k6 v6 6000 h=h 2 2\n")
    equal(kcat(*read, "-o", "end"), "")
    equal(kcat("-Q", "-t", f"{topic}:0:2500").strip(), f"{topic} [0] offset 2")
    group_read = ["-G", group, "-e", "-q", "-X", "auto.offset.reset=earliest"]
    equal(kcat(*group_read, topic).split(), [f"v{i}" for i in range(1, 7)])
    equal(kcat(*group_read, topic), "", "what a group has read is read again")


@test
def the_largest_time():
    _, admin = installed("confluent_kafka"), __import__("confluent_kafka.admin").admin
    import confluent_kafka as ck
    topic = fresh("largest")
    for codec in CODECS:
        peers.Confluent.produce(topic, codec, [(str(t), "k", "v", None) for t in (5000, 9000, 7000)])
    client = admin.AdminClient({"bootstrap.servers": judging.BOOTSTRAP})
    partition = ck.TopicPartition(topic, 0)
    for spec, wanted in [(admin.OffsetSpec.max_timestamp(), (1, 9000)), (admin.OffsetSpec.for_timestamp(7001), (1, 9000)),
                         (admin.OffsetSpec.for_timestamp(9001), (-1, -1)), (admin.OffsetSpec.earliest(), (0, -1)),
                         (admin.OffsetSpec.latest(), (15, -1))]:
        (future,) = client.list_offsets({partition: spec}).values()
        equal((future.result(20).offset, future.result().timestamp), wanted)


@test
def offsets_beyond_the_log():
    kafka = installed("kafka")
    topic = fresh("beyond")
    peers.KafkaPython.produce(topic, "none", [("1000", "k", f"v{i}", None) for i in range(5)])
    partition = kafka.TopicPartition(topic, 0)
    for reset, wanted in [("earliest", b"v0"), ("none", None)]:
        consumer = kafka.KafkaConsumer(bootstrap_servers=judging.BOOTSTRAP, auto_offset_reset=reset)
        consumer.assign([partition])
        consumer.seek(partition, 1000)
        try:
            end = time.time() + 10
            found = None
            while not found and time.time() < end:
                found = next((r[0].value for r in consumer.poll(200).values()), None)
            equal(found, wanted)
        except kafka.errors.OffsetOutOfRangeError:
            equal(wanted, None)
        consumer.close()


if __name__ == "__main__":
    main()
