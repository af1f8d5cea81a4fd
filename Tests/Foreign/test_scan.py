#!/usr/bin/env python3
"""What a scanner of TLS servers looks for, asked of our listeners with `openssl s_client`: versions, ciphers, groups,
signatures, renegotiation, compression, certificates, and what does not belong there.

    KW=.build/debug/kw python Tests/Foreign/test_scan.py [part of a test's name]
"""

import concurrent.futures
import contextlib
import re
import socket
import ssl
import subprocess
import time

import judging
import secure_broker
from judging import equal, test, wait
from secure_broker import PORTS, address, openssl, path


def client(*arguments, listener="SSL", stdin="Q\n"):
    return openssl("s_client", "-connect", address(listener), "-CAfile", path("ca.pem"), *arguments, check=False,
                   stdin=stdin)  # fmt: skip


def agreed(done):
    """The version and cipher that s_client has agreed on, or nothing."""
    found = re.search(r"^New, (\S+), Cipher is (\S+)$", done.stdout, re.M)
    return None if not found or found[2] == "(NONE)" else (found[1], found[2])


def offered(*arguments):
    """The ciphers that this openssl can offer at all, also those that nobody should."""
    return openssl("ciphers", *arguments, "ALL:COMPLEMENTOFALL:@SECLEVEL=0").stdout.strip().split(":")


@test
def no_version_before_tls_1_2():
    old = ["-cipher", "ALL:@SECLEVEL=0"]
    for version in ["-tls1", "-tls1_1"]:
        done = client(version, *old)
        equal(agreed(done), None, version)
        assert "protocol version" in done.stderr, done.stderr
    for version, name in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")]:
        assert f"Protocol  : {name}" in client(version).stdout or agreed(client(version))[0] == name, name


@test
def only_ciphers_that_keep_secrets():
    """With TLS 1.2 all of them have keys of their own for each connection, and seal what they encrypt."""

    def taken(name):
        return name if agreed(client("-tls1_2", "-cipher", f"{name}:@SECLEVEL=0")) else None

    names = [name for name in offered("-tls1_2") if not name.startswith("TLS_")]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = sorted(filter(None, pool.map(taken, names)))
    print(f"     TLS 1.2: {len(names)} asked for, taken: {', '.join(found)}")
    assert found, "no cipher of TLS 1.2 is taken"
    weak = [name for name in found if not re.match(r"(ECDHE|DHE)-.*(GCM|CHACHA20)", name)]
    equal(weak, [], "weak ciphers")
    newer = [name for name in ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256",
                               "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]
             if agreed(client("-tls1_3", "-ciphersuites", name))]  # fmt: skip
    print(f"     TLS 1.3: {', '.join(newer)}")
    assert "TLS_AES_256_GCM_SHA384" in newer and not any(name.endswith("CCM_8_SHA256") for name in newer), newer


@test
def no_renegotiation_and_no_compression():
    done = client("-tls1_2", "-comp", stdin="")
    assert "Secure Renegotiation IS supported" in done.stdout
    assert "Compression: NONE" in done.stdout and "Expansion: NONE" in done.stdout
    # "R" alone in a line has s_client ask for another handshake on the connection.
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", address("SSL"), "-CAfile", path("ca.pem"), "-tls1_2"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(0.5)
        process.stdin.write("R\n")
        process.stdin.flush()
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert "RENEGOTIATING" in out + err
    assert "no renegotiation" in out + err or "no_renegotiation" in out + err, (out + err)[-1500:]


@test
def no_downgrade_and_nothing_before_the_handshake():
    # A client that says it has come down from a newer version (RFC 7507).
    done = client("-tls1_2", "-fallback_scsv")
    assert "inappropriate fallback" in done.stderr, done.stderr
    done = client("-tls1_3")
    assert "Early data was not sent" in done.stdout or "Max Early Data: 0" in done.stdout, done.stdout[-800:]


@test
def keys_of_enough_bits():
    for group in ["X25519", "P-256", "P-384"]:
        done = client("-tls1_3", "-groups", group)
        assert agreed(done), (group, done.stderr)
    for group in ["secp192r1", "secp160r1", "sect163k1"]:
        assert not agreed(client("-tls1_2", "-groups", group, "-cipher", "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"))
    # A finite field's group, where one is used, is of 2048 bits at least.
    done = client("-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384")
    bits = re.search(r"Server Temp Key: DH, (\d+) bits", done.stdout)
    assert not bits or int(bits[1]) >= 2048, bits
    for weak in ["RSA+SHA1", "RSA+MD5"]:
        sealed = "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"
        assert not agreed(client("-tls1_2", "-sigalgs", weak, "-cipher", sealed)), weak
    assert "Extended master secret: yes" in client("-tls1_2").stdout


@test
def certificates_are_what_they_should_be():
    for name in [["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"], ["-servername", "localhost"]]:
        done = client("-verify_return_error", *name)
        assert "Verify return code: 0 (ok)" in done.stdout, (name, done.stdout[-500:])
    assert "hostname mismatch" in (said := client("-verify_hostname", "other.example")).stdout + said.stderr
    assert "Verify return code: 0" not in openssl(
        "s_client", "-connect", address("SSL"), "-CAfile", path("other.pem"), check=False, stdin="Q\n").stdout
    # A name that the broker does not have is no reason to say nothing.
    assert agreed(client("-servername", "nobody.example"))


@test
def client_certificates_are_asked_for_and_checked():
    both = ["-cert", path("client.pem"), "-key", path("client.key")]
    foreign = ["-cert", path("foreign.pem"), "-key", path("foreign.key")]
    done = client(*both, listener="MTLS")
    assert "CN = ca" in done.stdout.split("Acceptable client certificate CA names")[1], done.stdout
    assert agreed(done) and "alert" not in done.stderr, done.stderr
    done = client("-tls1_2", listener="MTLS")
    assert "handshake failure" in done.stderr or "certificate required" in done.stderr, done.stderr
    done = client("-tls1_2", *foreign, listener="MTLS")
    assert "unknown ca" in done.stderr, done.stderr
    # With TLS 1.3 the client learns of it when it reads.
    done = client("-tls1_3", "-ign_eof", *foreign, listener="MTLS", stdin="")
    assert "unknown ca" in done.stderr, done.stderr
    done = client("-tls1_3", "-ign_eof", listener="MTLS", stdin="")
    assert "certificate required" in done.stderr, done.stderr
    equal("No client certificate CA names sent" in client().stdout, True, "certificates asked for where none is wanted")


@test
def what_is_no_tls_is_turned_away():
    for hello in [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\x01" * 64, b"\x00" * 200,
                  b"\x80\x2e\x01\x00\x02" + b"\x00" * 43,
                  b"\x00\x00\x00\x12\x00\x12\x00\x03\x00\x00\x00\x01\x00\x01x" + b"\x00" * 9]:
        with socket.create_connection(("127.0.0.1", PORTS["SSL"]), 5) as wire:
            wire.sendall(hello)
            wire.settimeout(10)
            try:
                while wire.recv(4096):
                    pass
            except ConnectionError:
                pass
    assert agreed(client()), "the broker takes connections no more"


@test
def nothing_stays_of_those_that_are_gone():
    """A client that ends orderly, and one that is cut off, leave nothing behind; sessions are taken up again."""
    done = openssl("s_client", "-connect", address("SSL"), "-CAfile", path("ca.pem"), "-tls1_2", "-reconnect",
                   check=False, stdin="Q\n")  # fmt: skip
    print(f"     TLS 1.2: {done.stdout.count('Reused, ')} of 5 connections took their session up again")
    context = ssl.create_default_context(cafile=path("ca.pem"))
    before = judging.resident()
    for i in range(100):
        wire = socket.create_connection(("127.0.0.1", PORTS["SSL"]), 5)
        wire = context.wrap_socket(wire, server_hostname="localhost")
        equal(wire.compression(), None)
        # One says that it ends, the next is just gone.
        if i % 2:
            wire.settimeout(5)
            with contextlib.suppress(ssl.SSLError, OSError):
                wire.unwrap()
        wire.close()
    wait(lambda: judging.resident() < before + 20, lambda: f"{before} MiB, then {judging.resident()}", 5)


if __name__ == "__main__":
    secure_broker.start()
    judging.main()
