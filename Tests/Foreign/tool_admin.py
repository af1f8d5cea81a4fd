#!/usr/bin/env python3
"""What an admin client of others makes of a cluster, and tells of it, for kw's commands to be held against:

    python Tests/Foreign/tool_admin.py BOOTSTRAP confluent|kafka-python make TOPIC
    python Tests/Foreign/tool_admin.py BOOTSTRAP confluent|kafka-python tell TOPIC...

"make" creates TOPIC with 3 partitions, two replicas and a setting, changes settings, adds a partition, writes to it, and
deletes records. "tell" writes lines; ForeignToolsAdminTests.swift makes the same of what kw says as JSON."""

import sys


def joined(ids):
    return ",".join(str(i) for i in sorted(ids))


class Confluent:
    def __init__(self, bootstrap):
        from confluent_kafka.admin import AdminClient
        self.bootstrap = bootstrap
        self.client = AdminClient({"bootstrap.servers": bootstrap})

    def make(self, topic):
        from confluent_kafka import Producer, TopicPartition
        from confluent_kafka.admin import (AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic)
        self.client.create_topics([NewTopic(topic, 3, 2, config={"retention.ms": "70000"})])[topic].result(10)
        entries = [ConfigEntry("max.message.bytes", "123456", incremental_operation=AlterConfigOpType.SET),
                   ConfigEntry("cleanup.policy", "compact,delete", incremental_operation=AlterConfigOpType.SET)]
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
        self.client.incremental_alter_configs([resource])[resource].result(10)
        self.client.create_partitions([NewPartitions(topic, 4)])[topic].result(10)
        producer = Producer({"bootstrap.servers": self.bootstrap})
        for number in range(40):
            producer.produce(topic, f"v{number}", key=f"k{number}", partition=number % 4)
        if producer.flush(10):
            raise SystemExit("not all was delivered")
        part = TopicPartition(topic, 1, 4)
        self.client.delete_records([part])[part].result(10)

    def tell(self, topics):
        import confluent_kafka as ck
        from confluent_kafka.admin import ConfigResource, OffsetSpec
        listed = self.client.list_topics(timeout=10).topics
        print("topics " + ",".join(sorted(listed)))
        cluster = self.client.describe_cluster(request_timeout=10).result()
        print(f"cluster {cluster.cluster_id}")
        for node in cluster.nodes:
            print(f"broker {node.id} {node.host}:{node.port}")
        for topic in topics:
            described = self.client.describe_topics(ck.TopicCollection([topic]), request_timeout=10)[topic].result()
            print(f"id {topic} {str(described.topic_id).replace('+', '-').replace('/', '_')}")
            for p in described.partitions:
                print(f"partition {topic}-{p.id} leader={p.leader.id} replicas={joined(n.id for n in p.replicas)} "
                      f"isr={joined(n.id for n in p.isr)}")
            resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
            for name, entry in self.client.describe_configs([resource])[resource].result(10).items():
                print(f"config {topic} {name}={entry.value}")
            for name, spec in [("earliest", OffsetSpec.earliest()), ("latest", OffsetSpec.latest())]:
                wanted = {ck.TopicPartition(topic, p.id): spec for p in described.partitions}
                for p, future in self.client.list_offsets(wanted, request_timeout=10).items():
                    print(f"{name} {p.topic}-{p.partition} {future.result().offset}")


class KafkaPython:
    def __init__(self, bootstrap):
        from kafka.admin import KafkaAdminClient
        self.bootstrap = bootstrap.split(",")
        self.client = KafkaAdminClient(bootstrap_servers=self.bootstrap)

    def make(self, topic):
        from kafka import KafkaProducer, TopicPartition
        from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
        self.client.create_topics([NewTopic(topic, 3, 2, topic_configs={"retention.ms": "70000"})])
        # All settings at once, as it has no other way.
        self.client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={
            "retention.ms": "70000", "max.message.bytes": "123456", "cleanup.policy": "compact,delete"})])
        self.client.create_partitions({topic: NewPartitions(4)})
        producer = KafkaProducer(bootstrap_servers=self.bootstrap)
        for number in range(40):
            producer.send(topic, f"v{number}".encode(), key=f"k{number}".encode(), partition=number % 4)
        producer.flush(10)
        producer.close()
        self.client.delete_records({TopicPartition(topic, 1): 4})

    def tell(self, topics):
        from kafka import TopicPartition
        from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
        print("topics " + ",".join(sorted(self.client.list_topics())))
        cluster = self.client.describe_cluster()
        print(f"cluster {cluster['cluster_id']}")
        for node in cluster["brokers"]:
            print(f"broker {node['broker_id']} {node['host']}:{node['port']}")
        for described in self.client.describe_topics(topics):
            topic = described["name"]
            for p in described["partitions"]:
                print(f"partition {topic}-{p['partition_index']} leader={p['leader_id']} "
                      f"replicas={joined(p['replica_nodes'])} isr={joined(p['isr_nodes'])}")
            resource = ConfigResource(ConfigResourceType.TOPIC, topic)
            configs = self.client.describe_configs([resource], config_filter="all")
            for name, entry in configs["topic"][topic].items():
                print(f"config {topic} {name}={entry['value']}")
            for name, spec in [("earliest", OffsetSpec.EARLIEST), ("latest", OffsetSpec.LATEST)]:
                wanted = {TopicPartition(topic, p["partition_index"]): spec for p in described["partitions"]}
                for p, found in self.client.list_partition_offsets(wanted).items():
                    print(f"{name} {p.topic}-{p.partition} {found.offset}")


bootstrap, client, action, *topics = sys.argv[1:]
client = {"confluent": Confluent, "kafka-python": KafkaPython}[client](bootstrap)
if action == "make":
    client.make(*topics)
else:
    client.tell(topics)
