import KafkaBroker
import Logging
import Testing

@testable import KafkaWire

/// Whatever an API answers for ever, the client tries again with growing pauses, and tells of it. All clients run side by
/// side against one broker, which looks at their names to know what to refuse them.
@Suite(.serialized, .timeLimit(.minutes(3))) struct RetryPaceTests {
    /// What one client met: the API that fails is its name's first part, the code the second.
    private struct Case: Sendable, Hashable {
        var api: APIKey
        var code: ErrorCode
        var clientId: String { "\(api.rawValue):\(code.rawValue)" }
        var name: String { "\(api) \(code.name)" }
    }

    /// Requests by client, and those of the API that fails.
    private final class Counts: Sendable {
        private let counts = Locked<[String: (all: Int, failing: Int)]>([:])

        func add(_ client: String, isFailing: Bool) {
            counts.withLock {
                $0[client, default: (0, 0)].all += 1
                if isFailing { $0[client, default: (0, 0)].failing += 1 }
            }
        }
        func of(_ client: String) -> (all: Int, failing: Int) { counts.withLock { $0[client] ?? (0, 0) } }
    }

    private static let time = Duration.milliseconds(2500)
    /// With pauses from 100 ms on, doubled up to a second, each shaken by a fifth, there are six tries in that time; some
    /// begin with one without a pause.
    private static let mostFailing = 10
    private static let mostInAll = 110
    private static let codes = (-1...133).map { ErrorCode(rawValue: Int16($0)) }.filter { $0 != .none }

    private static func start(_ counts: Counts) async throws -> KafkaBroker {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<10, to: "t")
        broker.on { request in
            let parts = request.clientId.split(separator: ":").compactMap { Int16($0) }
            guard parts.count == 2 else { return .pass }
            let isFailing = request.api.rawValue == parts[0]
            counts.add(request.clientId, isFailing: isFailing)
            return isFailing ? .fail(ErrorCode(rawValue: parts[1])) : .pass
        }
        return broker
    }

    /// Runs all cases, a hundred at a time, and records what there is to object to.
    private func objections(
        _ apis: [APIKey], except: Set<Case> = [],
        _ run: @escaping @Sendable (Case, String, ClientConfiguration, Seen) async throws -> Void
    ) async throws {
        let counts = Counts()
        let broker = try await Self.start(counts)
        let address = "127.0.0.1:\(broker.port)"
        let cases = apis.flatMap { api in Self.codes.map { Case(api: api, code: $0) } }.filter { !except.contains($0) }
        var objections: [String] = []
        for start in stride(from: 0, to: cases.count, by: 150) {
            try await withThrowingTaskGroup(of: [String].self) { group in
                for one in cases[start..<min(start + 150, cases.count)] {
                    group.addTask {
                        let told = Seen()
                        var client = ClientConfiguration(bootstrapServers: [address])
                        client.clientId = one.clientId
                        client.logger = Logger(label: "test") { _ in ToldLog(told) }
                        try await run(one, address, client, told)
                        let count = counts.of(one.clientId)
                        var found: [String] = []
                        if count.failing > Self.mostFailing || count.all > Self.mostInAll {
                            found.append("\(one.name): asked \(count.failing) times, \(count.all) requests in all")
                        }
                        if count.failing > 1, told.count == 0 { found.append("\(one.name): nobody was told") }
                        return found
                    }
                }
                for try await found in group { objections += found }
            }
        }
        await broker.stop()
        for objection in objections.sorted() { Issue.record("\(objection)") }
    }

    private static func consume(_ configuration: KafkaConsumer.Configuration, _ told: Seen) async throws {
        let consumer = try KafkaConsumer(configuration)
        let reader = Task {
            do {
                for try await event in consumer.events {
                    if case .trouble(let error) = event { told.add(error.message) }
                }
            } catch {
                told.add("\(error)")
            }
        }
        try await Task.sleep(for: time)
        reader.cancel()
        await consumer.stop()
        // Not closed here: what it commits and leaves with is not what is counted.
        Task { await consumer.close() }
    }

    @Test func aMemberOfAGroupPausesAndTells() async throws {
        let apis: [APIKey] = [
            .metadata, .findCoordinator, .joinGroup, .syncGroup, .heartbeat, .offsetFetch, .listOffsets, .fetch,
            .offsetCommit,
        ]
        try await objections(apis) { one, address, client, told in
            var configuration = KafkaConsumer.Configuration(
                bootstrapServers: [address], group: "g \(one.clientId)", topics: ["t"])
            configuration.client = client
            configuration.heartbeatInterval = .milliseconds(300)
            configuration.autoCommit = .milliseconds(1)
            try await Self.consume(configuration, told)
        }
    }

    @Test func aReaderWithoutAGroupPausesAndTells() async throws {
        try await objections([.metadata, .listOffsets, .fetch]) { one, address, client, told in
            var configuration = KafkaConsumer.Configuration(
                bootstrapServers: [address], topics: ["t"], from: .earliest)
            configuration.client = client
            try await Self.consume(configuration, told)
        }
    }

    @Test func aProducerPausesAndTells() async throws {
        try await objections(
            [.metadata, .initProducerId, .produce], except: [Case(api: .produce, code: .duplicateSequenceNumber)]
        ) { one, address, client, told in
            var configuration = KafkaProducer.Configuration(bootstrapServers: [address])
            configuration.client = client
            configuration.deliveryTimeout = .milliseconds(2300)
            configuration.maximumBlock = .milliseconds(2300)
            let producer = try KafkaProducer(configuration)
            do {
                let delivery = try await producer.send(ProducerRecord(topic: "t", key: "k", value: "v"))
                _ = try await delivery.acknowledgement()
            } catch {
                told.add("\(error)")
            }
            try? await producer.close(timeout: .zero)
        }
    }

    @Test func anAdminPausesAndTells() async throws {
        let actions = AdminAction.all.filter { $0.api != .apiVersions }
        let byApi = Dictionary(actions.map { ($0.api, $0) }) { first, _ in first }
        try await objections(Array(byApi.keys)) { one, address, client, told in
            var client = client
            client.apiTimeout = .seconds(1)
            client.requestTimeout = .seconds(1)
            let admin = try KafkaAdmin(client)
            do { try await byApi[one.api]?.call(admin) } catch { told.add("\(error)") }
            await admin.close()
        }
    }

    // MARK: - Answers without an error that lead nowhere

    /// Runs a consumer of the topic against a broker with that hook, and gives how often the API was asked.
    private func asked(
        _ api: APIKey, _ told: Seen, hook: @escaping @Sendable (KafkaBroker.HookedRequest) -> KafkaBroker.Verdict
    ) async throws -> Int {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<10, to: "t")
        let set = broker.on(api, hook)
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: ["127.0.0.1:\(broker.port)"], topics: ["t"], from: .earliest)
        configuration.client.logger = Logger(label: "test") { _ in ToldLog(told) }
        try await Self.consume(configuration, told)
        let count = set.calls
        await broker.stop()
        return count
    }

    @Test func aFetchThatIsAnsweredAtOnceWithNothing() async throws {
        let count = try await asked(.fetch, Seen()) { _ in .fail(.none) }
        // As often as the answers should take at most: every half second.
        #expect(count <= 12)
    }

    @Test func aFetchThatAnswersWithOldRecordsForEver() async throws {
        let told = Seen()
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<10, to: "t")
        let batch = try #require(await broker.batches(topic: "t", partition: 0, from: 0, maxBytes: 1 << 20).first)
        await broker.stop()
        let count = try await asked(.fetch, told) { request in
            guard let request = request.message as? FetchRequest else { return .pass }
            return .answer(
                FetchResponse.with {
                    $0.responses = request.topics.map { topic in
                        .with {
                            $0.topicId = topic.topicId
                            $0.topic = topic.topic
                            $0.partitions = topic.partitions.map { partition in
                                .with {
                                    $0.partitionIndex = partition.partition
                                    $0.highWatermark = 100
                                    $0.records = Records(batch.bytes)
                                }
                            }
                        }
                    }
                })
        }
        #expect(count <= 10)
        #expect(told.count > 0)
    }

    @Test func metadataThatNeverHaveTheLeader() async throws {
        let told = Seen()
        let count = try await asked(.metadata, told) { request in
            .answer(
                MetadataResponse.with {
                    $0.brokers = [
                        .with {
                            $0.nodeId = 1; $0.host = "127.0.0.1"; $0.port = 1
                        }
                    ]
                    $0.topics = ((request.message as? MetadataRequest)?.topics ?? []).map { topic in
                        .with {
                            $0.name = topic.name
                            $0.partitions = [
                                .with {
                                    $0.leaderId = .none; $0.errorCode = .leaderNotAvailable
                                }
                            ]
                        }
                    }
                })
        }
        #expect(count <= 20)
        // Not as a topic that is unknown.
        #expect(told.all.contains { $0.contains("LEADER_NOT_AVAILABLE") })
        #expect(!told.all.contains { $0.contains("UNKNOWN_TOPIC") })
    }

    @Test func aProducerIdThatIsGivenAgain() async throws {
        let told = Seen()
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let hook = broker.on(.initProducerId) { _ in
            .answer(
                InitProducerIdResponse.with {
                    $0.producerId = 7; $0.producerEpoch = 0
                })
        }
        broker.on(.produce) { _ in .fail(.unknownProducerId) }
        var configuration = KafkaProducer.Configuration(bootstrapServers: ["127.0.0.1:\(broker.port)"])
        configuration.client.logger = Logger(label: "test") { _ in ToldLog(told) }
        configuration.deliveryTimeout = .milliseconds(2500)
        let producer = try KafkaProducer(configuration)
        let delivery = try await producer.send(ProducerRecord(topic: "t", key: "k", value: "v"))
        await #expect(throws: KafkaError.self) { try await delivery.acknowledgement() }
        #expect(hook.calls <= 10)
        #expect(told.all.contains { $0.contains("has already") })
        try? await producer.close(timeout: .zero)
        await broker.stop()
    }
}
