"""A try to get in by one of a broker's doors, as each client makes it: three records there and back. What comes of it
is "in", or the client's own name for what went wrong, with what it says about that."""

import asyncio
import logging
import ssl
import threading
import time
from dataclasses import dataclass, replace

import judging
import secure_broker
from judging import fresh, installed
from secure_broker import FOLDER, PASSWORDS, address, path

SECONDS = 6


class Overheard(logging.Handler):
    """What a library says in its log, and the thread that says it: of why it does not connect some tell nobody else."""

    def __init__(self, name):
        super().__init__(logging.WARNING)
        self.said = []
        logging.getLogger(name).addHandler(self)
        logging.getLogger(name).propagate = False

    def emit(self, record):
        self.said.append((threading.current_thread(), record.getMessage()))


@dataclass(frozen=True)
class Door:
    """A listener, and how a client comes to it: with what protocol, mechanism and secrets. `topic` is fixed where it
    matters."""

    listener: str
    protocol: str = ""
    mechanism: str = ""
    user: str = "alice"
    password: str = ""
    token: str = ""
    # Whose certificates the client trusts, and whose it shows.
    ca: str = "ca"
    certificate: str = ""
    host: str = "127.0.0.1"
    topic: str = ""

    @property
    def server(self):
        return address(self.listener, self.host)

    @property
    def spoken(self):
        return self.protocol or secure_broker.LISTENERS[self.listener]

    @property
    def secret(self):
        return self.password or PASSWORDS.get(self.user, "no secret")

    @property
    def shown(self):
        """The token for OAUTHBEARER."""
        return self.token or secure_broker.token(self.user)

    def with_(self, **changes):
        return replace(self, **changes)


# --- the Java client ------------------------------------------------------------------------------------------------


class Java:
    name = "java"

    @staticmethod
    def peer():
        return judging.java("JavaDoors", FOLDER)

    @staticmethod
    def settings(door, **more):
        found = {"bootstrap.servers": door.server, "security.protocol": door.spoken}
        if "SSL" in door.spoken:
            found |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": path(f"{door.ca}.pem")}
        if door.certificate:
            found |= {"ssl.keystore.type": "PKCS12", "ssl.keystore.location": path(f"{door.certificate}.p12"),
                      "ssl.keystore.password": "changeit", "ssl.key.password": "changeit"}  # fmt: skip
        if door.mechanism:
            found |= {"sasl.mechanism": door.mechanism, "sasl.jaas.config": Java.login(door)}
        if door.token and door.mechanism == "OAUTHBEARER":
            # A file is what this client takes a ready token from.
            place = path(fresh("token") + ".jwt")
            with open(place, "w") as file:
                file.write(door.token)
            found |= {"sasl.oauthbearer.token.endpoint.url": f"file://{place}", "sasl.login.callback.handler.class":
                      "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler"}  # fmt: skip
        found |= {name.replace("_", "."): value for name, value in more.items()}
        return "".join(f"{name}={value}\n" for name, value in found.items())

    @staticmethod
    def login(door):
        package = "org.apache.kafka.common.security"
        if door.mechanism == "OAUTHBEARER":
            more = "" if door.token else f' unsecuredLoginStringClaim_sub="{door.user}"'
            return f"{package}.oauthbearer.OAuthBearerLoginModule required{more};"
        kind = "plain.Plain" if door.mechanism == "PLAIN" else "scram.Scram"
        return f'{package}.{kind}LoginModule required username="{door.user}" password="{door.secret}";'

    @staticmethod
    def attempt(door, topic):
        try:
            found = Java.peer().call("attempt", Java.settings(door), topic)
            return "in" if found == [f"java {i}" for i in range(3)] else "lost"
        except judging.JavaError as error:
            return str(error)


# --- librdkafka -----------------------------------------------------------------------------------------------------


class Confluent:
    name = "librdkafka"

    @staticmethod
    def settings(door, **more):
        found = {"bootstrap.servers": door.server, "security.protocol": door.spoken, "reconnect.backoff.ms": 50,
                 "log_level": 0}  # fmt: skip
        if "SSL" in door.spoken:
            found["ssl.ca.location"] = path(f"{door.ca}.pem")
        if door.certificate:
            found |= {"ssl.certificate.location": path(f"{door.certificate}.pem"),
                      "ssl.key.location": path(f"{door.certificate}.key")}  # fmt: skip
        if door.mechanism == "OAUTHBEARER" and not door.token:
            # Its own unsecured tokens.
            found |= {"enable.sasl.oauthbearer.unsecure.jwt": True,
                      "sasl.oauthbearer.config": f"principal={door.user}"}  # fmt: skip
        elif door.mechanism == "OAUTHBEARER":
            found["oauth_cb"] = lambda _: (door.token, time.time() + 3600, door.user, {})
        elif door.mechanism:
            found |= {"sasl.username": door.user, "sasl.password": door.secret}
        if door.mechanism:
            found["sasl.mechanism"] = door.mechanism
        return found | {name.replace("_", "."): value for name, value in more.items()}

    @staticmethod
    def attempt(door, topic):
        ck = installed("confluent_kafka")
        errors = []
        told = lambda error: errors.append(error) if error.code() != ck.KafkaError._ALL_BROKERS_DOWN else None
        producer = ck.Producer(Confluent.settings(door, message_timeout_ms=8000) | {"error_cb": told})
        for i in range(3):
            producer.produce(topic, f"librdkafka {i}", partition=0)
        end = time.time() + SECONDS
        # What is not about who the client is passes, and is tried again.
        while len(producer) and time.time() < end and not any(Confluent.is_final(error) for error in errors):
            producer.poll(0.05)
        if len(producer):
            producer.purge()
            final = [error for error in errors if Confluent.is_final(error)] or errors
            return f"{final[0].name()}: {final[0].str()}" if final else "nothing"
        # It asks for no group, which it may not have.
        consumer = ck.Consumer(
            Confluent.settings(door, group_id=fresh("unused"), enable_auto_commit=False, fetch_wait_max_ms=50))
        consumer.assign([ck.TopicPartition(topic, 0, 0)])
        found = []
        while len(found) < 3 and time.time() < end + 4:
            message = consumer.poll(0.2)
            if message is not None and not message.error():
                found.append(message.value().decode())
        consumer.close()
        return "in" if found == [f"librdkafka {i}" for i in range(3)] else "lost"

    @staticmethod
    def is_final(error):
        return error.name() in ("_AUTHENTICATION", "_SSL", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM")


# --- kafka-python ---------------------------------------------------------------------------------------------------


def login(door, tokens):
    """How kafka-python and aiokafka are told who they are; `tokens` makes what gives out the door's."""
    if not door.mechanism:
        return {}
    if door.mechanism == "OAUTHBEARER":
        return {"sasl_mechanism": door.mechanism, "sasl_oauth_token_provider": tokens(door)}
    return {"sasl_mechanism": door.mechanism, "sasl_plain_username": door.user, "sasl_plain_password": door.secret}


class KafkaPython:
    name = "kafka-python"

    @staticmethod
    def settings(door, **more):
        found = {"bootstrap_servers": door.server, "security_protocol": door.spoken}
        if "SSL" in door.spoken:
            found["ssl_cafile"] = path(f"{door.ca}.pem")
        if door.certificate:
            found |= {"ssl_certfile": path(f"{door.certificate}.pem"), "ssl_keyfile": path(f"{door.certificate}.key")}
        return found | login(door, KafkaPython.tokens) | more

    @staticmethod
    def tokens(door):
        oauth = installed("kafka.net.sasl.oauth").net.sasl.oauth

        class Provider(oauth.AbstractTokenProvider):
            def token(self):
                return door.shown

        return Provider()

    # The thread of each producer says why it does not connect; one at a time is made, so that it is known whose.
    log = Overheard("kafka.net.manager")
    one = threading.Lock()
    known = set()

    @staticmethod
    def producer(door):
        """A producer, or why there is none."""
        kafka = installed("kafka")
        made = []

        def make():
            try:
                made.append(kafka.KafkaProducer(
                    **KafkaPython.settings(door, bootstrap_timeout_ms=SECONDS * 1000, max_block_ms=SECONDS * 1000)))
            except (kafka.errors.KafkaError, OSError) as error:
                made.append(f"{type(error).__name__}: {error}")

        def told():
            found = [text for thread, text in list(KafkaPython.log.said) if thread not in KafkaPython.known]
            return [text for text in found if " failed: " in text]

        # 3.0.12 forgets what the broker has answered where the end of the connection comes right behind it, as Kafka's
        # does, too. It tries again, and is luckier.
        with KafkaPython.one:
            began = time.time()
            threading.Thread(target=make, daemon=True).start()
            while not made and not any("socket disconnected" not in text for text in told()):
                if time.time() > began + (1.5 if told() else SECONDS + 2):
                    break
                time.sleep(0.01)
            if not made:
                better = [text for text in told() if "socket disconnected" not in text]
                made.append((better or told() or ["nothing"])[0])
            KafkaPython.known |= {thread for thread, _ in list(KafkaPython.log.said)}
            return made[0]

    @staticmethod
    def attempt(door, topic):
        kafka = installed("kafka")
        producer = KafkaPython.producer(door)
        if isinstance(producer, str):
            return producer
        try:
            try:
                for i in range(3):
                    producer.send(topic, f"kafka-python {i}".encode(), partition=0).get(SECONDS)
            finally:
                producer.close(1)
            consumer = kafka.KafkaConsumer(
                **KafkaPython.settings(door, auto_offset_reset="earliest", fetch_max_wait_ms=50))
            consumer.assign([kafka.TopicPartition(topic, 0)])
            found, end = [], time.time() + SECONDS
            while len(found) < 3 and time.time() < end:
                for batch in consumer.poll(100).values():
                    found += [record.value.decode() for record in batch]
            consumer.close()
            return "in" if found == [f"kafka-python {i}" for i in range(3)] else "lost"
        except (kafka.errors.KafkaError, OSError) as error:
            return f"{type(error).__name__}: {error}"


# --- aiokafka -------------------------------------------------------------------------------------------------------


class Aiokafka:
    name = "aiokafka"
    log = Overheard("aiokafka")

    @staticmethod
    def settings(door, **more):
        found = {"bootstrap_servers": door.server, "security_protocol": door.spoken}
        if "SSL" in door.spoken:
            context = ssl.create_default_context(cafile=path(f"{door.ca}.pem"))
            if door.certificate:
                context.load_cert_chain(path(f"{door.certificate}.pem"), path(f"{door.certificate}.key"))
            found["ssl_context"] = context
        return found | login(door, Aiokafka.tokens) | more

    @staticmethod
    def tokens(door):
        abc = installed("aiokafka.abc").abc

        class Provider(abc.AbstractTokenProvider):
            async def token(self):
                return door.shown

        return Provider()

    @staticmethod
    def attempt(door, topic):
        aiokafka = installed("aiokafka")

        async def run():
            producer = aiokafka.AIOKafkaProducer(**Aiokafka.settings(door, request_timeout_ms=3000))
            try:
                await producer.start()
                for i in range(3):
                    await producer.send_and_wait(topic, f"aiokafka {i}".encode(), partition=0)
            finally:
                await producer.stop()
            consumer = aiokafka.AIOKafkaConsumer(
                **Aiokafka.settings(door, auto_offset_reset="earliest", fetch_max_wait_ms=50))
            found, end = [], time.time() + SECONDS
            try:
                await consumer.start()
                consumer.assign([aiokafka.TopicPartition(topic, 0)])
                while len(found) < 3 and time.time() < end:
                    for batch in (await consumer.getmany(timeout_ms=100)).values():
                        found += [record.value.decode() for record in batch]
            finally:
                await consumer.stop()
            return "in" if found == [f"aiokafka {i}" for i in range(3)] else "lost"

        try:
            return asyncio.run(asyncio.wait_for(run(), 3 * SECONDS))
        except (aiokafka.errors.KafkaError, OSError) as error:
            # Of a connection that comes to nothing the error does not say why.
            told = [text for thread, text in list(Aiokafka.log.said) if thread == threading.current_thread()]
            cause = next((text for text in reversed(told) if text.startswith("Unable connect to")), "")
            return f"{type(error).__name__}: {error} {cause}"


CLIENTS = [Java, Confluent, KafkaPython, Aiokafka]


# --- what goes wrong -----------------------------------------------------------------------------------------------

# What each client says, by what is wrong. kafka-python and aiokafka say it in their logs, and of their own that they do
# not get through.
ERRORS = {
    # The broker does not believe it.
    "password": {
        "java": "SaslAuthenticationException: Authentication failed",
        "librdkafka": "_AUTHENTICATION: .*Authentication failed",
        "kafka-python": ".* failed: .*(SaslAuthenticationFailedError: .*Authentication failed|socket disconnected)",
        "aiokafka": "KafkaConnectionError: .*SaslAuthenticationFailed: Authentication failed",
    },
    # aiokafka 0.14 does not answer the broker's reason, as RFC 7628 wants, and goes on as if it was let in: what it
    # asks for is refused then, in an answer in which it sees a cluster without brokers or topics. So it is with Kafka.
    "token": {
        "java": 'SaslAuthenticationException: {"status":"invalid_token"}',
        "librdkafka": '_AUTHENTICATION: .*{"status":"invalid_token"}',
        "kafka-python": ".* failed: .*(SaslAuthenticationFailedError: |socket disconnected)",
        "aiokafka": "UnknownTopicOrPartitionError: |KafkaConnectionError: |LeaderNotAvailableError: ",
    },
    "mechanism": {
        "java": r"UnsupportedSaslMechanismException: .*enabled mechanisms are \[PLAIN\]",
        "librdkafka": "_AUTHENTICATION: .*Unsupported SASL mechanism: broker's supported mechanisms: PLAIN",
        "kafka-python": ".* failed: .*(UnsupportedSaslMechanismError|socket disconnected)",
        "aiokafka": "KafkaConnectionError: .*UnsupportedSaslMechanism",
    },
    # It does not believe the broker.
    "authority": {
        "java": "SslAuthenticationException: SSL handshake failed",
        "librdkafka": "_SSL: .*certificate verify failed",
        "kafka-python": ".* failed: .*(certificate verify failed|CERTIFICATE_VERIFY_FAILED)",
        "aiokafka": "KafkaConnectionError: .*certificate verify failed",
    },
    # The broker does not believe its certificate, which with TLS 1.3 is told to who has begun to talk.
    "certificate": {
        "java": "SslAuthenticationException: Failed to process post-handshake messages",
        "librdkafka": "_TRANSPORT: .*tlsv13 alert certificate required",
        "kafka-python": ".* failed: ", "aiokafka": "KafkaConnectionError: ",
    },
    # The listener has no SASL.
    "no SASL": {
        "java": "IllegalSaslStateException: ",
        "librdkafka": "_AUTHENTICATION: .*Request not valid in current SASL state",
        "kafka-python": ".* failed: .*(IllegalSaslState|socket disconnected)",
        "aiokafka": "KafkaConnectionError: .*IllegalSaslState",
    },
    # The two do not speak the same protocol, of which neither can be told: the broker hangs up.
    "protocol": {
        "java": "TimeoutException: ", "librdkafka": "_TRANSPORT: |_SSL: |nothing",
        "kafka-python": ".* failed: |KafkaTimeoutError: ", "aiokafka": "KafkaConnectionError: ",
    },
}  # fmt: skip
