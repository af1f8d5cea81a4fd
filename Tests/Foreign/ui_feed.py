"""Fills a broker for the check of its web page: plain, binary and hostile messages, recorded change events, groups with
a lag, and a transaction. Says "fed" when all of it is there, and keeps one consumer alive until its standard input ends.

    python ui_feed.py BOOTSTRAP FIXTURES
    python ui_feed.py BOOTSTRAP --stream SECONDS     # a hundred messages a second into the topic stream, for so long
"""

import json
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition

HOSTILE = "<script>document.title='PWNED'</script><img src=x onerror=\"document.title='PWNED'\">"


def stream(bootstrap, seconds):
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
    for number in range(60):
        producer.produce("stream", f"before {number}")
    producer.flush(10)
    print("streaming", flush=True)
    for number in range(int(seconds) * 100):
        producer.produce("stream", f"message {number}")
        producer.poll(0)
        time.sleep(0.01)
    producer.flush(10)


def main():
    if sys.argv[2] == "--stream":
        return stream(sys.argv[1], sys.argv[3])
    bootstrap, fixtures = sys.argv[1:]
    producer = Producer({"bootstrap.servers": bootstrap, "client.id": "ui-feed"})
    for number in range(10):
        producer.produce(
            "orders", json.dumps({"order": number, "big": 9007199254740993, "items": [{"sku": "A-1", "count": 2}]}),
            key=f"customer-{number % 3}", partition=number % 3, headers={"trace": f"t-{number}"})
    producer.produce("orders", bytes(range(256)), key=b"\x00\xff", partition=0)
    producer.produce("orders", None, key="customer-1", partition=1)
    producer.produce("hostile", HOSTILE, key=HOSTILE, headers=[(HOSTILE, HOSTILE)])
    # Recorded from Debezium: with schemas, and bare.
    for topic in ("dbserver1.public.transactions", "bare.public.transactions"):
        with open(f"{fixtures}/{topic}.jsonl", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                headers = [(name, bytes.fromhex(value)) for name, value in record.get("headers") or []]
                producer.produce(topic, record["value"], key=record["key"], headers=headers, partition=0)
    producer.flush(10)

    for commits in (True, False):
        writer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "ui-transaction"})
        writer.init_transactions(10)
        writer.begin_transaction()
        writer.produce("orders", "in a transaction", partition=2)
        writer.flush(10)
        (writer.commit_transaction if commits else writer.abort_transaction)(10)

    group = {"bootstrap.servers": bootstrap, "enable.auto.commit": False}
    idle = Consumer({**group, "group.id": HOSTILE})
    idle.commit(offsets=[TopicPartition("hostile", 0, 0)], asynchronous=False)
    idle.close()
    member = Consumer({**group, "group.id": "billing", "client.id": "ui-member", "auto.offset.reset": "earliest"})
    member.subscribe(["orders"])
    for _ in range(100):
        if member.assignment():
            break
        member.poll(0.1)
    assert len(member.assignment()) == 3, "the consumer got no partitions"
    # Partition 0 has five messages: a lag of four.
    member.commit(offsets=[TopicPartition("orders", 0, 1)], asynchronous=False)
    print("fed", flush=True)
    sys.stdin.read()
    member.close()


if __name__ == "__main__":
    main()
