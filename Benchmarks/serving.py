"""The broker's own figures: what it takes from librdkafka and serves to it, from memory and from a data directory, how
fast it starts, and how much memory idle partitions and connections take.

The rates are those of broker and client together, on the same cores. A topic has four partitions; with two consumers
each reads two of them, up to their ends. What a data directory serves is in the system's page cache.
"""

import shutil
import socket
import statistics
import struct
import sys
import tempfile

from processes import Broker, run_together

PARTITIONS = 4
IDLE_PARTITIONS = 10_000
IDLE_CONNECTIONS = 1_000
MOST_START_MS = 50
MOST_IDLE_MB = 200


class Serving:
    def __init__(self, options):
        self.options = options
        self.rows = []
        self.starts = {}
        self.idle = {}

    def run(self):
        for place in ("memory", "data directory"):
            self.starts[place] = self.start(place)
            self.idle[place] = self.idle_memory(place)
            for size in (100, 1000):
                records = self.options.records if size <= 100 else self.options.records // 2
                runs = [self.one(place, size, records) for _ in range(self.options.repeat)]
                for job in runs[0]:
                    self.rows.append({"place": place, "size": size, "job": job, **medians([one[job] for one in runs])})
            if not self.options.json:
                print(f"broker with {place} done", file=sys.stderr)

    def figures(self):
        return {"rates": self.rows, "start_ms": self.starts, "idle_mb": self.idle}

    def with_broker(self, place, work, *options):
        folder = tempfile.mkdtemp(prefix="kwbench-")
        try:
            broker = Broker(self.options.kw, *options, *(["--data-dir", folder] if place != "memory" else []))
            try:
                return work(broker)
            finally:
                broker.stop()
        finally:
            shutil.rmtree(folder)

    def start(self, place):
        """Milliseconds from the start of the process to its ready line, the median of nine."""
        return statistics.median(self.with_broker(place, lambda broker: broker.start_ms) for _ in range(9))

    def one(self, place, size, records):
        """Fills a topic, and reads it: with one consumer, and with two."""

        def work(broker):
            address = broker.address
            rdkafka = self.options.rdkafka
            produce = [[rdkafka, "produce", address, "t", str(records), str(size), "plain"]]
            consume = [[rdkafka, "consume", address, "t", str(records), "assigned"]]
            both = [[rdkafka, "drain", address, "t", str(first), "2"] for first in (0, 2)]
            return {
                "produce": self.measure(broker, produce),
                "consume": self.measure(broker, consume),
                "consume, two": self.measure(broker, both),
            }

        return self.with_broker(place, work, "--topic", f"t:{PARTITIONS}")

    @staticmethod
    def measure(broker, commands):
        before = broker.cpu()
        results = run_together(commands)
        cpu = broker.cpu() - before
        records = sum(result["records"] for result in results)
        wall = max(result["ended"] for result in results) - min(result["began"] for result in results)
        return {
            "records_s": records / wall,
            "mb_s": sum(result["bytes"] for result in results) / wall / 1e6,
            "broker_us": cpu / records * 1e6,
            "client_us": sum(result["cpu"] for result in results) / records * 1e6,
            "peak_mb": broker.memory("VmHWM"),
        }

    def idle_memory(self, place):
        """MB with partitions that hold nothing and connections over which a client has said what it is."""

        def work(broker):
            host, port = broker.address.rsplit(":", 1)
            connections = []
            try:
                for _ in range(IDLE_CONNECTIONS):
                    connection = socket.create_connection((host, int(port)), timeout=10)
                    connections.append(connection)
                    ask_versions(connection)
                return broker.memory()
            finally:
                for connection in connections:
                    connection.close()

        return self.with_broker(place, work, "--topic", f"idle:{IDLE_PARTITIONS}")


def ask_versions(connection):
    """ApiVersions v0, and its whole answer."""
    body = struct.pack(">hhih", 18, 0, 1, 4) + b"idle"
    connection.sendall(struct.pack(">i", len(body)) + body)
    answer = b""
    while len(answer) < 4 or len(answer) < 4 + struct.unpack(">i", answer[:4])[0]:
        more = connection.recv(65536)
        if not more:
            sys.exit("bench: the broker closed an idle connection")
        answer += more


def medians(runs):
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def print_serving(serving):
    print(f"\n{'broker with':<16}{'size':>6}  {'librdkafka':<14}{'records/s':>12}{'MB/s':>8}{'broker µs/rec':>15}", end="")
    print(f"{'client µs/rec':>15}{'peak RSS MB':>13}   wanted")
    for row in serving.rows:
        wanted, reached = want(row)
        print(
            f"{row['place']:<16}{row['size']:>6}  {row['job']:<14}{row['records_s']:>12,.0f}{row['mb_s']:>8.0f}"
            f"{row['broker_us']:>15.3f}{row['client_us']:>15.3f}{row['peak_mb']:>13.0f}   "
            f"{wanted}{'' if not wanted else ': reached' if reached else ': MISSED'}"
        )
    print()
    for place, milliseconds in serving.starts.items():
        verdict = "reached" if milliseconds < MOST_START_MS else "MISSED"
        print(f"from start to ready, {place}: {milliseconds:.0f} ms (median), wanted < {MOST_START_MS}: {verdict}")
    for place, megabytes in serving.idle.items():
        verdict = "reached" if megabytes < MOST_IDLE_MB else "MISSED"
        print(
            f"{IDLE_PARTITIONS:,} partitions and {IDLE_CONNECTIONS:,} idle connections, {place}: {megabytes:.0f} MB, "
            f"wanted < {MOST_IDLE_MB}: {verdict}"
        )


def want(row):
    """What issue 4 asks for."""
    if row["size"] == 100 and row["job"] != "consume, two":
        return "≥ 1,000,000 records/s", row["records_s"] >= 1e6
    if row["size"] == 1000 and row["job"] == "consume":
        return "≥ 1,000 MB/s", row["mb_s"] >= 1000
    return "", True
