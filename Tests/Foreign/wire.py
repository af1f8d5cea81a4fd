"""Just enough of Kafka's wire format to say things that no client would say: written from the protocol's description,
with nothing of the project in it."""

import gzip
import socket
import struct
import time

import judging

PRODUCE, FETCH, LIST_OFFSETS, METADATA, FIND_COORDINATOR, JOIN_GROUP, API_VERSIONS = 0, 1, 2, 3, 10, 11, 18
CREATE_TOPICS = 19


def int16(value):
    return struct.pack(">h", value)


def int32(value):
    return struct.pack(">i", value)


def int64(value):
    return struct.pack(">q", value)


def string(value):
    return int16(-1) if value is None else int16(len(value.encode())) + value.encode()


def array(items):
    return int32(len(items)) + b"".join(items)


def varint(value):
    """Zig-zag, as in records."""
    value = (value << 1) ^ (value >> 63)
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def record(offset_delta, value, key=None, time_delta=0):
    body = b"\0" + varint(time_delta) + varint(offset_delta)
    for part in (key, value):
        body += varint(-1) if part is None else varint(len(part)) + part
    return varint(len(body) + 1) + body + varint(0)


def batch(records, count=None, attributes=0, timestamp=None, max_timestamp=None, magic=2, crc=None, length=None):
    """A record batch around records, which are bytes as they stand in it (packed ones too), or a list of values."""
    if isinstance(records, list):
        count = len(records) if count is None else count
        records = b"".join(record(i, value) for i, value in enumerate(records))
    timestamp = int(time.time() * 1000) if timestamp is None else timestamp
    tail = int16(attributes) + int32(count - 1) + int64(timestamp) + int64(max_timestamp or timestamp)
    tail += int64(-1) + int16(-1) + int32(-1) + int32(count) + records
    crc = crc32c(tail) if crc is None else crc
    length = len(tail) + 9 if length is None else length
    return int64(0) + int32(length) + int32(-1) + bytes([magic]) + struct.pack(">I", crc) + tail


def bomb(megabytes, count=1):
    """A batch of some kilobytes whose gzip becomes one record of so many megabytes."""
    size = megabytes << 20
    head = b"\0" + varint(0) + varint(0) + varint(-1) + varint(size)
    return batch(gzip.compress(varint(len(head) + size + 1) + head + bytes(size) + varint(0), 6), count, attributes=1)


class Peer:
    """A connection. Requests have header version 1."""

    def __init__(self, timeout=10):
        self.socket = socket.create_connection(judging.address(), timeout)
        self.correlation = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, api, version, body):
        self.correlation += 1
        frame = int16(api) + int16(version) + int32(self.correlation) + string("judge") + body
        self.socket.sendall(int32(len(frame)) + frame)

    def receive(self):
        """The next answer behind its header, or None when the connection was closed."""
        head = self.exactly(4)
        if head is None:
            return None
        body = self.exactly(struct.unpack(">i", head)[0])
        if body is None:
            return None
        judging.equal(struct.unpack_from(">i", body)[0], self.correlation, "correlation id")
        return body[4:]

    def exactly(self, count):
        parts = []
        while count:
            try:
                part = self.socket.recv(min(count, 1 << 20))
            except ConnectionError:
                return None
            if not part:
                return None
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def call(self, api, version, body):
        self.send(api, version, body)
        return self.receive()

    def closes(self):
        """Whether the other side ends the connection without a further answer."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True


def produce_body(topic, records, partition=0, acks=-1):
    """Produce v3 to v8."""
    data = int32(partition) + int32(len(records)) + records
    return string(None) + int16(acks) + int32(5000) + array([string(topic) + array([data])])


def produce(peer, topic, records, version=3, partition=0):
    """The error code and base offset of the answer, or None when there was none."""
    answer = peer.call(PRODUCE, version, produce_body(topic, records, partition))
    if answer is None:
        return None
    at = 4 + 2 + len(topic.encode()) + 4 + 4
    return struct.unpack_from(">hq", answer, at)


def fetch_body(topic, offset=0, max_bytes=1 << 20, wait=0, partition=0, min_bytes=1):
    """Fetch v4."""
    part = int32(partition) + int64(offset) + int32(max_bytes)
    return (int32(-1) + int32(wait) + int32(min_bytes) + int32(max_bytes) + b"\0"
            + array([string(topic) + array([part])]))


def fetch(peer, topic, **options):
    """Error code, high watermark and records of one partition."""
    answer = peer.call(FETCH, 4, fetch_body(topic, **options))
    at = 4 + 4 + 2 + len(topic.encode()) + 4 + 4
    code, high, _, aborted = struct.unpack_from(">hqqi", answer, at)
    at += 22 + 16 * max(0, aborted)
    (size,) = struct.unpack_from(">i", answer, at)
    return code, high, answer[at + 4:at + 4 + max(0, size)]


def offset_at(peer, topic, timestamp, partition=0):
    """ListOffsets v1: error code, timestamp, offset."""
    answer = peer.call(LIST_OFFSETS, 1, int32(-1) + array([string(topic) + array([int32(partition) + int64(timestamp)])]))
    return struct.unpack_from(">hqq", answer, 4 + 2 + len(topic.encode()) + 4 + 4)


def metadata_body(topics, create=True):
    """Metadata v4; None asks for all topics."""
    names = int32(-1) if topics is None else array([string(t) for t in topics])
    return names + (b"\1" if create else b"\0")


def create_topic(peer, name, partitions=1, **configs):
    """CreateTopics v2; the error code."""
    pairs = [string(key.replace("_", ".")) + string(str(value)) for key, value in configs.items()]
    body = array([string(name) + int32(partitions) + int16(1) + array([]) + array(pairs)]) + int32(10000) + b"\0"
    answer = peer.call(CREATE_TOPICS, 2, body)
    return struct.unpack_from(">h", answer, 4 + 4 + 2 + len(name.encode()))[0]
