import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Records that are marked one by one, processed side by side, and sent on where they fail.
@Suite(.turn) struct ParallelProcessingTests {
    private static let p = TopicPartition("t", 0)
    private struct Broken: Error {}

    private static func send(_ count: Int, keys: Int, to topic: String = "t", _ broker: KafkaBroker) async throws {
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        for number in 0..<count {
            try await producer.enqueue(ProducerRecord(topic: topic, key: "k\(number % keys)", value: "\(number)"))
        }
        try await producer.close()
    }

    // MARK: - Marks

    @Test func whatIsMarkedIsCommittedUpToTheFirstThatIsNot() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await Self.send(10, keys: 1, broker)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.commitsMarked = true
            $0.maximumRecords = 5
            $0.autoCommit = .seconds(300)
        }
        var batches = consumer.batches.makeAsyncIterator()
        let first = try #require(try await batches.next())
        let records = Array(first)
        // Asking for more says nothing of what is done.
        let second = try #require(try await batches.next())
        try await consumer.commitMarked()
        for index in [0, 1, 3] { first.mark(records[index]) }
        second.markAll()
        try await consumer.commitMarked()
        #expect(await broker.group("g")?.committed.map(\.offset) == [2])
        first.mark(records[2])
        try await consumer.commitMarked()
        #expect(await broker.group("g")?.committed.map(\.offset) == [4])
        consumer.mark(Self.p, 4)
        #expect(await consumer.close() == nil)
        #expect(await broker.group("g")?.committed.map(\.offset) == [10])
        await broker.stop()
    }

    @Test func marksAreCommittedByTimeAndNotAfterASeek() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await Self.send(10, keys: 1, broker)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.commitsMarked = true
            $0.autoCommit = .milliseconds(50)
        }
        var batches = consumer.batches.makeAsyncIterator()
        let first = try #require(try await batches.next())
        for record in first.prefix(3) { first.mark(record) }
        try await eventually { await broker.group("g")?.committed.map(\.offset) == [3] }
        try await consumer.seek(Self.p, to: 1)
        try await eventually { await broker.group("g")?.committed.map(\.offset) == [1] }
        let again = try #require(try await batches.next())
        #expect(again.first { _ in true }?.offset == 1)
        again.markAll()
        try await eventually { await broker.group("g")?.committed.map(\.offset) == [10] }
        await consumer.close()
        await broker.stop()
    }

    @Test func whoDoesNotCommitWhatIsMarkedIsTold() async throws {
        let consumer = try KafkaConsumer(.init(bootstrapServers: ["127.0.0.1:1"], group: "g", topics: ["t"]))
        let error = await #expect(throws: KafkaError.self) { try await consumer.commitMarked() }
        #expect(error?.code == .invalidConfiguration)
        await consumer.close()
    }

    // MARK: - Side by side

    /// Keeps what is in hand of each key, and how many at once.
    private final class Hands: Sendable {
        private struct State {
            var busy: Set<String> = []
            var most = 0
            var values: [String: [Int]] = [:]
            var overlaps = 0
        }

        private let state = Locked(State())

        func begin(_ key: String) {
            state.withLock { state in
                if !state.busy.insert(key).inserted { state.overlaps += 1 }
                state.most = max(state.most, state.busy.count)
            }
        }

        func end(_ key: String, _ value: String) {
            state.withLock { state in
                state.busy.remove(key)
                state.values[key, default: []].append(Int(value) ?? -1)
            }
        }

        var most: Int { state.withLock { $0.most } }
        var overlaps: Int { state.withLock { $0.overlaps } }
        var values: [String: [Int]] { state.withLock { $0.values } }
        var count: Int { state.withLock { $0.values.values.reduce(0) { $0 + $1.count } } }
    }

    @Test func keysKeepTheirOrderWhileOthersGoOn() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        try await Self.send(400, keys: 20, broker)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let hands = Hands()
        let task = Task {
            try await consumer.processInParallel(maximum: 8, waiting: 10) { record in
                let key = record.key?.text ?? ""
                hands.begin(key)
                try await Task.sleep(for: .milliseconds(Int(record.offset.rawValue % 3)))
                hands.end(key, record.value?.text ?? "")
            }
        }
        try await eventually { hands.count == 400 }
        await consumer.stop()
        try await task.value
        #expect(await consumer.close() == nil)
        #expect(hands.overlaps == 0 && hands.most > 1 && hands.most <= 8)
        #expect(hands.values.count == 20)
        for values in hands.values.values { #expect(values == values.sorted() && values.count == 20) }
        let committed = await broker.group("g")?.committed ?? []
        #expect(committed.reduce(0) { $0 + $1.offset.rawValue } == 400)
        await broker.stop()
    }

    /// All of one partition wait for each other, whatever their keys are; partitions do not.
    @Test func recordsOfAPartitionWaitForEachOther() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 3]))
        try await Self.send(300, keys: 50, broker)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let hands = Hands()
        let task = Task {
            try await consumer.processInParallel(maximum: 8, order: .partition) { record in
                let lane = "\(record.source.partition)"
                hands.begin(lane)
                // Another partition's record is taken in hand meanwhile.
                while hands.most < 2 { try await Task.sleep(for: .milliseconds(1)) }
                try await Task.sleep(for: .microseconds(100))
                hands.end(lane, "\(record.offset)")
            }
        }
        try await eventually(within: .seconds(60)) { hands.count == 300 }
        await consumer.stop()
        try await task.value
        #expect(await consumer.close() == nil)
        #expect(hands.overlaps == 0 && (2...3).contains(hands.most) && hands.values.count == 3)
        for offsets in hands.values.values { #expect(offsets == Array(offsets.indices)) }
        let committed = await broker.group("g")?.committed ?? []
        #expect(committed.reduce(0) { $0 + $1.offset.rawValue } == 300)
        await broker.stop()
    }

    /// Records of one key are in hand at once.
    @Test func withoutAnOrderNoRecordWaits() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await Self.send(40, keys: 1, broker)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let hands = Hands()
        let task = Task {
            try await consumer.processInParallel(maximum: 4, order: .none) { record in
                let place = "\(record.offset)"
                hands.begin(place)
                while hands.most < 4 { try await Task.sleep(for: .milliseconds(1)) }
                hands.end(place, place)
            }
        }
        try await eventually(within: .seconds(60)) { hands.count == 40 }
        await consumer.stop()
        try await task.value
        #expect(await consumer.close() == nil)
        #expect(hands.most == 4 && hands.overlaps == 0)
        #expect(await broker.group("g")?.committed.map(\.offset) == [40])
        await broker.stop()
    }

    /// One record hangs: what is behind it is done, and comes again after a crash; nothing in front does.
    @Test func whatIsCommittedEndsInFrontOfWhatIsInHand() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await Self.send(20, keys: 20, broker)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.autoCommit = .milliseconds(50)
        }
        let seen = Seen()
        let task = Task {
            try await consumer.processInParallel { record in
                if record.offset == 7 {
                    while !Task.isCancelled { try await Task.sleep(for: .milliseconds(5)) }
                    throw CancellationError()
                }
                seen.add("\(record.offset)")
            }
        }
        try await seen.wait(for: 19)
        try await eventually { await broker.group("g")?.committed.map(\.offset) == [7] }
        task.cancel()
        _ = try? await task.value
        #expect(await consumer.close() == nil)
        #expect(await broker.group("g")?.committed.map(\.offset) == [7])
        await broker.stop()
    }

    @Test func whatThrowsEndsTheCallAndIsNotCommitted() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await Self.send(10, keys: 1, broker)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        await #expect(throws: Broken.self) {
            try await within {
                try await consumer.processInParallel { record in if record.offset == 4 { throw Broken() } }
            }
        }
        await consumer.close()
        #expect(await broker.group("g")?.committed.map(\.offset) == [4])
        await broker.stop()
    }

    /// A second member comes: what the first has in hand is finished and committed before its partitions move. Again come
    /// at most those that were done behind one that had not begun: few, since the keys take turns.
    @Test func aRebalanceWaitsForWhatIsInHand() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 4]))
        try await Self.send(200, keys: 40, broker)
        let seen = Seen()
        var consumers: [KafkaConsumer] = []
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<2 {
            let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
            consumers.append(consumer)
            tasks.append(
                Task {
                    try await consumer.processInParallel(maximum: 4) { record in
                        try await Task.sleep(for: .milliseconds(4))
                        seen.add(record.value?.text ?? "")
                    }
                })
            if number == 0 { try await seen.wait(for: 20) }
        }
        try await seen.wait(for: 200, different: true, within: .seconds(30))
        #expect(Set(seen.all).count == 200 && seen.count < 230)
        for consumer in consumers { await consumer.stop() }
        for task in tasks { try await task.value }
        for consumer in consumers { #expect(await consumer.close() == nil) }
        await broker.stop()
    }

    // MARK: - Retry topics

    @Test func whatFailsIsTriedAgainAndEndsAmongTheDead() async throws {
        let policy = RetryPolicy(delays: [.milliseconds(50), .milliseconds(100)])
        var topics = ["t": 1]
        for topic in policy.topics(for: "t") { topics[topic] = 1 }
        let broker = try await KafkaBroker.start(.init(topics: topics))
        try await Self.send(6, keys: 3, broker)
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        let forwarder = RetryForwarder(policy, producer)
        let consumer = try KafkaConsumer.quick(
            broker.bootstrapServers, group: "g", topics: ["t"] + policy.topics(for: "t").dropLast())
        let seen = Seen()
        let task = Task {
            try await consumer.processInParallel { record in
                try await forwarder.process(record, mayPass: { !($0 is KafkaError) }) { record in
                    let value = record.value?.text ?? ""
                    seen.add("\(record.source.topic) \(value)")
                    // One fails once, one always, one for good.
                    if value == "1", record.source.topic == "t" { throw Broken() }
                    if value == "2" { throw Broken() }
                    if value == "3" { throw KafkaError(.invalidRequest, "never") }
                }
            }
        }
        try await seen.wait(for: 9)
        try await eventually {
            (await broker.topics.first { $0.name == "t.dead-letter" })?.partitions.first?.endOffset == 2
        }
        await consumer.stop()
        try await task.value
        #expect(await consumer.close() == nil)
        #expect(
            seen.all.sorted() == [
                "t 0", "t 1", "t 2", "t 3", "t 4", "t 5", "t.retry.1 1", "t.retry.1 2", "t.retry.2 2",
            ])
        let dead = try ConsumerFlowTests.reader(
            broker.bootstrapServers, [TopicPartition("t.dead-letter", 0): .earliest])
        var batches = dead.batches.makeAsyncIterator()
        var records: [Record] = []
        while records.count < 2, let batch = try await batches.next() { records += batch }
        let attempts = records.map { record in
            record.headers.first { $0.key == RetryPolicy.Header.attempts }?.value?.text ?? ""
        }
        #expect(records.map { $0.value?.text } == ["3", "2"] && attempts == ["1", "3"])
        await dead.close()
        try await producer.close()
        await broker.stop()
    }
}
