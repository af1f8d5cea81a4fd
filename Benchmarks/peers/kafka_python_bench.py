"""kafka-python's side of the comparison; the same arguments and the same line of JSON as rdkafka_bench."""

import json
import resource
import sys
import time

import kafka

PARTITIONS = 4


def report(records, size, began, ended):
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    print(
        json.dumps(
            {"records": records, "bytes": size, "wall": ended - began, "cpu": cpu, "rss_kb": usage.ru_maxrss}
        )
    )


def produce(brokers, topic, records, size, mode):
    producer = kafka.KafkaProducer(
        bootstrap_servers=brokers,
        acks="all",
        enable_idempotence=mode == "idempotent",
        linger_ms=5,
        batch_size=262144,
    )
    value = bytes(ord("a") + i % 26 for i in range(size))
    began = time.monotonic()
    for _ in range(records):
        last = producer.send(topic, value)
    producer.flush(60)
    last.get(1)
    ended = time.monotonic()
    producer.close()
    report(records, records * size, began, ended)


def consume(brokers, topic, records, group):
    assigned = group == "assigned"
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=brokers,
        group_id=None if assigned else group,
        auto_offset_reset="earliest",
        max_poll_records=10000,
    )
    if assigned:
        consumer.assign([kafka.TopicPartition(topic, i) for i in range(PARTITIONS)])
        consumer.seek_to_beginning()
    else:
        consumer.subscribe([topic])
    count = 0
    size = 0
    began = None
    deadline = time.monotonic() + 120
    while count < records and time.monotonic() < deadline:
        for batch in consumer.poll(timeout_ms=100, max_records=10000).values():
            began = began or time.monotonic()
            for record in batch:
                count += 1
                size += len(record.value)
    ended = time.monotonic()
    if count < records:
        sys.exit(f"kafka_python_bench: only {count} of {records} records came within 120 s")
    consumer.close()
    report(count, size, began, ended)


def main(arguments):
    match arguments:
        case ["version"]:
            print(kafka.__version__)
        case ["produce", brokers, topic, records, size, mode]:
            produce(brokers, topic, int(records), int(size), mode)
        case ["consume", brokers, topic, records, group]:
            consume(brokers, topic, int(records), group)
        case _:
            sys.exit("usage: kafka_python_bench.py produce|consume … as rdkafka_bench")


main(sys.argv[1:])
