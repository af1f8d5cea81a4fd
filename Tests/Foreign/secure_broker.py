"""A `kw broker` with a listener for each way in, its certificates (openssl) and its users; what the scripts about TLS,
SASL and permissions share. All of it is in a folder that goes with the script."""

import atexit
import base64
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import judging
from judging import installed

FOLDER = tempfile.mkdtemp(prefix="kafkawire-doors-")
LOG = os.path.join(FOLDER, "broker.log")
# What a listener is called, and what it speaks. SHORT ends its sessions; SIGNED takes tokens that somebody has signed.
LISTENERS = {
    "PLAINTEXT": "PLAINTEXT", "SSL": "SSL", "MTLS": "SSL", "SASL_PLAINTEXT": "SASL_PLAINTEXT", "SASL_SSL": "SASL_SSL",
    "SHORT": "SASL_PLAINTEXT", "ONLYPLAIN": "SASL_PLAINTEXT", "SIGNED": "SASL_SSL", "STRANGE": "SSL",
}  # fmt: skip
PASSWORDS = {"admin": "admin-secret", "alice": "alice-secret", "bob": "bob-secret"}
MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
PORTS = {}
SESSION = 2.5


def path(name):
    return os.path.join(FOLDER, name)


def address(listener, host="127.0.0.1"):
    return f"{host}:{PORTS[listener]}"


def openssl(*arguments, check=True, stdin="", timeout=20):
    if not shutil.which("openssl"):
        raise judging.Skipped("openssl is not installed")
    done = subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0 or not check, done.stderr
    return done


# --- certificates ---------------------------------------------------------------------------------------------------


def authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", path(f"{name}.key"), "-out", path(f"{name}.pem"))  # fmt: skip


def certificate(name, by, subject, extensions, days=("-days", "2")):
    """Writes name.key, name.pem, and name.p12 of both, password `changeit`."""
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", path(f"{name}.key"), "-out",
            path(f"{name}.csr"))  # fmt: skip
    with open(path(f"{name}.ext"), "w") as file:
        file.write(extensions)
    openssl("x509", "-req", "-in", path(f"{name}.csr"), "-CA", path(f"{by}.pem"), "-CAkey", path(f"{by}.key"),
            "-CAcreateserial", *days, "-extfile", path(f"{name}.ext"), "-out", path(f"{name}.pem"))  # fmt: skip
    openssl("pkcs12", "-export", "-in", path(f"{name}.pem"), "-inkey", path(f"{name}.key"), "-passout", "pass:changeit",
            "-out", path(f"{name}.p12"))  # fmt: skip


def certificates():
    authority("ca")
    authority("other")
    certificate("broker", "ca", "/CN=broker",
                "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    certificate("strange", "ca", "/CN=broker", "subjectAltName=DNS:elsewhere.example\nextendedKeyUsage=serverAuth\n")
    certificate("client", "ca", "/CN=Carol/O=Wire", "extendedKeyUsage=clientAuth\n")
    certificate("foreign", "other", "/CN=Carol/O=Wire", "extendedKeyUsage=clientAuth\n")


# --- tokens ---------------------------------------------------------------------------------------------------------


def part(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(user, seconds=3600, signer=None, **claims):
    """A JSON web token: unsecured, or signed with an RSA key of the folder; `tokens` is the one that SIGNED knows."""
    now = int(time.time())
    body = {"sub": user, "iat": now + min(seconds, 0) - 1, "exp": now + seconds, **claims}
    text = f"{part({'alg': 'RS256' if signer else 'none', 'kid': 'one'})}.{part(body)}"
    if not signer:
        return text + "."
    done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", path(f"{signer}.key")], input=text.encode(),
                          capture_output=True, timeout=20)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return f"{text}.{part(done.stdout)}"


def signers():
    for name in ["tokens", "forger"]:
        openssl("genrsa", "-out", path(f"{name}.key"), "2048")
    modulus = openssl("rsa", "-in", path("tokens.key"), "-noout", "-modulus").stdout.strip().split("=")[1]
    key = {"kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256", "n": part(bytes.fromhex(modulus)), "e": "AQAB"}
    with open(path("keys.json"), "w") as file:
        json.dump({"keys": [key]}, file)


# --- the broker -----------------------------------------------------------------------------------------------------


def properties():
    free = [socket.create_server(("127.0.0.1", 0)) for _ in LISTENERS]
    for name, port in zip(LISTENERS, free):
        PORTS[name] = port.getsockname()[1]
    for port in free:
        port.close()
    for name in ["broker", "strange"]:
        with open(path(f"{name}-both.pem"), "w") as file:
            os.chmod(file.name, 0o600)
            for half in ["key", "pem"]:
                with open(path(f"{name}.{half}")) as source:
                    file.write(source.read())
    users = " ".join(f'user_{name}="{word}"' for name, word in PASSWORDS.items())
    return {
        "listeners": ",".join(f"{name}://{address(name)}" for name in LISTENERS),
        "listener.security.protocol.map": ",".join(f"{name}:{spoken}" for name, spoken in LISTENERS.items()),
        "ssl.keystore.type": "PEM", "ssl.keystore.location": path("broker-both.pem"),
        "ssl.truststore.type": "PEM", "ssl.truststore.location": path("ca.pem"),
        "listener.name.strange.ssl.keystore.location": path("strange-both.pem"),
        "listener.name.mtls.ssl.client.auth": "required",
        "listener.name.mtls.ssl.principal.mapping.rules": "RULE:^.*CN=([A-Za-z]*).*$/$1/L,DEFAULT",
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        "listener.name.onlyplain.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.signed.sasl.oauthbearer.jwks.endpoint.url": "file://" + path("keys.json"),
        "listener.name.signed.sasl.oauthbearer.expected.audience": "kafka",
        "listener.name.short.connections.max.reauth.ms": str(int(SESSION * 1000)),
        "delegation.token.secret.key": "the broker's own",
    } | {
        f"listener.name.{name.lower()}.plain.sasl.jaas.config":
            f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
        for name, spoken in LISTENERS.items() if "SASL" in spoken
    }  # fmt: skip


def start(**changes):
    """Starts the broker that judging.main then looks after; settings have underscores in place of dots."""
    program = os.environ.get("KW") or sys.exit("give the broker's program as KW")
    atexit.register(shutil.rmtree, FOLDER, True)
    certificates()
    signers()
    settings = properties() | {name.replace("_", "."): value for name, value in changes.items()}
    with open(path("server.properties"), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
    os.chmod(file.name, 0o600)
    process = subprocess.Popen(
        [program, "broker", path("server.properties"), "--log", "debug"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=open(LOG, "ab"), text=True)
    ready = process.stdout.readline() if select.select([process.stdout], [], [], 20)[0] else ""
    if "is ready" not in ready:
        process.kill()
        sys.exit(f"the broker did not start: {ready!r}, {open(LOG).read()[-2000:]}")
    judging.adopt(process, address("PLAINTEXT"))
    if "authorizer.class.name" not in settings or "User:admin" in settings.get("super.users", ""):
        add_users()


def add_users():
    """alice, bob and admin for SCRAM, as librdkafka sets them."""
    admin = installed("confluent_kafka.admin").admin
    client = admin.AdminClient({
        "bootstrap.servers": address("SASL_PLAINTEXT"), "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN", "sasl.username": "admin", "sasl.password": PASSWORDS["admin"]})  # fmt: skip
    for mechanism in [admin.ScramMechanism.SCRAM_SHA_256, admin.ScramMechanism.SCRAM_SHA_512]:
        info = admin.ScramCredentialInfo(mechanism, 4096)
        told = client.alter_user_scram_credentials(
            [admin.UserScramCredentialUpsertion(name, info, word.encode()) for name, word in PASSWORDS.items()])
        for future in told.values():
            future.result(20)


def said():
    """What the broker has logged."""
    with open(LOG, errors="replace") as file:
        return file.read().splitlines()
