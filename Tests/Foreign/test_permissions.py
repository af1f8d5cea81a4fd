#!/usr/bin/env python3
"""What clients may do: denials as each client reports them, then granted with Java's admin client; delegation tokens,
users that come and go, and quotas.

    KW=.build/debug/kw JARS=…/debezium/libs python Tests/Foreign/test_permissions.py [part of a test's name]
"""

import concurrent.futures
import re
import time

import acts
import doors
import judging
import secure_broker
from doors import Door
from judging import equal, fresh, installed, test

ADMIN = Door("SASL_SSL", mechanism="PLAIN", user="admin")
ALICE = Door("SASL_SSL", mechanism="SCRAM-SHA-512")
# What each client calls a denial, by what is denied.
DENIALS = {
    "topic": {"java": "TopicAuthorizationException: .*{name}", "librdkafka": "TOPIC_AUTHORIZATION_FAILED: ",
              "kafka-python": "TopicAuthorizationFailedError: .*", "aiokafka": "TopicAuthorizationFailedError: .*"},
    "group": {"java": "GroupAuthorizationException: .*{name}", "librdkafka": "GROUP_AUTHORIZATION_FAILED: ",
              "kafka-python": "GroupAuthorizationFailedError: .*", "aiokafka": "GroupAuthorizationFailedError: .*"},
    "id": {"java": "TransactionalIdAuthorizationException: ", "librdkafka": "TRANSACTIONAL_ID_AUTHORIZATION_FAILED: ",
           "kafka-python": "TransactionalIdAuthorizationFailedError", "aiokafka": "TransactionalIdAuthorizationFailed"},
    "cluster": {"java": "ClusterAuthorizationException: ", "librdkafka": "CLUSTER_AUTHORIZATION_FAILED: ",
                "kafka-python": "ClusterAuthorizationFailedError"},
}  # fmt: skip


def admin(name, *arguments, door=ADMIN):
    return doors.Java.peer().call(name, doors.Java.settings(door), *arguments)


def grant(*bindings, user="alice"):
    texts = [f"{kind}|{name}|{pattern}|User:{user}|{operation}|ALLOW" for kind, name, pattern, operation in bindings]
    admin("createAcls", *texts)
    return texts


def each(what, *names, door=ALICE, denied=None, name=""):
    """All clients at once, each with names of its own: those are patterns, in which * is the client's."""

    def one(client):
        if getattr(client, what, True) is None:
            return None
        return client.act(door, what, *[n.replace("*", client.name) for n in names])

    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = dict(zip([c.name for c in acts.CLIENTS], pool.map(one, acts.CLIENTS)))
    wrong = []
    for client, told in found.items():
        wanted = "done" if denied is None else DENIALS[denied].get(client, "").format(name=name.replace("*", client))
        if told is not None and not re.match(wanted, told):
            wrong.append(f"{client} {what}: {told!r}, wanted {wanted!r}")
    assert not wrong, "; ".join(wrong)
    for client, told in found.items():
        if told not in (None, "done"):
            print(f"     {client}: {told:.160}")


@test
def a_topic_that_may_not_be_written():
    topic = fresh("denied")
    admin("createTopic", topic)
    each("produce", topic, denied="topic", name=topic)
    grant(("TOPIC", topic, "LITERAL", "WRITE"))
    each("produce", topic)
    equal(admin("operations", topic, door=ALICE), ["DESCRIBE", "WRITE"])


@test
def a_topic_or_group_that_may_not_be_read():
    topic, group = fresh("closed"), fresh("group")
    admin("createTopic", topic)
    for _ in range(4):
        admin("do", "produce", topic)
    read_group = ("GROUP", group, "PREFIXED", "READ")
    grant(read_group)
    each("consume", topic, f"{group}-*", denied="topic", name=topic)
    grant(("TOPIC", "closed-", "PREFIXED", "READ"))
    each("consume", topic, f"{group}-*")
    each("consume", topic, "another-*", denied="group", name="another-*")
    # What is denied counts before what is allowed.
    admin("createAcls", f"GROUP|{group}-|PREFIXED|User:alice|READ|DENY")
    each("consume", topic, f"{group}-*", denied="group", name=f"{group}-*")
    equal(admin("deleteAcls", f"GROUP|{group}-|PREFIXED|User:alice|READ|DENY"),
          [f"GROUP|{group}-|PREFIXED|User:alice|READ|DENY"])  # fmt: skip
    each("consume", topic, f"{group}-again-*")


@test
def a_certificates_name_is_a_principal():
    """CN=Carol,O=Wire is carol by the listener's rules, in whatever order the names stand."""
    topic, door = fresh("certified"), Door("MTLS", certificate="client")
    admin("createTopic", topic)
    each("produce", topic, door=door, denied="topic", name=topic)
    grant(("TOPIC", topic, "LITERAL", "WRITE"), user="carol")
    each("produce", topic, door=door)


@test
def a_transactional_id_that_may_not_be_used():
    topic = fresh("ledger")
    admin("createTopic", topic)
    grant(("TOPIC", topic, "LITERAL", "WRITE"))
    each("transact", topic, "payments-*", denied="id", name="payments-*")
    grant(("TRANSACTIONAL_ID", "payments-", "PREFIXED", "WRITE"))
    each("transact", topic, "payments-*")


@test
def what_is_the_clusters():
    each("create", "made-by-*", denied="topic")
    each("acls", denied="cluster")
    grant(("TOPIC", "made-by-", "PREFIXED", "CREATE"), ("TOPIC", "made-by-", "PREFIXED", "DESCRIBE_CONFIGS"))
    each("create", "made-by-*")
    for what in [["describeConfigs"], ["setQuota", "alice", "producer_byte_rate", "1000"],
                 ["setUser", "eve", "SCRAM-SHA-256", "secret"], ["describeAcls"]]:
        try:
            admin(*what, door=ALICE)
            raise AssertionError(f"{what} was not denied")
        except judging.JavaError as error:
            assert str(error).startswith("ClusterAuthorizationException: "), (what, str(error))
    made = grant(("CLUSTER", "kafka-cluster", "LITERAL", "ALTER"))
    each("acls")
    admin("deleteAcls", *made, "TOPIC|never|LITERAL|User:nobody|READ|ALLOW")


@test
def tokens_stand_for_who_asked_for_them():
    name, secret, owner, expiry, latest = admin("createToken", "3600000", "bob", door=ALICE)
    equal(owner, "User:alice")
    assert int(expiry) <= int(latest) <= (time.time() + 3601) * 1000, (expiry, latest)
    topic = fresh("by-token")
    grant(("TOPIC", topic, "PREFIXED", "ALL"))
    holder = ALICE.with_(user=name, password=secret)
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"]:
        login = doors.Java.login(holder.with_(mechanism=mechanism)).replace(";", ' tokenauth="true";')
        settings = doors.Java.settings(holder.with_(mechanism=mechanism), sasl_jaas_config=login)
        equal(doors.Java.peer().call("attempt", settings, f"{topic}-{mechanism}"), [f"java {i}" for i in range(3)])
    for call in [["createToken", "1000"], ["renewToken", secret, "1000"], ["expireToken", secret, "-1"],
                 ["describeTokens"]]:  # fmt: skip
        told = failure(lambda: doors.Java.peer().call(call[0], settings, *call[1:]))
        assert told.startswith("UnsupportedByAuthenticationException: "), (call[0], told)
    # Without tokenauth it is a name that nobody has.
    assert failure(lambda: admin("attempt", topic, door=holder)).startswith("SaslAuthenticationException: ")
    equal([text for text in admin("describeTokens", door=ALICE)[::5]], [name])
    equal(admin("describeTokens", door=ALICE.with_(user="bob"))[:1], [name], "who may renew it sees it")
    later = int(admin("renewToken", secret, "1800000", door=ALICE.with_(user="bob"))[0])
    assert abs(later - (time.time() + 1800) * 1000) < 60_000, later
    told = failure(lambda: admin("renewToken", secret, "1000", door=ADMIN))
    assert told.startswith("DelegationTokenOwnerMismatchException"), told
    admin("expireToken", secret, "-1", door=ALICE)
    equal(admin("describeTokens", door=ALICE), [])
    told = failure(lambda: doors.Java.peer().call("attempt", settings, topic))
    assert told.startswith("SaslAuthenticationException: "), told


def failure(call):
    try:
        return f"no failure: {call()}"
    except judging.JavaError as error:
        return str(error)


@test
def users_come_change_and_go():
    topic = fresh("dave")
    grant(("TOPIC", topic, "PREFIXED", "ALL"), user="dave")
    refused = doors.ERRORS["password"]
    slowest = {}

    def timed(client, door):
        began = time.time()
        return client.attempt(door, fresh(topic)), time.time() - began

    def tries(mechanism, password, wanted):
        """All clients at once; what they come to, or the wanted error of each."""
        door = Door("SASL_PLAINTEXT", mechanism=mechanism, user="dave", password=password)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            jobs = {c.name: pool.submit(timed, c, door) for c in doors.CLIENTS}
        for name, job in jobs.items():
            pattern = wanted if isinstance(wanted, str) else wanted[name]
            told, took = job.result()
            slowest[name] = max(slowest.get(name, 0), took)
            assert re.match(pattern, told), f"{name}, {mechanism}: {told!r}, wanted {pattern!r}"

    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"]:
        tries(mechanism, "first", refused)
        admin("setUser", "dave", mechanism, "first")
        tries(mechanism, "first", "in")
        admin("setUser", "dave", mechanism, "second")
        tries(mechanism, "first", refused)
        tries(mechanism, "second", "in")
        admin("setUser", "dave", mechanism, None)
        tries(mechanism, "second", refused)
    print("     the slowest try: " + ", ".join(f"{name} {took:.1f} s" for name, took in slowest.items()))


@test
def producers_are_held_to_their_rate():
    """100 records of 10 kB at 200 kB/s, over a window of two seconds."""
    topic = fresh("slow")
    admin("createTopic", topic)
    grant(("TOPIC", topic, "LITERAL", "WRITE"))
    free = int(admin("flood", topic, "100", door=ALICE)[0])
    admin("setQuota", "alice", "producer_byte_rate", "200000")
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            took, throttled = map(int, admin("flood", topic, "100", door=ALICE))
            print(f"     java: {free} ms without a quota, {took} ms with one, held back for {throttled} ms at most")
            assert took > free + 1000 and 2500 < took < 15000 and throttled > 100, (free, took, throttled)
            ck = installed("confluent_kafka")
            events = []
            producer = ck.Producer(doors.Confluent.settings(ALICE, batch_size=20000) | {"throttle_cb": events.append})
            began = time.time()
            for _ in range(100):
                producer.produce(topic, b"x" * 10_000, partition=0)
                producer.poll(0)
            equal(producer.flush(30), 0)
            print(f"     librdkafka: {time.time() - began:.1f} s, {len(events)} throttles of up to "
                  f"{max((e.throttle_time for e in events), default=0):.2f} s")  # fmt: skip
            assert 2.5 < time.time() - began < 15 and events, events
    finally:
        admin("setQuota", "alice", "producer_byte_rate", None)


if __name__ == "__main__":
    secure_broker.start(**{
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users": "User:admin",
        "quota.window.num": "2", "quota.window.size.seconds": "1"})
    judging.main()
