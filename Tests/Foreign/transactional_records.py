"""Writes records in committed, aborted and open transactions with librdkafka, prints what its own consumer with
read_committed sees ("PARTITION OFFSET VALUE" a line), and then "ready"; ends the open transaction when standard input
ends. Arguments: bootstrap servers, topic (with two partitions)."""

import sys

from confluent_kafka import Consumer, Producer, TopicPartition

servers, topic = sys.argv[1:3]


def transactional(name):
    producer = Producer({"bootstrap.servers": servers, "transactional.id": name, "linger.ms": 0})
    producer.init_transactions(20)
    return producer


def write(producer, values, partition=0):
    for value in values:
        producer.produce(topic, value.encode(), partition=partition)
        producer.flush(20)


one, two = transactional("one"), transactional("two")
plain = Producer({"bootstrap.servers": servers})
write(plain, ["plain0"])
one.begin_transaction()
two.begin_transaction()
write(one, ["a0", "a1"])
write(two, ["b0"])
write(plain, ["plain1"])
write(one, ["a2"], 1)
one.abort_transaction(20)
write(two, ["b1"])
two.commit_transaction(20)
one.begin_transaction()
write(one, ["c0", "c1"])
one.commit_transaction(20)
for turn in range(3):
    two.begin_transaction()
    write(two, [f"d{turn}"], 1)
    write(two, [f"e{turn}"], 0)
    two.abort_transaction(20) if turn != 1 else two.commit_transaction(20)
write(plain, ["plain2"], 1)
# Partition 1 ends in an aborted transaction, partition 0 in one that is still open.
one.begin_transaction()
write(one, ["open"])
write(plain, ["behind"])

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
        print(message.partition(), message.offset(), message.value().decode())
consumer.close()
print("ready", flush=True)
sys.stdin.read()
one.commit_transaction(20)
