#!/usr/bin/env python3
"""librdkafka, through confluent-kafka, in a cluster with our client (Tests/ClientTests/Cluster); JavaClusterPeer.java does
the same with the Java client:

    cluster_peer.py BOOTSTRAP member GROUP TOPIC [setting=value…]
    cluster_peer.py BOOTSTRAP produce TOPIC [setting=value…]
    cluster_peer.py BOOTSTRAP read TOPIC [setting=value…]

A member is one until its standard input ends; it says "assigned 0 1" whenever that changes, "value V" for each record, and
commits. `produce` sends a record for each line "KEY VALUE", and says "sent KEY PARTITION" of each. `read` says "value V" of
each record up to the ends. "ready" comes first, "done" last, "error …" where something does not work.
"""

import sys
import threading

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition


def say(*words):
    print(*words, flush=True)


def told(error):
    return str(error).replace("\n", " ")


def passes(error):
    return not error.fatal() and error.code() != KafkaError.FENCED_INSTANCE_ID


def member(settings, group, topic):
    over = threading.Event()

    def watch():
        for _ in sys.stdin:
            pass
        over.set()

    threading.Thread(target=watch, daemon=True).start()
    consumer = Consumer({**settings, "group.id": group})
    consumer.subscribe([topic])
    say("ready")
    last = None
    while not over.is_set():
        messages = consumer.consume(100, 0.1)
        now = sorted(partition.partition for partition in consumer.assignment())
        if now != last:
            last = now
            say("assigned", *now)
        count = 0
        for message in messages:
            if message.error():
                if not passes(message.error()):
                    raise KafkaException(message.error())
                say("trouble", told(message.error()))
            else:
                count += 1
                say("value", message.value().decode())
        if count:
            try:
                consumer.commit(asynchronous=False)
            except KafkaException as error:
                # They come again, here or to another member.
                if not passes(error.args[0]):
                    raise
                say("refused", error.args[0].name())
    consumer.close()


def produce(settings, topic):
    settings = {name: value for name, value in settings.items() if name not in ("auto.offset.reset", "enable.auto.commit")}
    producer = Producer(settings)
    say("ready")
    outcomes = []

    def landed(error, message):
        outcomes.append(f"error {told(error)}" if error else f"sent {message.key().decode()} {message.partition()}")

    for line in sys.stdin:
        key, value = line.rstrip("\n").split(" ", 1)
        producer.produce(topic, value.encode(), key.encode(), on_delivery=landed)
        producer.poll(0)
    producer.flush()
    for outcome in outcomes:
        say(outcome)


def read(settings, topic):
    consumer = Consumer({**settings, "group.id": "unused", "enable.partition.eof": True})
    numbers = sorted(consumer.list_topics(topic, 30).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, number, 0) for number in numbers])
    say("ready")
    ends = set()
    while len(ends) < len(numbers):
        message = consumer.poll(1)
        if message is None:
            continue
        error = message.error()
        if error is None:
            say("value", message.value().decode())
        elif error.code() == KafkaError._PARTITION_EOF:
            ends.add(message.partition())
        elif not passes(error):
            raise KafkaException(error)
    consumer.close()


def main():
    bootstrap, call, *rest = sys.argv[1:]
    count = 2 if call == "member" else 1
    settings = {
        "bootstrap.servers": bootstrap, "auto.offset.reset": "earliest", "enable.auto.commit": False,
        "topic.metadata.refresh.interval.ms": 3000, **dict(word.split("=", 1) for word in rest[count:])}
    try:
        {"member": member, "produce": produce, "read": read}[call](settings, *rest[:count])
        say("done")
    except Exception as error:
        say("error", f"{type(error).__name__}: {told(error)}")
        sys.exit(1)


main()
