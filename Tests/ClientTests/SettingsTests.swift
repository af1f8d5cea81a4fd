import TestSupport
import Testing

@testable import KafkaWire

/// Settings under Kafka's names, and what they set. Names and meanings: the configuration classes of kafka-clients 4.3.
@Suite(.turn) struct SettingsTests {
    private static func producer(_ settings: [(name: String, value: String)]) throws -> KafkaProducer.Configuration {
        var configuration = KafkaProducer.Configuration(bootstrapServers: ["a:1"])
        #expect(try configuration.apply(settings) == [])
        return configuration
    }

    private static func consumer(_ settings: [(name: String, value: String)]) throws -> KafkaConsumer.Configuration {
        var configuration = KafkaConsumer.Configuration(bootstrapServers: ["a:1"], group: "g", topics: ["t"])
        #expect(try configuration.apply(settings) == [])
        return configuration
    }

    @Test func clientSettings() throws {
        var configuration = ClientConfiguration(bootstrapServers: ["a:1"])
        let unknown = try configuration.apply([
            ("bootstrap.servers", " b:2 , c:3,"), ("client.id", " me "),
            ("socket.connection.setup.timeout.ms", "11"), ("request.timeout.ms", "12"),
            ("default.api.timeout.ms", "13"), ("retry.backoff.ms", "14"), ("retry.backoff.max.ms", "15"),
            ("metadata.max.age.ms", "16"), ("request.timeout.ms", "17"), ("linger.ms", "5"),
            ("value.deserializer", "x"), ("bootstrap.server", "x"), ("bootstrap.server", "y"),
            ("security.protocol", "plaintext"), ("ssl.keystore.location", ""),
        ])
        #expect(unknown == ["bootstrap.server"])
        #expect(configuration.bootstrapServers == ["b:2", "c:3"])
        #expect(configuration.clientId == "me")
        #expect(configuration.connectTimeout == .milliseconds(11))
        #expect(configuration.requestTimeout == .milliseconds(17), "the last one counts")
        #expect(configuration.apiTimeout == .milliseconds(13))
        #expect(configuration.retryBackoff == .milliseconds(14))
        #expect(configuration.maximumRetryBackoff == .milliseconds(15))
        #expect(configuration.metadataMaximumAge == .milliseconds(16))
    }

    @Test func producerSettings() throws {
        let configuration = try Self.producer([
            ("acks", "-1"), ("enable.idempotence", "TRUE"), ("linger.ms", "7"), ("batch.size", "1000"),
            ("max.request.size", "2000"), ("buffer.memory", "5000000000"), ("max.block.ms", "8"),
            ("delivery.timeout.ms", "9"), ("compression.type", "ZSTD"), ("compression.zstd.level", "-5"),
            ("compression.gzip.level", "-1"), ("compression.lz4.level", "9"), ("retries", "3"),
            ("max.in.flight.requests.per.connection", "4"), ("request.timeout.ms", "10"), ("key.serializer", "k"),
        ])
        #expect(configuration.acks == .all && configuration.isIdempotent)
        #expect(configuration.linger == .milliseconds(7) && configuration.batchSize == 1000)
        #expect(configuration.maximumRequestSize == 2000 && configuration.bufferMemory == 5_000_000_000)
        #expect(configuration.maximumBlock == .milliseconds(8) && configuration.deliveryTimeout == .milliseconds(9))
        #expect(configuration.compression == .zstd && configuration.compressionLevel == -5)
        #expect(configuration.maximumRetries == 3 && configuration.maximumInFlight == 4)
        #expect(configuration.client.requestTimeout == .milliseconds(10))
    }

    @Test(arguments: [
        ([("acks", "1")], false), ([("acks", "0")], false), ([("acks", "all")], true), ([("retries", "0")], false),
        ([("max.in.flight.requests.per.connection", "6")], false), ([("linger.ms", "1")], true),
    ])
    func idempotenceGivesWayWhereItIsNotAskedFor(_ settings: [(String, String)], _ isIdempotent: Bool) throws {
        let configuration = try Self.producer(settings.map { (name: $0.0, value: $0.1) })
        #expect(configuration.isIdempotent == isIdempotent)
        #expect(throws: Never.self) { try configuration.validated() }
    }

    @Test func aLevelOfAnotherCodecHasNoEffect() throws {
        #expect(try Self.producer([("compression.zstd.level", "5")]).compressionLevel == nil)
        #expect(
            try Self.producer([("compression.gzip.level", "5"), ("compression.type", "gzip")]).compressionLevel == 5)
        #expect(
            try Self.producer([("compression.gzip.level", "-1"), ("compression.type", "gzip")]).compressionLevel == nil)
    }

    @Test func consumerSettings() throws {
        let configuration = try Self.consumer([
            ("group.id", "other"), ("auto.offset.reset", "latest"), ("auto.commit.interval.ms", "20"),
            ("session.timeout.ms", "21"), ("heartbeat.interval.ms", "2"), ("max.poll.interval.ms", "22"),
            (
                "partition.assignment.strategy",
                "org.apache.kafka.clients.consumer.RoundRobinAssignor, "
                    + "org.apache.kafka.clients.consumer.CooperativeStickyAssignor, range"
            ), ("group.instance.id", "i"), ("isolation.level", "read_committed"), ("fetch.max.wait.ms", "23"),
            ("fetch.min.bytes", "24"), ("fetch.max.bytes", "25"), ("max.partition.fetch.bytes", "26"),
            ("queued.max.messages.kbytes", "27"), ("max.poll.records", "1"), ("group.protocol", "classic"),
        ])
        #expect(configuration.source == .group("other", topics: ["t"]))
        #expect(configuration.offsetReset == .latest && configuration.autoCommit == .milliseconds(20))
        #expect(
            configuration.sessionTimeout == .milliseconds(21) && configuration.heartbeatInterval == .milliseconds(2))
        #expect(configuration.maximumPollInterval == .milliseconds(22))
        #expect(
            configuration.assignors.map(\.name) == ["roundrobin", "cooperative-sticky", "range"]
                && configuration.groupInstanceId == "i")
        #expect(configuration.isolationLevel == .readCommitted)
        #expect(configuration.fetchMaximumWait == .milliseconds(23) && configuration.fetchMinimumBytes == 24)
        #expect(configuration.fetchMaximumBytes == 25 && configuration.partitionMaximumBytes == 26)
        #expect(configuration.maximumBuffered == 27 << 10)
    }

    @Test(arguments: [
        ([("enable.auto.commit", "false"), ("auto.commit.interval.ms", "20")], nil as Duration?),
        ([("auto.commit.interval.ms", "20"), ("enable.auto.commit", "true")], .milliseconds(20)),
        ([("enable.auto.commit", "true")], .seconds(5)), ([], .seconds(5)),
    ])
    func automaticCommits(_ settings: [(String, String)], _ interval: Duration?) throws {
        #expect(try Self.consumer(settings.map { (name: $0.0, value: $0.1) }).autoCommit == interval)
    }

    /// A wrong value is refused with its name, and a part of the sentence that says what is right.
    @Test(arguments: [
        ("acks", "2", "all, -1, 0 or 1"), ("request.timeout.ms", "1s", "whole number of milliseconds, at least 1"),
        ("linger.ms", "-1", "at least 0"), ("enable.idempotence", "yes", "true or false"),
        ("batch.size", "", "whole number from 0"), ("compression.type", "brotli", "none, gzip, snappy, lz4 or zstd"),
        ("compression.gzip.level", "10", "1 to 9"), ("max.in.flight.requests.per.connection", "0", "from 1"),
        ("bootstrap.servers", ",", "names no broker"), ("bootstrap.servers", "a:b", "host:port"),
        ("security.protocol", "SASL_SSL", "no TLS and no SASL yet"), ("sasl.jaas.config", "x", "no SASL yet"),
        ("ssl.truststore.location", "x", "no TLS yet"), ("ssl.ca.location", "x", "no TLS yet"),
        ("transactional.id", "t", "no transactional producer yet"), ("partitioner.class", "Mine", "leave it out"),
        ("partitioner.ignore.keys", "true", "to one partition"), ("config.providers", "file", "as they stand"),
    ])
    func producersRefuse(_ name: String, _ value: String, _ sentence: String) throws {
        var configuration = KafkaProducer.Configuration(bootstrapServers: ["a:1"])
        let error = #expect(throws: KafkaError.self) {
            _ = try configuration.apply([("client.id", "changed"), (name: name, value: value)])
        }
        #expect(error?.code == .invalidConfiguration && error?.setting == name)
        #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
        #expect(configuration.client.clientId == "kafkawire", "nothing is changed")
    }

    @Test(arguments: [
        ("auto.offset.reset", "first", "earliest, latest or none"),
        ("auto.offset.reset", "by_duration:PT1H", "earliest"),
        ("group.id", " ", "has a name"), ("group.protocol", "share", "classic or consumer"),
        ("isolation.level", "serializable", "read_uncommitted or read_committed"),
        ("partition.assignment.strategy", "org.apache.kafka.clients.consumer.MineAssignor", "StickyAssignor"),
        ("partition.assignment.strategy", "com.example.Mine", "com.example.Mine"),
        ("fetch.max.bytes", "0", "from 1"), ("session.timeout.ms", "x", "milliseconds"),
    ])
    func consumersRefuse(_ name: String, _ value: String, _ sentence: String) throws {
        var configuration = KafkaConsumer.Configuration(bootstrapServers: ["a:1"], group: "g", topics: ["t"])
        let error = #expect(throws: KafkaError.self) { _ = try configuration.apply([(name: name, value: value)]) }
        #expect(error?.code == .invalidConfiguration && error?.setting == name)
        #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
    }

    /// The names of kafka-clients 4.3.0's ProducerConfig, ConsumerConfig and AdminClientConfig without `sasl.` and
    /// `ssl.`, as its `configNames()` told them.
    private static let names = """
        acks allow.auto.create.topics auto.commit.interval.ms auto.offset.reset batch.size bootstrap.controllers
        bootstrap.servers buffer.memory check.crcs client.dns.lookup client.id client.rack compression.gzip.level
        compression.lz4.level compression.type compression.zstd.level config.providers connections.max.idle.ms
        default.api.timeout.ms delivery.timeout.ms enable.auto.commit enable.idempotence enable.metrics.push
        exclude.internal.topics fetch.max.bytes fetch.max.wait.ms fetch.min.bytes group.id group.instance.id
        group.protocol group.remote.assignor heartbeat.interval.ms interceptor.classes
        internal.throw.on.fetch.stable.offset.unsupported isolation.level key.deserializer key.serializer linger.ms
        max.block.ms max.in.flight.requests.per.connection max.partition.fetch.bytes max.poll.interval.ms
        max.poll.records max.request.size metadata.max.age.ms metadata.max.idle.ms
        metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy metric.reporters metrics.num.samples
        metrics.recording.level metrics.sample.window.ms partition.assignment.strategy
        partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms partitioner.class
        partitioner.ignore.keys receive.buffer.bytes reconnect.backoff.max.ms reconnect.backoff.ms request.timeout.ms
        retries retry.backoff.max.ms retry.backoff.ms security.protocol security.providers send.buffer.bytes
        session.timeout.ms share.acknowledgement.mode share.acquire.mode socket.connection.setup.timeout.max.ms
        socket.connection.setup.timeout.ms transaction.timeout.ms transaction.two.phase.commit.enable transactional.id
        value.deserializer value.serializer
        """

    @Test func everyNameOfKafkaIsKnown() throws {
        for name in Self.names.split(whereSeparator: \.isWhitespace) {
            #expect(OtherSettings.isKnown(String(name)), "\(name)")
        }
        // What a table reads is known as well.
        #expect(Set(ClientConfiguration.table.names).isSubset(of: ClientConfiguration.settingNames))
        #expect(
            NearestName.suggestions(for: "linger.msec", among: ClientConfiguration.settingNames).first == "linger.ms")
    }
}
