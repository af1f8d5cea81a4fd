#!/usr/bin/env python3
"""What no client should ever send, against the embedded broker (run as judging.py says): the answer is the error that
Apache Kafka gives or a closed connection; clients beside it feel nothing; memory stays bounded."""

import os
import random
import socket
import struct
import threading
import time

import judging
from judging import broker_is_known, equal, fresh, main, resident, test, wait
from wire import *

NONE, CORRUPT_MESSAGE, UNKNOWN_TOPIC, INVALID_TOPIC, INVALID_PARTITIONS = 0, 2, 3, 17, 37
UNSUPPORTED_VERSION, INVALID_RECORD = 35, 87
# How much more memory than before the broker may have while it is abused.
GROWTH = 300
# How long a well-behaved client may have to wait meanwhile; two cores that other tests share are slow at times.
PATIENCE = 5


class Bystander:
    """A client that behaves, beside one that does not: each answer is right and comes in time."""

    def __enter__(self):
        self.stop = threading.Event()
        self.slowest, self.error, self.turns = 0, None, 0
        self.topic = fresh("bystander")
        self.before = resident() if broker_is_known() else 0
        self.peak = self.before
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def run(self):
        try:
            with Peer() as peer:
                equal(create_topic(peer, self.topic), NONE)
                while not self.stop.is_set():
                    started = time.time()
                    code, offset = produce(peer, self.topic, batch([b"x"]))
                    equal((code, offset), (NONE, self.turns), "what the bystander produced")
                    equal(fetch(peer, self.topic, offset=offset)[0], NONE)
                    self.slowest = max(self.slowest, time.time() - started)
                    self.turns += 1
                    if broker_is_known():
                        self.peak = max(self.peak, resident())
                    time.sleep(0.02)
        except BaseException as error:
            self.error = error

    def __exit__(self, kind, *_):
        time.sleep(0.1)
        self.stop.set()
        self.thread.join(20)
        if kind is None:
            if self.error:
                raise self.error
            assert self.turns > 0, "the bystander did not get a word in"
            assert self.slowest < PATIENCE, f"the bystander had to wait {self.slowest:.1f} s"
            assert self.peak - self.before < GROWTH, f"memory went from {self.before:.0f} to {self.peak:.0f} MiB"


def open_files():
    return len(os.listdir(f"/proc/{judging._broker_pid}/fd")) if broker_is_known() else 0


@test
def frames_of_absurd_length():
    with Bystander():
        for length in (-1, -2**31, 2**31 - 1, 100 * 1024 * 1024 + 1):
            with Peer() as peer:
                peer.socket.sendall(int32(length) + b"\0" * 64)
                assert peer.closes(), f"a frame of {length} bytes was waited for"
        for body in (b"", b"\0", b"\0\x12\0\0\0\0\0"):
            with Peer() as peer:
                peer.socket.sendall(int32(len(body)) + body)
                assert peer.closes(), f"a frame of {len(body)} bytes, too short for a header, was not refused"


@test
def frames_that_are_announced_take_no_memory():
    with Bystander():
        peers = [Peer() for _ in range(100)]
        for peer in peers:
            peer.socket.sendall(int32(100 * 1024 * 1024) + b"\0\0\0\3\0\0\0\1")
        time.sleep(0.5)
        for peer in peers:
            peer.socket.close()


@test
def something_that_is_not_kafka():
    with Bystander():
        for noise in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(500),
                      b"SSH-2.0-OpenSSH_9.9\r\n", bytes(1000)):
            with Peer() as peer:
                peer.socket.sendall(noise)
                assert peer.closes(), f"{noise[:20]!r} was answered, or waited for"


@test
def unknown_apis_and_versions():
    with Bystander():
        for api, version in [(999, 0), (-1, 0), (METADATA, -1), (METADATA, 99), (PRODUCE, 2), (PRODUCE, 99), (4, 0), (7, 0)]:
            with Peer() as peer:
                equal(peer.call(api, version, b""), None, f"the answer to api {api} v{version}")
        # The one request with which a client can find out is answered, in version 0 (KIP-511).
        with Peer() as peer:
            answer = peer.call(API_VERSIONS, 99, b"\0")
            code, count = struct.unpack_from(">hi", answer)
            equal(code, UNSUPPORTED_VERSION)
            apis = {struct.unpack_from(">hhh", answer, 6 + 6 * i) for i in range(count)}
            assert any(api == API_VERSIONS for api, _, _ in apis), apis
            # The connection can go on.
            equal(struct.unpack_from(">h", peer.call(API_VERSIONS, 0, b""))[0], NONE)


@test
def malformed_bodies():
    huge = int32(2**31 - 1)
    bodies = [
        (METADATA, 4, b""), (METADATA, 4, huge + b"\1"), (METADATA, 4, int32(1) + int16(30000) + b"x"),
        (METADATA, 4, int32(-2) + b"\1"), (METADATA, 4, int32(1) + int16(2) + b"\xff\xfe"),
        (METADATA, 12, b"\0\xff\xff\xff\xff\x0f"), (METADATA, 12, b"\0" + b"\x80" * 40),
        (PRODUCE, 3, string(None) + int16(-1) + int32(1) + huge),
        (PRODUCE, 3, string(None) + int16(-1) + int32(1) + array([string("x") + array([int32(0) + huge])])),
        (FETCH, 4, int32(-1) + int32(0) * 3 + b"\0" + huge), (JOIN_GROUP, 2, string("g") + int32(1) + int32(1)),
        (CREATE_TOPICS, 2, huge), (LIST_OFFSETS, 1, int32(-1) + huge),
    ]
    with Bystander():
        for api, version, body in bodies:
            with Peer() as peer:
                equal(peer.call(api, version, body), None, f"the answer to api {api} v{version} with {body[:40]!r}")
        # What follows a request's last field is passed over: librdkafka 2.16 sends three bytes too many at times.
        with Peer() as peer:
            assert peer.call(METADATA, 4, metadata_body(None) + bytes(3)), "bytes behind the end were not passed over"


@test
def random_bytes_in_every_api():
    random.seed(4)
    with Bystander():
        for api in range(0, 90):
            for version in (0, 1, 3, 9):
                with Peer() as peer:
                    peer.send(api, version, bytes(random.choices(b"\0\0\0\1\2\x7f\x80\xff", k=random.randrange(60))))
                    peer.socket.shutdown(socket.SHUT_WR)
                    peer.socket.settimeout(10)
                    while peer.exactly(1):
                        pass


@test
def batches_that_are_not_right():
    topic = fresh("bad-batches")
    good = batch([b"a", b"b"])
    flipped = bytearray(good)
    flipped[-1] ^= 1
    cases = [
        ("a wrong checksum", batch([b"a"], crc=1), {CORRUPT_MESSAGE}),
        ("a flipped bit", bytes(flipped), {CORRUPT_MESSAGE}),
        ("a batch cut short", good[:-3], {CORRUPT_MESSAGE, INVALID_RECORD}),
        ("a length beyond the end", batch([b"a"], length=10_000), {CORRUPT_MESSAGE, INVALID_RECORD}),
        ("a negative length", batch([b"a"], length=-5), {CORRUPT_MESSAGE, INVALID_RECORD}),
        ("magic 1 in version 3", batch([b"a"], magic=1), {CORRUPT_MESSAGE, INVALID_RECORD}),
        ("magic 9", batch([b"a"], magic=9), {CORRUPT_MESSAGE, INVALID_RECORD}),
        ("more records than there are", batch(record(0, b"a"), 5), {INVALID_RECORD, CORRUPT_MESSAGE}),
        ("fewer records than there are", batch(record(0, b"a") + record(1, b"b"), 1), {INVALID_RECORD}),
        ("no records", batch(b"", 0), {INVALID_RECORD, CORRUPT_MESSAGE}),
        ("a control batch", batch([b"a"], attributes=0x20), {INVALID_RECORD}),
        ("a codec that does not exist", batch([b"a"], attributes=7), {INVALID_RECORD, CORRUPT_MESSAGE, 76}),
        ("two batches", good + good, {INVALID_RECORD}),
        ("noise behind a batch", good + b"xyz", {INVALID_RECORD, CORRUPT_MESSAGE}),
        ("nothing", b"", {INVALID_RECORD, CORRUPT_MESSAGE}),
        ("a time that is no time", batch([b"a"], timestamp=-5), {INVALID_RECORD, 32, NONE}),
    ]
    with Bystander(), Peer() as peer:
        equal(create_topic(peer, topic), NONE)
        taken = 0
        for what, records, wanted in cases:
            found = produce(peer, topic, records)
            # Kafka closes the connection where it cannot even walk the batches.
            if found is None:
                peer.__init__()
                continue
            assert found[0] in wanted, f"{what}: error {found[0]}, wanted {wanted}"
            taken += found[0] == NONE
        # None of it came into the log.
        code, high, _ = fetch(peer, topic)
        equal((code, high), (NONE, taken), "what the log holds")
        equal(produce(peer, topic, good), (NONE, taken))


@test
def decompression_bombs():
    # 700 MB in some 700 KB: it may be taken or refused, but it is not unpacked in memory, also not for the record that
    # is asked for by its time.
    topic = fresh("bomb")
    packed = bomb(700)
    assert len(packed) < 1_000_000, len(packed)
    with Bystander(), Peer(timeout=30) as peer:
        equal(create_topic(peer, topic), NONE)
        code, _ = produce(peer, topic, packed)
        if code == NONE:
            offset_at(peer, topic, 1)
            equal(fetch(peer, topic)[0], NONE)
        # One that claims a number of records that the header cannot hold.
        code, _ = produce(peer, topic, bomb(50, count=2**31 - 1))
        if code == NONE:
            offset_at(peer, topic, int(time.time() * 1000) - 1)
    with Peer() as peer:
        equal(produce(peer, fresh("unknown"), batch([b"x"]))[0] in (UNKNOWN_TOPIC, NONE), True)


@test
def a_client_that_never_reads():
    topic = fresh("never-reads")
    with Peer() as peer:
        equal(create_topic(peer, topic), NONE)
        for _ in range(16):
            equal(produce(peer, topic, batch([bytes(900_000)]))[0], NONE)
    with Bystander():
        peers = [Peer(timeout=1) for _ in range(8)]
        for peer in peers:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            try:
                # Every answer would be a megabyte.
                for _ in range(2000):
                    peer.send(FETCH, 4, fetch_body(topic))
            except (TimeoutError, ConnectionError):
                pass
        time.sleep(1)
        for peer in peers:
            peer.socket.close()


@test
def a_slow_reader_gets_everything():
    topic = fresh("slow-reader")
    with Peer() as peer:
        equal(create_topic(peer, topic), NONE)
        value = bytes(500_000)
        for _ in range(4):
            equal(produce(peer, topic, batch([value]))[0], NONE)
    with Bystander(), Peer() as peer:
        # More than the system and the broker hold back for a connection.
        for _ in range(40):
            peer.send(FETCH, 4, fetch_body(topic, max_bytes=600_000))
        slow_until = time.time() + 2
        sizes = set()
        for _ in range(40):
            size = struct.unpack(">i", peer.exactly(4))[0]
            sizes.add(size)
            while size:
                part = peer.socket.recv(min(size, 16384))
                assert part, "the connection was closed"
                size -= len(part)
                time.sleep(0.02 if time.time() < slow_until else 0)
        assert len(sizes) == 1 and sizes.pop() > 500_000, sizes


@test
def a_slow_writer_is_waited_for():
    with Bystander(), Peer() as peer:
        body = int16(API_VERSIONS) + int16(0) + int32(1) + string("slow")
        for byte in int32(len(body)) + body:
            peer.socket.sendall(bytes([byte]))
            time.sleep(0.02)
        peer.correlation = 1
        equal(struct.unpack_from(">h", peer.receive())[0], NONE)


@test
def half_closed_connections():
    topic = fresh("half")
    with Bystander():
        before = open_files()
        peers = []
        for i in range(50):
            peer = Peer()
            # Some with an answer on its way, some with one that waits, some in the middle of a request.
            if i % 3 == 0:
                peer.send(METADATA, 4, metadata_body([topic], create=True))
            elif i % 3 == 1:
                peer.send(FETCH, 4, fetch_body(topic, wait=60_000, min_bytes=1 << 20))
            else:
                peer.socket.sendall(int32(500) + b"\0\3")
            peer.socket.shutdown(socket.SHUT_WR)
            peers.append(peer)
        for peer in peers:
            peer.socket.settimeout(10)
            while peer.exactly(1):
                pass
            peer.socket.close()
        wait(lambda: open_files() <= before + 2, lambda: f"{open_files()} open files, {before} before")


@test
def connections_that_are_reset():
    topic = fresh("reset")
    with Bystander():
        before = open_files()
        for i in range(200):
            peer = Peer()
            peer.send(FETCH, 4, fetch_body(topic, wait=30_000, min_bytes=1 << 20))
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.socket.close()
        wait(lambda: open_files() <= before + 2, lambda: f"{open_files()} open files, {before} before")


@test
def many_topics_in_one_request():
    names = [f"no-such-topic-{i}" for i in range(100_000)]
    with Bystander(), Peer(timeout=60) as peer:
        answer = peer.call(METADATA, 4, metadata_body(names, create=False))
        assert answer.count(b"no-such-topic-") == 100_000, f"{len(answer)} bytes"
        # Made are none of so many, or there would be no room for anybody else's.
        answer = peer.call(METADATA, 4, metadata_body(names))
        assert answer.count(b"no-such-topic-") == 100_000, f"{len(answer)} bytes"
        assert b"no-such-topic-" not in peer.call(METADATA, 4, metadata_body(None)), "topics were made"
        # The same one a hundred thousand times is one.
        answer = peer.call(METADATA, 4, metadata_body(["no-such-topic"] * 100_000, create=False))
        equal(answer.count(b"no-such-topic"), 1)
    # Names that are none.
    with Peer() as peer:
        for name in ("", ".", "..", "a b", "ä", "x" * 250, "a/b", "\0"):
            answer = peer.call(METADATA, 4, metadata_body([name]))
            equal(struct.unpack_from(">h", answer, len(answer) - 2 - len(name.encode()) - 1 - 4 - 2)[0], INVALID_TOPIC, repr(name))


@test
def requests_that_want_to_allocate():
    with Bystander():
        with Peer(timeout=20) as peer:
            code = create_topic(peer, fresh("wide"), 2**31 - 1)
            assert code != NONE, "two thousand million partitions were made"
            code = create_topic(peer, fresh("wide"), 1_000_000)
            assert code != NONE, "a million partitions were made"
            equal(create_topic(peer, fresh("none"), 0), INVALID_PARTITIONS)
            equal(create_topic(peer, fresh("none"), -3), INVALID_PARTITIONS)
            answer = peer.call(FETCH, 4, fetch_body(fresh("nothing"), max_bytes=2**31 - 1, wait=0))
            assert answer, "a fetch of two gigabytes was not answered"
        # Forty million names of no length, each of which would be a structure; a fetch of many topics.
        with Peer(timeout=20) as peer:
            equal(peer.call(METADATA, 4, int32(40_000_000) + bytes(80_000_001)), None)
        with Peer(timeout=20) as peer:
            part = array([string("x") + array([int32(0) + int64(0) + int32(1)])])[4:]
            peer.call(FETCH, 4, int32(-1) + int32(0) + int32(1) + int32(1) + b"\0" + int32(5000) + part * 5000)
        # A group whose members say much.
        with Peer(timeout=20) as peer:
            for i in range(20):
                meta = array([string("range") + int32(900_000) + bytes(900_000)])
                peer.send(JOIN_GROUP, 0, string(fresh("g")) + int32(6000) + string("") + string("consumer") + meta)
                if peer.receive() is None:
                    break


if __name__ == "__main__":
    main()
