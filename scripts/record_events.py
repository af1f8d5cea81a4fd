"""What record-events.sh does not do in shell: a schema registry that writes down what it was given, and the reading of topics.

    record_events.py registry PORT FILE
    record_events.py read BOOTSTRAP DIR PREFIX…
"""
import http.server
import json
import re
import sys
import time


class Registry(http.server.BaseHTTPRequestHandler):
    """The calls that a serializer makes: a schema by its subject, and by its id."""

    schemas: list[str] = []
    file = ""

    def answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        schema = body["schema"]
        if schema not in self.schemas:
            self.schemas.append(schema)
        number = self.schemas.index(schema) + 1
        subject = re.match(r"/subjects/([^/?]+)", self.path)
        with open(self.file, "a", encoding="utf-8") as file:
            line = {"id": number, "subject": subject.group(1) if subject else "", "schema": schema}
            file.write(json.dumps(line) + "\n")
        self.answer(200, {"id": number, "version": number, "subject": line["subject"], "schema": schema})

    def do_GET(self) -> None:
        found = re.match(r"/schemas/ids/(\d+)", self.path)
        if found and 0 < int(found.group(1)) <= len(self.schemas):
            self.answer(200, {"schema": self.schemas[int(found.group(1)) - 1]})
        else:
            self.answer(404, {"error_code": 40403, "message": "Schema not found"})

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


# Heartbeats come for as long as somebody waits; a few of them say everything.
MOST_HEARTBEATS = 3


def read(bootstrap: str, folder: str, prefixes: list[str]) -> None:
    """Writes the topics of each prefix to files once they have not grown for a while."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    heads = {f"__debezium-heartbeat.{prefix}" for prefix in prefixes}

    def partitions() -> list:
        return [
            TopicPartition(topic, number)
            for topic in sorted(consumer.topics())
            if topic in heads or topic.split(".")[0] in prefixes
            for number in sorted(consumer.partitions_for_topic(topic) or [])
        ]

    def ends() -> dict:
        return consumer.end_offsets(partitions())

    def without_heartbeats(counts: dict) -> dict:
        return {place: count for place, count in counts.items() if place.topic not in heads}

    last, since, begun = ends(), time.monotonic(), time.monotonic()
    while time.monotonic() - since < 8:
        if time.monotonic() - begun > 180:
            sys.exit("the topics still grow after three minutes")
        time.sleep(0.5)
        now = ends()
        if without_heartbeats(now) != without_heartbeats(last):
            since = time.monotonic()
        last = now
    for topic in sorted({place.topic for place in last}):
        places = {place: end for place, end in last.items() if place.topic == topic and end > 0}
        consumer.assign(list(places))
        consumer.seek_to_beginning()
        records: list = []
        while sum(places.values()) > len(records):
            for batch in consumer.poll(timeout_ms=2000).values():
                records += batch
        records.sort(key=lambda record: (record.partition, record.offset))
        if topic in heads:
            records = records[:MOST_HEARTBEATS]
        with open(f"{folder}/{topic}.jsonl", "w", encoding="utf-8") as file:
            for record in records:
                file.write(json.dumps(line(record)) + "\n")
        print(f"{topic}: {len(records)}")


def line(record: object) -> dict:
    """A record as it stands in the files: text where it is text, else hexadecimal."""

    def told(name: str, value: bytes | None) -> dict:
        try:
            return {name: None if value is None else value.decode()} if not (value or b"").startswith(b"\0") else {
                name + "_hex": value.hex()}
        except UnicodeDecodeError:
            return {name + "_hex": value.hex()}

    headers = [[name, None if value is None else value.hex()] for name, value in record.headers]
    return {
        "partition": record.partition, "offset": record.offset, "timestamp": record.timestamp,
        **told("key", record.key), **told("value", record.value), "headers": headers}


if __name__ == "__main__":
    if sys.argv[1] == "registry":
        Registry.file = sys.argv[3]
        http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Registry).serve_forever()
    else:
        read(sys.argv[2], sys.argv[3], sys.argv[4:])
