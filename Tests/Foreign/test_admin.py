#!/usr/bin/env python3
"""Administration by each client (run as judging.py says): what librdkafka's AdminClient, kafka-python's, aiokafka's and
the Java client's ask of a broker beyond what the other scripts of this folder do."""

import asyncio
import os
import shutil
import subprocess
import time

import judging
from judging import HERE, Skipped, equal, fresh, installed, main, test, wait
from peers import Confluent, subscribed


def refused(wanted, call):
    """The call fails with an error that this is part of, by its name or in its text."""
    try:
        call()
    except Exception as error:
        assert wanted in f"{type(error).__name__} {error}", f"{type(error).__name__}: {error}"
        return
    raise AssertionError(f"went through, wanted {wanted}")


def records(topic, count):
    Confluent.produce(topic, "none", [(str(1000 * (i + 1)), "k", f"v{i}", None) for i in range(count)])


# --- librdkafka -----------------------------------------------------------------------------------------------------


def confluent_admin():
    ck = installed("confluent_kafka")
    import confluent_kafka.admin as admin
    return ck, admin, admin.AdminClient({"bootstrap.servers": judging.BOOTSTRAP})


def only(futures):
    (future,) = futures.values()
    return future.result(20)


@test
def confluent_topics():
    ck, admin, client = confluent_admin()
    topic = fresh("ck-topics")
    only(client.create_topics([admin.NewTopic(topic, 5, 1, config={"cleanup.policy": "compact"})]))
    only(client.create_topics([admin.NewTopic(fresh("tried"), 2, 1)], validate_only=True))
    # Every topic, by a request for all of them.
    found = client.list_topics(timeout=20)
    equal(len(found.topics[topic].partitions), 5)
    assert not any(name.startswith("tried") for name in found.topics), "a topic was made that was only to be validated"
    for wanted, new in [("TOPIC_ALREADY_EXISTS", admin.NewTopic(topic, 1, 1)),
                        ("TOPIC_EXCEPTION", admin.NewTopic("no spaces", 1, 1)),
                        ("INVALID_PARTITIONS", admin.NewTopic(fresh("x"), 0, 1)),
                        ("INVALID_REPLICATION_FACTOR", admin.NewTopic(fresh("x"), 1, 3)),
                        ("INVALID_CONFIG", admin.NewTopic(fresh("x"), 1, 1, config={"no.such": "1"})),
                        ("INVALID_CONFIG", admin.NewTopic(fresh("x"), 1, 1, config={"retention.ms": "soon"}))]:
        try:
            only(client.create_topics([new]))
            raise AssertionError(f"went through, wanted {wanted}")
        except ck.KafkaException as error:
            assert wanted in error.args[0].name(), f"{error.args[0].name()}, wanted {wanted}"
    described = only(client.describe_topics(ck.TopicCollection([topic]), include_authorized_operations=True))
    equal((described.name, len(described.partitions), described.is_internal), (topic, 5, False))
    assert str(described.topic_id) and described.authorized_operations
    only(client.delete_topics([topic]))
    refused("UNKNOWN_TOPIC_OR_PART", lambda: only(client.delete_topics([topic])))
    refused("UNKNOWN_TOPIC_OR_PART", lambda: only(client.describe_topics(ck.TopicCollection([topic]))))


@test
def confluent_cluster():
    ck, admin, client = confluent_admin()
    cluster = client.describe_cluster(include_authorized_operations=True).result(20)
    equal((len(cluster.nodes), cluster.controller.id), (1, cluster.nodes[0].id))
    assert cluster.cluster_id and cluster.authorized_operations
    equal(f"{cluster.nodes[0].host}:{cluster.nodes[0].port}", judging.BOOTSTRAP)
    resource = admin.ConfigResource(admin.ConfigResource.Type.BROKER, str(cluster.nodes[0].id))
    found = only(client.describe_configs([resource]))
    assert found["log.retention.hours"].value == "168" and found["message.max.bytes"].value, "broker settings"
    try:
        users = client.describe_user_scram_credentials().result(20)
        equal(users, {})
    except ck.KafkaException as error:
        raise AssertionError(f"describing SCRAM users: {error}") from error


@test
def confluent_group_offsets():
    ck, admin, client = confluent_admin()
    topic, group = fresh("ck-offsets"), fresh("group")
    records(topic, 10)
    partition = ck.TopicPartition(topic, 0, 6)
    only(client.alter_consumer_group_offsets([ck.ConsumerGroupTopicPartitions(group, [partition])]))
    for asked in ([ck.TopicPartition(topic, 0)], None):
        found = only(client.list_consumer_group_offsets([ck.ConsumerGroupTopicPartitions(group, asked)]))
        equal([(p.partition, p.offset) for p in found.topic_partitions], [(0, 6)])
    # A consumer goes on there; while it runs, its offsets are its own.
    consumer = ck.Consumer({"bootstrap.servers": judging.BOOTSTRAP, "group.id": group, "auto.offset.reset": "error"})
    consumer.subscribe([topic])
    message = wait(lambda: consumer.poll(0.2), "nothing was read")
    equal((message.error(), message.offset()), (None, 6))
    result = client.alter_consumer_group_offsets([ck.ConsumerGroupTopicPartitions(group, [ck.TopicPartition(topic, 0, 1)])])
    # Per partition, or of the whole call, as the version of librdkafka has it.
    try:
        found = only(result).topic_partitions[0]
        assert found.error and found.error.name() == "UNKNOWN_MEMBER_ID", found.error
    except ck.KafkaException as error:
        equal(error.args[0].name(), "UNKNOWN_MEMBER_ID")
    consumer.close()
    only(client.delete_consumer_groups([group]))
    refused("GROUP_ID_NOT_FOUND", lambda: only(client.delete_consumer_groups([group])))


@test
def confluent_offsets():
    ck, admin, client = confluent_admin()
    topic = fresh("ck-specs")
    records(topic, 10)
    partition = ck.TopicPartition(topic, 0)
    only(client.delete_records([ck.TopicPartition(topic, 0, 3)]))
    for spec, wanted in [(admin.OffsetSpec.earliest(), 3), (admin.OffsetSpec.latest(), 10),
                         (admin.OffsetSpec.max_timestamp(), 9), (admin.OffsetSpec.for_timestamp(5500), 5),
                         (admin.OffsetSpec.for_timestamp(0), 3), (admin.OffsetSpec.for_timestamp(99_999), -1)]:
        for isolation in ck.IsolationLevel:
            found = only(client.list_offsets({partition: spec}, isolation_level=isolation))
            equal(found.offset, wanted, f"{spec} {isolation}")
    # Up to the end: nothing is left, and the place stays.
    equal(only(client.delete_records([ck.TopicPartition(topic, 0, -1)])).low_watermark, 10)
    equal(only(client.list_offsets({partition: admin.OffsetSpec.earliest()})).offset, 10)
    records(topic, 1)
    equal(only(client.list_offsets({partition: admin.OffsetSpec.latest()})).offset, 11)


# --- kafka-python ---------------------------------------------------------------------------------------------------


@test
def kafka_python_cluster():
    installed("kafka")
    from kafka.admin import KafkaAdminClient
    admin = KafkaAdminClient(bootstrap_servers=judging.BOOTSTRAP)
    cluster = admin.describe_cluster()
    equal(f"{cluster['brokers'][0]['host']}:{cluster['brokers'][0]['port']}", judging.BOOTSTRAP)
    versions = admin.api_versions()
    assert len(versions) > 40, versions
    features = admin.describe_features()
    assert "transaction.version" in str(features), features
    quorum = admin.describe_metadata_quorum()
    assert "voters" in str(quorum), quorum
    equal(admin.list_partition_reassignments(), {})
    refused("SecurityDisabled", lambda: describe_acls(admin))
    equal(len(admin.describe_log_dirs()), 1)
    admin.close()


def describe_acls(admin):
    from kafka.admin import ACLFilter, ACLOperation, ACLPermissionType, ResourcePatternFilter, ResourceType
    from kafka.admin import ACLResourcePatternType
    found = admin.describe_acls(ACLFilter(
        principal=None, host="*", operation=ACLOperation.ANY, permission_type=ACLPermissionType.ANY,
        resource_pattern=ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)))
    # Told as an error, or as a pair of rules and error.
    raise RuntimeError(str(found))


@test
def kafka_python_group_offsets():
    kafka = installed("kafka")
    from kafka.admin import KafkaAdminClient
    topic, group = fresh("kp-offsets"), fresh("group")
    records(topic, 10)
    partition = kafka.TopicPartition(topic, 0)
    admin = KafkaAdminClient(bootstrap_servers=judging.BOOTSTRAP)
    admin.alter_group_offsets(group, {partition: kafka.OffsetAndMetadata(4, "four", -1)})
    found = admin.list_group_offsets(group)
    found = found.get(group, found)[partition]
    equal((found.offset, found.metadata), (4, "four"))
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=judging.BOOTSTRAP, group_id=group, group_instance_id="stays", session_timeout_ms=30_000)
    subscribed(consumer, topic)
    first = wait(lambda: next(iter(consumer.poll(1000).values()), None), "nothing was read")[0]
    equal(first.offset, 4)
    consumer.close()
    # A static member is still there, until somebody removes it.
    equal(len(admin.describe_groups([group])[group]["members"]), 1)
    admin.remove_group_members(group, remove_members(admin))
    wait(lambda: not admin.describe_groups([group])[group]["members"], "the member stays")
    admin.delete_groups([group])
    equal(admin.describe_groups([group])[group]["group_state"], "Dead")
    admin.close()


def remove_members(admin):
    from kafka import admin as module
    return [module.MemberToRemove(group_instance_id="stays")] if hasattr(module, "MemberToRemove") else ["stays"]


@test
def kafka_python_offsets_and_producers():
    kafka = installed("kafka")
    from kafka.admin import KafkaAdminClient
    topic, name = fresh("kp-specs"), fresh("t")
    producer = kafka.KafkaProducer(bootstrap_servers=judging.BOOTSTRAP, transactional_id=name)
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, b"x", partition=0, timestamp_ms=5000).get(20)
    admin = KafkaAdminClient(bootstrap_servers=judging.BOOTSTRAP)
    partition = kafka.TopicPartition(topic, 0)
    for spec, wanted in [(-2, 0), (-1, 1), (-3, 0), (4000, 0), (5001, -1)]:
        equal(admin.list_partition_offsets({partition: spec})[partition].offset, wanted, f"offset of {spec}")
    described = admin.describe_transactions([name])
    assert "Ongoing" in str(described), described
    assert name in str(admin.list_transactions()), admin.list_transactions()
    assert "producer_id" in str(admin.describe_producers([partition])), admin.describe_producers([partition])
    producer.commit_transaction()
    described = admin.describe_transactions([name])
    assert "CompleteCommit" in str(described), described
    producer.close()
    admin.close()


# --- aiokafka -------------------------------------------------------------------------------------------------------


@test
def aiokafka_administers():
    aiokafka = installed("aiokafka")
    from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
    topic, group = fresh("aio-admin"), fresh("group")

    async def run():
        admin = AIOKafkaAdminClient(bootstrap_servers=judging.BOOTSTRAP)
        await admin.start()
        await admin.create_topics([NewTopic(topic, 2, 1, topic_configs={"flush.ms": "9"})])
        assert topic in await admin.list_topics()
        await admin.create_partitions({topic: NewPartitions(4)})
        (found,) = await admin.describe_topics([topic])
        equal(len(found["partitions"]), 4)
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        assert "flush.ms" in str(answers) and "retention.ms" in str(answers), str(answers)[:300]
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "77777"})])
        assert "77777" in str(await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]))
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=judging.BOOTSTRAP)
        await producer.start()
        for i in range(10):
            await producer.send_and_wait(topic, b"%d" % i, partition=1)
        await producer.stop()
        partition = aiokafka.TopicPartition(topic, 1)
        equal((await admin.delete_records({partition: RecordsToDelete(before_offset=4)}))[partition], 4)
        consumer = aiokafka.AIOKafkaConsumer(
            topic, bootstrap_servers=judging.BOOTSTRAP, group_id=group, auto_offset_reset="earliest",
            enable_auto_commit=False)
        await consumer.start()
        equal((await asyncio.wait_for(consumer.getone(), 15)).offset, 4)
        equal((await consumer.beginning_offsets([partition]))[partition], 4)
        await consumer.commit({partition: 7})
        assert group in [g[0] for g in await admin.list_consumer_groups()]
        described = await admin.describe_consumer_groups([group])
        assert "Stable" in str(described), described
        await consumer.stop()
        found = await admin.list_consumer_group_offsets(group)
        equal(found[partition].offset, 7)
        equal(await admin.find_coordinator(group), 1)
        cluster = await admin.describe_cluster()
        assert str(judging.address()[1]) in str(cluster), cluster
        await admin.delete_topics([topic])
        assert topic not in await admin.list_topics()
        await admin.close()

    asyncio.run(run())


# --- the Java client ------------------------------------------------------------------------------------------------


@test
def the_java_admin():
    jars = os.environ.get("JARS")
    if not jars or not shutil.which("java"):
        raise Skipped("no Java, or its jars are not named by JARS")
    done = subprocess.run(
        ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*", f"{HERE}/JavaAdmin.java"], timeout=120, text=True,
        capture_output=True, env={**os.environ, "BOOTSTRAP": judging.BOOTSTRAP})
    print("\n".join("     " + line for line in done.stdout.splitlines()))
    assert done.returncode == 0, done.stderr[-2000:]


if __name__ == "__main__":
    main()
