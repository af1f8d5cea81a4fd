import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// What those are told who watch a client, with a broker.
@Suite(.turn) struct ObservingTests {
    /// Notes all events.
    private final class Watcher: ClientObserver {
        let events = Locked<[ClientEvent]>([])
        func observe(_ event: ClientEvent) { events.withLock { $0.append(event) } }
        /// The events' names.
        var names: [String] { all.map { String("\($0)".prefix { $0 != "(" }) } }
        var all: [ClientEvent] { events.withLock { $0 } }
        func count(_ name: String) -> Int { names.count { $0 == name } }
    }

    private static func record(_ value: String) -> ProducerRecord { ProducerRecord(topic: "t", key: nil, value: value) }

    @Test func aProducerTellsOfConnectionsRequestsAndBatches() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let (watcher, second, calls) = (Watcher(), Watcher(), Locked(0))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.client.observers = [watcher, second]
            $0.client.onEvent = { _ in calls.withLock { $0 += 1 } }
        }
        for number in 0..<10 { try await producer.enqueue(Self.record("\(number)")) }
        try await producer.flush()
        let metrics = producer.metrics()
        try await producer.close()
        let names = watcher.names
        #expect(names == second.names && names.count == calls.withLock { $0 })
        #expect(names.first == "connecting" && names.count { $0 == "closed" } == 1)
        #expect(watcher.count("connected") == watcher.count("connecting"))
        #expect(watcher.count("disconnected") == watcher.count("connected"), "this side has closed them")
        #expect(watcher.count("requestSent") == watcher.count("requestAnswered"))
        let sent = watcher.all.compactMap { if case .batchSent(let batch) = $0 { batch } else { nil } }
        let arrived = watcher.all.compactMap { if case .batchAcknowledged(let batch) = $0 { batch } else { nil } }
        #expect(sent.reduce(0) { $0 + $1.records } == 10 && arrived.reduce(0) { $0 + $1.records } == 10)
        #expect(arrived.first?.offset == 0 && arrived.last?.buffered == 0)
        #expect(sent.allSatisfy { $0.attempt == 1 && $0.broker >= 0 && $0.bytes > 0 && $0.queueTime >= .zero })
        let produce = watcher.all.compactMap { event -> AnsweredRequest? in
            if case .requestAnswered(let answer) = event, answer.api == .produce { answer } else { nil }
        }
        #expect(produce.count >= 1 && produce.allSatisfy { $0.bytes > 8 && $0.version >= 9 && $0.latency >= .zero })
        #expect(metrics.produced.records == 10 && metrics.produced.bytes > 0 && metrics.connections.open >= 1)
        #expect(metrics.requests.contains { $0.api == .produce && $0.sent == produce.count && $0.waiting == 0 })
        await broker.stop()
    }

    @Test func metricsAreZeroWhereTheyAreNotKept() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.client.keepsMetrics = false }
        try await producer.send(Self.record("a"))
        #expect(producer.metrics() == ClientMetrics())
        try await producer.close()
        await broker.stop()
    }

    @Test func anAdministratorCountsWhatItAsks() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var configuration = ClientConfiguration.quick([broker.bootstrapServers])
        let admin = try KafkaAdmin(configuration)
        #expect(admin.metrics() == ClientMetrics())
        _ = try await admin.createTopics([.init("u", partitions: 1)]).get()
        let metrics = admin.metrics()
        #expect(metrics.connections.open >= 1 && metrics.connections.opening.count >= 1)
        let created = metrics.requests.filter { $0.api == .createTopics }
        #expect(created.count == 1 && created.allSatisfy { $0.sent == 1 && $0.failed == 0 && $0.waiting == 0 })
        #expect(created.allSatisfy { $0.bytesSent > 0 && $0.bytesReceived > 0 && $0.latency.count == 1 })
        await admin.close()
        configuration.keepsMetrics = false
        let silent = try KafkaAdmin(configuration)
        _ = try await silent.describeCluster()
        #expect(silent.metrics() == ClientMetrics())
        await silent.close()
        await broker.stop()
    }

    @Test func aBatchThatIsRefusedIsToldWithItsTries() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let watcher = Watcher()
        broker.on(.produce, times: 2) { _ in .fail(.notEnoughReplicas) }
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.client.observers = [watcher] }
        try await producer.send(Self.record("a"))
        try await producer.close()
        let attempts = watcher.all.compactMap { if case .batchSent(let batch) = $0 { batch.attempt } else { nil } }
        #expect(attempts == [1, 2, 3])
        #expect(watcher.count("batchRetried") == 2 && watcher.count("batchAcknowledged") == 1)
        await broker.stop()
    }

    @Test func aMemberTellsOfItsGroupItsPartitionsAndWhatItReads() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        try await broker.produce(0..<100, to: "t")
        let (watcher, seen) = (Watcher(), Seen())
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.client.observers = [watcher]
        }
        let task = consumer.read(into: seen)
        try await seen.wait(for: 100)
        try await eventually { watcher.count("committed") >= 1 }
        let metrics = consumer.metrics()
        await consumer.close()
        try await task.value
        let own = watcher.names.filter {
            ["rebalanceStarted", "rebalanceEnded", "assigned", "revoked", "coordinatorFound"].contains($0)
        }
        #expect(own.prefix(4) == ["rebalanceStarted", "coordinatorFound", "rebalanceEnded", "assigned"], "\(own)")
        let fetched = watcher.all.compactMap { if case .fetched(let records) = $0 { records } else { nil } }
        #expect(fetched.reduce(0) { $0 + $1.records } == 100)
        #expect(fetched.allSatisfy { $0.lag >= 0 && $0.bytes > 0 && $0.buffered >= $0.bytes && $0.broker >= 0 })
        #expect(metrics.consumed.records == 100 && metrics.consumed.lag.values.allSatisfy { $0 == 0 })
        #expect(metrics.rebalances.count == 1 && metrics.rebalances.assigned == 2 && metrics.consumed.commits >= 1)
        await broker.stop()
    }

    @Test func aBrokerThatGoesIsTold() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let watcher = Watcher()
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.client.observers = [watcher]
        }
        let task = consumer.read(into: Seen())
        try await eventually { watcher.count("assigned") == 1 }
        await broker.stop()
        try await eventually {
            watcher.all.contains { if case .disconnected(_, .some) = $0 { true } else { false } }
                && watcher.count("connectionFailed") >= 1 && watcher.count("troubled") >= 1
        }
        task.cancel()
        await consumer.close()
    }

    @Test func aCallThatIsTriedAgainIsTold() async throws {
        let watcher = Watcher()
        var configuration = ClientConfiguration.quick(["127.0.0.1:1"])
        configuration.apiTimeout = .milliseconds(300)
        configuration.observers = [watcher]
        let cluster = try Cluster(configuration)
        await #expect(throws: KafkaError.self) {
            try await cluster.retrying("look") { () async throws(KafkaError) in try await cluster.refresh(["t"]) }
        }
        let calls = watcher.all.compactMap { event in
            if case .retry(let call, .some, _) = event { call } else { nil as String? }
        }
        #expect(calls.count >= 1 && calls.allSatisfy { $0 == "look" })
        #expect(watcher.count("connectionFailed") >= 1)
        await cluster.close()
    }
}

/// Partitions that make no progress, with a broker.
@Suite(.turn) struct ProgressTests {
    private final class Watcher: ClientObserver {
        let stalls = Locked<[Stall]>([])
        let ends = Locked(0)
        func stalled(_ stall: Stall) { stalls.withLock { $0.append(stall) } }
        func progressed(_ partition: TopicPartition, after time: Duration) { ends.withLock { $0 += 1 } }
        var causes: [Stall.Cause] { stalls.withLock { $0.map(\.cause) } }
    }

    private static func consumer(
        _ broker: KafkaBroker, _ watcher: Watcher, _ change: (inout KafkaConsumer.Configuration) -> Void = { _ in }
    ) throws -> KafkaConsumer {
        try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.client.observers = [watcher]
            $0.client.progressLimit = .seconds(1)
            change(&$0)
        }
    }

    @Test func anApplicationThatAsksForNothingIsSlow() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<1, to: "t")
        let watcher = Watcher()
        let consumer = try Self.consumer(broker, watcher)
        var batches = consumer.batches.makeAsyncIterator()
        #expect(try await batches.next()?.count == 1)
        try await broker.produce(1..<3, to: "t")
        try await eventually { watcher.causes == [.applicationSlow] }
        #expect(watcher.ends.withLock { $0 } == 0)
        #expect(try await batches.next() != nil)
        try await eventually { watcher.ends.withLock { $0 } == 1 }
        #expect(watcher.causes.count == 1, "it is told once")
        await consumer.close()
        await broker.stop()
    }

    @Test func aPartitionThatIsPausedIsToldSo() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<1, to: "t")
        let (watcher, seen) = (Watcher(), Seen())
        let consumer = try Self.consumer(broker, watcher)
        let task = consumer.read(into: seen)
        try await seen.wait(for: 1)
        // The end is known as soon as something was fetched behind it: the last answer says so.
        try await broker.produce(1..<2, to: "t")
        try await seen.wait(for: 2)
        try await consumer.pause([TopicPartition("t", 0)])
        await consumer.engine.seekBack(TopicPartition("t", 0))
        try await eventually { watcher.causes == [.paused] }
        try await consumer.resume([TopicPartition("t", 0)])
        try await seen.wait(for: 4)
        try await eventually { watcher.ends.withLock { $0 } == 1 }
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    @Test func aBrokerThatIsGoneIsNamed() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<1, to: "t")
        let (watcher, seen) = (Watcher(), Seen())
        let consumer = try Self.consumer(broker, watcher) { $0.sessionTimeout = .seconds(30) }
        let task = consumer.read(into: seen, commit: false)
        try await seen.wait(for: 1)
        await broker.stop()
        await consumer.engine.seekBack(TopicPartition("t", 0))
        try await eventually {
            watcher.causes.contains { if case .connectionDown = $0 { true } else { false } }
        }
        task.cancel()
        await consumer.close()
    }
}

extension ConsumerEngine {
    /// Reads the partition from its first offset again.
    fileprivate func seekBack(_ partition: TopicPartition) { try? seek([partition: .offset(0)]) }
}

/// Who stands between a consumer and its application (KIP-42).
@Suite(.turn) struct ConsumerInterceptorTests {
    /// Leaves out every record whose value is odd, and marks the others.
    private struct Evens: ConsumerInterceptor {
        func onConsume(_ batch: ConsumerBatch) -> ConsumerBatch {
            let changed = try? batch.mapRecords { record in
                guard let number = record.value.flatMap({ Int($0.text) }), number % 2 == 0 else { return nil }
                var new = ReplacedRecord(record)
                new.headers.append(RecordHeader("even", Bytes(utf8: "yes")))
                return new
            }
            return changed ?? batch
        }
    }

    private final class Commits: ConsumerInterceptor {
        let counts = Locked<[Int]>([])
        let offsets = Locked<[Offset]>([])
        /// How many commits had been told when the consumer was closed, each time.
        let closes = Locked<[Int]>([])
        func onConsume(_ batch: ConsumerBatch) -> ConsumerBatch {
            counts.withLock { $0.append(batch.count) }
            return batch
        }
        func onCommit(_ committed: [TopicPartition: CommittedOffset]) {
            offsets.withLock { $0 += committed.values.map(\.offset) }
        }
        func onClose() {
            let count = offsets.withLock { $0.count }
            closes.withLock { $0.append(count) }
        }
    }

    @Test func recordsAreChangedInTheOrderOfTheInterceptors() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        for number in 0..<5 {
            try await producer.enqueue(ProducerRecord(topic: "t", key: "k\(number)", value: "\(number)"))
        }
        try await producer.close()
        let commits = Commits()
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.interceptors = [Evens(), commits]
            $0.autoCommit = nil
        }
        var batches = consumer.batches.makeAsyncIterator()
        let batch = try #require(try await batches.next())
        #expect(batch.map { $0.value?.text } == ["0", "2", "4"] && batch.map(\.offset) == [0, 2, 4])
        #expect(batch.map { $0.key?.text } == ["k0", "k2", "k4"])
        #expect(batch.allSatisfy { $0.hasHeader("even") && $0.timestamp > 1_500_000_000_000 })
        #expect(batch.nextOffset == 5 && commits.counts.withLock { $0 } == [3])
        try await batch.commit()
        #expect(commits.offsets.withLock { $0 } == [5])
        await consumer.close()
        await broker.stop()
    }

    /// After the last commit, and once; also where nobody has closed the consumer.
    @Test(arguments: [true, false]) func theEndIsToldBehindTheLastCommit(_ isClosed: Bool) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<5, to: "t")
        let commits = Commits()
        var consumer: KafkaConsumer? = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.interceptors = [Evens(), commits]
            $0.autoCommit = .seconds(60)
        }
        let task = try #require(consumer).read(into: Seen(), commit: false)
        try await eventually { commits.counts.withLock { !$0.isEmpty } }
        #expect(commits.closes.withLock { $0 } == [])
        if isClosed {
            // It commits by itself what was processed.
            await consumer?.stop()
            try await task.value
            await consumer?.close()
            await consumer?.close()
        } else {
            task.cancel()
            try await task.value
            consumer = nil
        }
        try await eventually { commits.closes.withLock { $0 } == [1] }
        await broker.stop()
    }
}
