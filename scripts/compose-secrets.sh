#!/usr/bin/env bash
# What the secured profile of docker-compose.yml needs, made once: compose-secrets.sh [DIR] (.secrets). An authority, the broker's
# certificate, and three users with passwords drawn at random: admin (super user), connect and alice.
#
# DIR is closed to others. Its files can be read, since those who read them in the containers are other users than you; nobody
# gets at them but through DIR, or through Docker, who is root anyway.
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=${1:-"$ROOT/.secrets"}
[ ! -e "$dir" ] || die "$dir is there already; remove it for new certificates and passwords (and the volume kafka-secure-data with it)"
type -P openssl >/dev/null || die "no openssl; install it (apt-get install openssl)"
umask 077
dir=$(cd "$(dirname "$dir")" && pwd)/$(basename "$dir")
# Whole, or not at all.
work=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$work"' EXIT

password() { head -c 18 /dev/urandom | base64 | tr '+/' 'xy'; }
plain="org.apache.kafka.common.security.plain.PlainLoginModule required"

make_certificates() { # for localhost, and for the name that containers know
  (
    cd "$work"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 -keyout ca.key -out ca.pem \
      -subj "/O=KafkaWire compose/CN=authority" -addext "basicConstraints=critical,CA:TRUE" \
      -addext "keyUsage=critical,keyCertSign,cRLSign"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout broker.key -out broker.csr \
      -subj "/O=KafkaWire compose/CN=kafka-secure"
    cat >extensions <<END
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:kafka-secure,DNS:localhost,IP:127.0.0.1
END
    openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 397 -extfile extensions -out broker.crt
    # As Kafka reads PEM: the key first, then the chain.
    openssl pkcs8 -topk8 -nocrypt -in broker.key >broker.pem
    cat broker.crt ca.pem >>broker.pem
    # The authority signs nothing more: its key is not kept.
    rm -f ca.key ca.srl broker.key broker.csr broker.crt extensions
  ) >/dev/null 2>"$work/openssl.log" || die "openssl failed: $(tail -n 3 "$work/openssl.log")"
  rm -f "$work/openssl.log"
}

# Listeners: SECURE for containers, EXTERNAL for this machine, the controller's; all of them SASL_SSL. Users of PLAIN are here,
# since those of SCRAM would have to be made before the first start.
write_server() {
  cat >"$work/server.properties" <<PROPERTIES
node.id=1
process.roles=broker,controller
controller.quorum.voters=1@kafka-secure:9093
controller.listener.names=CONTROLLER
inter.broker.listener.name=SECURE
listeners=SECURE://:9096,EXTERNAL://:9095,CONTROLLER://:9093
advertised.listeners=SECURE://kafka-secure:9096,EXTERNAL://localhost:9095
listener.security.protocol.map=SECURE:SASL_SSL,EXTERNAL:SASL_SSL,CONTROLLER:SASL_SSL
ssl.keystore.type=PEM
ssl.keystore.location=/run/secrets/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=/run/secrets/ca.pem
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.secure.plain.sasl.jaas.config=$plain username="admin" password="$admin" user_admin="$admin" user_connect="$connect" user_alice="$alice";
listener.name.external.plain.sasl.jaas.config=$plain user_admin="$admin" user_connect="$connect" user_alice="$alice";
listener.name.controller.plain.sasl.jaas.config=$plain username="admin" password="$admin" user_admin="$admin";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin
log.dirs=/var/lib/kafka/data
num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
PROPERTIES
}

write_client() { # FILE USER PASSWORD BOOTSTRAP CA
  cat >"$work/$1" <<PROPERTIES
bootstrap.servers=$4
security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location=$5
sasl.mechanism=PLAIN
sasl.jaas.config=$plain username="$2" password="$3";
PROPERTIES
}

admin=$(password)
connect=$(password)
alice=$(password)
make_certificates
write_server
write_client admin.properties admin "$admin" kafka-secure:9096 /run/secrets/ca.pem
write_client agent.properties alice "$alice" kafka-secure:9096 /run/secrets/ca.pem
# What the worker's settings refer to: \${file:/run/secrets/connect.properties:jaas}.
echo "jaas=$plain username=\"connect\" password=\"$connect\";" >"$work/connect.properties"
# For clients on this machine.
write_client client.properties alice "$alice" localhost:9095 "$dir/ca.pem"
chmod 644 "$work"/*
chmod 600 "$work/client.properties"
mv "$work" "$dir"
trap - EXIT
echo "made $dir; next: docker compose --profile secure up -d --wait"
echo "clients on this machine: kw topics --list --command-config $dir/client.properties"
