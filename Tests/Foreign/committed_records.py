"""Prints what consumers of others see of a topic with read_committed, "librdkafka VALUE" and "kafka-python VALUE" a line.
Arguments: bootstrap servers, topic (with two partitions)."""

import sys
import time

import kafka
from confluent_kafka import Consumer, TopicPartition

servers, topic = sys.argv[1:3]

consumer = Consumer(
    {"bootstrap.servers": servers, "group.id": "judge", "isolation.level": "read_committed", "enable.partition.eof": True})
consumer.assign([TopicPartition(topic, number, 0) for number in range(2)])
ends = set()
while len(ends) < 2:
    message = consumer.poll(20)
    assert message is not None, "no end came"
    if message.error():
        ends.add(message.partition())
    else:
        print("librdkafka", message.value().decode())
consumer.close()

consumer = kafka.KafkaConsumer(
    bootstrap_servers=servers, isolation_level="read_committed", auto_offset_reset="earliest", enable_auto_commit=False)
partitions = [kafka.TopicPartition(topic, number) for number in range(2)]
consumer.assign(partitions)
consumer.seek_to_beginning()
targets = consumer.end_offsets(partitions)
deadline = time.monotonic() + 30
while any(consumer.position(partition) < targets[partition] for partition in partitions):
    assert time.monotonic() < deadline, "the ends were not reached"
    for records in consumer.poll(timeout_ms=500).values():
        for record in records:
            print("kafka-python", record.value.decode())
consumer.close()
