"""Runs librdkafka's mock cluster until it is stopped: three brokers with real TCP listeners on 127.0.0.1.

    .venv/bin/python Tests/Foreign/mock_cluster.py [brokers]

The first line printed is the bootstrap servers, for KAFKAWIRE_MOCK_BOOTSTRAP. It ends on SIGTERM or SIGINT, and after an
hour at the latest.
"""

import signal
import sys
import threading

from confluent_kafka import Producer


def main() -> None:
    brokers = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    # The cluster lives as long as the client that was created with it.
    client = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": brokers})
    metadata = client.list_topics(timeout=10)
    print(",".join(f"{b.host}:{b.port}" for b in metadata.brokers.values()), flush=True)
    done.wait(timeout=3600)


if __name__ == "__main__":
    main()
