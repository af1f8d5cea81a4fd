#!/usr/bin/env python3
"""What an admin client of others tells of a cluster, in lines that every client can be held against:

    python Tests/Foreign/admin_compare.py BOOTSTRAP confluent|kafka-python TOPIC GROUP IDLE

GROUP has members, IDLE has only offsets. AdminCompareTests.swift writes the same lines with this library's admin client,
and compares those that the client here can tell. The line "kinds ..." says which those are."""

import sys


def members(group, entries):
    for client, partitions in entries:
        print(f"member {group} {client} " + ",".join(f"{t}-{p}" for t, p in sorted(partitions)))


def joined(ids):
    return ",".join(str(i) for i in sorted(ids))


def confluent(bootstrap, topic, group, idle):
    import confluent_kafka as ck
    from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec
    print("kinds broker id partition config listed group member committed first end newest")
    client = AdminClient({"bootstrap.servers": bootstrap})
    cluster = client.describe_cluster(request_timeout=10).result()
    for node in cluster.nodes:
        print(f"broker {node.id} {node.host}:{node.port}")
    described = client.describe_topics(ck.TopicCollection([topic]), request_timeout=10)[topic].result()
    # librdkafka writes the letters of plain base64, Kafka's own tools those for addresses.
    print(f"id {topic} {str(described.topic_id).replace('+', '-').replace('/', '_')}")
    for p in described.partitions:
        print(f"partition {topic}-{p.id} leader={p.leader.id} replicas={joined(n.id for n in p.replicas)} "
              f"isr={joined(n.id for n in p.isr)}")
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    for name, entry in client.describe_configs([resource], request_timeout=10)[resource].result().items():
        print(f"config {topic} {name}={entry.value}")
    for one in client.list_consumer_groups(request_timeout=10).result().valid:
        print(f"listed {one.group_id} {one.state.name.lower()} {one.type.name.lower()}")
    found = client.describe_consumer_groups([group], request_timeout=10)[group].result()
    print(f"group {group} {found.state.name.lower()} {found.partition_assignor}")
    members(group, [(m.client_id, [(p.topic, p.partition) for p in m.assignment.topic_partitions])
                    for m in found.members])
    for one in [group, idle]:
        futures = client.list_consumer_group_offsets([ck.ConsumerGroupTopicPartitions(one)], request_timeout=10)
        for p in futures[one].result().topic_partitions:
            print(f"committed {one} {p.topic}-{p.partition} {p.offset}")
    partitions = [ck.TopicPartition(topic, p.id) for p in described.partitions]
    for name, spec in [("first", OffsetSpec.earliest()), ("end", OffsetSpec.latest()),
                       ("newest", OffsetSpec.max_timestamp())]:
        for p, future in client.list_offsets({p: spec for p in partitions}, request_timeout=10).items():
            print(f"{name} {p.topic}-{p.partition} {future.result().offset}")


def kafka_python(bootstrap, topic, group, idle):
    from kafka import TopicPartition
    from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, OffsetSpec
    print("kinds broker partition config listed group member committed first end newest transaction logs")
    client = KafkaAdminClient(bootstrap_servers=bootstrap.split(","))
    for node in client.describe_cluster()["brokers"]:
        print(f"broker {node['broker_id']} {node['host']}:{node['port']}")
    (described,) = client.describe_topics([topic])
    for p in described["partitions"]:
        print(f"partition {topic}-{p['partition_index']} leader={p['leader_id']} replicas={joined(p['replica_nodes'])} "
              f"isr={joined(p['isr_nodes'])}")
    configs = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
    for name, entry in configs["topic"][topic].items():
        print(f"config {topic} {name}={entry['value']}")
    for one in client.list_groups():
        print(f"listed {one['group_id']} {one['group_state'].lower()} {one['group_type'].lower()}")
    found = client.describe_groups([group])[group]
    print(f"group {group} {found['group_state'].lower()} {found['protocol_data']}")
    members(group, [(m["client_id"], [(t["topic"], p) for t in m["member_assignment"]["assigned_partitions"]
                                      for p in t["partitions"]]) for m in found["members"]])
    for one, offsets in client.list_group_offsets({group: None, idle: None}).items():
        for p, offset in offsets.items():
            print(f"committed {one} {p.topic}-{p.partition} {offset.offset}")
    partitions = [TopicPartition(topic, p["partition_index"]) for p in described["partitions"]]
    for name, spec in [("first", OffsetSpec.EARLIEST), ("end", OffsetSpec.LATEST),
                       ("newest", OffsetSpec.MAX_TIMESTAMP)]:
        for p, offset in client.list_partition_offsets({p: spec for p in partitions}).items():
            print(f"{name} {p.topic}-{p.partition} {offset.offset}")
    for listed in client.list_transactions().values():
        for one in listed:
            print(f"transaction {one.transactional_id} {one.producer_id} {one.state.value}")
    for broker in client.describe_log_dirs():
        for directory in broker["log_dirs"]:
            for t in directory["topics"]:
                for p in t["partitions"]:
                    print(f"logs {broker['broker']} {t['name']}-{p['partition_index']} {p['partition_size']}")


if __name__ == "__main__":
    {"confluent": confluent, "kafka-python": kafka_python}[sys.argv[2]](sys.argv[1], *sys.argv[3:])
