#!/usr/bin/env python3
"""Clients of four kinds at each door of a broker: mechanism, protocol, and what is right or wrong about who comes. Who
is right gets in, with three records there and back; who is not gets its client's own error for that, in time.

    KW=.build/debug/kw JARS=…/debezium/libs python Tests/Foreign/test_doors.py [part of a test's name]
"""

import concurrent.futures
import re
import time

import doors
import judging
import secure_broker
from doors import Door
from judging import fresh, test
from secure_broker import MECHANISMS, token

def cells():
    """The doors by name, each with what is wrong, or None."""
    found = {}
    for listener in ["SASL_PLAINTEXT", "SASL_SSL"]:
        for mechanism in MECHANISMS:
            name, door = f"{listener} {mechanism}", Door(listener, mechanism=mechanism)
            found[name] = door, None
            if mechanism == "OAUTHBEARER":
                found[f"{name}, a token that ran out"] = door.with_(token=token("alice", -60, scope="a")), "token"
            else:
                found[f"{name}, a wrong password"] = door.with_(password="wrong"), "password"
                found[f"{name}, nobody's name"] = door.with_(user="nobody"), "password"
    signed = Door("SIGNED", mechanism="OAUTHBEARER")
    right = {"signer": "tokens", "aud": "kafka", "scope": "a"}
    found |= {
        "SSL": (Door("SSL"), None),
        "SSL by name": (Door("SSL", host="localhost"), None),
        "SSL, another's authority": (Door("SSL", ca="other"), "authority"),
        "SSL, another's name": (Door("STRANGE"), "authority"),
        "SSL with a certificate": (Door("MTLS", certificate="client"), None),
        "SSL without one where it is required": (Door("MTLS"), "certificate"),
        "SSL with a stranger's": (Door("MTLS", certificate="foreign"), "certificate"),
        "SASL_SSL, another's authority": (Door("SASL_SSL", mechanism="SCRAM-SHA-256", ca="other"), "authority"),
        "PLAINTEXT at SSL": (Door("SSL", "PLAINTEXT"), "protocol"),
        "SSL at PLAINTEXT": (Door("PLAINTEXT", "SSL"), "protocol"),
        "SASL_PLAINTEXT at SASL_SSL": (Door("SASL_SSL", "SASL_PLAINTEXT", "PLAIN"), "protocol"),
        "PLAINTEXT at SASL_PLAINTEXT": (Door("SASL_PLAINTEXT", "PLAINTEXT"), "protocol"),
        "SASL_PLAINTEXT at PLAINTEXT": (Door("PLAINTEXT", "SASL_PLAINTEXT", "PLAIN"), "no SASL"),
        "a mechanism that is not there": (Door("ONLYPLAIN", mechanism="SCRAM-SHA-256"), "mechanism"),
        "a signed token that ran out":
            (signed.with_(token=token("alice", -60, **right)), "token"),
        "a signed token": (signed.with_(token=token("alice", **right)), None),
        "a token with another's signature":
            (signed.with_(token=token("alice", **right | {"signer": "forger"})), "token"),
        "a token for another audience": (signed.with_(token=token("alice", **right | {"aud": "mail"})), "token"),
        "a token that nobody has signed": (signed, "token"),
    }  # fmt: skip
    return found


def tries(client):
    """All cells by one client, eight at a time."""

    def one(name, door, wrong):
        began = time.time()
        told = client.attempt(door, fresh("door"))
        took = time.time() - began
        wanted = "in" if wrong is None else doors.ERRORS[wrong][client.name]
        return name, wrong, told, wanted, took

    # What Java takes of a file has to be signed.
    mine = {name: cell for name, cell in cells().items() if client != doors.Java or not cell[0].token.endswith(".")}
    failures, counts = [], {}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for name, wrong, told, wanted, took in pool.map(lambda cell: one(cell[0], *cell[1]), mine.items()):
            kind = wrong or "in"
            counts[kind] = counts.get(kind, 0) + 1
            if not re.match(wanted, told) or (wrong and told in ("in", "lost")):
                failures.append(f"{name}: {told!r}, wanted {wanted!r}")
            elif took > 15:
                failures.append(f"{name}: {told!r} after {took:.1f} s")
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
    print(f"     {client.name}: {sum(counts.values())} cells, {kinds}")
    assert not failures, "\n".join(failures)


@test
def java_at_each_door():
    doors.Java.peer()
    tries(doors.Java)


@test
def librdkafka_at_each_door():
    tries(doors.Confluent)


@test
def kafka_python_at_each_door():
    tries(doors.KafkaPython)


@test
def aiokafka_at_each_door():
    tries(doors.Aiokafka)


if __name__ == "__main__":
    secure_broker.start()
    judging.main()
