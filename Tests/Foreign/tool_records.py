"""What kafka-python and confluent-kafka read and write, for the tests of kw produce and kw consume.

    tool_records.py read SERVERS TOPIC      prints every record as kcat's -f '%p|%o|%T|%K|%k|%S|%s|%h\\n' does
    tool_records.py write SERVERS TOPIC     writes records of every kind, with each codec
"""

import random
import sys

from confluent_kafka import Producer
from kafka import KafkaConsumer, KafkaProducer

mode, servers, topic = sys.argv[1:4]


def text(value):
    return b"" if value is None else value


def length(value):
    return b"-1" if value is None else str(len(value)).encode()


def read():
    consumer = KafkaConsumer(
        topic, bootstrap_servers=servers, auto_offset_reset="earliest", group_id=None, consumer_timeout_ms=1500)
    for record in consumer:
        headers = b",".join(
            name.encode() + b"=" + (b"NULL" if value is None else value) for name, value in record.headers)
        numbers = f"{record.partition}|{record.offset}|{record.timestamp}|".encode()
        parts = [length(record.key), text(record.key), length(record.value), text(record.value), headers]
        sys.stdout.buffer.write(numbers + b"|".join(parts) + b"\n")
    consumer.close()


def write():
    chance = random.Random(11)
    choose = chance.choice

    def records(count):
        for number in range(count):
            headers = [(f"h{place}", choose([None, b"", b"x", "é".encode()])) for place in range(choose([0, 0, 1, 3]))]
            key = choose([None, b"", f"key {number}".encode(), bytes([200, 255, number % 7 + 1])])
            value = choose([None, b"", f"value {number}".encode(), "日本".encode() * 20, b"\xff\xfe", b"x" * 2000])
            yield key, value, headers, 1_600_000_000_000 + number

    for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
        producer = Producer({"bootstrap.servers": servers, "compression.type": codec, "linger.ms": 20})
        for key, value, headers, time in records(100):
            producer.produce(topic, value, key, headers=headers, timestamp=time)
        assert producer.flush(20) == 0
    producer = KafkaProducer(bootstrap_servers=servers, compression_type="gzip", linger_ms=20)
    for key, value, headers, time in records(100):
        # It refuses headers without a value, and records without anything.
        value = text(value) if key is None else value
        headers = [(name, text(content)) for name, content in headers]
        producer.send(topic, value, key, headers=headers, timestamp_ms=time)
    producer.flush(20)
    producer.close()


{"read": read, "write": write}[mode]()
