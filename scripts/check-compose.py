#!/usr/bin/env python3
"""Checks that docker-compose.yml says what the exercise needs: check-compose.py [FILE]. Exits 1 and says what differs.

No Docker is needed: this reads the file (PyYAML, from .venv). Each fact has its reason in the exercise's stack.
"""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The agents that other scripts start; each has a service in the profile `agents`, and one with -secure in the profile `secure`.
AGENTS = re.search(r"^AGENTS=\((.*)\)$", (ROOT / "scripts/lib.sh").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
METRICS_PORT = 9464

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

# The profile `secure`: service: image, port on this machine (None: none), port in the container, secrets that it gets, services
# that it waits for, and how.
HEALTHY, DONE = "service_healthy", "service_completed_successfully"
SECURE = {
    "kafka-secure": ("apache/kafka", 9095, 9095, {"authority", "kafka-certificate", "kafka-server", "kafka-admin"}, {}),
    "kafka-permissions": ("apache/kafka", None, None, {"authority", "kafka-admin"}, {"kafka-secure": HEALTHY}),
    "connect-secure": ("quay.io/debezium/connect", 8084, 8083, {"authority", "connect-login"},
                       {"kafka-permissions": DONE, "postgres": HEALTHY}),
    **{f"{agent}-secure": (None, None, None, {"authority", "agent-login"}, {"kafka-permissions": DONE}) for agent in AGENTS},
}
# What a worker says of each kind of its clients; Debezium's image makes properties of the names.
LOGIN = {
    "SECURITY_PROTOCOL": "SASL_SSL",
    "SASL_MECHANISM": "PLAIN",
    "SASL_JAAS_CONFIG": "$${file:/run/secrets/connect.properties:jaas}",
    "SSL_TRUSTSTORE_TYPE": "PEM",
    "SSL_TRUSTSTORE_LOCATION": "/run/secrets/ca.pem",
}


def differences(compose):
    """Yields one sentence for each fact that does not hold."""
    services = compose.get("services", {})
    plain = {name for name, service in services.items() if "profiles" not in service}
    if plain != set(SERVICES):
        yield f"the services are {sorted(plain)}, not {sorted(SERVICES)}"
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


def secure_differences(compose):
    """The same for the profile `secure`."""
    services, secrets = compose.get("services", {}), compose.get("secrets", {})
    found = {name for name, service in services.items() if "secure" in service.get("profiles", [])}
    if found != set(SECURE):
        yield f"the services of the profile secure are {sorted(found)}, not {sorted(SECURE)}"
    for name in sorted(found & set(SECURE)):
        image, outside, inside, wanted, awaited = SECURE[name]
        service = services[name]
        if service["profiles"] != ["secure"]:
            yield f"{name}: its profiles are {service['profiles']}"
        if service.get("container_name") != name:
            yield f"{name}: the container is named {service.get('container_name')}"
        if image and not re.fullmatch(re.escape(image) + r":v?\d+\.\d+[\w.]*", service.get("image", "")):
            yield f"{name}: the image {service.get('image')} is not {image} with the tag of one release"
        if service.get("ports") != ([f"127.0.0.1:{outside}:{inside}"] if outside else None):
            yield f"{name}: the ports are {service.get('ports')}"
        if outside and not service.get("healthcheck", {}).get("test"):
            yield f"{name}: there is no health check"
        if {other: how.get("condition") for other, how in service.get("depends_on", {}).items()} != awaited:
            yield f"{name}: it waits for {service.get('depends_on')}"
        got = {secret["source"] for secret in service.get("secrets", [])}
        if got != wanted:
            yield f"{name}: its secrets are {sorted(got)}, not {sorted(wanted)}"
        for secret in sorted(got - set(secrets)):
            yield f"{name}: the secret {secret} is nowhere"
        targets = {secret["target"] for secret in service.get("secrets", [])}
        text = yaml.dump([service.get(key) for key in ("command", "environment", "healthcheck")])
        for path in sorted(set(re.findall(r"/run/secrets/[\w.]+", text)) - targets):
            yield f"{name}: it names {path}, which is none of its secrets"
        if re.search(r"password\s*[=:]", text, re.IGNORECASE):
            yield f"{name}: a password stands in the file"
    environment = services.get("connect-secure", {}).get("environment", {})
    for kind in ("", "PRODUCER_", "CONSUMER_", "ADMIN_"):
        for key, value in LOGIN.items():
            if environment.get(f"CONNECT_{kind}{key}") != value:
                yield f"connect-secure: CONNECT_{kind}{key} is {environment.get(f'CONNECT_{kind}{key}')}, not {value}"
    for name, secret in sorted(secrets.items()):
        if not str(secret.get("file", "")).startswith(".secrets/"):
            yield f"the secret {name} is not in .secrets"
    if "kafka-secure-data" not in compose.get("volumes", {}):
        yield "kafka-secure: its data is in no volume"


def agent_differences(compose):
    """The same for the agents, in both profiles."""
    services = compose.get("services", {})
    found = {name for name, service in services.items() if "agents" in service.get("profiles", [])}
    if found != set(AGENTS):
        yield f"the services of the profile agents are {sorted(found)}, not {sorted(AGENTS)}"
    for number, agent in enumerate(AGENTS):
        for name, ports in ((agent, [f"127.0.0.1:{METRICS_PORT + number}:{METRICS_PORT}"]), (f"{agent}-secure", None)):
            service = services.get(name)
            if service is None:
                continue
            if service.get("image") != f"kafkawire/{agent}":
                yield f"{name}: the image is {service.get('image')}"
            build = {"context": ".", "dockerfile": "deploy/Dockerfile", "args": {"PROGRAM": agent}}
            if service.get("build") != build:
                yield f"{name}: it is built by {service.get('build')}, not {build}"
            if service.get("ports") != ports:
                yield f"{name}: the ports are {service.get('ports')}, not {ports}"
            command = service.get("command", [])
            for option, value in (("--metrics-port", str(METRICS_PORT)), ("--metrics-host", "0.0.0.0")):
                if option not in command or command[command.index(option) + 1:][:1] != [value]:
                    yield f"{name}: the command has no {option} {value}"
            if "healthcheck" in service:
                yield f"{name}: there is a health check, and nothing in the image that it could run"
            expected = {"restart": "on-failure", "stop_signal": "SIGTERM", "read_only": True, "cap_drop": ["ALL"],
                        "security_opt": ["no-new-privileges:true"],
                        # How long is enough, check-deploy.py knows.
                        "stop_grace_period": compose.get("x-agent", {}).get("stop_grace_period")}
            for key, value in expected.items():
                if service.get(key) != value:
                    yield f"{name}: {key} is {service.get(key)}, not {value}"
        if services.get(agent, {}).get("depends_on") != {"kafka": {"condition": HEALTHY}}:
            yield f"{agent}: it does not wait until kafka is healthy"
        if services.get(agent, {}).get("command", [])[:2] != ["--bootstrap-server", "kafka:9092"]:
            yield f"{agent}: it does not begin with kafka:9092"


def main():
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docker-compose.yml"
    compose = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = [*differences(compose), *secure_differences(compose), *agent_differences(compose)]
    for sentence in found:
        print(f"{path.name}: {sentence}", file=sys.stderr)
    if not found:
        print(f"{path.name}: four services, as the exercise has them, {len(AGENTS)} of the profile agents, "
              f"{len(SECURE)} of the profile secure")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
