"""confluent-kafka or kafka-python, the first argument, sets SCRAM users at BOOTSTRAP, describes and deletes them.

Of each user that is left the password is "pencil of" and the name: the test looks whether what the broker keeps is that."""

import os
import sys

BOOTSTRAP = os.environ["BOOTSTRAP"]


def confluent():
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import (
        AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialDeletion, UserScramCredentialUpsertion,
    )  # fmt: skip

    admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
    sha256, sha512 = ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512

    def upsertion(user, mechanism, iterations, salt=None):
        info = ScramCredentialInfo(mechanism, iterations)
        return UserScramCredentialUpsertion(user, info, f"pencil of {user}".encode(), salt)

    def outcome(future):
        try:
            future.result()
        except KafkaException as error:
            return error.args[0].name(), error.args[0].str()
        return None

    def alter(*changes):
        return {user: outcome(future) for user, future in admin.alter_user_scram_credentials(list(changes)).items()}

    set_up = alter(
        upsertion("ann", sha256, 4096), upsertion("bob", sha512, 5000, b"a salt"), upsertion("cid", sha256, 4096),
        upsertion("few", sha256, 4095), upsertion("many", sha512, 16385),
    )  # fmt: skip
    assert set_up == {
        "ann": None, "bob": None, "cid": None, "few": ("UNACCEPTABLE_CREDENTIAL", "Too few iterations"),
        "many": ("UNACCEPTABLE_CREDENTIAL", "Too many iterations"),
    }, set_up  # fmt: skip
    assert alter(upsertion("ann", sha512, 8192)) == {"ann": None}
    deleted = alter(UserScramCredentialDeletion("cid", sha256), UserScramCredentialDeletion("bob", sha256))
    assert deleted["cid"] is None and deleted["bob"][0] == "RESOURCE_NOT_FOUND", deleted
    everybody = admin.describe_user_scram_credentials().result()
    found = {
        user: sorted((info.mechanism, info.iterations) for info in description.scram_credential_infos)
        for user, description in everybody.items()
    }
    assert found == {"ann": [(sha256, 4096), (sha512, 8192)], "bob": [(sha512, 5000)]}, found
    named = admin.describe_user_scram_credentials(["bob", "cid"])
    assert len(named["bob"].result().scram_credential_infos) == 1
    assert outcome(named["cid"])[0] == "RESOURCE_NOT_FOUND"


def kafka_python():
    from kafka import KafkaAdminClient
    from kafka.admin import ScramMechanism, UserScramCredentialDeletion, UserScramCredentialUpsertion

    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    sha256, sha512 = ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512

    def upsertion(user, mechanism, iterations):
        return UserScramCredentialUpsertion(user, mechanism, f"pencil of {user}", iterations=iterations)

    for change in [
        upsertion("ann", sha256, 4096), upsertion("ann", sha512, 8192), upsertion("bob", sha512, 5000),
        upsertion("cid", sha256, 4096), UserScramCredentialDeletion("cid", sha256),
    ]:  # fmt: skip
        told = admin.alter_user_scram_credentials([change])
        assert set(told.values()) == {None}, told
    found = {
        user: sorted((int(info["mechanism"]), info["iterations"]) for info in told["credential_infos"])
        for user, told in admin.describe_user_scram_credentials().items()
    }
    assert found == {"ann": [(1, 4096), (2, 8192)], "bob": [(2, 5000)]}, found
    admin.close()


{"confluent": confluent, "kafka-python": kafka_python}[sys.argv[1]]()
