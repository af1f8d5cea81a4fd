import KafkaBroker
import Logging
import TestSupport
import Testing

@testable import KafkaWire

private let time = Duration.milliseconds(2500)

/// Whatever an API answers for ever, the client tries again with growing pauses, and tells of it. All clients run side by
/// side against one broker, which looks at their names to know what to refuse them.
@Suite(.serialized, .alone(minutes: 3)) struct RetryPaceTests {
    /// What one client met: the API that fails is its name's first part, the code the second.
    private struct Case: Sendable, Hashable {
        var api: APIKey
        var code: ErrorCode
        var clientId: String { "\(api.rawValue):\(code.rawValue)" }
        var name: String { "\(api) \(code.name)" }
    }

    /// Requests by client within `time` from its first on, and those of the API that fails.
    private final class Counts: Sendable {
        struct Count: Sendable {
            let began = ContinuousClock.now
            var all = 0
            var failing = 0
            /// Whether it was refused at all, also later.
            var isRefused = false
            var refusals: Int { max(failing, isRefused ? 1 : 0) }
        }
        private let counts = Locked<[String: Count]>([:])

        func add(_ client: String, isFailing: Bool) {
            counts.withLock {
                var count = $0[client] ?? Count()
                if isFailing { count.isRefused = true }
                if count.began.duration(to: .now) < time {
                    count.all += 1
                    if isFailing { count.failing += 1 }
                }
                $0[client] = count
            }
        }
        func of(_ client: String) -> Count { counts.withLock { $0[client] ?? Count() } }
    }

    /// With pauses from 100 ms on, doubled up to a second, each shaken by a fifth, there are six tries in that time; some
    /// begin with one without a pause.
    private static let mostFailing = 10
    private static let mostInAll = 110
    /// What is refused is told at the second to fourth try, according to how usual it is. On a busy machine these take
    /// longer, so that who was refused more than once gets more time to tell.
    private static let latestTelling = Duration.seconds(15)
    private static let atOnce = 150
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

    /// Runs all cases, many at a time, and records what there is to object to. What runs is told how often its
    /// API was refused, and gives whether that was more than once without telling.
    private func objections(
        _ apis: [APIKey], except: Set<Case> = [],
        _ run:
            @escaping @Sendable (
                Case, ClientConfiguration, Seen, _ refused: @escaping @Sendable () -> Int
            ) async throws -> Bool
    ) async throws {
        let counts = Counts()
        let refusals = Locked<Set<APIKey>>([])
        let broker = try await Self.start(counts)
        let address = "127.0.0.1:\(broker.port)"
        let cases = apis.flatMap { api in Self.codes.map { Case(api: api, code: $0) } }.filter { !except.contains($0) }
        let objections: [String] = try await withThrowingTaskGroup(of: [String].self) { group in
            var objections: [String] = []
            for (index, one) in cases.enumerated() {
                if index >= Self.atOnce, let found = try await group.next() { objections += found }
                group.addTask {
                    let told = Seen()
                    var client = ClientConfiguration(bootstrapServers: [address])
                    client.clientId = one.clientId
                    client.logger = Logger(label: "test") { _ in ToldLog(told) }
                    let isSilent = try await run(one, client, told) { counts.of(one.clientId).refusals }
                    let count = counts.of(one.clientId)
                    var found: [String] = []
                    // Who is to begin anew asks those that it begins with at once.
                    let most = Self.mostFailing * (one.code == .rebootstrapRequired ? 2 : 1)
                    if count.failing > most || count.all > Self.mostInAll {
                        found.append("\(one.name): asked \(count.failing) times, \(count.all) requests in all")
                    }
                    if isSilent { found.append("\(one.name): nobody was told") }
                    if count.isRefused { refusals.withLock { _ = $0.insert(one.api) } }
                    return found
                }
            }
            for try await found in group { objections += found }
            return objections
        }
        await broker.stop()
        for objection in objections.sorted() { Issue.record("\(objection)") }
        // Each of them was refused: none was held to be well since it was never asked.
        #expect(refusals.withLock { $0 } == Set(apis))
    }

    /// Reads for a while, or until the consumer has given up, and then until it has told of what it was refused; gives
    /// whether it did not.
    @discardableResult private static func consume(
        _ configuration: KafkaConsumer.Configuration, _ told: Seen, refused: () -> Int
    ) async throws -> Bool {
        let consumer = try KafkaConsumer(configuration)
        let hasEnded = Locked(false)
        let reader = Task {
            do {
                for try await event in consumer.events {
                    if case .trouble(let error) = event { told.add(error.message) }
                }
            } catch {
                told.add("\(error)")
                hasEnded.withLock { $0 = true }
            }
        }
        let start = ContinuousClock.now
        var end = time
        // A busy machine takes its time until it comes to what is refused.
        while start.duration(to: .now) < max(end, refused() == 0 ? latestTelling : .zero) {
            try await Task.sleep(for: .milliseconds(50))
            // What has given up asks no more; a moment shows whether it does so.
            if hasEnded.withLock({ $0 }) { end = min(end, start.duration(to: .now) + .milliseconds(250)) }
        }
        // Asked once: a second refusal that comes later has no time to be told.
        let isDue = refused() > 1
        while isDue, told.count == 0, start.duration(to: .now) < latestTelling {
            try await Task.sleep(for: .milliseconds(50))
        }
        reader.cancel()
        await consumer.stop()
        // Not closed here: what it commits and leaves with is not what is counted.
        Task { await consumer.close() }
        return isDue && told.count == 0
    }

    @Test func aMemberOfAGroupPausesAndTells() async throws {
        let apis: [APIKey] = [
            .metadata, .findCoordinator, .joinGroup, .syncGroup, .heartbeat, .offsetFetch, .listOffsets, .fetch,
            .offsetCommit,
        ]
        try await objections(apis) { one, client, told, refused in
            var configuration = KafkaConsumer.Configuration(
                bootstrapServers: client.bootstrapServers, group: "g \(one.clientId)", topics: ["t"])
            configuration.client = client
            configuration.heartbeatInterval = .milliseconds(300)
            configuration.autoCommit = .milliseconds(1)
            return try await Self.consume(configuration, told, refused: refused)
        }
    }

    @Test func aReaderWithoutAGroupPausesAndTells() async throws {
        try await objections([.metadata, .listOffsets, .fetch]) { _, client, told, refused in
            var configuration = KafkaConsumer.Configuration(
                bootstrapServers: client.bootstrapServers, topics: ["t"], from: .earliest)
            configuration.client = client
            return try await Self.consume(configuration, told, refused: refused)
        }
    }

    @Test func aProducerPausesAndTells() async throws {
        try await objections(
            [.metadata, .initProducerId, .produce], except: [Case(api: .produce, code: .duplicateSequenceNumber)]
        ) { _, client, told, refused in
            var configuration = KafkaProducer.Configuration(bootstrapServers: client.bootstrapServers)
            configuration.client = client
            configuration.deliveryTimeout = .milliseconds(2300)
            configuration.maximumBlock = .milliseconds(2300)
            let producer = try KafkaProducer(configuration)
            do {
                let delivery = try await producer.enqueue(ProducerRecord(topic: "t", key: "k", value: "v"))
                _ = try await delivery.acknowledgement()
            } catch {
                told.add("\(error)")
            }
            try? await producer.close(timeout: .zero)
            return refused() > 1 && told.count == 0
        }
    }

    @Test func anAdminPausesAndTells() async throws {
        let actions = AdminAction.all.filter { $0.api != .apiVersions }
        let byApi = Dictionary(actions.map { ($0.api, $0) }) { first, _ in first }
        try await objections(Array(byApi.keys)) { one, client, told, refused in
            var client = client
            client.apiTimeout = .seconds(1)
            client.requestTimeout = .seconds(1)
            let admin = try KafkaAdmin(client)
            let start = ContinuousClock.now
            // On a busy machine the time of a call may be up before it comes to what is refused.
            repeat {
                do { try await byApi[one.api]?.call(admin) } catch { told.add("\(error)") }
            } while refused() == 0 && start.duration(to: .now) < Self.latestTelling
            await admin.close()
            return refused() > 1 && told.count == 0
        }
    }

    // MARK: - Answers without an error that lead nowhere

    /// Runs a consumer of the topic against a broker with that hook, and gives how often the API was asked. What is to be
    /// told is waited for.
    private func asked(
        _ api: APIKey, telling told: Seen?, hook: @escaping @Sendable (KafkaBroker.HookedRequest) -> KafkaBroker.Verdict
    ) async throws -> Int {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<10, to: "t")
        let set = broker.on(api, hook)
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: ["127.0.0.1:\(broker.port)"], topics: ["t"], from: .earliest)
        let isTold = told != nil
        let told = told ?? Seen()
        configuration.client.logger = Logger(label: "test") { _ in ToldLog(told) }
        try await Self.consume(configuration, told) { isTold ? 2 : 1 }
        let count = set.calls
        await broker.stop()
        return count
    }

    @Test func aFetchThatIsAnsweredAtOnceWithNothing() async throws {
        let count = try await asked(.fetch, telling: nil) { _ in .fail(.none) }
        // As often as the answers should take at most: every half second.
        #expect(count <= 12)
    }

    @Test func aFetchThatAnswersWithOldRecordsForEver() async throws {
        let told = Seen()
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<10, to: "t")
        let batch = try #require(await broker.batches(topic: "t", partition: 0, from: 0, maxBytes: 1 << 20).first)
        await broker.stop()
        let count = try await asked(.fetch, telling: told) { request in
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
        let count = try await asked(.metadata, telling: told) { request in
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

    /// Another one is asked for when the epochs of the one before are used up.
    @Test func aProducerIdThatIsGivenAgain() async throws {
        let told = Seen()
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let hook = broker.on(.initProducerId) { _ in
            .answer(
                InitProducerIdResponse.with {
                    $0.producerId = 7; $0.producerEpoch = 32_767
                })
        }
        broker.on(.produce) { _ in .fail(.unknownProducerId) }
        var configuration = KafkaProducer.Configuration(bootstrapServers: ["127.0.0.1:\(broker.port)"])
        configuration.client.logger = Logger(label: "test") { _ in ToldLog(told) }
        configuration.deliveryTimeout = .milliseconds(2500)
        let producer = try KafkaProducer(configuration)
        let delivery = try await producer.enqueue(ProducerRecord(topic: "t", key: "k", value: "v"))
        await #expect(throws: KafkaError.self) { try await delivery.acknowledgement() }
        #expect(hook.calls <= 10)
        #expect(told.all.contains { $0.contains("has already") })
        try? await producer.close(timeout: .zero)
        await broker.stop()
    }
}
