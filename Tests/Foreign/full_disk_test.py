#!/usr/bin/env python3
"""A disk that is full is an error to the producer, and not a corrupt log.

    python Tests/Foreign/full_disk_test.py [--kw PATH]

Two ways: a bound on the size of a file (`ulimit -f`; a write beyond it fails as on a full disk), and, where mounting is
allowed, a small tmpfs. Closes with "N passed, M failed, K skipped".
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

import crash_test
from crash_test import Broker, Run, Violation, check_disk, read_all

MEGABYTE = 1 << 20


class Skipped(Exception):
    pass


class Disk:
    """A broker on a disk that can be filled."""

    def __init__(self, kw, data, prefix=()):
        self.run = Run(0, crash_test.kept_port())
        self.data = data
        self.broker = Broker(kw, data, self.run.port, self.run, prefix)
        # Not on the disk that is full.
        self.broker.log = os.path.join(tempfile.gettempdir(), f"kafkawire-full-{os.getpid()}.stderr")
        self.broker.start()
        self.admin = AdminClient(self.run.config())
        self.number = 0

    def create(self, *names):
        for future in self.admin.create_topics([NewTopic(name, 1) for name in names], request_timeout=5).values():
            future.result()

    def produce(self, topic, count, size=50_000):
        """The errors of `count` records, in turn; what is acknowledged is remembered."""
        errors = []

        def delivered(error, message):
            errors.append(None if error is None else error.code())
            if error is None:
                held = self.run.acknowledged[topic, message.partition()]
                if message.offset() in held:
                    raise Violation(f"offset {message.offset()} of {topic} was told twice")
                held[message.offset()] = message.key()

        producer = Producer(self.run.config(
            acks="all", retries=0, message_timeout_ms=10_000, linger_ms=0, batch_num_messages=1))
        for _ in range(count):
            producer.produce(topic, b"x" * size, f"{topic}:{self.number}", 0, on_delivery=delivered)
            self.number += 1
            producer.flush(10)
        return errors

    def fill(self, topic, most=20 * MEGABYTE):
        """Produces until the disk is full, and then goes on for some records: none of them may be taken."""
        size, written = 50_000, 0
        while written < most:
            errors = self.produce(topic, 10, size)
            written += 10 * size
            if any(errors):
                break
        else:
            raise Violation(f"{written} bytes fitted on the disk")
        self.expect_refused(topic, errors[-1:])
        self.expect_refused(topic, self.produce(topic, 3))

    def expect_refused(self, topic, errors):
        if set(errors) != {KafkaError.KAFKA_STORAGE_ERROR}:
            raise Violation(f"on a full disk the producer of {topic} was told {errors}, and not KAFKA_STORAGE_ERROR")

    def expect_taken(self, topic, errors):
        if any(errors):
            raise Violation(f"the producer of {topic} was told {errors}, although there is room")

    def check(self):
        """Everything that was acknowledged can be read, and nothing else stands there."""
        for topic in {topic for topic, _ in self.run.acknowledged}:
            held = self.run.acknowledged[topic, 0]
            found = {offset: pair[0] for offset, pair in read_all(self.run, topic, 1, "read_uncommitted")[0].items()}
            if found != held:
                raise Violation(f"{topic}: {len(held)} records were acknowledged, and {len(found)} stand there")

    def end(self):
        if self.broker.process.poll() is None:
            self.broker.process.kill()
            self.broker.process.wait()


def bounded_files(kw, folder):
    """`ulimit -f`: one log cannot grow, all others can."""
    disk = Disk(kw, os.path.join(folder, "bounded"),
                ("bash", "-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "bash"))
    try:
        disk.create("full", "other")
        disk.fill("full")
        disk.expect_taken("other", disk.produce("other", 10))
        if set(disk.produce("full", 1, 1)) - {None, KafkaError.KAFKA_STORAGE_ERROR}:
            raise Violation("a small record is neither taken nor refused")
        disk.check()
        disk.broker.kill()
        check_disk(disk.run, disk.data, may_be_torn=False)
        disk.broker.start()
        disk.check()
        disk.expect_refused("full", disk.produce("full", 2))
        disk.broker.kill()
        disk.broker.command = disk.broker.command[4:]
        disk.broker.start()
        disk.check()
        disk.expect_taken("full", disk.produce("full", 20))
        disk.check()
        disk.broker.stop()
        check_disk(disk.run, disk.data, may_be_torn=False)
    finally:
        disk.end()


def small_disk(kw, folder):
    """A tmpfs of a few megabytes: nothing can grow, until a topic is deleted."""
    mount = os.path.join(folder, "disk")
    os.mkdir(mount)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "kafkawire", mount], capture_output=True, text=True)
    if done.returncode != 0:
        raise Skipped(f"mounting is not possible here: {done.stderr.strip()}")
    try:
        disk = Disk(kw, os.path.join(mount, "data"))
        try:
            on_small_disk(disk)
        finally:
            disk.end()
    finally:
        subprocess.run(["umount", mount], check=True)


def on_small_disk(disk):
    disk.create("kept", "full")
    disk.expect_taken("kept", disk.produce("kept", 10))
    reader = Consumer(disk.run.config(group_id="g", enable_auto_commit=False))
    reader.commit(offsets=[TopicPartition("kept", 0, 3)], asynchronous=False)
    disk.fill("full")
    # The last bytes as well.
    while not any(disk.produce("full", 1, 400)):
        pass
    while not any(disk.produce("full", 1, 1)):
        pass
    disk.expect_refused("kept", disk.produce("kept", 2))
    # What needs no room goes on, and a commit is not acknowledged that is not kept.
    disk.check()
    last = 3
    for offset in range(4, 400):
        try:
            reader.commit(offsets=[TopicPartition("kept", 0, offset)], asynchronous=False)
            last = offset
        except KafkaException:
            break
    disk.check()
    disk.produce("kept", 2, 1)
    # A crash on a full disk, and a start on it.
    disk.broker.kill()
    check_disk(disk.run, disk.data, may_be_torn=False)
    disk.broker.start()
    disk.check()
    found = reader.committed([TopicPartition("kept", 0)], 10)[0].offset
    if found not in (last, last + 1):
        raise Violation(f"committed is {found}, acknowledged was {last}")
    # A topic goes, and there is room.
    deadline = time.monotonic() + 20
    while True:
        try:
            disk.admin.delete_topics(["full"], request_timeout=5)["full"].result()
            break
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                break
            if time.monotonic() > deadline:
                raise Violation(f"a topic cannot be deleted on a full disk: {error}") from None
    disk.run.acknowledged.pop(("full", 0))
    disk.expect_taken("kept", disk.produce("kept", 20))
    reader.commit(offsets=[TopicPartition("kept", 0, 5)], asynchronous=False)
    disk.create("full")
    disk.expect_taken("full", disk.produce("full", 5))
    disk.check()
    disk.broker.kill()
    check_disk(disk.run, disk.data, may_be_torn=False)
    disk.broker.start()
    disk.check()
    if (found := reader.committed([TopicPartition("kept", 0)], 10)[0].offset) != 5:
        raise Violation(f"committed is {found}, acknowledged was 5")
    disk.broker.stop()
    check_disk(disk.run, disk.data, may_be_torn=False)
    reader.close()


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    arguments = argparse.ArgumentParser(description="a disk that is full")
    arguments.add_argument("--kw", default=os.path.join(root, ".build/release/kw"))
    given = arguments.parse_args()
    folder = tempfile.mkdtemp(prefix="kafkawire-full-")
    passed = failed = skipped = 0
    for test in (bounded_files, small_disk):
        try:
            test(given.kw, folder)
            passed += 1
            print(f"ok       {test.__name__}", flush=True)
        except Skipped as why:
            skipped += 1
            print(f"skipped  {test.__name__}: {why}", flush=True)
        except Exception as error:
            failed += 1
            if not isinstance(error, Violation):
                traceback.print_exc(file=sys.stdout)
            print(f"FAILED   {test.__name__}: {error}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.stdout.flush()
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
