import KafkaBroker
import Logging
import TestSupport
import Testing

@testable import KafkaWire

private let part = TopicPartition("t", 0)

/// An answer that leaves something out, or says no in one of its places, is never taken for "there is nothing": whoever
/// asked is told. Every place of every answer is tried, found by walking the message.
@Suite(.serialized, .alone(minutes: 2)) struct AnswerTests {
    private static let mostPlaces = 6

    private static func places(_ apis: [APIKey], _ changes: [AnswerTampering.Change]) -> [AnswerTampering] {
        apis.flatMap { api in
            changes.flatMap { change in
                (0..<mostPlaces).map { AnswerTampering(api: api, change: change, place: $0) }
            }
        }
    }

    /// Runs `body` for all of them, some side by side, and records what it objects to.
    private func objections<Item: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> String?
    ) async throws {
        let found: [String] = try await withThrowingTaskGroup(of: String?.self) { group in
            var objections: [String] = []
            for (index, item) in items.enumerated() {
                if index >= 24, let done = try await group.next(), let done { objections.append(done) }
                group.addTask { try await body(item) }
            }
            for try await done in group { if let done { objections.append(done) } }
            return objections.sorted()
        }
        for objection in found { Issue.record("\(objection)") }
    }

    /// What an admin client cannot miss.
    private static let harmless: Set<String> = [
        // Lists of which nobody but the broker can know how long they are.
        "topics.configs", "results.configs", "results.topics", "results.topics.partitions", "groups",
        "transactionStates", "brokers", "nodes.listeners", "currentVoters", "topics.partitions.currentVoters", "nodes",
        "topics.partitions.activeProducers", "entries", "apiKeys", "supportedFeatures", "finalizedFeatures",
        // The settings of a topic that was created are nil then: the broker may not tell them.
        "topics.topicConfigErrorCode",
    ]

    @Test func everyPlaceWhereAConsumersAnswersSayNoIsTold() async throws {
        let apis: [APIKey] = [
            .metadata, .findCoordinator, .joinGroup, .syncGroup, .heartbeat, .offsetFetch, .listOffsets, .fetch,
            .offsetCommit,
        ]
        let all = Self.places(apis, [.refuses(.leaderNotAvailable), .refuses(.topicAuthorizationFailed), .leavesOut])
        try await objections(all) { tampering in
            let broker = try await TamperedBroker.start(tampering)
            let told = Seen()
            let consumer = try KafkaConsumer.quick(broker.address, group: "g", topics: ["t"]) {
                $0.autoCommit = .milliseconds(50)
                $0.client.logger = Logger(label: "test") { _ in ToldLog(told) }
            }
            let reader = Task {
                do {
                    for try await event in consumer.events {
                        if case .trouble(let error) = event { told.add(error.message) }
                    }
                } catch {
                    told.add("\(error)")
                }
            }
            // Where there is no such place nothing is changed, and nothing to be told. What is changed may be told after a
            // few tries, and a busy machine takes its time for them.
            let start = ContinuousClock.now
            while told.count == 0, start.duration(to: .now) < .seconds(broker.changed.count == 0 ? 2 : 15) {
                try await Task.sleep(for: .milliseconds(20))
            }
            let field = broker.changed.all.first
            await consumer.close()
            reader.cancel()
            await broker.stop()
            guard let field, told.count == 0 else { return nil }
            // An election that is over at the next try is none to speak of, and where the only broker is, its
            // FindCoordinator says as well.
            if tampering.change == .refuses(.leaderNotAvailable), broker.changed.count < 4 { return nil }
            if tampering.api == .metadata, field == "brokers" { return nil }
            return "\(tampering.testDescription), \(field): nobody was told"
        }
    }

    @Test func everyPlaceWhereAProducersAnswersSayNoIsTold() async throws {
        let all = Self.places(
            [.metadata, .initProducerId, .produce],
            [.refuses(.notLeaderOrFollower), .refuses(.topicAuthorizationFailed), .leavesOut])
        try await objections(all) { tampering in
            let broker = try await TamperedBroker.start(tampering)
            var configuration = KafkaProducer.Configuration(bootstrapServers: [broker.address])
            configuration.client = .quick([broker.address])
            // Nothing waits so long but for an answer that says no: what has a leader is delivered sooner.
            configuration.deliveryTimeout = .seconds(2)
            configuration.maximumBlock = .seconds(2)
            let producer = try KafkaProducer(configuration)
            var isTold = false
            // One to each partition: what is wrong with one is nothing to a record of the other.
            for partition in 0..<2 {
                do {
                    let value = Bytes(utf8: "v")
                    let record = ProducerRecord(topic: "t", value: value, partition: PartitionID(index: partition))
                    try await producer.send(record)
                } catch {
                    isTold = true
                }
            }
            try? await producer.close(timeout: .zero)
            let field = broker.changed.all.first
            await broker.stop()
            guard let field, !isTold else { return nil }
            return "\(tampering.testDescription), \(field): nobody was told"
        }
    }

    @Test func everyPlaceWhereAnAdminsAnswersSayNoIsTold() async throws {
        let all = AdminAction.all.flatMap { action in
            Self.places([action.api], [.refuses(.unknownServerError), .leavesOut]).map { (action, $0) }
        }
        try await objections(all) { action, tampering in
            let broker = try await TamperedBroker.start(tampering)
            let admin = try KafkaAdmin(.quick([broker.address]))
            var isTold = false
            do { try await action.call(admin) } catch { isTold = true }
            await admin.close()
            let field = broker.changed.all.first
            await broker.stop()
            guard let field, !isTold, !Self.harmless.contains(field) else { return nil }
            return "\(tampering.testDescription), \(field): nobody was told"
        }
    }
}

/// Keeps warnings.
struct ToldLog: LogHandler {
    let told: Seen
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    init(_ told: Seen) { self.told = told }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { if event.level >= .warning { told.add("\(event.message)") } }
}

extension AdminAction {
    /// A call for each API that the admin client uses and the broker serves, with the API whose answer counts.
    static let all: [AdminAction] = [
        AdminAction(.createTopics, .none) { _ = try await $0.createTopics([.init("n"), .init("m")]).get() },
        .init(.deleteTopics, .none) { _ = try await $0.deleteTopics(["t"]).get() },
        .init(.createPartitions, .none) { _ = try await $0.addPartitions(["t": .init(total: 9)]).get() },
        .init(.deleteRecords, .none) { _ = try await $0.deleteRecords(before: [part: .none]).get() },
        .init(.listOffsets, .none) { _ = try await $0.endOffsets(of: "t") },
        .init(.metadata, .none) { _ = try await $0.endOffsets(of: "t") },
        .init(.describeTopicPartitions, .none) { _ = try await $0.describeTopics(["t"]).get() },
        .init(.describeCluster, .none) { _ = try await $0.describeCluster() },
        .init(.describeProducers, .none) { _ = try await $0.describeProducers(of: [part]).get() },
        .init(.offsetCommit, .none) { _ = try await $0.alterGroupOffsets(of: "g", [part: .init(offset: 1)]).get() },
        .init(.offsetFetch, .none) {
            _ = try await $0.listGroupOffsets(["g": [part]]).get().values.map { try $0.get() }
        },
        .init(.findCoordinator, .none) { _ = try await $0.alterGroupOffsets(of: "g", [part: .init(offset: 1)]).get() },
        .init(.listGroups, .none) { _ = try await $0.listGroups().get() },
        .init(.listTransactions, .none) { _ = try await $0.listTransactions().get() },
        .init(.initProducerId, .none) { _ = try await $0.fenceProducers(["x"]).get() },
        .init(.electLeaders, .none) { admin in
            let results = try await admin.electLeaders(.preferred, [part])
            for error in results.failures().values where error.code.broker != .electionNotNeeded { throw error }
        },
        .init(.alterPartitionReassignments, .none) { _ = try await $0.alterPartitionReassignments([part: [1]]).get() },
        .init(.listPartitionReassignments, .none) { _ = try await $0.listPartitionReassignments() },
        .init(.incrementalAlterConfigs, .none) {
            _ = try await $0.alterConfigs([.topic("t"): ["retention.ms": .set("9")]]).get()
        },
        .init(.describeConfigs, .none) { _ = try await $0.describeConfigs([.topic("t")]).get() },
        .init(.describeLogDirs, .none) { admin in
            for dir in try await admin.describeLogDirs().get().values.joined() {
                if let code = dir.error { throw KafkaError(.broker(code), "a directory") }
            }
        },
        .init(.describeQuorum, .none) { _ = try await $0.describeMetadataQuorum() },
        .init(.alterClientQuotas, .none) {
            _ = try await $0.alterClientQuotas([.init(["user": "u"]): ["producer_byte_rate": 1]]).get()
        },
        .init(.describeClientQuotas, .none) { _ = try await $0.describeClientQuotas() },
        .init(.apiVersions, .none) { _ = try await $0.describeFeatures() },
    ]
}
