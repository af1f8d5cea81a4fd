#!/usr/bin/env python3
"""Writes Fixtures/sasl: what Python's hashlib, stringprep, cryptography and botocore say of SCRAM, SASLprep, JWT and
AWS's signatures. `pip install botocore cryptography`, then `sasl_vectors.py FOLDER`. The published vectors are in
published_*.txt, which are copied from RFCs and AWS's documentation by hand."""
import base64, hashlib, hmac, json, random, stringprep as rfc, sys, unicodedata

folder = sys.argv[1]
ucd = unicodedata.ucd_3_2_0


def write(name, note, lines):
    with open(f"{folder}/{name}", "w") as file:
        file.write("".join(f"# {line}\n" for line in note.split("\n")) + "".join("\t".join(l) + "\n" for l in lines))


def b64(data):
    return base64.b64encode(data).decode()


def url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# SCRAM

def scram(name, user, password, client, server, salt, iterations):
    algorithm = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}[name]
    mac = lambda key, text: hmac.new(key, text, algorithm).digest()
    salted = hashlib.pbkdf2_hmac(algorithm, password.encode(), salt, iterations)
    key = mac(salted, b"Client Key")
    bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={client}"
    first = f"r={client}{server},s={b64(salt)},i={iterations}"
    final = f"c=biws,r={client}{server}"
    message = f"{bare},{first},{final}".encode()
    signature = mac(hashlib.new(algorithm, key).digest(), message)
    proof = bytes(a ^ b for a, b in zip(key, signature))
    return [name, user, password, client, server, f"n,,{bare}", first, f"{final},p={b64(proof)}",
            f"v={b64(mac(mac(salted, b'Server Key'), message))}"]


pencil = ("user", "pencil", "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
write("scram.txt", "Python's hashlib and hmac (Tests/Foreign/sasl_vectors.py): mechanism, user, password, the nonce's halves,\n"
      "then the four messages.",
      [scram("SCRAM-SHA-512", *pencil, 4096), scram("SCRAM-SHA-256", *pencil, 10000),
       scram("SCRAM-SHA-512", "a=b,c", "pässwörd 鍵 🗝", "fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j", bytes(range(64)), 4096),
       scram("SCRAM-SHA-256", "ünïcode", ",=,=", "c", "s", b"\xff", 5000)])


# SASLprep, as RFC 4013 puts it together

def prepare(text):
    mapped = "".join(" " if rfc.in_table_c12(c) else c for c in text if not rfc.in_table_b1(c) or rfc.in_table_c12(c))
    normal = ucd.normalize("NFKC", mapped)
    tables = [rfc.in_table_c12, rfc.in_table_c21_c22, rfc.in_table_c3, rfc.in_table_c4, rfc.in_table_c5, rfc.in_table_c6,
              rfc.in_table_c7, rfc.in_table_c8, rfc.in_table_c9]
    if any(t(c) for c in normal for t in tables):
        return "prohibited"
    if any(map(rfc.in_table_d1, normal)):
        if any(map(rfc.in_table_d2, normal)) or not (rfc.in_table_d1(normal[0]) and rfc.in_table_d1(normal[-1])):
            return "bidirectional"
    return "".join(f"{ord(c):x} " for c in normal).strip() or "empty"


chance = random.Random(4013)
interesting = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and (
    ucd.decomposition(chr(c)) or ucd.combining(chr(c)) or rfc.in_table_b1(chr(c)) or rfc.in_table_d1(chr(c)))]
known = [c for c in range(0x20, 0x30000) if not 0xD800 <= c < 0xE000 and ucd.category(chr(c)) != "Cn"]
marks = [c for c in interesting if ucd.combining(chr(c)) and ucd.category(chr(c)) == "Mn"]
latin = list(range(0x41, 0x5B)) + list(range(0x61, 0x7B)) + list(range(0x1100, 0x1113)) + list(range(0x1161, 0x1176)) + list(range(0x11A8, 0x11C3))
texts = [chr(c) for c in interesting[::4]]
for _ in range(1200):
    texts.append("".join(chr(chance.choice(chance.choice([latin, latin, marks, interesting]))) for _ in range(chance.randint(1, 6))))
for _ in range(300):
    texts.append("".join(chr(chance.choice(known)) for _ in range(chance.randint(1, 4))))
write("saslprep.txt", "Python's stringprep and unicodedata.ucd_3_2_0 (Tests/Foreign/sasl_vectors.py): a text's code points, and those\n"
      "of the prepared text or why there is none.",
      [["".join(f"{ord(c):x} " for c in t).strip(), prepare(t)] for t in texts])

# JWT

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

number = lambda n, size=None: url(n.to_bytes(size or (n.bit_length() + 7) // 8, "big"))
rsa_key = rsa.generate_private_key(65537, 2048)
short = rsa.generate_private_key(65537, 1024)
curves = {"ES256": ("P-256", ec.generate_private_key(ec.SECP256R1()), 32), "ES384": ("P-384", ec.generate_private_key(ec.SECP384R1()), 48),
          "ES512": ("P-521", ec.generate_private_key(ec.SECP521R1()), 66)}
edwards = ed25519.Ed25519PrivateKey.generate()
digest = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
keys = [{"kty": "RSA", "kid": "rsa", "use": "sig", "n": number(rsa_key.public_key().public_numbers().n), "e": "AQAB"},
        {"kty": "RSA", "kid": "short", "n": number(short.public_key().public_numbers().n), "e": "AQAB"},
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "edwards", "x": url(edwards.public_key().public_bytes_raw())}]
for algorithm, (curve, key, size) in curves.items():
    n = key.public_key().public_numbers()
    keys.append({"kty": "EC", "crv": curve, "kid": algorithm, "x": number(n.x, size), "y": number(n.y, size)})


def sign(algorithm, data, key=rsa_key):
    if algorithm[:2] == "RS":
        return key.sign(data, padding.PKCS1v15(), digest[algorithm[2:]])
    if algorithm[:2] == "PS":
        h = digest[algorithm[2:]]
        return key.sign(data, padding.PSS(padding.MGF1(h), h.digest_size), h)
    if algorithm[:2] == "ES":
        _, key, size = curves[algorithm]
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest[algorithm[2:]])))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if algorithm == "EdDSA":
        return edwards.sign(data)
    if algorithm == "HS256":
        return hmac.new(b"secret", data, "sha256").digest()
    return b""


def token(algorithm, claims, key=rsa_key, **header):
    data = ".".join(url(json.dumps(x).encode()) for x in ({"alg": algorithm, **header}, claims))
    return f"{data}.{url(sign(algorithm, data.encode(), key))}"


claims = {"iss": "https://issuer.example", "aud": ["kafka", "other"], "sub": "alice", "scope": "read write", "iat": 1700000000,
          "nbf": 1700000000, "exp": 1700003600}
but = lambda **changes: {k: v for k, v in {**claims, **changes}.items() if v is not None}
rows = []
for algorithm, kid in [("RS256", "rsa"), ("RS384", "rsa"), ("RS512", "rsa"), ("PS256", "rsa"), ("PS384", "rsa"), ("PS512", "rsa"),
                       ("ES256", "ES256"), ("ES384", "ES384"), ("ES512", "ES512"), ("EdDSA", "edwards")]:
    rows.append([f"{algorithm} with its key's id", token(algorithm, claims, kid=kid), "alice"])
    rows.append([f"{algorithm} without an id", token(algorithm, claims), "alice"])
good = token("RS256", claims)
rows += [
    ["none", token("none", claims), "which proves nothing"],
    ["HS256", token("HS256", claims, kid="shared"), "which proves nothing"],
    ["HS256, signed with the public key's text", token("HS256", claims, kid="rsa"), "which proves nothing"],
    ["a key that is too short", token("RS256", claims, short, kid="short"), "no key with the id short"],
    ["somebody else's key", token("RS256", claims, rsa.generate_private_key(65537, 2048)), "not that of the key"],
    ["a key that is not in the set", token("RS256", claims, kid="gone"), "no key with the id gone"],
    ["a key of another kind", token("RS256", claims, kid="edwards"), "no key with the id edwards"],
    ["other claims than were signed", ".".join([good.split(".")[0], url(json.dumps(but(sub="root")).encode()), good.split(".")[2]]), "not that of the key"],
    ["no signature", good[: good.rindex(".") + 1], "not that of the key"],
    ["crit", token("RS256", claims, crit=["x"], x=1), "crit"],
    ["another issuer", token("RS256", but(iss="https://other.example")), "issuer"],
    ["no issuer", token("RS256", but(iss=None)), "issuer"],
    ["another audience", token("RS256", but(aud="zookeeper")), "audience"],
    ["one audience", token("RS256", but(aud="kafka")), "alice"],
    ["ended", token("RS256", but(iat=1699990000, nbf=1699990000, exp=1699999900)), "it ended"],
    ["ended within the skew", token("RS256", but(iat=1699990000, nbf=1699990000, exp=1700000090)), "alice"],
    ["not yet", token("RS256", but(nbf=1700000200)), "it begins"],
    ["not yet within the skew", token("RS256", but(nbf=1700000120)), "alice"],
    ["issued later", token("RS256", but(iat=1700000200)), "it begins"],
    ["no end", token("RS256", but(exp=None)), "exp is missing"],
    ["an end that is a text", token("RS256", but(exp="1700003600")), "exp is no number"],
    ["ends before it begins", token("RS256", but(exp=1700000110, iat=1700000120)), "ends before"],
    ["nobody's", token("RS256", but(sub=None)), "claim sub"],
    ["a blank name", token("RS256", but(sub="  ")), "claim sub"],
    ["a name that is a number", token("RS256", but(sub=7)), "claim sub"],
    ["scopes as a list", token("RS256", but(scope=["write", "x"])), "alice"],
    ["another scope", token("RS256", but(scope="read")), "lacks the scope write"],
    ["no scope", token("RS256", but(scope=None)), "lacks the scope write"],
    ["a scope that is a number", token("RS256", but(scope=1)), "neither a text nor a list"],
]
with open(f"{folder}/jwks.json", "w") as file:
    json.dump({"keys": keys}, file, indent=1)
    file.write("\n")
write("jwt.txt", "Python's cryptography (Tests/Foreign/sasl_vectors.py), with the keys of jwks.json: what it is, the token, and whose it\n"
      "is or what is to be said. Issuer https://issuer.example, audience kafka, scope write; the time is 1700000100, clocks\n"
      "may differ by 30 s.", rows)

# AWS

import botocore.auth, botocore.awsrequest, botocore.credentials, datetime, unittest.mock

rows = []
for host, region, token_text in [("b-1.demo.abc123.c2.kafka.us-east-1.amazonaws.com", "us-east-1", ""),
                                 ("boot-x1.kafka-serverless.eu-central-1.amazonaws.com", "eu-central-1", "IQoJb3JpZ2luX2VjEJ//+token=="),
                                 ("kafka.us-west-2.amazonaws.com", "us-west-2", "")]:
    credentials = botocore.credentials.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token_text or None)
    request = botocore.awsrequest.AWSRequest("GET", f"https://{host}/?Action=kafka-cluster%3AConnect")
    moment = datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.timezone.utc)
    with unittest.mock.patch("botocore.auth.get_current_datetime", lambda *a, **k: moment.replace(tzinfo=None)):
        botocore.auth.SigV4QueryAuth(credentials, "kafka-cluster", region, expires=900).add_auth(request)
    assert "20231114T221320Z" in request.url, request.url
    rows.append([host, region, token_text or "-", request.url])
write("aws_presigned.txt", "botocore's SigV4QueryAuth (Tests/Foreign/sasl_vectors.py), for AKIDEXAMPLE and AWS's example key at 1700000000: host,\n"
      "region, session token, address.", rows)
