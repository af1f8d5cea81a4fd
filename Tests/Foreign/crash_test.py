#!/usr/bin/env python3
"""kill -9 at random moments: what a broker with a data directory has acknowledged must be there afterwards.

    python Tests/Foreign/crash_test.py [--kw PATH] [--kills 200] [--seed 1] [--keep]

`kw broker --data-dir` is killed and started again, again and again, while librdkafka writes, transforms in
transactions, commits, creates and deletes. Judges are librdkafka, what it was told, and the files themselves, read by log_files.py:

- every acknowledged record stands at the offset that was told, once; each producer's records in order, none twice;
- a transactional consume-transform-produce loop has taken each input over exactly once; nothing aborted is seen;
- a committed offset is never older than the last acknowledged commit, nor one that nobody asked for;
- created topics are there with their settings, deleted ones are not, deleted records stay deleted;
- torn and damaged tails, some made on purpose, are cut, and said so;
- at the end no transaction hangs, and every file parses.

The seed decides moments and loads; threads and the machine make each run different all the same. Exits 1 with the first
violation.
"""

import argparse
import faulthandler
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import defaultdict

from confluent_kafka import (OFFSET_BEGINNING, Consumer, IsolationLevel, KafkaError, KafkaException,
                             Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec

import log_files

HOST = "127.0.0.1"
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
QUICK = {"reconnect.backoff.ms": 5, "reconnect.backoff.max.ms": 50, "retry.backoff.ms": 10,
         "retry.backoff.max.ms": 20,
         "topic.metadata.refresh.fast.interval.ms": 20, "log_level": 0,
         # Where every broker is away, librdkafka 2.16 begins anew by default, and was seen to wait for ever then.
         "metadata.recovery.strategy": "none"}
DATA = {"data-0": 3, "data-1": 2}


class Violation(Exception):
    pass


class Run:
    """What all threads share: the broker's address, what was acknowledged, and the first violation."""

    def __init__(self, seed, port):
        self.seed, self.port = seed, port
        self.bootstrap = f"{HOST}:{port}"
        self.stopping = threading.Event()
        self.first = None
        self.lock = threading.Lock()
        self.counts = defaultdict(int)
        # (topic, partition) -> {offset: key}, as told in acknowledgements and as consumers saw it.
        self.acknowledged = defaultdict(dict)
        self.seen = defaultdict(dict)
        self.left = []

    def violation(self, text):
        with self.lock:
            if self.first is None:
                self.first = text
        self.stopping.set()

    def check(self):
        if self.first is not None:
            raise Violation(self.first)

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] += number

    def config(self, **more):
        return {"bootstrap.servers": self.bootstrap, **QUICK,
                **{key.replace("_", "."): value for key, value in more.items()}}


class Broker:
    """The broker's process."""

    def __init__(self, kw, data, port, run, prefix=()):
        self.command = [*prefix, kw, "broker", "--data-dir", data, "--listen", f"{HOST}:{port}", "--no-auto-create"]
        self.data, self.run, self.process = data, run, None
        self.log = data + ".stderr"
        self.slowest = 0.0

    def spawn(self):
        self.log_start = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        self.began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log, start_new_session=True)

    def wait(self):
        """Until the ready line; it says when clients can connect."""
        line = self.process.stdout.readline()
        if b"is ready" not in line:
            code = self.process.wait(10)
            raise Violation(f"the broker did not start, status {code}:\n{self.said()}")
        self.slowest = max(self.slowest, time.monotonic() - self.began)

    def start(self):
        self.spawn()
        self.wait()

    def said(self):
        with open(self.log, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def kill(self):
        if self.process.poll() is not None:
            raise Violation(f"the broker ended by itself, status {self.process.returncode}:\n{self.said()[-2000:]}")
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self, tries=3):
        """Until all files were closed in order. The program ends two seconds after the signal, come what may, and the disk of
        a busy machine may take longer: then it is started and stopped once more."""
        for left in reversed(range(tries)):
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(20)
            self.process.stdout.close()
            if code == 0:
                return
            if code != 143 or left == 0 or "ended before it was done" not in self.said():
                raise Violation(f"a clean stop ended with status {code}:\n{self.said()[-2000:]}")
            self.run.count("stops that took too long")
            self.start()


def thread(run, function, *arguments):
    """Runs until the run is stopping; what it throws is a violation."""
    def body():
        try:
            function(run, *arguments)
        except Exception as error:
            run.violation(f"{function.__name__}{arguments}: {error}\n{traceback.format_exc()}")
    started = threading.Thread(target=body, daemon=True)
    started.start()
    return started


def passing(error):
    """Whether an error only says that the broker is away, or has forgotten who is a member."""
    return error.args[0].code() in PASSING


PASSING = {
    KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError._WAIT_COORD,
    KafkaError._TIMED_OUT_QUEUE, KafkaError._RESOLVE, KafkaError._DESTROY_BROKER, KafkaError._STATE,
    KafkaError._ASSIGNMENT_LOST, KafkaError._NO_OFFSET, KafkaError._FENCED, KafkaError._NOENT,
    KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.NOT_COORDINATOR,
    KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.REQUEST_TIMED_OUT, KafkaError.GROUP_ID_NOT_FOUND, KafkaError.UNSTABLE_OFFSET_COMMIT}


# --- (a) idempotent producers ----------------------------------------------------------------------------------------


def produce(run, name, topics, rate, done):
    """Numbered records, in turns of one producer instance each, with other batch sizes and codecs."""
    rng = random.Random(f"{run.seed} {name}")
    number = 0

    def delivered(error, message):
        if error is not None:
            return run.violation(f"{name}: a record failed for good: {error}")
        key = message.key()
        with run.lock:
            held = run.acknowledged[message.topic(), message.partition()]
            if message.offset() in held:
                other = held[message.offset()]
                text = f"{key} and {other} were both told offset {message.offset()} of " \
                       f"{message.topic()}-{message.partition()}"
            else:
                held[message.offset()] = key
                run.counts["records acknowledged"] += 1
                return
        run.violation(text)

    while not run.stopping.is_set() and not done.is_set():
        codec = rng.choice(CODECS)
        producer = Producer(run.config(
            enable_idempotence=True, message_timeout_ms=0, compression_type=codec, linger_ms=rng.choice([0, 2, 10]),
            batch_num_messages=rng.choice([1, 10, 1000]), batch_size=rng.choice([2000, 100_000, 1_000_000]),
            message_max_bytes=1_000_000, queue_buffering_max_messages=20_000))
        until = time.monotonic() + rng.uniform(2, 8)
        while time.monotonic() < until and not run.stopping.is_set() and not done.is_set():
            for _ in range(max(1, int(rate / 50 * rng.uniform(0.2, 1.8)))):
                topic = rng.choice(list(topics))
                size = rng.choice([0, 20, 100, 500]) if rng.random() > 0.003 else rng.randrange(100_000, 900_000)
                filling = rng.randbytes(min(size, 4000)) * (size // 4000 + 1)
                try:
                    producer.produce(topic, filling[:size], f"{name}:{number}", rng.randrange(topics[topic]),
                                     on_delivery=delivered)
                except BufferError:
                    break
                number += 1
            producer.poll(0.02)
            while len(producer) > 15_000 and not run.stopping.is_set():
                producer.poll(0.05)
        # What waits must arrive, however often the broker is killed meanwhile.
        waiting, since = len(producer), time.monotonic()
        while (rest := producer.flush(0.2)) > 0 and not run.stopping.is_set():
            if rest < waiting:
                waiting, since = rest, time.monotonic()
            if time.monotonic() > since + 60:
                return run.violation(f"{name}: none of {rest} records was acknowledged for 60 s")
    with run.lock:
        run.counts[f"produced by {name}"] = number


# --- (b) consume, transform, produce ---------------------------------------------------------------------------------


TX_GROUP = "transformers"
TX_IN = {"tx-in": 2}
TX_PARTITIONS = [TopicPartition("tx-in", 0), TopicPartition("tx-in", 1)]


def transform(run):
    """Producer instances, each until it is told that it cannot go on."""
    rng = random.Random(f"{run.seed} transform")
    while not run.stopping.is_set():
        producer = Producer(run.config(
            transactional_id="transformer", transaction_timeout_ms=20_000, linger_ms=0,
            compression_type=rng.choice(CODECS), batch_num_messages=rng.choice([1, 1000])))
        run.count("transactional producers")
        consumer = Consumer(run.config(
            group_id=TX_GROUP, enable_auto_commit=False, auto_offset_reset="earliest",
            isolation_level="read_committed", fetch_wait_max_ms=50, fetch_error_backoff_ms=10))
        until = time.monotonic() + rng.uniform(5, 20)
        try:
            retried(run, lambda: producer.init_transactions(2))
            rewind(run, consumer)
            while time.monotonic() < until and not run.stopping.is_set():
                one_transaction(run, rng, producer, consumer)
        except KafkaException as error:
            if not error.args[0].fatal() and not passing(error):
                raise
            run.count("producers that were fenced or failed")
        finally:
            consumer.close()
            # Sometimes a transaction is left open: the next instance takes over.
            if rng.random() < 0.3:
                try:
                    producer.begin_transaction()
                    producer.produce("tx-out", "left", "left", 0)
                    producer.flush(0.1)
                except KafkaException:
                    pass
            # librdkafka may wait for ever where such a producer is destroyed.
            run.left.append(producer)


def retried(run, call, when_stopping=False):
    while when_stopping or not run.stopping.is_set():
        try:
            return call()
        except KafkaException as error:
            if not error.args[0].retriable() and not passing(error) or error.args[0].fatal():
                raise
            time.sleep(0.01)


def rewind(run, consumer):
    """To where the group's committed transactions end."""
    committed = retried(run, lambda: consumer.committed(TX_PARTITIONS, 1))
    if committed is None:
        return
    for one in committed:
        if one.error is not None:
            return rewind(run, consumer)
        one.offset = one.offset if one.offset >= 0 else OFFSET_BEGINNING
    consumer.assign(committed)


def one_transaction(run, rng, producer, consumer):
    messages = [one for one in consumer.consume(rng.choice([1, 20, 200]), 0.05) if one.error() is None]
    if not messages:
        return
    aborts = rng.random() < 0.15
    try:
        producer.begin_transaction()
        for one in messages:
            key = one.key().decode()
            producer.produce(
                "tx-out", b"aborted" if aborts else one.value(), f"not {key}" if aborts else key, one.partition())
        if rng.random() < 0.3:
            producer.flush(0.1)
        position = {}
        for one in messages:
            position[one.partition()] = one.offset() + 1
        offsets = [TopicPartition("tx-in", partition, offset) for partition, offset in position.items()]
        retried(run, lambda: producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), 2))
        if aborts:
            retried(run, lambda: producer.abort_transaction(2))
            run.count("transactions aborted")
            rewind(run, consumer)
        else:
            retried(run, lambda: producer.commit_transaction(2))
            run.count("transactions committed")
    except KafkaException as error:
        if error.args[0].fatal() or not error.args[0].txn_requires_abort():
            raise
        run.count("transactions aborted by trouble")
        retried(run, lambda: producer.abort_transaction(2))
        rewind(run, consumer)


def abandon(run):
    """Transactions that nobody ends: the broker does, after their time, also where it was killed meanwhile."""
    rng, number = random.Random(f"{run.seed} abandon"), 0
    while not run.stopping.wait(rng.uniform(1, 6)):
        number += 1
        child = subprocess.Popen(
            [sys.executable, __file__, "--abandon", run.bootstrap, f"abandoned-{number % 5}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if child.stdout.readline():
            run.count("transactions abandoned")
        child.kill()
        child.wait()


def abandoned(bootstrap, id):
    """Begins a transaction, says so, and waits to be killed."""
    producer = Producer({"bootstrap.servers": bootstrap, **QUICK, "transactional.id": id, "linger.ms": 0,
                         "transaction.timeout.ms": 1500})
    try:
        producer.init_transactions(1)
        producer.begin_transaction()
        for partition in 0, 1, 1:
            producer.produce("tx-out", "abandoned", "abandoned", partition)
        if producer.flush(1) == 0:
            print("open", flush=True)
            time.sleep(60)
    except KafkaException:
        pass
    os._exit(0)


# --- (c) committed offsets -------------------------------------------------------------------------------------------


class Commits:
    """Per group and partition: the last acknowledged commit, and the highest that was asked for."""

    def __init__(self, run):
        self.run = run
        self.acknowledged = defaultdict(int)
        self.asked = defaultdict(int)

    def commit(self, consumer, group, offsets):
        with self.run.lock:
            for one in offsets:
                key = group, one.topic, one.partition
                self.asked[key] = max(self.asked[key], one.offset)
        try:
            answer = consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if not passing(error):
                raise
            return False
        with self.run.lock:
            for one in answer:
                if one.error is None:
                    key = group, one.topic, one.partition
                    self.acknowledged[key] = max(self.acknowledged[key], one.offset)
                    self.run.counts["commits acknowledged"] += 1
        return True

    def check(self, consumer, group, partitions):
        """What is committed lies between what was acknowledged before the question and what was asked for by now."""
        with self.run.lock:
            before = {(one.topic, one.partition): self.acknowledged[group, one.topic, one.partition]
                      for one in partitions}
        try:
            found = consumer.committed(partitions, 0.5)
        except KafkaException as error:
            if not passing(error):
                raise
            return False
        for one in found:
            if one.error is not None:
                return False
            least = before[one.topic, one.partition]
            most = self.asked[group, one.topic, one.partition]
            offset = max(one.offset, 0)
            if not least <= offset <= most:
                raise Violation(f"group {group} at {one.topic}-{one.partition}: committed is {one.offset}; "
                                f"acknowledged was {least}, asked for at most {most}")
            if one.metadata and not one.metadata.startswith(f"{offset} "):
                raise Violation(f"group {group} at {one.topic}-{one.partition}: committed is {one.offset} with the "
                                f"metadata {one.metadata[:20]}")
        self.run.count("committed offsets checked")
        return True


def commit_alone(run, commits):
    """One who commits without being a member: every number once."""
    rng = random.Random(f"{run.seed} commits")
    consumer = Consumer(run.config(group_id="alone", enable_auto_commit=False))
    number, partitions = 0, [TopicPartition(topic, id) for topic, count in DATA.items() for id in range(count)]
    while not run.stopping.wait(0.01):
        number += 1
        chosen = rng.sample(partitions, rng.randrange(1, len(partitions) + 1))
        # The metadata lets the log of the offsets grow, until it is written anew.
        offsets = [TopicPartition(one.topic, one.partition, number, f"{number} {'x' * 500}") for one in chosen]
        if not commits.commit(consumer, "alone", offsets) or number % 50 == 0:
            commits.check(consumer, "alone", partitions)
    consumer.close()


def consume_in_group(run, commits, member):
    """A member of a group that commits what it has read."""
    rng = random.Random(f"{run.seed} member {member}")

    def assigned(consumer, partitions):
        commits.check(consumer, "members", partitions)

    consumer = Consumer(run.config(
        group_id="members", enable_auto_commit=False, auto_offset_reset="earliest", session_timeout_ms=6000,
        heartbeat_interval_ms=200, fetch_wait_max_ms=50, fetch_error_backoff_ms=10,
        partition_assignment_strategy=rng.choice(["range", "roundrobin"])))
    consumer.subscribe(list(DATA), on_assign=assigned)
    while not run.stopping.is_set():
        messages = [one for one in consumer.consume(rng.choice([10, 500]), 0.1) if one.error() is None]
        if not messages:
            continue
        position = {}
        with run.lock:
            for one in messages:
                held = run.seen[one.topic(), one.partition()]
                before = held.setdefault(one.offset(), one.key())
                if before != one.key():
                    raise Violation(f"{one.topic()}-{one.partition()} offset {one.offset()} was {before}, "
                                    f"and is {one.key()}")
                position[one.topic(), one.partition()] = one.offset() + 1
        commits.commit(consumer, "members", [TopicPartition(*key, offset) for key, offset in position.items()])
    consumer.close()


# --- (d) admin -------------------------------------------------------------------------------------------------------


class Admin:
    """Topics that come and go, and records that are deleted. `known` is name -> retention.ms, None where the topic is
    gone, or absent where an answer was lost."""

    def __init__(self, run):
        self.run = run
        self.rng = random.Random(f"{run.seed} admin")
        self.client = AdminClient(run.config())
        self.known = {}
        self.low = 0

    def work(self):
        while not self.run.stopping.wait(self.rng.uniform(0.02, 0.2)):
            try:
                self.rng.choice([self.create, self.create, self.delete, self.look, self.delete_records])()
            except KafkaException as error:
                if not passing(error) and error.args[0].code() not in (
                        KafkaError.TOPIC_ALREADY_EXISTS, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC,
                        KafkaError._UNKNOWN_PARTITION):
                    raise

    def create(self):
        name, retention = f"adm-{self.rng.randrange(8)}", str(self.rng.randrange(10**9, 10**10))
        if self.known.get(name) is not None:
            return
        self.known.pop(name, None)
        topic = NewTopic(name, self.rng.randrange(1, 4), config={"retention.ms": retention})
        self.client.create_topics([topic], request_timeout=1)[name].result()
        self.known[name] = retention
        self.run.count("topics created")
        self.fill(name)

    def fill(self, name):
        """A new topic's first record has offset 0, whatever a topic of that name has held."""
        told = []
        producer = Producer(self.run.config(message_timeout_ms=1500, enable_idempotence=False, retries=0))
        producer.produce(name, "x", partition=0, on_delivery=lambda error, message: told.append((error, message)))
        producer.flush(2)
        if told and told[0][0] is None and told[0][1].offset() != 0:
            raise Violation(f"the first record of the new topic {name} was told offset {told[0][1].offset()}")

    def delete(self):
        name = f"adm-{self.rng.randrange(8)}"
        if self.known.pop(name, "") is None:
            self.known[name] = None
            return
        self.client.delete_topics([name], request_timeout=1)[name].result()
        self.known[name] = None
        self.run.count("topics deleted")

    def look(self):
        for name, retention in self.known.items():
            error = self.client.list_topics(name, timeout=2).topics[name].error
            if (retention is None) != (error is not None and error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART):
                raise Violation(f"topic {name} was {'deleted' if retention is None else 'created'}; asked for it, the "
                                f"broker says {error}")
        self.run.count("looks at topics")
        for name in [name for name, retention in self.known.items() if retention is not None]:
            resource = ConfigResource(ConfigResource.Type.TOPIC, name)
            found = self.client.describe_configs([resource], request_timeout=1)[resource].result()
            if found["retention.ms"].value != self.known[name]:
                raise Violation(f"topic {name}: retention.ms is {found['retention.ms'].value}, created with "
                                f"{self.known[name]}")

    def delete_records(self):
        with self.run.lock:
            highest = max(self.run.acknowledged["del", 0], default=-1)
        first = TopicPartition("del", 0)
        low = self.client.list_offsets({first: OffsetSpec.earliest()}, request_timeout=1)[first].result().offset
        # librdkafka's "no offset", where an answer was lost.
        if low < 0:
            return
        if low < self.low:
            raise Violation(f"records of del-0 were deleted up to {self.low}, and it begins at {low} again")
        if highest <= low:
            return
        wanted = self.rng.randrange(low, highest + 1)
        answer = self.client.delete_records([TopicPartition("del", 0, wanted)], request_timeout=1)
        found = next(iter(answer.values())).result().low_watermark
        if found < wanted:
            raise Violation(f"del-0 was to begin at {wanted}, and begins at {found}")
        self.low = max(self.low, found)
        self.run.count("deletions of records")


def administrate(run, admin):
    admin.work()


# --- damage ----------------------------------------------------------------------------------------------------------


def damage(rng, data):
    """Damages the ends of some logs of a stopped broker, as a crash or a bad disk would: gives per file what must be
    said of it, or adds nothing that a broker may keep."""
    wanted = {}
    folders = log_files.partitions(data)
    for name in rng.sample(sorted(folders), min(len(folders), rng.randrange(1, 4))):
        paths = log_files.segments(folders[name])
        if not paths:
            continue
        path = paths[-1]
        batches, torn = log_files.read_segment(path)
        size = os.path.getsize(path)
        end = batches[-1].end if batches else int(os.path.basename(path)[:20])
        if torn:
            continue
        kind = rng.choice(["torn", "torn", "garbage", "crc"]) if batches else "garbage"
        if kind == "garbage":
            tail = rng.randbytes(rng.randrange(1, 400))
        else:
            last = batches[-1]
            with open(path, "rb") as file:
                file.seek(last.position)
                copy = bytearray(file.read(last.size))
            # The batch that would have come next: neither base offset nor epoch are covered by the checksum.
            copy[0:8] = end.to_bytes(8, "big")
            if kind == "torn":
                tail = copy[:rng.randrange(1, len(copy))]
            else:
                copy[rng.randrange(61, len(copy))] ^= 0x40
                tail = copy
        with open(path, "ab") as file:
            file.write(tail)
        wanted[os.path.join(name, os.path.basename(path))] = (len(tail), end, size)
    return wanted


CUT = re.compile(r"(\S+/)?([^/\s]+/\d{20}\.log): (\d+) bytes were cut off, the log goes on at offset (\d+)")


def check_cuts(run, broker, wanted):
    """Each damage was told, and nothing else was cut but a torn batch."""
    said = broker.said()
    told = {match[2]: (int(match[3]), int(match[4])) for match in CUT.finditer(said)}
    for file, (bytes_, offset, size) in wanted.items():
        if told.get(file) != (bytes_, offset):
            raise Violation(f"{file} was damaged by {bytes_} bytes behind offset {offset}; "
                            f"told was {told.get(file)}:\n{said}")
        if (found := os.path.getsize(os.path.join(broker.data, file))) < size:
            raise Violation(f"{file} had {size} good bytes, and has {found}")
    run.count("cuts on purpose", len(wanted))
    run.count("cuts of what a kill has torn", len(told) - len(wanted))
    return said


def check_disk(run, data, may_be_torn):
    """Every file parses, and holds what was acknowledged."""
    ends = {}
    for name, folder in log_files.partitions(data).items():
        try:
            ends[name] = log_files.read_partition(folder, may_be_torn)
        except log_files.Damage as found:
            raise Violation(f"on the disk: {found}") from None
        # As in Kafka, the coordinator's own batches of a transaction all have the sequence 0.
        if not name.startswith("__") and (doubled := log_files.open_transactions(ends[name][2])[1]):
            raise Violation(f"{name}: sequences out of order (offset, producer, found, wanted): {doubled[:3]}")
    with run.lock:
        for (topic, partition), held in run.acknowledged.items():
            end = ends.get(f"{topic}-{partition}", (0, 0, []))[1]
            if held and max(held) >= end:
                raise Violation(f"{topic}-{partition} ends at {end} on the disk; acknowledged was {max(held)}")
    run.count("readings of the disk")
    return ends


# --- the end ---------------------------------------------------------------------------------------------------------


def read_all(run, topic, count, isolation):
    """partition -> {offset: (key, value)} of all that can be read."""
    consumer = Consumer(run.config(
        group_id="reader", enable_auto_commit=False, isolation_level=isolation, enable_partition_eof=True,
        fetch_max_bytes=50_000_000, max_partition_fetch_bytes=10_000_000, queued_max_messages_kbytes=100_000))
    consumer.assign([TopicPartition(topic, id, OFFSET_BEGINNING) for id in range(count)])
    found, open_ = {id: {} for id in range(count)}, set(range(count))
    deadline = time.monotonic() + 60
    while open_:
        if time.monotonic() > deadline:
            raise Violation(f"{topic} cannot be read to its end: {[(id, len(found[id])) for id in open_]}")
        for one in consumer.consume(5000, 0.2):
            if one.error() is None:
                if one.offset() in found[one.partition()]:
                    raise Violation(f"{topic}-{one.partition()}: offset {one.offset()} came twice")
                found[one.partition()][one.offset()] = one.key(), one.value()
            elif one.error().code() == KafkaError._PARTITION_EOF:
                open_.discard(one.partition())
            else:
                raise Violation(f"{topic}: {one.error()}")
    consumer.close()
    return found


def check_records(run, topic, count):
    found = read_all(run, topic, count, "read_committed")
    keys = set()
    for partition, records in found.items():
        for offset, key in list(run.acknowledged[topic, partition].items()) + list(run.seen[topic, partition].items()):
            if records.get(offset, (None,))[0] != key:
                raise Violation(f"{topic}-{partition}: {key} was told offset {offset}; "
                                f"there stands {records.get(offset)}")
        last = defaultdict(lambda: -1)
        for offset in sorted(records):
            key = records[offset][0]
            if key in keys:
                raise Violation(f"{topic}-{partition}: {key} stands there twice, also at offset {offset}")
            keys.add(key)
            name, _, number = key.decode().partition(":")
            if int(number) <= last[name]:
                raise Violation(f"{topic}-{partition}: {key} at {offset} stands behind number {last[name]}")
            last[name] = int(number)
    run.count("records read back", len(keys))
    return found, keys


def check_transformed(run):
    wanted, _ = check_records(run, "tx-in", 2)
    found = read_all(run, "tx-out", 2, "read_committed")
    for partition in range(2):
        expected = [wanted[partition][offset] for offset in sorted(wanted[partition])]
        got = [found[partition][offset] for offset in sorted(found[partition])]
        if expected != got:
            index = next((i for i, pair in enumerate(zip(expected, got)) if pair[0] != pair[1]),
                         min(len(expected), len(got)))
            raise Violation(
                f"tx-out-{partition}: {len(got)} records from {len(expected)}; number {index} is "
                f"{got[index][0] if index < len(got) else None}, and was to be "
                f"{expected[index][0] if index < len(expected) else None}")
        run.count("records transformed", len(got))


def latest(admin, partitions, level):
    answer = admin.client.list_offsets(
        {one: OffsetSpec.latest() for one in partitions}, isolation_level=level, request_timeout=5)
    return {(one.topic, one.partition): future.result().offset for one, future in answer.items()}


def check_stable(run, admin):
    """No transaction hangs: the last stable offset is the end."""
    asked = [TopicPartition(topic, id) for topic, count in {**DATA, "tx-in": 2, "tx-out": 2}.items()
             for id in range(count)]
    deadline = time.monotonic() + 40
    while True:
        ends = {}
        for level in (IsolationLevel.READ_UNCOMMITTED, IsolationLevel.READ_COMMITTED):
            ends[level] = retried(run, lambda: latest(admin, asked, level), when_stopping=True)
        first, second = ends.values()
        if first == second and min(first.values()) >= 0:
            return
        if time.monotonic() > deadline:
            raise Violation(f"transactions hang: ends {first}, last stable offsets {second}")
        time.sleep(0.2)


def until_transformed(run, broker):
    """Waits until the group has come to the end of the input.

    librdkafka 2.16 may wait for ever in send_offsets_to_transaction where a connection was lost between
    AddOffsetsToTxn and TxnOffsetCommit: no request is on its way then, and only the next loss of a connection wakes
    it. So the broker is killed once more where nothing moves."""
    consumer = Consumer(run.config(group_id=TX_GROUP, enable_auto_commit=False))
    deadline = time.monotonic() + 90
    before, since = [], time.monotonic()
    while True:
        run.check()
        ends = [max(run.acknowledged["tx-in", id], default=-1) + 1 for id in range(2)]
        try:
            committed = [max(one.offset, 0) for one in consumer.committed(TX_PARTITIONS, 2)]
        except KafkaException:
            committed = []
        if committed == ends:
            return consumer.close()
        if committed and committed != before:
            before, since = committed, time.monotonic()
        if time.monotonic() > since + 6:
            broker.kill()
            broker.start()
            run.count("kills")
            run.count("kills to wake librdkafka")
            since = time.monotonic()
        if time.monotonic() > deadline:
            raise Violation(f"the transformation stands at {committed}, the input ends at {ends}")
        time.sleep(0.1)


def kept_port():
    """A port on which a broker can start again and again: from below the range out of which the system gives ports to
    clients, one of which would have it while the broker is away."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


# --- all together ----------------------------------------------------------------------------------------------------


def crash_test(kw, data, kills, seed, longest):
    rng = random.Random(seed)
    run = Run(seed, kept_port())
    broker = Broker(kw, data, run.port, run)
    broker.start()
    threads, done = [], threading.Event()
    try:
        admin, commits = Admin(run), Commits(run)
        small = {"segment.bytes": "1048576"}
        topics = [NewTopic(topic, count, config=small) for topic, count in
                  {**DATA, "tx-in": 2, "tx-out": 2, "del": 1}.items()]
        for future in admin.client.create_topics(topics).values():
            future.result()
        producers = [
            thread(run, produce, "p0", DATA, 800, done), thread(run, produce, "p1", DATA, 1500, done),
            thread(run, produce, "in", TX_IN, 500, done), thread(run, produce, "d", {"del": 1}, 50, done)]
        threads = producers + [
            thread(run, transform), thread(run, abandon), thread(run, commit_alone, commits),
            thread(run, consume_in_group, commits, 0), thread(run, consume_in_group, commits, 1),
            thread(run, administrate, admin)]
        while run.counts["kills"] < kills:
            if rng.random() < 0.12:
                # While it starts, or has just.
                time.sleep(rng.uniform(0, 0.06))
            else:
                time.sleep(rng.choice([rng.uniform(0.05, 0.4), rng.uniform(0.3, longest)]))
            broker.kill()
            run.count("kills")
            run.check()
            if run.counts["kills"] % 10 == 0:
                check_disk(run, data, may_be_torn=True)
            wanted = damage(rng, data) if rng.random() < 0.2 else {}
            broker.spawn()
            if not wanted and rng.random() < 0.1:
                time.sleep(rng.uniform(0, 0.05))
                broker.process.send_signal(signal.SIGKILL)
                broker.process.wait()
                broker.process.stdout.close()
                run.count("kills")
                run.count("kills while starting")
                broker.spawn()
            broker.wait()
            check_cuts(run, broker, wanted)
        done.set()
        for one in producers:
            while one.is_alive():
                one.join(1)
                run.check()
        until_transformed(run, broker)
        run.stopping.set()
        for one in threads:
            one.join(20)
        run.check()
        check_stable(run, admin)
        everything(run, admin, commits)
        broker.stop()
        ends = check_disk(run, data, may_be_torn=False)
        for name, (_, _, batches) in ends.items():
            if open_ := log_files.open_transactions(batches)[0]:
                raise Violation(f"{name}: transactions without an end: {open_}")
        # After a clean stop the files are not searched for damage: the state must be the same.
        broker.start()
        everything(run, admin, commits)
        broker.stop()
    finally:
        run.stopping.set()
        for one in threads:
            one.join(5)
        if broker.process.poll() is None:
            broker.process.kill()
            broker.process.wait()
    run.counts["slowest start, ms"] = int(broker.slowest * 1000)
    return run


def everything(run, admin, commits):
    for topic, count in DATA.items():
        check_records(run, topic, count)
    check_transformed(run)
    retried(run, admin.look, when_stopping=True)
    partitions = [TopicPartition(topic, id) for topic, count in DATA.items() for id in range(count)]
    for group in "alone", "members":
        reader = Consumer(run.config(group_id=group, enable_auto_commit=False))
        deadline = time.monotonic() + 20
        while not commits.check(reader, group, partitions):
            if time.monotonic() > deadline:
                raise Violation(f"the committed offsets of {group} cannot be read")
        reader.close()


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    arguments = argparse.ArgumentParser(description="kill -9 at random moments, under load")
    arguments.add_argument("--kw", default=os.path.join(root, ".build/release/kw"))
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    arguments.add_argument("--longest", type=float, default=1.2, help="seconds between two kills, at most")
    arguments.add_argument("--keep", action="store_true", help="keep the data directory, also where all is well")
    if sys.argv[1:2] == ["--abandon"]:
        abandoned(*sys.argv[2:])
    faulthandler.register(signal.SIGUSR1)
    given = arguments.parse_args()
    folder = tempfile.mkdtemp(prefix="kafkawire-crash-")
    data = os.path.join(folder, "data")
    began = time.monotonic()
    print(f"seed {given.seed}, {given.kills} kills, {folder}", flush=True)
    try:
        run = crash_test(given.kw, data, given.kills, given.seed, given.longest)
    except Violation as violation:
        print(f"VIOLATION with seed {given.seed}, after {time.monotonic() - began:.0f} s: {violation}")
        print(f"the data directory is {data}")
        # Threads of librdkafka may wait for a broker that is gone.
        sys.stdout.flush()
        os._exit(1)
    for what, count in sorted(run.counts.items()):
        print(f"{what:40} {count:>10,}")
    print(f"{'seconds':40} {time.monotonic() - began:>10.1f}")
    if not given.keep:
        shutil.rmtree(folder)
    print("1 passed, 0 failed")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
