#!/usr/bin/env python3
"""Sizes and numbers, at each limit and beyond (run as judging.py says): batches of exactly max.message.bytes, fetches
that are smaller than a batch, thousands of partitions, hundreds of connections, queues that are full."""

import asyncio
import struct
import time

import judging
from judging import broker_is_known, equal, fresh, installed, kcat, main, resident, test, wait
from wire import *

NONE, MESSAGE_TOO_LARGE, INVALID_CONFIG = 0, 10, 40
DEFAULT_LIMIT = 1_048_588


def sized(size):
    """A batch of exactly so many bytes."""
    for spare in range(90, 60, -1):
        if len(batch([bytes(size - spare)], crc=0)) == size:
            return batch([bytes(size - spare)])
    raise AssertionError(f"no batch of {size} bytes")


@test
def max_message_bytes_of_broker_and_topic():
    with Peer() as peer:
        for limit, configs in [(DEFAULT_LIMIT, {}), (10_000, {"max_message_bytes": 10_000}),
                               (2_000_000, {"max_message_bytes": 2_000_000})]:
            topic = fresh("sized")
            equal(create_topic(peer, topic, **configs), NONE)
            equal(produce(peer, topic, sized(limit - 1)), (NONE, 0), f"one byte below {limit}")
            equal(produce(peer, topic, sized(limit)), (NONE, 1), f"exactly {limit}")
            equal(produce(peer, topic, sized(limit + 1)), (MESSAGE_TOO_LARGE, -1), f"one byte above {limit}")
            equal(fetch(peer, topic, offset=1, max_bytes=limit + 100)[:2], (NONE, 2))
        # Only the packed size counts.
        topic = fresh("packed")
        equal(create_topic(peer, topic, max_message_bytes=50_000), NONE)
        equal(produce(peer, topic, bomb(4))[0], NONE)
        equal(create_topic(peer, fresh("negative"), max_message_bytes=-1), INVALID_CONFIG)


@test
def clients_at_the_limit_of_the_broker():
    ck, kafka = installed("confluent_kafka"), installed("kafka")
    topic = fresh("clients-sized")
    with Peer() as peer:
        equal(create_topic(peer, topic, max_message_bytes=20_000), NONE)
    # Header, length, attributes, deltas and lengths of key, value and headers.
    room = 20_000 - 61 - 3 - 1 - 1 - 1 - 1 - 3 - 1
    producer = ck.Producer({"bootstrap.servers": judging.BOOTSTRAP, "linger.ms": 0})
    told = []
    for size in (room, room + 1):
        producer.produce(topic, bytes(size), partition=0, on_delivery=lambda error, _: told.append(error and error.name()))
        producer.flush(20)
    equal(told, [None, "MSG_SIZE_TOO_LARGE"], "librdkafka")
    sender = kafka.KafkaProducer(bootstrap_servers=judging.BOOTSTRAP, max_request_size=100_000)
    equal(sender.send(topic, bytes(room), partition=0).get(20).offset, 1, "kafka-python")
    for size, wanted in [(room + 1, kafka.errors.MessageSizeTooLargeError), (200_000, kafka.errors.MessageSizeTooLargeError)]:
        try:
            sender.send(topic, bytes(size), partition=0).get(20)
            raise AssertionError(f"{size} bytes went through")
        except wanted:
            pass
    sender.close()
    # Many small ones do not become one that is too large: librdkafka splits what the broker refuses, or stays below.
    producer = ck.Producer({"bootstrap.servers": judging.BOOTSTRAP, "linger.ms": 50, "batch.size": 15_000})
    told.clear()
    for _ in range(200):
        producer.produce(topic, bytes(1000), partition=0, on_delivery=lambda error, _: told.append(error and error.name()))
    producer.flush(20)
    equal(told, [None] * 200)


@test
def fetches_that_are_smaller_than_a_batch():
    ck, kafka, aiokafka = installed("confluent_kafka"), installed("kafka"), installed("aiokafka")
    topic = fresh("small-fetches")
    with Peer() as peer:
        equal(create_topic(peer, topic, 2), NONE)
        for i in range(6):
            equal(produce(peer, topic, batch([bytes([i]) * 100_000]), partition=i % 2)[0], NONE)
        # The first batch is whole, however large (KIP-74), and only the first.
        code, _, records = fetch(peer, topic, max_bytes=1)
        equal((code, len(records)), (NONE, len(batch([bytes(100_000)]))))
        both = array([string(topic) + array([int32(p) + int64(0) + int32(1) for p in (0, 1)])])
        answer = peer.call(FETCH, 4, int32(-1) + int32(0) + int32(1) + int32(1) + b"\0" + both)
        assert len(answer) < 150_000, f"two batches in a fetch of one byte: {len(answer)} bytes"
    wanted = sorted(bytes([i]) * 100_000 for i in range(6))

    consumer = kafka.KafkaConsumer(
        topic, bootstrap_servers=judging.BOOTSTRAP, auto_offset_reset="earliest", max_partition_fetch_bytes=1000,
        fetch_max_bytes=500)
    found = []
    end = time.time() + 15
    while len(found) < 6 and time.time() < end:
        found += [r.value for records in consumer.poll(200).values() for r in records]
    equal(sorted(found) == wanted, True, "kafka-python")
    consumer.close()

    reader = ck.Consumer({
        "bootstrap.servers": judging.BOOTSTRAP, "group.id": fresh("g"), "auto.offset.reset": "earliest",
        "fetch.message.max.bytes": 1000, "fetch.max.bytes": 1000, "message.max.bytes": 1000})
    reader.subscribe([topic])
    found = []
    end = time.time() + 15
    while len(found) < 6 and time.time() < end:
        found += [m.value() for m in reader.consume(10, 0.2) if not m.error()]
    equal(sorted(found) == wanted, True, "librdkafka")
    reader.close()

    async def read():
        consumer = aiokafka.AIOKafkaConsumer(
            topic, bootstrap_servers=judging.BOOTSTRAP, auto_offset_reset="earliest", max_partition_fetch_bytes=1000,
            fetch_max_bytes=500)
        await consumer.start()
        found = [(await asyncio.wait_for(consumer.getone(), 15)).value for _ in range(6)]
        await consumer.stop()
        return found

    equal(sorted(asyncio.run(read())) == wanted, True, "aiokafka")


@test
def long_polls_end_when_they_should():
    topic = fresh("polls")
    with Peer() as peer, Peer() as other:
        equal(create_topic(peer, topic), NONE)
        started = time.time()
        equal(fetch(peer, topic, wait=700)[2], b"")
        assert 0.6 < time.time() - started < 3, f"waited {time.time() - started:.1f} s, not 0.7"
        # Enough bytes end it, fewer do not.
        peer.send(FETCH, 4, fetch_body(topic, wait=10_000, min_bytes=3000))
        started = time.time()
        equal(produce(other, topic, batch([bytes(1000)]))[0], NONE)
        peer.socket.settimeout(0.5)
        try:
            raise AssertionError(f"answered too early: {peer.socket.recv(1)!r}")
        except TimeoutError:
            peer.socket.settimeout(10)
        equal(produce(other, topic, batch([bytes(2500)]))[0], NONE)
        assert peer.receive(), "closed"
        assert time.time() - started < 3, "the fetch did not see that there was enough"
        # What is asked for beyond the log ends it at once, as an error.
        started = time.time()
        equal(fetch(peer, topic, offset=99, wait=5000)[0], 1)
        assert time.time() - started < 2


@test
def thousands_of_partitions():
    ck = installed("confluent_kafka")
    import confluent_kafka.admin as admin
    client = admin.AdminClient({"bootstrap.servers": judging.BOOTSTRAP})
    name = fresh("wide")
    topics = [f"{name}-{i}" for i in range(30)]
    before = resident() if broker_is_known() else 0
    for future in client.create_topics([admin.NewTopic(t, 100, 1) for t in topics]).values():
        future.result(30)
    found = client.list_topics(timeout=20).topics
    equal(sum(len(found[t].partitions) for t in topics), 3000)
    failures = []
    producer = ck.Producer({"bootstrap.servers": judging.BOOTSTRAP, "linger.ms": 50})
    for topic in topics:
        for partition in range(100):
            producer.produce(topic, f"{topic}/{partition}", partition=partition,
                             on_delivery=lambda error, _: failures.append(error) if error else None)
        producer.poll(0)
    equal(producer.flush(60), 0, "records not delivered")
    equal(failures, [])
    consumer = ck.Consumer({"bootstrap.servers": judging.BOOTSTRAP, "group.id": fresh("g"), "fetch.wait.max.ms": 100,
                            "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    consumer.subscribe([f"^{name}-.*"])
    values = set()
    end = time.time() + 60
    while len(values) < 3000 and time.time() < end:
        for message in consumer.consume(1000, 0.5):
            assert not message.error(), message.error()
            values.add(message.value().decode())
    equal(len(values), 3000, "records read")
    equal(len(consumer.assignment()), 3000, "partitions assigned")
    consumer.commit(asynchronous=False)
    equal(sum(p.offset for p in consumer.committed(consumer.assignment(), 20)), 3000, "sum of the offsets committed")
    consumer.close()
    for future in client.delete_topics(topics).values():
        future.result(30)
    wait(lambda: not set(topics) & set(client.list_topics(timeout=20).topics), "the topics are not gone")
    if broker_is_known():
        assert resident() - before < 150, f"memory went from {before:.0f} to {resident():.0f} MiB"


@test
def five_hundred_connections():
    topic = fresh("crowd")
    with Peer() as peer:
        equal(create_topic(peer, topic, 4), NONE)
    before = resident() if broker_is_known() else 0
    peers = [Peer(timeout=20) for _ in range(500)]
    started = time.time()
    # All ask at once, and again; then all answers are read.
    for turn in range(3):
        for i, peer in enumerate(peers):
            peer.send(PRODUCE, 3, produce_body(topic, batch([b"%d" % i]), i % 4))
        for peer in peers:
            answer = peer.receive()
            equal(struct.unpack_from(">h", answer, 4 + 2 + len(topic) + 4 + 4)[0], NONE)
    assert time.time() - started < 20, f"{time.time() - started:.1f} s for 1500 requests of 500 connections"
    # Most are idle: one that is not is as fast as ever.
    started = time.time()
    for _ in range(50):
        equal(produce(peers[0], topic, batch([b"x"]))[0], NONE)
    assert time.time() - started < 3, f"{time.time() - started:.1f} s for 50 requests beside idle connections"
    if broker_is_known():
        assert resident() - before < 100, f"memory went from {before:.0f} to {resident():.0f} MiB"
    with Peer() as peer:
        equal(sum(fetch(peer, topic, partition=p, max_bytes=100)[1] for p in range(4)), 1550)
    for peer in peers:
        peer.socket.close()


@test
def many_waiting_fetches_are_woken():
    topic = fresh("waiting")
    with Peer() as peer:
        equal(create_topic(peer, topic), NONE)
        peers = [Peer(timeout=20) for _ in range(200)]
        for one in peers:
            one.send(FETCH, 4, fetch_body(topic, wait=15_000))
        time.sleep(0.3)
        started = time.time()
        equal(produce(peer, topic, batch([b"wake up"]))[0], NONE)
        for one in peers:
            assert b"wake up" in one.receive()
            one.socket.close()
        assert time.time() - started < 5, f"{time.time() - started:.1f} s until all were woken"


@test
def many_requests_on_one_connection_keep_their_order():
    topic = fresh("pipelined")
    with Peer(timeout=20) as peer:
        equal(create_topic(peer, topic), NONE)
        first = peer.correlation + 1
        for i in range(500):
            peer.send(PRODUCE, 3, produce_body(topic, batch([b"%d" % i])))
        last = peer.correlation
        for number in range(first, last + 1):
            peer.correlation = number
            answer = peer.receive()
            code, offset = struct.unpack_from(">hq", answer, 4 + 2 + len(topic) + 4 + 4)
            equal((code, offset), (NONE, number - first))
        # Without acknowledgement there is no answer, and the next one's answer is the next thing that comes.
        for _ in range(10):
            peer.send(PRODUCE, 3, produce_body(topic, batch([b"quiet"]), acks=0))
        equal(produce(peer, topic, batch([b"loud"])), (NONE, 510))


@test
def a_full_queue_of_librdkafka_empties():
    ck = installed("confluent_kafka")
    topic = fresh("full")
    producer = ck.Producer({"bootstrap.servers": judging.BOOTSTRAP, "queue.buffering.max.messages": 500, "linger.ms": 20})
    full = 0
    for i in range(5000):
        while True:
            try:
                producer.produce(topic, f"v{i}", partition=0)
                break
            except BufferError:
                full += 1
                producer.poll(0.05)
    equal(producer.flush(30), 0)
    assert full > 0, "the queue was never full"
    equal(kcat("-C", "-t", topic, "-p", "0", "-e", "-q").splitlines(), [f"v{i}" for i in range(5000)])


if __name__ == "__main__":
    main()
