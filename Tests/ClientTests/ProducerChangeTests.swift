import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// What happens to topics while a producer writes to them: each was lost records on a real cluster, where Java lost none.
@Suite(.turn) struct ProducerChangeTests {
    private static func record(_ number: Int, bytes: Int = 100) -> ProducerRecord {
        let text = "\(number)"
        let filling = String(repeating: "0", count: max(0, bytes - text.utf8.count))
        return ProducerRecord(topic: "t", key: nil as String?, value: filling + text)
    }

    private static func count(_ broker: KafkaBroker) async -> Int64 {
        await broker.endOffsets(of: "t")?.reduce(0) { $0 + $1.rawValue } ?? 0
    }

    // MARK: - Topics that are made anew

    @Test func aTopicMadeAnewWithFewerPartitionsIsFollowed() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 6])
        configuration.autoCreateTopics = false
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.client.metadataMaximumAge = .milliseconds(100)
            $0.deliveryTimeout = .milliseconds(1000)
        }
        let keys = (0..<12).map { "k\($0)" }
        for key in keys { try await producer.enqueue(ProducerRecord(topic: "t", key: key, value: "before")) }
        try await producer.flush()
        let admin = try KafkaAdmin(.quick([broker.bootstrapServers]))
        _ = try await admin.deleteTopics(["t"]).get()
        _ = try await admin.createTopics([.init("t", partitions: 1, replicationFactor: 1)]).get()
        // Those that were on their way to partitions that are gone fail, as in Java.
        try await eventually {
            for key in keys {
                do { try await producer.send(ProducerRecord(topic: "t", key: key, value: "between")) } catch {
                    return false
                }
            }
            return true
        }
        let before = await Self.count(broker)
        for key in keys { try await producer.enqueue(ProducerRecord(topic: "t", key: key, value: "later")) }
        try await producer.close()
        #expect(await Self.count(broker) == before + 12)
        await admin.close()
        await broker.stop()
    }

    /// An idle producer hears of it, too: the first record later goes where it should.
    @Test func whoSendsNothingHearsOfItAsWell() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 6]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.client.metadataMaximumAge = .milliseconds(50)
        }
        try await producer.send(ProducerRecord(topic: "t", key: "k", value: "v"))
        let looks = await broker.requestCounts[.metadata] ?? 0
        try await eventually { await broker.requestCounts[.metadata] ?? 0 > looks + 2 }
        try await producer.close()
        await broker.stop()
    }

    @Test(arguments: [1, 3]) func aDeletedTopicComesBackWhereTheBrokerCreatesTopics(partitions: Int) async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": partitions])
        configuration.defaultPartitions = partitions
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        let admin = try KafkaAdmin(.quick([broker.bootstrapServers]))
        for round in 0..<3 {
            for key in 0..<10 {
                try await producer.enqueue(ProducerRecord(topic: "t", key: "k\(key)", value: "\(round)"))
            }
            try await producer.flush()
            #expect(await Self.count(broker) == 10)
            _ = try await admin.deleteTopics(["t"]).get()
        }
        await admin.close()
        try await producer.close()
        await broker.stop()
    }

    // MARK: - Batches that are too large

    @Test(arguments: [Compression.none, .gzip], [true, false])
    func aBatchOverTheTopicsLimitArrivesInParts(_ compression: Compression, idempotent: Bool) async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        let limit = compression == .none ? 2000 : 250
        configuration.maximumMessageBytes = limit
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.compression = compression
            $0.isIdempotent = idempotent
            $0.linger = .milliseconds(100)
        }
        var deliveries: [Delivery] = []
        for number in 0..<300 { deliveries.append(try await producer.enqueue(Self.record(number))) }
        try await producer.flush()
        for (number, delivery) in deliveries.enumerated() {
            #expect(try await delivery.acknowledgement().offset == Offset(Int64(number)))
        }
        // It has learned the size: what comes now is not refused first.
        let refused = Locked(0)
        broker.on(.produce) { request in
            let batches = (request.message as? ProduceRequest)?.topicData.flatMap(\.partitionData) ?? []
            let size = batches.compactMap { $0.records?.count }.max() ?? 0
            if size > limit { refused.withLock { $0 += 1 } }
            return .pass
        }
        for number in 300..<600 { try await producer.enqueue(Self.record(number)) }
        try await producer.close()
        #expect(await Self.count(broker) == 600)
        if compression == .none { #expect(refused.withLock { $0 } == 0) }
        await broker.stop()
    }

    @Test func onlyTheRecordThatIsTooLargeByItselfIsLostAndSaysSo() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let admin = try KafkaAdmin(.quick([broker.bootstrapServers]))
        // Lowered while a producer is at work.
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.linger = .milliseconds(100) }
        try await producer.send(Self.record(0))
        _ = try await admin.alterConfigs([.topic("t"): ["max.message.bytes": .set("2000")]]).get()
        var deliveries: [Delivery] = []
        for number in 0..<60 {
            deliveries.append(try await producer.enqueue(Self.record(number, bytes: number == 40 ? 5000 : 100)))
        }
        for (number, delivery) in deliveries.enumerated() where number != 40 {
            _ = try await delivery.acknowledgement()
        }
        let error = await #expect(throws: KafkaError.self) { try await deliveries[40].acknowledgement() }
        #expect(error?.code == .broker(.messageTooLarge))
        #expect(error?.message.contains("max.message.bytes") == true)
        #expect(error?.message.contains("a record of 50") == true)
        #expect(await Self.count(broker) == 60)
        try await producer.close()
        await admin.close()
        await broker.stop()
    }

    // MARK: - Partitions without a leader

    @Test func recordsWithoutAKeyGoToPartitionsThatHaveALeader() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 3], brokers: 3)
        configuration.defaultReplicationFactor = 1
        let broker = try await KafkaBroker.start(configuration)
        try await broker.stopNode(3)
        for _ in 0..<10 {
            let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.deliveryTimeout = .seconds(10) }
            for number in 0..<5 { try await producer.enqueue(Self.record(number)) }
            try await within { try await producer.close() }
        }
        #expect(await Self.count(broker) == 50)
        await broker.stop()
    }

    // MARK: - Brokers that throttle

    /// A quota that holds back for longer than an answer may take was duplicates and records out of order.
    @Test func aBrokerThatThrottlesForLongerThanATimeOutGetsNothingTwice() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 4]))
        let hook = broker.on(.produce, times: 4) { _ in .throttle(.milliseconds(1800)) }
        let events = Locked<[ClientEvent]>([])
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            // A second more than that is waited for.
            $0.client.requestTimeout = .milliseconds(300)
            $0.client.onEvent = { event in events.withLock { $0.append(event) } }
            $0.isIdempotent = false
            $0.acks = .leader
            $0.linger = .zero
        }
        for number in 0..<3 {
            for partition in 0..<4 {
                var record = Self.record(number)
                record.partition = PartitionID(index: partition)
                try await producer.enqueue(record)
            }
            try await producer.flush()
        }
        try await producer.close()
        // What is sent at once may go in one request.
        #expect(hook.uses >= 3)
        #expect(await broker.endOffsets(of: "t") == [3, 3, 3, 3])
        for partition in 0..<4 {
            let batches = await broker.batches(
                topic: "t", partition: PartitionID(index: partition), from: 0, maxBytes: 1 << 20)
            let values = try batches.flatMap { try $0.records().map { $0.value?.text.suffix(1) ?? "" } }
            #expect(values == ["0", "1", "2"])
        }
        #expect(events.withLock { $0 }.contains { if case .throttled(_, .produce, _) = $0 { true } else { false } })
        await broker.stop()
    }

    @Test(arguments: [APIKey.metadata, .listOffsets, .createTopics, .describeConfigs, .findCoordinator, .produce])
    func noRequestGoesToABrokerBeforeItsThrottleTimeIsOver(_ api: APIKey) async throws {
        let stack = try await ProxiedBroker.start(topics: ["t": 1])
        let began = Locked<ContinuousClock.Instant?>(nil)
        let hook = stack.broker.on(api, times: 1) { _ in
            began.withLock { $0 = .now }
            return .throttle(.milliseconds(700))
        }
        let early = Locked<[APIKey]>([])
        await stack.proxy.setRule { passing in
            guard passing.isRequest, let began = began.withLock({ $0 }) else { return .pass }
            if began.duration(to: .now) < .milliseconds(690) { early.withLock { $0.append(passing.api) } }
            return .pass
        }
        let producer = try KafkaProducer.quick(stack.proxy.address) {
            $0.isIdempotent = false
            $0.linger = .zero
        }
        for number in 0..<3 { try await producer.send(Self.record(number)) }
        let admin = try KafkaAdmin(.quick([stack.proxy.address]))
        if api != .produce {
            _ = try await admin.createTopics([.init("u", partitions: 1, replicationFactor: 1)]).get()
            _ = await admin.describeConfigs([.topic("t")])
            _ = await admin.listOffsets([TopicPartition("t", 0): .latest])
            _ = await admin.describeGroups(["g"])
            _ = try await admin.listTopics()
        }
        #expect(hook.uses == 1)
        #expect(early.withLock { $0 } == [])
        await admin.close()
        try await producer.close()
        await stack.stop()
    }

    // MARK: - Time

    @Test func maxBlockIsKeptWhileALookHangs() async throws {
        let stack = try await ProxiedBroker.start(topics: ["t": 1])
        await stack.proxy.setRule { $0.api == .metadata ? .drop : .pass }
        let producer = try KafkaProducer.quick(stack.proxy.address) {
            $0.maximumBlock = .milliseconds(300)
            $0.client.requestTimeout = .seconds(60)
        }
        let error = await #expect(throws: KafkaError.self) {
            try await within(.seconds(20)) { try await producer.send(Self.record(0)) }
        }
        #expect(error?.code == .timedOut)
        #expect(error?.setting == "max.block.ms")
        try? await producer.close(timeout: .zero)
        await stack.stop()
    }

    @Test func deliveryTimeoutIsKeptThoughAnAnswerMayTakeLonger() async throws {
        let stack = try await ProxiedBroker.start(topics: ["t": 1])
        let producer = try KafkaProducer.quick(stack.proxy.address) {
            $0.deliveryTimeout = .milliseconds(300)
            $0.client.requestTimeout = .seconds(60)
        }
        try await producer.send(Self.record(0))
        await stack.proxy.setRule { $0.api == .produce ? .drop : .pass }
        let error = await #expect(throws: KafkaError.self) {
            try await within(.seconds(20)) { try await producer.send(Self.record(1)) }
        }
        #expect(error?.setting == "delivery.timeout.ms")
        try? await producer.close(timeout: .zero)
        await stack.stop()
    }

    // MARK: - Who is told

    @Test func whatNobodyLooksAtIsToldByFlushAndClose() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.linger = .milliseconds(50) }
        let stored = try await producer.send(Self.record(0))
        #expect(stored.offset == 0)
        let hook = broker.on(.produce) { _ in .fail(.topicAuthorizationFailed) }
        for number in 0..<3 { try await producer.enqueue(Self.record(number)) }
        let flushed = await #expect(throws: KafkaError.self) { try await producer.flush() }
        #expect(flushed?.code == .broker(.topicAuthorizationFailed))
        #expect(flushed?.message.contains("3 records") == true)
        try await producer.flush()
        // Who waits for a record is told there.
        await #expect(throws: KafkaError.self) { try await producer.send(Self.record(1)) }
        try await producer.flush()
        try await producer.enqueue(Self.record(2))
        let closed = await #expect(throws: KafkaError.self) { try await producer.close() }
        #expect(closed?.code == .broker(.topicAuthorizationFailed))
        hook.remove()
        await broker.stop()
    }

    /// Found by a simulated history: a batch whose answer was lost was refused for good since the next connection was not
    /// told the versions.
    @Test func aBrokerThatDoesNotTellItsVersionsIsAskedAgain() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        broker.on(.apiVersions, times: 3) { _ in .fail(.unknownServerError) }
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        try await producer.send(Self.record(1))
        try await producer.close()
        #expect(await Self.count(broker) == 1)
        await broker.stop()
    }
}
