#!/usr/bin/env python3
"""Checks that docker-compose.yml says what the exercise needs: check-compose.py [FILE]. Exits 1 and says what differs.

No Docker is needed: this reads the file (PyYAML, from .venv). Each fact has its reason in the exercise's stack.
"""

import pathlib
import re
import sys

import yaml

# service: image (its tag must name one release), port on this machine, port in the container
SERVICES = {
    "postgres": ("postgres", 5433, 5432),
    "kafka": ("apache/kafka", 9094, 9094),
    "connect": ("quay.io/debezium/connect", 8083, 8083),
    "kafka-ui": ("ghcr.io/kafbat/kafka-ui", 8080, 8080),
}
STARTS_AFTER = {"connect": {"kafka", "postgres"}, "kafka-ui": {"kafka", "connect"}}
ENVIRONMENT = {
    "postgres": {"POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "postgrespw", "POSTGRES_DB": "mydb"},
    "kafka": {
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "INTERNAL://:9092,EXTERNAL://:9094,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": "INTERNAL://kafka:9092,EXTERNAL://localhost:9094",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "INTERNAL",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@kafka:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    },
    "connect": {"BOOTSTRAP_SERVERS": "kafka:9092"},
    "kafka-ui": {"KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS": "kafka:9092"},
}
VOLUMES = {"postgres": "/var/lib/postgresql/data", "kafka": "/var/lib/kafka/data"}


def differences(compose):
    """Yields one sentence for each fact that does not hold."""
    services = compose.get("services", {})
    if set(services) != set(SERVICES):
        yield f"the services are {sorted(services)}, not {sorted(SERVICES)}"
    for name, (image, outside, inside) in SERVICES.items():
        service = services.get(name)
        if service is None:
            continue
        if service.get("container_name") != name:
            yield f"{name}: the container is named {service.get('container_name')}"
        if not re.fullmatch(re.escape(image) + r":v?\d+\.\d+[\w.]*", service.get("image", "")):
            yield f"{name}: the image {service.get('image')} is not {image} with the tag of one release"
        if service.get("ports") != [f"127.0.0.1:{outside}:{inside}"]:
            yield f"{name}: the ports are {service.get('ports')}, not 127.0.0.1:{outside}:{inside}"
        if not service.get("healthcheck", {}).get("test"):
            yield f"{name}: there is no health check"
        awaited = service.get("depends_on", {})
        if set(awaited) != STARTS_AFTER.get(name, set()):
            yield f"{name}: it waits for {sorted(awaited)}"
        for other, how in awaited.items():
            if how.get("condition") != "service_healthy":
                yield f"{name}: it does not wait until {other} is healthy"
        environment = service.get("environment", {})
        for key, value in ENVIRONMENT[name].items():
            if str(environment.get(key)) != value:
                yield f"{name}: {key} is {environment.get(key)}, not {value}"
        if name in VOLUMES:
            volume, _, path = (service.get("volumes") or [":"])[0].partition(":")
            if path != VOLUMES[name] or volume not in compose.get("volumes", {}):
                yield f"{name}: its data is not in a volume at {VOLUMES[name]}"
    if "wal_level=logical" not in services.get("postgres", {}).get("command", []):
        yield "postgres: wal_level is not logical"


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "docker-compose.yml"
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    found = list(differences(yaml.safe_load(path.read_text(encoding="utf-8"))))
    for sentence in found:
        print(f"{path.name}: {sentence}", file=sys.stderr)
    if not found:
        print(f"{path.name}: four services, as the exercise has them")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
