"""The broker behind TLS, for the comparison of clients: certificates of openssl's making, a listener of its own, and what idle
connections take there.
"""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from processes import Broker, most

IDLE_CONNECTIONS = 1_000
# Of librdkafka's CPU per record.
MOST_RATIO = 0.8


class Secured:
    """A broker that speaks TLS and nothing else; the programs of the comparison learn of it by the environment's BENCH_CA."""

    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="kwbench-tls-")
        self.broker = None

    def __enter__(self):
        try:
            self.make_certificates()
            settings = self.path("server.properties")
            with open(settings, "w", encoding="ascii") as file:
                file.write("listeners=SSL://127.0.0.1:0\nlistener.security.protocol.map=SSL:SSL\n")
                file.write(f"ssl.keystore.location={self.path('broker.pem')}\nssl.keystore.type=PEM\n")
            self.broker = Broker(self.options.kw, settings, listens=False)
        except BaseException:
            self.__exit__()
            raise
        os.environ["BENCH_CA"] = self.path("ca.pem")
        return self

    def __exit__(self, *_):
        os.environ.pop("BENCH_CA", None)
        if self.broker:
            self.broker.stop()
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)

    def make_certificates(self):
        """An authority, and a certificate for localhost with its key behind it."""
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self.openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=bench")
        self.openssl("req", *curve, "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=localhost")
        with open(self.path("names"), "w", encoding="ascii") as file:
            file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self.openssl(
            "x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "broker.crt",
        )
        with open(self.path("broker.pem"), "w", encoding="ascii") as file:
            for part in ("broker.crt", "broker.key"):
                with open(self.path(part), encoding="ascii") as source:
                    file.write(source.read())

    def idle(self):
        """MB that a broker which nobody has used has more with a thousand connections that say nothing behind the handshake,
        and as many that say nothing at all without TLS."""
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        secured = idle_memory(
            Broker(self.options.kw, self.path("server.properties"), listens=False),
            lambda plain: context.wrap_socket(plain, server_hostname="localhost"),
        )
        plain = idle_memory(Broker(self.options.kw), lambda plain: plain)
        return {**secured, "plain_mb": plain["mb"]}


def idle_memory(broker, secure):
    """MB that idle connections take in a broker, which is stopped then; `secure` is what each does behind its beginning."""
    connections = []
    try:
        host, port = broker.address.rsplit(":", 1)

        def connect():
            connections.append(secure(socket.create_connection((host, int(port)), timeout=30)))

        # What the first one takes is the process's.
        connect()
        before = broker.memory()
        for _ in range(IDLE_CONNECTIONS):
            connect()
        # The last one is in the broker when it has answered the handshake; without one nothing says so.
        time.sleep(1)
        version = connections[-1].version() if isinstance(connections[-1], ssl.SSLSocket) else None
        return {"mb": broker.memory() - before, "all_mb": broker.memory(), "version": version}
    finally:
        for connection in connections:
            connection.close()
        broker.stop()


def print_idle(idle):
    wanted = most("idle connections under TLS, a thousand")
    verdict = "reached" if idle["mb"] <= wanted else "MISSED"
    print(
        f"{IDLE_CONNECTIONS:,} idle connections of {idle['version']}: {idle['mb']:.1f} MB ({idle['all_mb']:.0f} MB with all "
        f"else), wanted ≤ {wanted:.0f}: {verdict}; without TLS {idle['plain_mb']:.1f} MB"
    )
