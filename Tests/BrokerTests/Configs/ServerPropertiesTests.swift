import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Settings under Kafka's names.
@Suite(.turn) struct ServerPropertiesTests {
    private typealias Configuration = KafkaBroker.Configuration

    @Test func everySettingReachesItsProperty() throws {
        let configuration = try Configuration(properties: [
            "node.id": "7", "broker.id": "7", "process.roles": "broker,controller", "log.dirs": "/data/kafka",
            "listeners": "PLAINTEXT://0.0.0.0:9092", "advertised.listeners": "PLAINTEXT://kafka.example:19092",
            "num.partitions": "3", "auto.create.topics.enable": "FALSE", "message.max.bytes": "2000",
            "socket.request.max.bytes": " 3000 ", "log.retention.bytes": "-1",
            "max.incremental.fetch.session.cache.slots": "9", "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "5", "group.max.session.timeout.ms": "6000", "group.max.size": "4",
            "transaction.max.timeout.ms": "1000", "transactional.id.expiration.ms": "2000", "broker.rack": "east",
            "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
        ])
        #expect(configuration.nodeId == 7)
        #expect(configuration.dataDirectory == "/data/kafka")
        #expect(configuration.host == "0.0.0.0" && configuration.port == 9092)
        #expect(configuration.advertisedHost == "kafka.example" && configuration.advertisedPort == 19092)
        #expect(configuration.defaultPartitions == 3)
        #expect(!configuration.autoCreateTopics)
        #expect(configuration.maximumMessageBytes == 2000)
        #expect(configuration.maximumRequestBytes == 3000)
        #expect(configuration.retentionBytes == nil)
        #expect(configuration.fetchSessionLimit == 9)
        #expect(configuration.initialRebalanceDelay == .zero)
        #expect(configuration.sessionTimeouts == .milliseconds(5) ... .seconds(6))
        #expect(configuration.maximumGroupSize == 4)
        #expect(configuration.maximumTransactionTimeout == .seconds(1))
        #expect(configuration.transactionalIdExpiration == .seconds(2))
        #expect(configuration.rack == "east" && configuration.replicaSelector == .rackAware)
    }

    /// The settings of the `config/server.properties` that Kafka 4 brings.
    @Test func kafkasOwnExampleIsTaken() throws {
        var configuration = Configuration()
        let report = try configuration.apply([
            "process.roles": "broker,controller", "node.id": "1",
            "controller.quorum.bootstrap.servers": "localhost:9093",
            "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093", "inter.broker.listener.name": "PLAINTEXT",
            "advertised.listeners": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map":
                "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL",
            "num.network.threads": "3", "num.io.threads": "8", "socket.send.buffer.bytes": "102400",
            "socket.receive.buffer.bytes": "102400", "socket.request.max.bytes": "104857600",
            "log.dirs": "/tmp/kraft-combined-logs", "num.partitions": "1", "num.recovery.threads.per.data.dir": "2",
            "offsets.topic.replication.factor": "1", "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1", "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1", "log.retention.hours": "168", "log.segment.bytes": "1073741824",
            "log.retention.check.interval.ms": "300000",
        ])
        #expect(configuration.port == 9092)
        #expect(configuration.advertisedHost == "localhost" && configuration.advertisedPort == 9092)
        #expect(report.remarks.count == 1 && report.remarks.first?.contains("CONTROLLER://:9093") == true)
        #expect(report.withoutEffect.contains("num.io.threads"))
        #expect(report.withoutEffect.contains("controller.quorum.bootstrap.servers"))
        #expect(!report.withoutEffect.contains("log.retention.hours"))
        #expect(!report.withoutEffect.contains("num.partitions"))
    }

    @Test func groupsAndTheDiskTakeTheirSettings() throws {
        let configuration = try KafkaBroker.Configuration(properties: [
            "default.replication.factor": "2", "offsets.retention.minutes": "5", "log.flush.interval.ms": "200",
            "group.consumer.session.timeout.ms": "50000", "group.consumer.heartbeat.interval.ms": "6000",
            "group.consumer.assignment.interval.ms": "100",
        ])
        #expect(configuration.defaultReplicationFactor == 2 && configuration.offsetsRetention == .seconds(300))
        #expect(configuration.flush == .interval(.milliseconds(200)))
        #expect(configuration.consumerSessionTimeout == .seconds(50))
        #expect(configuration.consumerHeartbeatInterval == .seconds(6))
        #expect(configuration.consumerAssignmentInterval == .milliseconds(100))
        #expect(try KafkaBroker.Configuration(properties: ["log.flush.interval.messages": "1"]).flush == .everyProduce)
    }

    @Test(arguments: [
        (["num.partition": "3"], "num.partition", "did you mean num.partitions"),
        (["num.partitions": "0"], "num.partitions", "at least 1"),
        (["num.partitions": ""], "num.partitions", "Not a number"),
        (["log.cleanup.policy": "burn"], "log.cleanup.policy", "burn"),
        (["auto.create.topics.enable": "yes"], "auto.create.topics.enable", "either true or false"),
        (["listeners": "SSL://:9093"], "ssl.keystore.location", "speaks TLS and has no certificate"),
        (["listeners": "SSL://:9093", "ssl.keystore.location": "/a.jks"], "ssl.keystore.location", "importkeystore"),
        (
            ["listeners": "SASL_PLAINTEXT://:9093", "sasl.enabled.mechanisms": "PLAIN,GSSAPI"],
            "sasl.enabled.mechanisms", "does not speak GSSAPI"
        ),
        (
            ["listeners": "SASL_PLAINTEXT://:9093", "listener.name.sasl_plaintext.plain.sasl.jaas.config": "x"],
            "listener.name.sasl_plaintext.plain.sasl.jaas.config", "cannot be read"
        ),
        (["listeners": "OUTSIDE://:9094"], "listener.security.protocol.map", "map OUTSIDE to PLAINTEXT, SSL"),
        (["listeners": "CONTROLLER://:9093"], "listeners", "no listener for clients"),
        (
            [
                "listeners": "PLAINTEXT://:9092,OUTSIDE://:9094,OUTSIDE://:9095",
                "listener.security.protocol.map": "OUTSIDE:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            ],
            "listeners", "stands there twice"
        ),
        (["listeners": "localhost:9092"], "listeners", "is no listener"),
        (["listeners": "PLAINTEXT://::1:9092"], "listeners", "is no listener"),
        (["listeners": "PLAINTEXT://localhost:99999"], "listeners", "is no listener"),
        (["listener.security.protocol.map": "A"], "listener.security.protocol.map", "no LISTENER:PROTOCOL"),
        (["advertised.listeners": "PLAINTEXT://0.0.0.0:9092"], "advertised.listeners", "cannot connect"),
        (["log.dirs": "/a,/b"], "log.dirs", "one directory"),
        (["log.dir": "/a,/b"], "log.dir", "one directory"),
        (["node.id": "1", "broker.id": "2"], "broker.id", "keep node.id"),
        (["node.id": "-1"], "node.id", "negative"),
        (["process.roles": "controller"], "process.roles", "has to name broker"),
        (["replica.selector.class": "example.Nearest"], "replica.selector.class", "no class example.Nearest"),
        (["replica.selector.class": "AwareReplicaSelector"], "replica.selector.class", "or leave the setting out"),
        (
            ["group.min.session.timeout.ms": "9", "group.max.session.timeout.ms": "8"], "group.min.session.timeout.ms",
            "longer than the longest"
        ),
    ]) func whatCannotBeTakenIsSaid(properties: [String: String], name: String, part: String) throws {
        var configuration = Configuration()
        let error = #expect(throws: Configuration.PropertyError.self) { try configuration.apply(properties) }
        #expect(error?.name == name)
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        #expect(configuration.properties.isEmpty)
    }

    @Test func listenersMayHaveNamesAndNumbers() throws {
        let configuration = try Configuration(properties: [
            "listeners": "INSIDE://[::1]:0", "advertised.listeners": "INSIDE://box:0",
            "listener.security.protocol.map": "INSIDE:PLAINTEXT",
        ])
        #expect(configuration.host == "::1" && configuration.port == 0)
        #expect(configuration.advertisedHost == "box" && configuration.advertisedPort == nil)
    }

    /// DescribeConfigs tells what the broker was started with, and topics fall back to it.
    @Test func brokersTellWhatTheyWereStartedWith() async throws {
        var configuration = Configuration(topics: ["t": 1])
        try configuration.apply([
            "log.retention.hours": "1", "log.segment.bytes": "1048576", "num.io.threads": "5", "num.partitions": "4",
        ])
        // What is set afterwards counts.
        configuration.defaultPartitions = 1
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let request = DescribeConfigsRequest.with {
            $0.resources = [
                .with {
                    $0.resourceType = 4
                    $0.resourceName = "1"
                    $0.configurationKeys = nil
                },
                .with {
                    $0.resourceType = 2
                    $0.resourceName = "t"
                    $0.configurationKeys = nil
                },
            ]
        }
        let results = try client.call(request, version: 4).results
        let fixed = Set(results[0].configs.filter { $0.configSource == 4 }.map { "\($0.name)=\($0.value ?? "")" })
        #expect(fixed.isSuperset(of: ["num.io.threads=5", "log.retention.hours=1", "num.partitions=1"]))
        let topic = Dictionary(results[1].configs.map { ($0.name, $0) }) { $1 }
        #expect(topic["retention.ms"]?.value == "3600000" && topic["retention.ms"]?.configSource == 4)
        #expect(topic["segment.bytes"]?.value == "1048576")
        await broker.stop()
    }
}
