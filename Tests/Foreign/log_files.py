"""Reads a data directory as Kafka's documentation describes it, without a line of the broker: segment files named by
their first offset, record batches of magic 2, CRC-32C. The judge of what a broker leaves on the disk.
"""

import os
import struct

# base offset, length, leader epoch, magic, crc, attributes, last offset delta, base and max timestamp, producer id and
# epoch, base sequence, number of records
HEADER = struct.Struct(">qiibIhiqqqhii")


def table_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc_table()
assert table_crc(b"123456789") == 0xE3069283
try:
    from aiokafka.record._crecords.cutil import crc32c_cython as crc32c

    assert crc32c(b"123456789") == 0xE3069283
except ImportError:
    crc32c = table_crc


class Batch:
    def __init__(self, fields, position, size):
        self.base, _, _, _, _, self.attributes, self.delta = fields[:7]
        self.producer, self.epoch, self.sequence, self.count = fields[9:]
        self.position, self.size = position, size

    @property
    def end(self):
        return self.base + self.delta + 1

    @property
    def is_control(self):
        return bool(self.attributes & 0x20)

    @property
    def is_transactional(self):
        return bool(self.attributes & 0x10)


class Damage(Exception):
    """A segment that is not what it must be; `position` is where it begins not to be."""

    def __init__(self, path, position, reason, is_torn=False):
        super().__init__(f"{path} at byte {position}: {reason}")
        self.position, self.is_torn = position, is_torn


def read_segment(path):
    """The batches of a segment, and the damage at its end, or None."""
    with open(path, "rb") as file:
        data = file.read()
    batches, position, expected = [], 0, int(os.path.basename(path)[:20])
    while position < len(data):
        rest = len(data) - position
        if rest < HEADER.size:
            return batches, Damage(path, position, f"{rest} bytes are no batch", True)
        fields = HEADER.unpack_from(data, position)
        size = fields[1] + 12
        if fields[3] != 2 or size < HEADER.size:
            return batches, Damage(path, position, f"magic {fields[3]}, {size} bytes")
        if size > rest:
            return batches, Damage(path, position, f"the batch has {size} bytes, the file {rest}", True)
        if crc32c(data[position + 21:position + size]) != fields[4]:
            return batches, Damage(path, position, "the CRC is wrong")
        batch = Batch(fields, position, size)
        if batch.base != expected:
            return batches, Damage(path, position, f"offset {batch.base} stands where {expected} should")
        if batch.count != batch.delta + 1 and batch.count != 0:
            return batches, Damage(path, position, f"{batch.count} records in {batch.delta + 1} offsets")
        batches.append(batch)
        expected = batch.end
        position += size
    return batches, None


def segments(folder):
    """The paths of a partition's segments, in their order."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(".log") and len(name) == 24)
    return [os.path.join(folder, name) for name in names]


def partitions(root):
    """The folders of partitions, by name."""
    found = {}
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name)
        if os.path.isdir(path) and name.rpartition("-")[2].isdigit():
            found[name] = path
    return found


def read_partition(folder, may_be_torn):
    """(first offset, end offset, batches) of a partition. Throws Damage, but for a torn end of the last segment where
    `may_be_torn`."""
    start, end, batches = None, 0, []
    paths = segments(folder)
    for path in paths:
        base = int(os.path.basename(path)[:20])
        if start is None:
            start = end = base
        # Without compaction segments join each other.
        if base != end:
            raise Damage(path, 0, f"the segment before ends at {end}")
        found, damage = read_segment(path)
        if damage and not (may_be_torn and damage.is_torn and path == paths[-1]):
            raise damage
        batches += found
        end = found[-1].end if found else base
    return start or 0, end, batches


def open_transactions(batches):
    """The producers whose transactions have no end, with their first offsets; and the batches out of sequence, as
    (offset, producer, sequence, the one that was due)."""
    open_, last, doubled = {}, {}, []
    for batch in batches:
        if batch.is_control:
            open_.pop(batch.producer, None)
            if last.get(batch.producer, (batch.epoch, 0))[0] != batch.epoch:
                last.pop(batch.producer, None)
        elif batch.producer >= 0:
            if batch.is_transactional:
                open_.setdefault(batch.producer, batch.base)
            epoch, sequence = last.get(batch.producer, (batch.epoch, None))
            if sequence is not None and epoch == batch.epoch and batch.sequence != sequence:
                doubled.append((batch.base, batch.producer, batch.sequence, sequence))
            last[batch.producer] = (batch.epoch, (batch.sequence + batch.delta + 1) % (1 << 31))
    return open_, doubled
