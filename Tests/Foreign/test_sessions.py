#!/usr/bin/env python3
"""Sessions that end (KIP-368) and tokens that run out, under load: what an idempotent producer sends is there once and
in order, and clients that can say again who they are keep their connections.

    KW=.build/debug/kw JARS=…/debezium/libs python Tests/Foreign/test_sessions.py [part of a test's name]
"""

import asyncio
import concurrent.futures
import json
import time

import doors
import judging
import secure_broker
from doors import Door
from judging import equal, fresh, installed, test
from secure_broker import said

SECONDS = 6


def java(door, topic, **more):
    told = doors.Java.peer().call("load", doors.Java.settings(door, **more), topic, SECONDS * 1000, timeout=60)
    sent, found, wrong, *counts = map(int, told)
    equal((found, wrong), (sent, -1), f"{door.mechanism}: how many were found, and the first at a wrong place")
    again, failed, connections = (a + b for a, b in zip(counts[:3], counts[3:]))
    return {"sent": sent, "again": again, "failed": failed, "connections": connections}


def in_order(found, sent, what):
    wrong = next((i for i, value in enumerate(found) if value != i), None)
    equal((len(found), wrong), (sent, None), f"{what}: how many were found, and the first at a wrong place")


def librdkafka(door, topic, **more):
    ck = installed("confluent_kafka")
    connects, errors, failures, found = {}, [], [], []

    def statistics(name):
        def read(text):
            brokers = json.loads(text)["brokers"].values()
            connects[name] = (sum(b["connects"] for b in brokers), sum(b["disconnects"] for b in brokers))

        return read

    def settings(name, **own):
        return doors.Confluent.settings(door, statistics_interval_ms=200, **own, **more) | {
            "stats_cb": statistics(name), "error_cb": errors.append}  # fmt: skip

    producer = ck.Producer(settings("producer", enable_idempotence=True))
    consumer = ck.Consumer(settings("consumer", group_id=topic, auto_offset_reset="earliest"))
    consumer.subscribe([topic])
    sent, end = 0, time.time() + SECONDS
    while time.time() < end or (len(found) < sent and time.time() < end + 15):
        for _ in range(20 if time.time() < end else 0):
            producer.produce(topic, str(sent), partition=0, on_delivery=lambda e, _: failures.append(e) if e else None)
            sent += 1
        producer.poll(0)
        found += [int(m.value()) for m in consumer.consume(100, 0.01) if not m.error()]
    equal(producer.flush(10), 0)
    found += [int(m.value()) for m in consumer.consume(10, 0.3) if not m.error()]
    consumer.close()
    equal(failures, [])
    in_order(found, sent, "librdkafka")
    return {"sent": sent, "connections": sum(c for c, _ in connects.values()),
            "disconnects": sum(d for _, d in connects.values()), "errors": [str(e) for e in errors]}  # fmt: skip


def kafka_python(door, topic):
    kafka = installed("kafka")
    producer = kafka.KafkaProducer(**doors.KafkaPython.settings(door, enable_idempotence=True))
    consumer = kafka.KafkaConsumer(
        **doors.KafkaPython.settings(door, auto_offset_reset="earliest", fetch_max_wait_ms=50))
    producer.partitions_for(topic)
    consumer.assign([kafka.TopicPartition(topic, 0)])
    pending, found, end = [], [], time.time() + SECONDS
    while time.time() < end or (len(found) < len(pending) and time.time() < end + 15):
        for _ in range(10 if time.time() < end else 0):
            pending.append(producer.send(topic, str(len(pending)).encode(), partition=0))
        for batch in consumer.poll(10).values():
            found += [int(record.value) for record in batch]
    for future in pending:
        future.get(10)
    for batch in consumer.poll(300).values():
        found += [int(record.value) for record in batch]
    # Those that were closed are counted as a rate over 30 s or more.
    closed = sum(values["connection-close-rate"] for client in [producer, consumer]
                 for group, values in client.metrics().items() if "connection-close-rate" in values)  # fmt: skip
    consumer.close()
    producer.close()
    in_order(found, len(pending), "kafka-python")
    return {"sent": len(pending), "closed": closed}


def aiokafka(door, topic):
    module = installed("aiokafka")

    async def run():
        producer = module.AIOKafkaProducer(**doors.Aiokafka.settings(door, enable_idempotence=True))
        consumer = module.AIOKafkaConsumer(
            **doors.Aiokafka.settings(door, auto_offset_reset="earliest", fetch_max_wait_ms=50))
        await producer.start()
        await producer.partitions_for(topic)
        await consumer.start()
        consumer.assign([module.TopicPartition(topic, 0)])
        pending, found, end = [], [], time.time() + SECONDS
        while time.time() < end or (len(found) < len(pending) and time.time() < end + 15):
            for _ in range(10 if time.time() < end else 0):
                pending.append(await producer.send(topic, str(len(pending)).encode(), partition=0))
            for batch in (await consumer.getmany(timeout_ms=10)).values():
                found += [int(record.value) for record in batch]
        await asyncio.gather(*pending)
        for batch in (await consumer.getmany(timeout_ms=300)).values():
            found += [int(record.value) for record in batch]
        await consumer.stop()
        await producer.stop()
        in_order(found, len(pending), "aiokafka")
        return {"sent": len(pending)}

    return asyncio.run(asyncio.wait_for(run(), 60))


def ended():
    """Connections that the broker has closed because their session was over."""
    return [line for line in said() if "its session is over" in line]


@test
def clients_say_again_who_they_are():
    before = len(ended())
    doors.Java.peer()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        jobs = [pool.submit(java, Door("SHORT", mechanism="SCRAM-SHA-256"), fresh("java")),
                pool.submit(java, Door("SHORT", mechanism="PLAIN"), fresh("java-plain")),
                pool.submit(librdkafka, Door("SHORT", mechanism="SCRAM-SHA-512"), fresh("librdkafka"))]
        scram, plain, rdkafka = (job.result() for job in jobs)
    print(f"     java SCRAM {scram}, PLAIN {plain}, librdkafka {rdkafka}")
    for told in [scram, plain]:
        assert told["again"] >= 5 and told["failed"] == 0, told
        # The producer's are two, the consumer's three: one to ask, one to the broker, one to the coordinator.
        assert told["connections"] <= 5, told
    equal(rdkafka["disconnects"], 0, f"{rdkafka}")
    equal(ended()[before:], [], "connections that the broker has ended")


@test
def kafka_python_says_again_who_it_is():
    before = len(ended())
    told = kafka_python(Door("SHORT", mechanism="SCRAM-SHA-256"), fresh("kafka-python"))
    print(f"     kafka-python {told}, ended by the broker: {len(ended()) - before}")
    equal(ended()[before:], [], "connections that the broker has ended")


@test
def who_does_not_loses_the_connection_and_nothing_else():
    """aiokafka 0.14 does not know that sessions end."""
    before = len(ended())
    told = aiokafka(Door("SHORT", mechanism="SCRAM-SHA-256"), fresh("aiokafka"))
    print(f"     aiokafka {told}, ended by the broker: {len(ended()) - before}")
    assert len(ended()) > before


@test
def tokens_of_five_seconds_are_renewed():
    """By Java's login thread and librdkafka's refresh; the session ends with the token, though the listener has none."""
    before = len(ended())
    door = Door("SASL_PLAINTEXT", mechanism="OAUTHBEARER")
    doors.Java.peer()
    login = doors.Java.login(door).replace(";", ' unsecuredLoginLifetimeSeconds="5";')
    with concurrent.futures.ThreadPoolExecutor() as pool:
        jobs = [pool.submit(java, door, fresh("java-token"), sasl_jaas_config=login,
                            sasl_login_refresh_min_period_seconds=1, sasl_login_refresh_buffer_seconds=1),
                pool.submit(librdkafka, door, fresh("librdkafka-token"),
                            sasl_oauthbearer_config="principal=alice lifeSeconds=5")]  # fmt: skip
        told, rdkafka = (job.result() for job in jobs)
    print(f"     java {told}, librdkafka {rdkafka}")
    assert told["again"] >= 2 and told["failed"] == 0 and told["connections"] <= 5, told
    equal(rdkafka["disconnects"], 0, f"{rdkafka}")
    equal(ended()[before:], [], "connections that the broker has ended")


if __name__ == "__main__":
    secure_broker.start()
    judging.main()
