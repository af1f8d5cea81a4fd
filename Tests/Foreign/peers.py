"""The same few things done by every client: produce, consume, transact. Records are tuples (timestamp, key, value,
header): texts or None, the header being the value of `h`; all of it in partition 0."""

import asyncio
import json
import time

import judging
from judging import fresh, installed, java, kcat, wait

SECONDS = 20
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def usable(codec_module):
    """The codecs whose libraries a Python client finds."""
    return [c for c in CODECS if c == "none" or getattr(codec_module, f"has_{c}")()]


def packed(text):
    return None if text is None else text.encode()


def unpacked(data):
    return None if data is None else data.decode()


def as_record(timestamp, key, value, headers):
    header = dict(headers or []).get("h")
    return timestamp, unpacked(key), unpacked(value), unpacked(header) if isinstance(header, bytes) else header


# --- kafka-python ---------------------------------------------------------------------------------------------------


class KafkaPython:
    name = "kafka-python"

    @staticmethod
    def codecs():
        installed("kafka")
        import kafka.codec
        return usable(kafka.codec)

    @staticmethod
    def produce(topic, codec, records):
        kafka = installed("kafka")
        producer = kafka.KafkaProducer(
            bootstrap_servers=judging.BOOTSTRAP, compression_type=None if codec == "none" else codec, linger_ms=20)
        sent = [producer.send(topic, packed(value), packed(key), [("h", packed(header))] if header is not None else [],
                              0, int(timestamp)) for timestamp, key, value, header in records]
        for future in sent:
            future.get(SECONDS)
        producer.close()

    @staticmethod
    def consume(topic, count, isolation="read_uncommitted"):
        kafka = installed("kafka")
        consumer = kafka.KafkaConsumer(
            bootstrap_servers=judging.BOOTSTRAP, auto_offset_reset="earliest", isolation_level=isolation,
            fetch_max_wait_ms=50)
        partition = kafka.TopicPartition(topic, 0)
        consumer.assign([partition])
        found = []
        end = time.time() + SECONDS
        last = consumer.end_offsets([partition])[partition]
        while consumer.position(partition) < last and time.time() < end:
            for batch in consumer.poll(100).values():
                found += [as_record(str(r.timestamp), r.key, r.value, r.headers) for r in batch]
        consumer.close()
        return found

    @staticmethod
    def transact(name, topic, end, values):
        kafka = installed("kafka")
        producer = kafka.KafkaProducer(bootstrap_servers=judging.BOOTSTRAP, transactional_id=name)
        producer.init_transactions()
        producer.begin_transaction()
        for value in values:
            producer.send(topic, value.encode(), partition=0)
        producer.flush()
        producer.commit_transaction() if end == "commit" else producer.abort_transaction()
        producer.close()


def subscribed(consumer, topic):
    """kafka-python 3.0.12 that joins before it knows the topic joins twice, and loses the second answer when a call of
    poll ends just then: it stays without partitions. So it is told of the topic first, and polls for long."""
    wait(lambda: consumer.partitions_for_topic(topic), "kafka-python does not see the topic")
    consumer.subscribe([topic])


# --- librdkafka -----------------------------------------------------------------------------------------------------


class Confluent:
    name = "confluent-kafka"

    @staticmethod
    def codecs():
        installed("confluent_kafka")
        return CODECS

    @staticmethod
    def produce(topic, codec, records):
        ck = installed("confluent_kafka")
        failures = []
        producer = ck.Producer({"bootstrap.servers": judging.BOOTSTRAP, "compression.type": codec, "linger.ms": 20})
        for timestamp, key, value, header in records:
            producer.produce(topic, packed(value), packed(key), 0, timestamp=int(timestamp),
                             headers=[("h", packed(header))] if header is not None else [],
                             on_delivery=lambda error, _: failures.append(error) if error else None)
        assert producer.flush(SECONDS) == 0 and not failures, failures

    @staticmethod
    def consume(topic, count, isolation="read_uncommitted"):
        ck = installed("confluent_kafka")
        consumer = ck.Consumer({
            "bootstrap.servers": judging.BOOTSTRAP, "group.id": fresh("unused"), "check.crcs": True,
            "isolation.level": isolation, "enable.partition.eof": True, "enable.auto.commit": False,
            "fetch.wait.max.ms": 50})
        consumer.assign([ck.TopicPartition(topic, 0, 0)])
        found = []
        end = time.time() + SECONDS
        while time.time() < end:
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error():
                assert message.error().code() == ck.KafkaError._PARTITION_EOF, message.error()
                break
            found.append(as_record(str(message.timestamp()[1]), message.key(), message.value(), message.headers()))
        consumer.close()
        return found

    @staticmethod
    def transact(name, topic, end, values):
        ck = installed("confluent_kafka")
        producer = ck.Producer({"bootstrap.servers": judging.BOOTSTRAP, "transactional.id": name})
        producer.init_transactions(SECONDS)
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value, partition=0)
        assert producer.flush(SECONDS) == 0
        producer.commit_transaction(SECONDS) if end == "commit" else producer.abort_transaction(SECONDS)


# --- aiokafka -------------------------------------------------------------------------------------------------------


class Aiokafka:
    name = "aiokafka"

    @staticmethod
    def codecs():
        installed("aiokafka")
        import aiokafka.codec
        return usable(aiokafka.codec)

    @staticmethod
    def produce(topic, codec, records):
        aiokafka = installed("aiokafka")

        async def run():
            producer = aiokafka.AIOKafkaProducer(
                bootstrap_servers=judging.BOOTSTRAP, compression_type=None if codec == "none" else codec, linger_ms=20)
            await producer.start()
            sent = [await producer.send(topic, packed(value), packed(key), 0, int(timestamp),
                                        [("h", packed(header))] if header is not None else [])
                    for timestamp, key, value, header in records]
            await asyncio.wait_for(asyncio.gather(*sent), SECONDS)
            await producer.stop()

        asyncio.run(run())

    @staticmethod
    def consume(topic, count, isolation="read_uncommitted"):
        aiokafka = installed("aiokafka")

        async def run():
            consumer = aiokafka.AIOKafkaConsumer(
                bootstrap_servers=judging.BOOTSTRAP, auto_offset_reset="earliest", isolation_level=isolation,
                fetch_max_wait_ms=50)
            await consumer.start()
            partition = aiokafka.TopicPartition(topic, 0)
            consumer.assign([partition])
            found = []
            last = (await consumer.end_offsets([partition]))[partition]
            end = time.time() + SECONDS
            while await consumer.position(partition) < last and time.time() < end:
                for batch in (await consumer.getmany(timeout_ms=100)).values():
                    found += [as_record(str(r.timestamp), r.key, r.value, r.headers) for r in batch]
            await consumer.stop()
            return found

        return asyncio.run(run())

    @staticmethod
    def transact(name, topic, end, values):
        aiokafka = installed("aiokafka")

        async def run():
            producer = aiokafka.AIOKafkaProducer(bootstrap_servers=judging.BOOTSTRAP, transactional_id=name)
            await producer.start()
            await producer.begin_transaction()
            for value in values:
                await producer.send_and_wait(topic, value.encode(), partition=0)
            await (producer.commit_transaction() if end == "commit" else producer.abort_transaction())
            await producer.stop()

        asyncio.run(run())


# --- kcat -----------------------------------------------------------------------------------------------------------


class Kcat:
    """Cannot say timestamps; what is null it says with -Z, and a header it has for a whole run."""

    name = "kcat"

    @staticmethod
    def codecs():
        kcat("-V")
        return CODECS

    @staticmethod
    def produce(topic, codec, records):
        keyed = [(key, value) for _, key, value, _ in records]
        kcat("-P", "-t", topic, "-p", "0", "-z", codec, "-K", "\t", "-Z", "-H", "h=kcat",
             stdin="\n".join(f"{key or ''}\t{value or ''}" for key, value in keyed))

    @staticmethod
    def consume(topic, count, isolation="read_uncommitted"):
        lines = kcat("-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q", "-J", "-X",
                     f"isolation.level={isolation}", "-X", "fetch.wait.max.ms=50").splitlines()
        found = []
        for line in lines:
            said = json.loads(line)
            headers = said.get("headers") or []
            header = dict(zip(headers[::2], headers[1::2])).get("h")
            found.append((str(said["ts"]), said["key"], said["payload"], header))
        return found


# --- the Java client ------------------------------------------------------------------------------------------------


class JavaClient:
    name = "java"

    @staticmethod
    def codecs():
        java()
        return CODECS

    @staticmethod
    def produce(topic, codec, records):
        java().call("produce", topic, codec, *[text for record in records for text in record])

    @staticmethod
    def consume(topic, count, isolation="read_uncommitted"):
        texts = java().call("consume", topic, count, isolation)
        return list(zip(*[iter(texts)] * 4))

    @staticmethod
    def transact(name, topic, end, values):
        java().call("transact", name, topic, end, *values)


PRODUCERS = [KafkaPython, Confluent, Aiokafka, Kcat, JavaClient]
CONSUMERS = PRODUCERS
TRANSACTORS = [KafkaPython, Confluent, Aiokafka, JavaClient]


def available(clients):
    """Those of the clients that are there; for the others it is said why not."""
    found = []
    for client in clients:
        try:
            client.codecs()
            found.append(client)
        except judging.Skipped as reason:
            print(f"     without {client.name}: {reason}")
    return found
