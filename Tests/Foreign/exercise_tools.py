#!/usr/bin/env python3
"""The commands of the exercise, with `kw` in front of Kafka's own names, against a fresh embedded broker. After each, kcat
and kafka-python's admin client are asked whether the cluster now is what `kw` says that it is.

    python Tests/Foreign/exercise_tools.py --kw .build/release/kw

Closes with "N passed, M failed"; exits 1 when any failed.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.partitioner.default import murmur2

TOPIC = "activity.streaming"
GROUP = "customers-service"
STEPS = []


def step(function):
    STEPS.append(function)
    return function


def equal(found, wanted, what):
    assert found == wanted, f"{what}: found {found!r:.1500}, wanted {wanted!r:.1500}"


def until(condition, what, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


class Walk:
    def __init__(self, kw):
        self.kw = os.path.abspath(kw)
        self.broker = subprocess.Popen(
            [self.kw, "broker", "--listen", "127.0.0.1:0", "--json"], stdout=subprocess.PIPE, text=True)
        self.bootstrap = json.loads(self.broker.stdout.readline())["bootstrap"]
        self.admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        self.running = []

    def stop(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
        self.admin.close()
        self.broker.terminate()
        self.broker.wait(10)

    def start(self, tool, *arguments):
        process = subprocess.Popen(
            [self.kw, tool, "--bootstrap-server", self.bootstrap, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.running.append(process)
        return process

    def run(self, tool, *arguments, stdin="", status=0):
        process = self.start(tool, *arguments)
        output, error = process.communicate(stdin, timeout=60)
        assert process.returncode == status, f"{tool} {arguments}: status {process.returncode}, {output} {error}"
        return output, error

    # What others say.

    def kcat(self, *arguments):
        return subprocess.run(
            ["kcat", "-b", self.bootstrap, *arguments], capture_output=True, text=True, check=True, timeout=60).stdout

    def metadata(self):
        return {topic["topic"]: topic["partitions"] for topic in json.loads(self.kcat("-L", "-J"))["topics"]}

    def read(self, form):
        return self.kcat("-C", "-t", TOPIC, "-o", "beginning", "-e", "-q", "-f", form + "\n").splitlines()

    def ends(self):
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap)
        try:
            return {p.partition: end for p, end in
                    consumer.end_offsets([TopicPartition(TOPIC, n) for n in range(4)]).items()}
        finally:
            consumer.close()


@step
def create(walk):
    output, _ = walk.run("kafka-topics.sh", "--create", "--topic", TOPIC, "--partitions", "4", "--replication-factor", "1")
    equal(output.strip().splitlines()[-1], f"Created topic {TOPIC}.", "what --create says")
    equal(len(walk.metadata()[TOPIC]), 4, "partitions, says kcat")
    _, error = walk.run("kafka-topics.sh", "--create", "--topic", TOPIC, "--partitions", "4", status=1)
    assert TOPIC in error and "exist" in error, error
    walk.run("kafka-topics.sh", "--create", "--topic", TOPIC, "--partitions", "9", "--if-not-exists")
    equal(len(walk.metadata()[TOPIC]), 4, "partitions after --if-not-exists, says kcat")


@step
def lists(walk):
    output, _ = walk.run("kafka-topics.sh", "--list")
    equal(output.split(), sorted(walk.metadata()), "topics")


@step
def describe(walk):
    output, _ = walk.run("kafka-topics.sh", "--describe", "--topic", TOPIC)
    lines = output.rstrip("\n").split("\n")
    head = dict(field.split(": ", 1) if ": " in field else (field.rstrip(":"), "") for field in lines[0].split("\t"))
    equal((head["Topic"], head["PartitionCount"], head["ReplicationFactor"]), (TOPIC, "4", "1"), "the first line")
    found = []
    for line in lines[1:]:
        fields = dict(field.split(":", 1) for field in line.strip("\t").split("\t"))
        numbers = {name: [int(n) for n in re.findall(r"\d+", fields[name])] for name in ("Partition", "Leader", "Replicas", "Isr")}
        found.append((numbers["Partition"][0], numbers["Leader"][0], numbers["Replicas"], numbers["Isr"]))
    wanted = [(p["partition"], p["leader"], [r["id"] for r in p["replicas"]], [r["id"] for r in p["isrs"]])
              for p in walk.metadata()[TOPIC]]
    equal(found, sorted(wanted), "partitions, leaders, replicas and ISR, says kcat")


@step
def configs(walk):
    named = ["--entity-type", "topics", "--entity-name", TOPIC]
    output, _ = walk.run("kafka-configs.sh", *named, "--describe")
    equal(output.strip(), f"Dynamic configs for topic {TOPIC} are:", "nothing is set")
    walk.run("kafka-configs.sh", *named, "--alter", "--add-config", "retention.ms=86400000")
    output, _ = walk.run("kafka-configs.sh", *named, "--describe")
    assert "retention.ms=86400000" in output, output
    equal(modified(walk), {"retention.ms": "86400000"}, "what is set, says kafka-python")
    walk.run("kafka-configs.sh", *named, "--alter", "--delete-config", "retention.ms")
    output, _ = walk.run("kafka-configs.sh", *named, "--describe")
    equal(output.strip(), f"Dynamic configs for topic {TOPIC} are:", "nothing is set any more")


def modified(walk):
    settings = walk.admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC)])["topic"][TOPIC]
    return {name: setting["value"] if isinstance(setting, dict) else setting for name, setting in settings.items()}


@step
def produce_without_key(walk):
    lines = ['{"id":1,"name":"Alice"}', '{"id":2,"name":"Bob"}', "Zażółć gęślą jaźń"]
    walk.run("kafka-console-producer.sh", "--topic", TOPIC, stdin="".join(line + "\n" for line in lines))
    equal(sorted(walk.read("%K %s")), sorted("-1 " + line for line in lines), "records, says kcat")


@step
def produce_with_key(walk):
    people = ["Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi"]
    walk.run("kafka-console-producer.sh", "--topic", TOPIC, "--property", "parse.key=true", "--property",
             "key.separator=:", stdin="".join(f"{n}:{{\"id\":{n},\"name\":\"{p}\"}}\n" for n, p in enumerate(people)))
    found = {line.split(" ", 2)[0]: line.split(" ", 2)[1:] for line in walk.read("%k %p %s") if not line.startswith(" ")}
    for n, person in enumerate(people):
        partition = (murmur2(str(n).encode()) & 0x7FFFFFFF) % 4
        equal(found[str(n)], [str(partition), f'{{"id":{n},"name":"{person}"}}'], f"the record of key {n}")
    _, error = walk.run("kafka-console-producer.sh", "--topic", TOPIC, "--property", "parse.key=true", "--property",
                        "key.separator=:", stdin="no separator\n", status=1)
    assert "1" in error and "separator" in error, error


@step
def consume_from_beginning(walk):
    output, error = walk.run(
        "kafka-console-consumer.sh", "--topic", TOPIC, "--from-beginning", "--max-messages", "11")
    equal(sorted(output.splitlines()), sorted(walk.read("%s")), "values")
    assert "Processed a total of 11 messages" in error, error


@step
def a_group(walk):
    consumer = walk.start("kafka-console-consumer.sh", "--topic", TOPIC, "--group", GROUP)
    until(lambda: described(walk)["group_state"] == "Stable", "the group is stable, says kafka-python")
    walk.run("kafka-console-producer.sh", "--topic", TOPIC, stdin="".join(f"line {n}\n" for n in range(20)))
    read = [consumer.stdout.readline() for _ in range(20)]
    equal(sorted(read), sorted(f"line {n}\n" for n in range(20)), "what the group's member reads")
    until(lambda: sum(row["lag"] or 0 for row in offsets(walk)) == 0, "the group has committed what it read", 30)
    rows = {row["partition"]: row for row in offsets(walk)}
    committed = committed_offsets(walk)
    ends = walk.ends()
    for partition in committed:
        equal((rows[partition]["currentOffset"], rows[partition]["logEndOffset"]),
              (committed[partition], ends[partition]), f"offsets of partition {partition}, says kafka-python")
    members = described(walk)["members"]
    equal({row["consumerId"] for row in rows.values() if row["consumerId"]}, {m["member_id"] for m in members}, "members")
    output, _ = walk.run("kafka-consumer-groups.sh", "--describe", "--group", GROUP)
    header = output.strip().splitlines()[0].split()
    equal(header, "GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID".split(), "columns")
    equal(len(output.strip().splitlines()), 5, "lines of the table")
    consumer.send_signal(signal.SIGINT)
    _, error = consumer.communicate(timeout=20)
    assert consumer.returncode in (0, 130), consumer.returncode
    assert "Processed a total of 20 messages" in error, error
    until(lambda: described(walk)["group_state"] == "Empty", "the member has left, says kafka-python")
    output, _ = walk.run("kafka-consumer-groups.sh", "--list")
    assert GROUP in output.split(), output


def described(walk):
    return walk.admin.describe_groups([GROUP])[GROUP]


def committed_offsets(walk):
    return {p.partition: found.offset for p, found in walk.admin.list_group_offsets({GROUP: None})[GROUP].items()}


def offsets(walk):
    document = json.loads(walk.run("kafka-consumer-groups.sh", "--describe", "--group", GROUP, "--json")[0])
    return rows_of(document)


def rows_of(document):
    """The rows about partitions, wherever in the document they stand."""
    if isinstance(document, dict):
        if "partition" in document and "logEndOffset" in document:
            return [document]
        return [row for value in document.values() for row in rows_of(value)]
    if isinstance(document, list):
        return [row for value in document for row in rows_of(value)]
    return []


@step
def delete(walk):
    walk.run("kafka-topics.sh", "--delete", "--topic", TOPIC)
    until(lambda: TOPIC not in walk.metadata(), "the topic is gone, says kcat")
    _, error = walk.run("kafka-topics.sh", "--delete", "--topic", TOPIC, status=1)
    assert TOPIC in error, error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kw", default=".build/release/kw")
    walk = Walk(parser.parse_args().kw)
    passed = failed = 0
    try:
        for one in STEPS:
            try:
                one(walk)
                passed += 1
                print(f"ok      {one.__name__}", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED  {one.__name__}\n{traceback.format_exc()}", flush=True)
    finally:
        walk.stop()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
