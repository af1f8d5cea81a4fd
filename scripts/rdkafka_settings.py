#!/usr/bin/env python3
"""Settings by which a client logs in, as librdkafka's clients take them, from a properties file with Java's names or librdkafka's.

Java's names: https://kafka.apache.org/documentation/#adminclientconfigs; librdkafka's: its CONFIGURATION.md. What librdkafka cannot do is
refused with a sentence; `rdkafka_settings.py FILE` says whether a file has such.
"""

import os
import re
import subprocess
import sys

# Java's name to librdkafka's, where only the name differs.
SAME = {
    "ssl.keystore.key": "ssl.key.pem", "ssl.keystore.certificate.chain": "ssl.certificate.pem",
    "ssl.truststore.certificates": "ssl.ca.pem",
}
# Those that are translated together with others, or are Java's own affair.
LEFT_OUT = ("ssl.truststore.", "ssl.keystore.", "ssl.protocol", "ssl.enabled.protocols", "sasl.jaas.config")
KEPT = ("security.protocol", "sasl.", "ssl.", "enable.ssl.certificate.verification")


def properties(text):
    """The names and values of a properties file, as far as settings need them."""
    found = {}
    for line in re.sub(r"\\\n[ \t]*", "", text).splitlines():
        match = re.match(r"\s*([^#!\s=:][^\s=:]*)\s*[=:]?\s*(.*?)\s*$", line)
        if match:
            found[match[1]] = match[2]
    return found


def certificates(store, password):
    """Those of a PKCS12 or JKS store as PEM, which is all that librdkafka reads of whom to trust."""
    keytool = os.path.join(os.environ["JAVA_HOME"], "bin", "keytool") if os.environ.get("JAVA_HOME") else "keytool"
    try:
        listed = subprocess.run([keytool, "-list", "-rfc", "-keystore", store, "-storepass:env", "STORE_PASSWORD"], text=True,
                                env={**os.environ, "STORE_PASSWORD": password}, capture_output=True, timeout=60, check=False).stdout
    except OSError as error:
        raise ValueError(f"{store} was not read: {error}") from None
    found = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", listed, re.DOTALL)
    if not found:
        raise ValueError(f"ssl.truststore.location: Java's keytool finds no certificate in {store}: {listed.strip()}")
    return "\n".join(found) + "\n"


def translated(given):
    """librdkafka's settings; ValueError says what it cannot do."""
    out = {SAME.get(name, name): value for name, value in given.items()
           if name in SAME or name.startswith(KEPT) and not name.startswith(LEFT_OUT)}
    if out.get("ssl.endpoint.identification.algorithm") == "":
        out["ssl.endpoint.identification.algorithm"] = "none"
    if "ssl.truststore.location" in given:
        if given.get("ssl.truststore.type", "JKS").upper() == "PEM":
            out["ssl.ca.location"] = given["ssl.truststore.location"]
        else:
            out["ssl.ca.pem"] = certificates(given["ssl.truststore.location"], given.get("ssl.truststore.password", ""))
    if "ssl.keystore.location" in given:
        kind = given.get("ssl.keystore.type", "JKS").upper()
        if kind == "PEM":
            out["ssl.certificate.location"] = out["ssl.key.location"] = given["ssl.keystore.location"]
        elif kind == "PKCS12":
            out["ssl.keystore.location"] = given["ssl.keystore.location"]
            out["ssl.keystore.password"] = given.get("ssl.keystore.password", "")
        else:
            raise ValueError("ssl.keystore.type must be PEM or PKCS12, which is what librdkafka reads")
    if "sasl.jaas.config" in given:
        words = dict(re.findall(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"', given["sasl.jaas.config"]))
        if "username" not in words:
            raise ValueError("sasl.jaas.config must have a username and a password")
        for name in ("username", "password"):
            out["sasl." + name] = re.sub(r"\\(.)", r"\1", words.get(name, ""))
    return out


def read(path):
    """The settings in a file; none where no file is named."""
    if not path:
        return {}
    with open(path, encoding="utf-8") as file:
        return translated(properties(file.read()))


if __name__ == "__main__":
    try:
        read(sys.argv[1])
    except (ValueError, OSError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
