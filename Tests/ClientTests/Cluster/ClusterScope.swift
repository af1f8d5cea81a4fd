import TestSupport
import Testing

@testable import KafkaWire

/// What one test has in the cluster: topics, groups, clients, all under names that nobody else has. All of it is taken away
/// again, also where the test fails or is cancelled.
final class ClusterScope: Sendable {
    let servers: [String]
    /// What the names of this test begin with.
    let prefix: String
    let admin: KafkaAdmin
    let disturbances = Disturbances()

    private struct Made {
        var topics: [String] = []
        var groups: [String] = []
        var consumers: [KafkaConsumer] = []
        var producers: [KafkaProducer] = []
        var peers: [ClusterPeer] = []
        var quotas: [KafkaAdmin.QuotaEntity] = []
    }

    private let made = Locked(Made())

    init() throws {
        servers = try #require(NamedCluster.servers)
        prefix = NamedCluster.prefix + String(UInt64.random(in: 0 ... .max), radix: 16)
        admin = try KafkaAdmin(Self.client(servers, nil))
    }

    static func client(_ servers: [String], _ disturbances: Disturbances?) -> ClientConfiguration {
        var configuration = ClientConfiguration(bootstrapServers: servers)
        configuration.clientId = "kafkawire-test"
        configuration.requestTimeout = .seconds(10)
        configuration.apiTimeout = .seconds(60)
        configuration.metadataMaximumAge = .seconds(3)
        configuration.observers = disturbances.map { [$0] } ?? []
        return configuration
    }

    // MARK: - What is made

    /// A name of this test's own.
    func name(_ label: String) -> String { "\(prefix)-\(label)" }

    /// A topic that is there, with a leader for each partition.
    func topic(
        _ label: String, partitions: Int32 = 1, configs: [String: String] = [:], assignments: [[BrokerID]]? = nil
    ) async throws -> String {
        let name = expectTopic(label)
        try await inTime {
            let factor = assignments == nil ? Int16(clamping: min(3, try await brokers().count)) : nil
            let topic = KafkaAdmin.NewTopic(
                name, partitions: assignments == nil ? partitions : nil, replicationFactor: factor,
                assignments: assignments, configs: configs)
            switch await admin.createTopics([topic])[name] {
            case .success?: return true
            case .failure(let error)?:
                if error.code == .broker(.topicAlreadyExists) { return true }
                // A broker that has gone away meanwhile holds no replica.
                if error.isRetriable || error.code == .broker(.invalidReplicationFactor) { return false }
                throw error
            case nil: return false
            }
        }
        let count = assignments.map { $0.count } ?? Int(partitions)
        try await inTime {
            let leaders = try? await admin.describeTopics([name])[name]?.get().leaders
            return leaders?.count == count && leaders?.contains(nil) == false
        }
        return name
    }

    /// A name for a topic that the test makes in another way, or is not to make.
    func expectTopic(_ label: String) -> String {
        let topic = name(label)
        made.withLock { $0.topics.append(topic) }
        return topic
    }

    func group(_ label: String = "group") -> String {
        let group = name(label)
        made.withLock { $0.groups.append(group) }
        return group
    }

    func producer(_ change: (inout KafkaProducer.Configuration) -> Void = { _ in }) throws -> KafkaProducer {
        var configuration = KafkaProducer.Configuration(bootstrapServers: servers)
        configuration.client = Self.client(servers, disturbances)
        configuration.maximumBlock = .seconds(60)
        change(&configuration)
        let producer = try KafkaProducer(configuration)
        made.withLock { $0.producers.append(producer) }
        return producer
    }

    /// A member of a group that commits nothing by itself.
    func consumer(
        _ group: String, _ topics: KafkaConsumer.Topics,
        _ change: (inout KafkaConsumer.Configuration) -> Void = { _ in }
    ) throws -> KafkaConsumer {
        try consumer(.group(group, topics: topics), change)
    }

    func consumer(
        _ source: KafkaConsumer.Source, _ change: (inout KafkaConsumer.Configuration) -> Void = { _ in }
    ) throws -> KafkaConsumer {
        var configuration = KafkaConsumer.Configuration(bootstrapServers: servers, partitions: [:])
        configuration.client = Self.client(servers, disturbances)
        configuration.source = source
        configuration.autoCommit = nil
        configuration.sessionTimeout = .seconds(10)
        configuration.heartbeatInterval = .milliseconds(500)
        configuration.maximumPollInterval = .seconds(60)
        configuration.fetchMaximumWait = .milliseconds(200)
        change(&configuration)
        let consumer = try KafkaConsumer(configuration)
        made.withLock { $0.consumers.append(consumer) }
        return consumer
    }

    /// A member that reads, and commits each batch.
    func member(
        _ group: String, _ topics: KafkaConsumer.Topics,
        _ change: (inout KafkaConsumer.Configuration) -> Void = { _ in }
    ) throws -> ClusterMember {
        ClusterMember(try consumer(group, topics, change), disturbances)
    }

    func peer(_ client: ClusterPeer.Client, _ words: [String]) throws -> ClusterPeer {
        let peer = try ClusterPeer(client, [servers.joined(separator: ",")] + words)
        made.withLock { $0.peers.append(peer) }
        return peer
    }

    func willHaveQuota(_ entity: KafkaAdmin.QuotaEntity) { made.withLock { $0.quotas.append(entity) } }

    // MARK: - What there is

    /// The brokers that run.
    func brokers() async throws -> [KafkaAdmin.ClusterDescription.Node] {
        let brokers = try await admin.describeCluster().nodes
        try #require(!brokers.isEmpty)
        return brokers
    }

    /// How many members a group has, where it has settled.
    func settledMembers(of group: String) async -> Int? {
        guard let found = try? await admin.describeGroups([group])[group]?.get(), found.state == .stable else {
            return nil
        }
        return found.members.count
    }

    /// Sends values, whose keys they are.
    func produce(_ values: some Sequence<String>, to topic: String) async throws {
        let producer = try producer()
        for value in values { try await producer.enqueue(ProducerRecord(topic: topic, key: value, value: value)) }
        try await producer.close(timeout: NamedCluster.patience)
    }

    /// The values of a topic up to its ends, each partition's in their order.
    func values(
        of topic: String, _ isolation: IsolationLevel = .readUncommitted
    ) async throws -> [TopicPartition: [String]] {
        var values: [TopicPartition: [String]] = [:]
        for (source, records) in try await records(of: topic, isolation) {
            values[source] = records.map { $0.value?.text ?? "null" }
        }
        return values
    }

    /// The records of a topic up to its ends.
    func records(
        of topic: String, _ isolation: IsolationLevel = .readUncommitted
    ) async throws -> [TopicPartition: [Record]] {
        let count = try await admin.describeTopics([topic]).get()[topic]?.partitions.count ?? 0
        let partitions = (0..<count).map { TopicPartition(topic, PartitionID(index: $0)) }
        let consumer = try consumer(
            .partitions(Dictionary(uniqueKeysWithValues: partitions.map { ($0, .earliest) }))
        ) {
            $0.isolationLevel = isolation
            $0.tellsEnds = true
        }
        let found = try await within(NamedCluster.patience) { () -> [TopicPartition: [Record]] in
            var found: [TopicPartition: [Record]] = [:]
            var ends: Set<TopicPartition> = []
            for try await event in consumer.events {
                if case .batch(let batch) = event { found[batch.source, default: []] += batch }
                if case .reachedEnd(let partition, _) = event { ends.insert(partition) }
                if ends.count == count { break }
            }
            return found
        }
        await consumer.close()
        return found
    }

    // MARK: - The end

    /// Closes what runs and takes away what is there; gives what could not be.
    func clearAway(within limit: Duration) async -> [String] {
        let made = made.withLock { $0 }
        for peer in made.peers { peer.kill() }
        await withTaskGroup(of: Void.self) { group in
            for consumer in made.consumers {
                group.addTask { _ = await consumer.close(.leaveGroup, timeout: .seconds(5)) }
            }
            for producer in made.producers { group.addTask { try? await producer.close(timeout: .seconds(5)) } }
        }
        var left: [String] = []
        let deadline = ContinuousClock.now + limit
        while true {
            left = await deleteAll(made)
            if left.isEmpty || ContinuousClock.now > deadline { break }
            try? await Task.sleep(for: .milliseconds(500))
        }
        await admin.close()
        return left
    }

    private func deleteAll(_ made: Made) async -> [String] {
        var left: [String] = []
        for entity in made.quotas {
            let outcome = await admin.alterClientQuotas([entity: ["producer_byte_rate": nil]])
            left += outcome.failures().values.map(\.message)
        }
        for (group, error) in await admin.deleteGroups(made.groups).failures().inOrder {
            if error.code == .broker(.groupIdNotFound) { continue }
            left.append(error.message)
            // A static member, or one that was killed, is there until its session ends.
            if error.code == .broker(.nonEmptyGroup) { _ = try? await admin.removeMembers(from: group) }
        }
        for error in await admin.deleteTopics(made.topics).failures().inOrder.map(\.value)
        where error.code != .broker(.unknownTopicOrPartition) { left.append(error.message) }
        return left
    }
}

/// Runs a test in the cluster, and takes away what it has made there.
func inCluster(_ body: (ClusterScope) async throws -> Void) async throws {
    let scope = try ClusterScope()
    var outcome: Result<Void, any Error> = .success(())
    do { try await body(scope) } catch { outcome = .failure(error) }
    // In a task of its own: that of a test may be cancelled, and is to end within a minute then. Otherwise a session of a
    // member that was killed may have to end.
    let limit: Duration = Task.isCancelled ? .seconds(30) : .seconds(90)
    let left = await Task { await scope.clearAway(within: limit) }.value
    if !left.isEmpty { Issue.record("left in the cluster: \(left.joined(separator: "; "))") }
    if case .failure = outcome, !scope.disturbances.isNone {
        print("the cluster was disturbed: \(scope.disturbances.all.joined(separator: "; "))")
    }
    try outcome.get()
}
