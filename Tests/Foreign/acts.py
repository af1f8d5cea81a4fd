"""What a client may be denied, done by each of them: "done", or the client's own name for the denial, with what it
says.

produce TOPIC · consume TOPIC GROUP (and commit) · transact TOPIC ID · create TOPIC · acls (make one)."""

import asyncio
import time

import doors
import judging
from judging import installed

SECONDS = 8


class Java:
    name = "java"
    settings = doors.Java.settings
    NAMES = {"create": "createTopic", "acls": "createAcls"}

    @staticmethod
    def act(door, what, *names):
        if what == "acls":
            names = ["TOPIC|never|LITERAL|User:nobody|READ|ALLOW"]
        try:
            doors.Java.peer().call("do", doors.Java.settings(door), Java.NAMES.get(what, what), *names)
            return "done"
        except judging.JavaError as error:
            return str(error)


class Confluent:
    name = "librdkafka"

    @staticmethod
    def act(door, what, *names):
        ck = installed("confluent_kafka")
        try:
            return getattr(Confluent, what)(ck, lambda **more: doors.Confluent.settings(door, **more), *names)
        except ck.KafkaException as error:
            return Confluent.text(error.args[0])

    @staticmethod
    def text(error):
        return f"{error.name()}: {error.str()}"

    @staticmethod
    def produce(ck, settings, topic):
        told = []
        producer = ck.Producer(settings(message_timeout_ms=SECONDS * 1000))
        producer.produce(topic, b"v", on_delivery=lambda error, _: told.append(error))
        producer.flush(SECONDS + 2)
        # Its errors cannot be compared with nothing.
        return "nothing" if not told else "done" if told[0] is None else Confluent.text(told[0])

    @staticmethod
    def consume(ck, settings, topic, group):
        consumer = ck.Consumer(settings(group_id=group, auto_offset_reset="earliest", fetch_wait_max_ms=50))
        consumer.subscribe([topic])
        try:
            end = time.time() + SECONDS
            while time.time() < end:
                message = consumer.poll(0.2)
                if message is None:
                    continue
                if message.error():
                    return Confluent.text(message.error())
                consumer.commit(message, asynchronous=False)
                return "done"
            return "nothing"
        finally:
            consumer.close()

    @staticmethod
    def transact(ck, settings, topic, name):
        producer = ck.Producer(settings(transactional_id=name))
        producer.init_transactions(SECONDS)
        producer.begin_transaction()
        producer.produce(topic, b"t")
        producer.commit_transaction(SECONDS)
        return "done"

    @staticmethod
    def create(ck, settings, topic):
        admin = installed("confluent_kafka.admin").admin
        # Without the client what it was asked for comes to nothing.
        client = admin.AdminClient(settings())
        for future in client.create_topics([admin.NewTopic(topic, 1, 1)]).values():
            future.result(SECONDS)
        return "done"

    @staticmethod
    def acls(ck, settings):
        admin = installed("confluent_kafka.admin").admin
        binding = admin.AclBinding(
            admin.ResourceType.TOPIC, "never", admin.ResourcePatternType.LITERAL, "User:nobody", "*",
            admin.AclOperation.READ, admin.AclPermissionType.ALLOW)  # fmt: skip
        client = admin.AdminClient(settings())
        for future in client.create_acls([binding]).values():
            future.result(SECONDS)
        return "done"


class KafkaPython:
    name = "kafka-python"
    log = doors.Overheard("kafka.cluster")

    @staticmethod
    def act(door, what, *names):
        kafka = installed("kafka")
        try:
            return getattr(KafkaPython, what)(kafka, lambda **more: doors.KafkaPython.settings(door, **more), *names)
        except kafka.errors.KafkaError as error:
            return f"{type(error).__name__}: {error}"

    @staticmethod
    def produce(kafka, settings, topic):
        producer = kafka.KafkaProducer(**settings(max_block_ms=SECONDS * 1000))
        try:
            producer.send(topic, b"v").get(SECONDS)
        finally:
            producer.close(1)
        return "done"

    @staticmethod
    def consume(kafka, settings, topic, group):
        consumer = kafka.KafkaConsumer(**settings(group_id=group, auto_offset_reset="earliest", fetch_max_wait_ms=50))
        try:
            # It joins without partitions where it does not know the topic yet (peers.subscribed).
            consumer.partitions_for_topic(topic)
            consumer.subscribe([topic])
            end = time.time() + SECONDS
            while time.time() < end:
                if consumer.poll(500):
                    consumer.commit()
                    return "done"
                # It says so, and keeps asking.
                denied = [text for _, text in KafkaPython.log.said if f"{topic} is not authorized" in text]
                if denied:
                    KafkaPython.log.said.clear()
                    return f"TopicAuthorizationFailedError: {denied[0]}"
            return "nothing"
        finally:
            consumer.close(autocommit=False)

    @staticmethod
    def transact(kafka, settings, topic, name):
        producer = kafka.KafkaProducer(**settings(transactional_id=name, max_block_ms=SECONDS * 1000))
        try:
            producer.init_transactions()
            producer.begin_transaction()
            producer.send(topic, b"t")
            producer.commit_transaction()
        finally:
            producer.close(1)
        return "done"

    @staticmethod
    def create(kafka, settings, topic):
        admin = kafka.KafkaAdminClient(**settings())
        try:
            admin.create_topics([kafka.admin.NewTopic(topic, 1, 1)])
        finally:
            admin.close()
        return "done"

    @staticmethod
    def acls(kafka, settings):
        from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

        admin = kafka.KafkaAdminClient(**settings())
        try:
            told = admin.create_acls([ACL("User:nobody", "*", ACLOperation.READ, ACLPermissionType.ALLOW,
                                          ResourcePattern(ResourceType.TOPIC, "never"))])  # fmt: skip
        finally:
            admin.close()
        # It gives back the errors' classes.
        return f"{told['failed'][0].__name__}: {told['failed'][0].description}" if told["failed"] else "done"


class Aiokafka:
    name = "aiokafka"

    @staticmethod
    def act(door, what, *names):
        aiokafka = installed("aiokafka")
        try:
            found = getattr(Aiokafka, what)(aiokafka, lambda **more: doors.Aiokafka.settings(door, **more), *names)
            return asyncio.run(asyncio.wait_for(found, 2 * SECONDS))
        except (aiokafka.errors.KafkaError, asyncio.TimeoutError) as error:
            return f"{type(error).__name__}: {error}"

    @staticmethod
    async def produce(aiokafka, settings, topic):
        async with aiokafka.AIOKafkaProducer(**settings()) as producer:
            await producer.send_and_wait(topic, b"v")
        return "done"

    @staticmethod
    async def consume(aiokafka, settings, topic, group):
        consumer = aiokafka.AIOKafkaConsumer(
            topic, **settings(group_id=group, auto_offset_reset="earliest", enable_auto_commit=False))
        try:
            await consumer.start()
            await asyncio.wait_for(consumer.getone(), SECONDS)
            await consumer.commit()
        finally:
            await consumer.stop()
        return "done"

    @staticmethod
    async def transact(aiokafka, settings, topic, name):
        async with aiokafka.AIOKafkaProducer(**settings(transactional_id=name)) as producer:
            async with producer.transaction():
                await producer.send_and_wait(topic, b"t")
        return "done"

    @staticmethod
    async def create(aiokafka, settings, topic):
        from aiokafka.admin import AIOKafkaAdminClient, NewTopic

        admin = AIOKafkaAdminClient(**settings())
        await admin.start()
        try:
            told = await admin.create_topics([NewTopic(topic, 1, 1)])
        finally:
            await admin.close()
        error = aiokafka.errors.for_code(told.topic_errors[0][1])
        return "done" if told.topic_errors[0][1] == 0 else f"{error.__name__}: {told.topic_errors[0]}"

    # It makes no ACLs.
    acls = None


CLIENTS = [Java, Confluent, KafkaPython, Aiokafka]
