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

    @Test func connectionSettings() throws {
        var configuration = ClientConfiguration(bootstrapServers: ["a:1"])
        let unknown = try configuration.apply([
            ("reconnect.backoff.max.ms", "30"), ("reconnect.backoff.ms", "20"),
            ("socket.connection.setup.timeout.max.ms", "40"), ("connections.max.idle.ms", "50"),
            ("socket.keepalive.enable", "false"), ("socket.user.timeout.ms", "60"), ("send.buffer.bytes", "70"),
            ("receive.buffer.bytes", "80"), ("receive.message.max.bytes", "9000"), ("broker.address.family", "v6"),
            ("client.dns.lookup", "resolve_canonical_bootstrap_servers_only"),
            ("metadata.recovery.rebootstrap.trigger.ms", "100"),
        ])
        #expect(unknown == [])
        let options = configuration.connections
        #expect(options.reconnectBackoff == .milliseconds(20) && options.maximumReconnectBackoff == .milliseconds(30))
        #expect(options.maximumConnectTimeout == .milliseconds(40) && options.maximumIdleTime == .milliseconds(50))
        #expect(!options.keepsAlive && options.userTimeout == .milliseconds(60))
        #expect(options.sendBuffer == 70 && options.receiveBuffer == 80 && options.maximumAnswerSize == 9000)
        #expect(options.addressFamily == .v6 && options.nameLookup == .canonicalBootstrapNames)
        #expect(configuration.recovery == .rebootstrap(after: .milliseconds(100)))
    }

    /// Java's defaults, but for the buffers, which the system adapts.
    @Test func connectionDefaults() {
        let configuration = ClientConfiguration(bootstrapServers: ["a:1"])
        let options = configuration.connections
        #expect(options.reconnectBackoff == .milliseconds(50) && options.maximumReconnectBackoff == .seconds(1))
        #expect(options.maximumConnectTimeout == .seconds(30) && options.maximumIdleTime == .seconds(540))
        #expect(options.keepsAlive && options.userTimeout == nil && options.sendBuffer == nil)
        #expect(options.addressFamily == .any && options.nameLookup == .allAddresses && options.dialer == nil)
        #expect(configuration.recovery == .rebootstrap(after: .seconds(300)))
    }

    @Test(arguments: [
        // As in Java, pauses do not grow where only the first one is set.
        ("reconnect.backoff.ms=2000", "2.0 seconds"),
        ("reconnect.backoff.ms=1 reconnect.backoff.max.ms=3000", "3.0 seconds"),
        ("connections.max.idle.ms=-1", "nil"), ("connections.max.idle.ms=0", "nil"),
        ("socket.user.timeout.ms=0", "nil"),
        ("send.buffer.bytes=-1", "nil"), ("socket.send.buffer.bytes=0", "nil"), ("socket.send.buffer.bytes=6", "6"),
        ("receive.buffer.bytes=-1", "nil"), ("socket.receive.buffer.bytes=5", "5"),
        ("client.dns.lookup=use_all_dns_ips", "allAddresses"), ("metadata.recovery.strategy=NONE", "none"),
        ("metadata.recovery.strategy=none metadata.recovery.rebootstrap.trigger.ms=5000", "none"),
        (
            "metadata.recovery.strategy=rebootstrap metadata.recovery.rebootstrap.trigger.ms=5000",
            "rebootstrap(after: 5.0 seconds)"
        ),
    ])
    func connectionSettingsMean(_ settings: String, _ wanted: String) throws {
        var configuration = ClientConfiguration(bootstrapServers: ["a:1"])
        let pairs = settings.split(separator: " ").map { $0.split(separator: "=").map(String.init) }
        #expect(try configuration.apply(pairs.map { (name: $0[0], value: $0[1]) }) == [])
        let options = configuration.connections
        func text<V>(_ value: V?) -> String { value.map { "\($0)" } ?? "nil" }
        let meanings = [
            "reconnect": text(options.maximumReconnectBackoff), "connections": text(options.maximumIdleTime),
            "socket.user": text(options.userTimeout), "send": text(options.sendBuffer),
            "socket.send": text(options.sendBuffer), "receive": text(options.receiveBuffer),
            "socket.receive": text(options.receiveBuffer), "client": text(options.nameLookup),
            "metadata": text(configuration.recovery),
        ]
        let subject = try #require(meanings.keys.sorted().last { settings.hasPrefix($0 + ".") })
        #expect(meanings[subject] == wanted, "\(settings)")
    }

    @Test(arguments: [
        ("client.dns.lookup", "default", "use_all_dns_ips or resolve_canonical_bootstrap_servers_only"),
        ("metadata.recovery.strategy", "forget", "none or rebootstrap"),
        ("broker.address.family", "v5", "any, v4 or v6"),
        ("receive.message.max.bytes", "10", "from 1000"), ("send.buffer.bytes", "-2", "from -1"),
        ("reconnect.backoff.ms", "-1", "at least 0"), ("connections.max.idle.ms", "-2", "at least -1"),
        ("bootstrap.servers", "unix:", "Unix socket"),
    ])
    func connectionsRefuse(_ name: String, _ value: String, _ sentence: String) throws {
        var configuration = ClientConfiguration(bootstrapServers: ["a:1"])
        let error = #expect(throws: KafkaError.self) { _ = try configuration.apply([(name: name, value: value)]) }
        #expect(error?.code == .invalidConfiguration && error?.setting == name)
        #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
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

    @Test func settingsOfWhereRecordsGo() throws {
        let usual = try Self.producer([])
        #expect(usual.partitioner == nil && usual.isAdaptive && !usual.ignoresKeys && usual.mayCreateTopics)
        #expect(usual.availabilityTimeout == .zero && usual.topicIdleTime == .seconds(300))
        let said = try Self.producer([
            ("partitioner.class", "org.apache.kafka.clients.producer.RoundRobinPartitioner"),
            ("partitioner.adaptive.partitioning.enable", "false"), ("partitioner.availability.timeout.ms", "7"),
            ("partitioner.ignore.keys", "true"), ("allow.auto.create.topics", "false"),
            ("metadata.max.idle.ms", "5000"),
        ])
        #expect(said.partitioner is RoundRobinPartitioner && !said.isAdaptive && said.ignoresKeys)
        #expect(said.availabilityTimeout == .milliseconds(7) && !said.mayCreateTopics)
        #expect(said.topicIdleTime == .seconds(5))
        for partitioner in LibrdkafkaPartitioner.allCases {
            let configuration = try Self.producer([("partitioner", partitioner.rawValue)])
            #expect(configuration.partitioner as? LibrdkafkaPartitioner == partitioner)
        }
        let sticky = try Self.producer([
            ("partitioner.class", "org.apache.kafka.clients.producer.UniformStickyPartitioner")
        ])
        #expect(sticky.partitioner == nil && sticky.ignoresKeys)
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
            ("queued.max.messages.kbytes", "27"), ("max.poll.records", "28"), ("client.rack", "east"),
            ("group.protocol", "classic"), ("allow.auto.create.topics", "true"),
        ])
        let usual = try Self.consumer([])
        #expect(configuration.mayCreateTopics && !usual.mayCreateTopics)
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
        #expect(configuration.maximumRecords == 28 && configuration.clientRack == "east")
        let since = try Self.consumer([("auto.offset.reset", "by_duration:P1DT1H")])
        #expect(since.offsetReset == .byDuration(.seconds(90_000)))
        #expect(since.offsetReset.start(at: 90_000_007) == .time(7))
        #expect(since.offsetReset.start(at: 6) == .time(0))
    }

    @Test(arguments: [
        ([("enable.auto.commit", "false"), ("auto.commit.interval.ms", "20")], nil as Duration?),
        ([("auto.commit.interval.ms", "20"), ("enable.auto.commit", "true")], .milliseconds(20)),
        ([("enable.auto.commit", "true")], .seconds(5)), ([], .seconds(5)),
    ])
    func automaticCommits(_ settings: [(String, String)], _ interval: Duration?) throws {
        #expect(try Self.consumer(settings.map { (name: $0.0, value: $0.1) }).autoCommit == interval)
    }

    /// What one group protocol has no use for, as Java's `ConsumerConfig` and librdkafka refuse it, in whatever order, in one
    /// call or in several.
    @Test(arguments: [
        ("group.protocol=consumer session.timeout.ms=10000", "session.timeout.ms"),
        ("heartbeat.interval.ms=1000 group.protocol=CONSUMER", "heartbeat.interval.ms"),
        ("group.protocol=consumer partition.assignment.strategy=range", "partition.assignment.strategy"),
        (
            "session.timeout.ms=9 group.protocol=consumer heartbeat.interval.ms=3 partition.assignment.strategy=sticky",
            "heartbeat.interval.ms, partition.assignment.strategy, session.timeout.ms"
        ),
        ("group.remote.assignor=uniform", "group.remote.assignor"),
        ("group.remote.assignor=uniform group.protocol=classic", "group.remote.assignor"),
        ("group.protocol=classic group.remote.assignor=range", "group.remote.assignor"),
        ("group.remote.assignor=uniform group.protocol=consumer", ""),
        ("group.protocol=consumer group.remote.assignor=", ""),
        ("group.remote.assignor=uniform group.remote.assignor=", ""),
        ("session.timeout.ms=10000 partition.assignment.strategy=range", ""),
        ("group.protocol=consumer session.timeout.ms=10000 group.protocol=classic", ""),
        ("group.protocol=consumer max.poll.interval.ms=1000 group.instance.id=i", ""),
    ])
    func settingsOfTheOtherGroupProtocolAreRefused(_ text: String, _ wrong: String) throws {
        let settings = text.split(separator: " ").map { setting in
            let parts = setting.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            return (name: parts[0], value: parts[1])
        }
        var apart = try Self.consumer([])
        for setting in settings { #expect(try apart.apply([setting]) == []) }
        for configuration in [try Self.consumer(settings), apart] {
            guard !wrong.isEmpty else {
                #expect(throws: Never.self) { try configuration.validated() }
                continue
            }
            let error = #expect(throws: KafkaError.self) { try configuration.validated() }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.setting == wrong.split(separator: ",").first.map(String.init))
            let protocolName = wrong == "group.remote.assignor" ? "classic" : "consumer"
            let sentence = "\(wrong) cannot be set with group.protocol=\(protocolName)"
            #expect(error?.message.hasPrefix(sentence) == true, "\(error?.message ?? "")")
        }
    }

    /// In Swift, the one that has no default is seen as well; the others have values with both protocols.
    @Test func aRemoteAssignorNeedsTheCoordinator() throws {
        var configuration = try Self.consumer([])
        configuration.groupRemoteAssignor = "range"
        let error = #expect(throws: KafkaError.self) { try configuration.validated() }
        #expect(error?.setting == "group.remote.assignor")
        configuration.groupProtocol = .consumer
        configuration.sessionTimeout = .seconds(10)
        #expect(throws: Never.self) { try configuration.validated() }
    }

    @Test func internalTopicsAreExcludedUnlessItIsSaid() throws {
        #expect(try Self.consumer([]).excludesInternalTopics)
        #expect(try Self.consumer([("exclude.internal.topics", "true")]).excludesInternalTopics)
        #expect(try !Self.consumer([("exclude.internal.topics", "False")]).excludesInternalTopics)
    }

    /// Checksums are checked all the same; interceptors are Swift's.
    @Test func whatIsPassedOver() throws {
        _ = try Self.consumer([("check.crcs", "false"), ("interceptor.classes", ""), ("metric.reporters", "x")])
        _ = try Self.producer([("interceptor.classes", " ")])
        #expect(SettingName.markdown.contains("`check.crcs` (checksums are always"))
    }

    /// A wrong value is refused with its name, and a part of the sentence that says what is right.
    @Test(arguments: [
        ("acks", "2", "all, -1, 0 or 1"), ("request.timeout.ms", "1s", "whole number of milliseconds, at least 1"),
        ("linger.ms", "-1", "at least 0"), ("enable.idempotence", "yes", "true or false"),
        ("batch.size", "", "whole number from 0"), ("compression.type", "brotli", "none, gzip, snappy, lz4 or zstd"),
        ("compression.gzip.level", "10", "1 to 9"), ("max.in.flight.requests.per.connection", "0", "from 1"),
        ("bootstrap.servers", ",", "names no broker"), ("bootstrap.servers", "a:b", "host:port"),
        ("security.protocol", "TLS", "plaintext, ssl, sasl_plaintext or sasl_ssl"),
        ("sasl.mechanism", "GSSAPI", "does not speak"), ("sasl.mechanism", "MD5", "must be PLAIN"),
        ("sasl.mechanism", "PLAIN", "nothing says who the client is"),
        ("sasl.mechanism", "OAUTHBEARER", "where tokens come"),
        ("sasl.kerberos.service.name", "kafka", "does not speak Kerberos"),
        ("ssl.truststore.location", "x.jks", "keytool -importkeystore"), ("ssl.keystore.location", "x.jks", "PKCS12"),
        ("ssl.enabled.protocols", "TLSv1.1", "tlsv1.2 or tlsv1.3"),
        ("ssl.truststore.type", "DER", "pem, pkcs12 or jks"),
        ("sasl.login.refresh.window.factor", "0.4", "a number from 0.5 to 1"),
        ("transaction.two.phase.commit.enable", "true", "no two-phase commits"),
        ("transaction.timeout.ms", "0", "from 1"),
        ("partitioner.class", "Mine", "RoundRobinPartitioner, or be left out"),
        (
            "partitioner.class", "org.apache.kafka.clients.producer.RoundRobbinPartitioner",
            "did you mean org.apache.kafka.clients.producer.RoundRobinPartitioner"
        ),
        ("partitioner.ignore.keys", "maybe", "true or false"), ("partitioner", "murmur3", "did you mean murmur2"),
        ("metadata.max.idle.ms", "4999", "at least 5000"), ("config.providers", "file", "as they stand"),
        ("interceptor.classes", "com.example.Mine", "ProducerInterceptor"),
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

    /// With the setting that is wrong, and not with the one that brought it up.
    @Test(arguments: [
        (#"org.apache.kafka.common.security.plain.PlainLoginModule required username="a""#, "cannot be read"),
        (#"org.apache.kafka.common.security.plain.PlainLoginModule required username="a";"#, "password"),
        (#"org.apache.kafka.common.security.scram.ScramLoginModule required username="a" password="b";"#, "Plain"),
        ("org.example.Mine required; org.example.Yours required;", "2 login modules"),
    ]) func whatIsWrongInALoginIsToldAsItsOwn(line: String, sentence: String) {
        var configuration = KafkaProducer.Configuration(bootstrapServers: ["a:1"])
        let error = #expect(throws: KafkaError.self) {
            _ = try configuration.apply([
                ("security.protocol", "SASL_PLAINTEXT"), ("sasl.mechanism", "PLAIN"), ("sasl.jaas.config", line),
            ])
        }
        #expect(
            error?.setting == "sasl.jaas.config" && error?.message.contains(sentence) == true, "\(error?.message ?? "")"
        )
    }

    @Test(arguments: [
        ("auto.offset.reset", "first", "earliest, latest or none"),
        ("auto.offset.reset", "by_duration:1h", "PT1H"), ("auto.offset.reset", "by_duration:-PT1H", "not"),
        ("auto.offset.reset", "by_duration:", "PT1H"), ("max.poll.records", "0", "1"),
        ("group.id", " ", "has a name"), ("group.protocol", "share", "classic or consumer"),
        ("isolation.level", "serializable", "read_uncommitted or read_committed"),
        ("partition.assignment.strategy", "org.apache.kafka.clients.consumer.MineAssignor", "StickyAssignor"),
        ("partition.assignment.strategy", "com.example.Mine", "com.example.Mine"),
        ("fetch.max.bytes", "0", "from 1"), ("session.timeout.ms", "x", "milliseconds"),
        ("interceptor.classes", "com.example.Mine", "ConsumerInterceptor"),
        ("exclude.internal.topics", "no", "true or false"),
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
