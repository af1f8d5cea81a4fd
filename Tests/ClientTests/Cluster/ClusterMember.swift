import TestSupport
import Testing

@testable import KafkaWire

/// A member of a group that reads in a task of its own, commits each batch, and notes what it sees, has and is told.
final class ClusterMember: Sendable {
    let consumer: KafkaConsumer
    let seen = Seen()
    /// What it was told of its share, one line each.
    let told = Seen()
    private let assigned = Locked<Set<TopicPartition>>([])
    private let disturbances: Disturbances
    private let task: Locked<Task<Void, any Error>?>

    init(_ consumer: KafkaConsumer, _ disturbances: Disturbances) {
        self.consumer = consumer
        self.disturbances = disturbances
        task = Locked(nil)
    }

    /// What it has, as far as the application knows.
    var partitions: [TopicPartition] { assigned.withLock { $0.sorted() } }

    @discardableResult
    func start() -> Self {
        let task = Task { try await self.read() }
        self.task.withLock { $0 = task }
        return self
    }

    /// Leaves the group; throws what ended the reading.
    func stop(_ operation: KafkaConsumer.CloseOperation = .usual) async throws {
        if let error = await consumer.close(operation, timeout: .seconds(30)) {
            disturbances.note("closing: \(error.message)")
        }
        try await ended()
    }

    /// Waits for the end of its reading.
    func ended() async throws {
        guard let task = task.withLock({ $0 }) else { return }
        try await within(NamedCluster.patience) { try await task.value }
    }

    private func read() async throws {
        for try await event in consumer.events {
            switch event {
            case .batch(let batch):
                seen.add(batch)
                do { try await batch.commit() } catch { disturbances.note("commit: \(error.message)") }
            case .assigned(let offsets):
                assigned.withLock { $0.formUnion(offsets.keys) }
                told.add("assigned \(offsets.count)")
            case .revoked(let revoked):
                assigned.withLock { $0.subtract(revoked.partitions) }
                told.add("revoked \(revoked.partitions.count)")
            case .lost(let partitions):
                assigned.withLock { $0.subtract(partitions) }
                told.add("lost \(partitions.count)")
                disturbances.note("lost \(partitions)")
            case .trouble(let error): disturbances.note("trouble: \(error.message)")
            case .reachedEnd, .reset, .recovered: break
            }
        }
    }
}

/// Members of whatever client, as far as a group's share goes.
protocol ShareHolder: Sendable {
    var partitionNumbers: [PartitionID] { get }
    var values: [String] { get }
}

extension ClusterMember: ShareHolder {
    var partitionNumbers: [PartitionID] { partitions.map(\.partition) }
    var values: [String] { seen.all }
}

/// Waits until these members have all partitions of a topic, each once, and each of them some.
func shared(_ count: Int, by members: [any ShareHolder]) async throws {
    try await inTime {
        let shares = members.map(\.partitionNumbers)
        let all = shares.flatMap(\.self)
        return all.count == count && Set(all).count == count && shares.allSatisfy { !$0.isEmpty }
    }
}

/// Waits until these members have seen all of the values, and holds them to having seen each once where nothing of the
/// cluster has failed.
func allSeen(_ values: some Sequence<String>, by members: [any ShareHolder], _ scope: ClusterScope) async throws {
    let wanted = Set(values)
    try await inTime { Set(members.flatMap(\.values)).isSuperset(of: wanted) }
    let all = members.flatMap(\.values)
    #expect(Set(all) == wanted)
    if scope.disturbances.isNone { #expect(all.count == wanted.count, "some were seen twice") }
}

/// How the members of a group rebalance.
enum GroupWay: CaseIterable, Sendable {
    case range, roundRobin, sticky, cooperative, coordinator

    func set(_ configuration: inout KafkaConsumer.Configuration) {
        switch self {
        case .range: configuration.assignors = [.range]
        case .roundRobin: configuration.assignors = [.roundRobin]
        case .sticky: configuration.assignors = [.sticky]
        case .cooperative: configuration.assignors = [.cooperativeSticky]
        case .coordinator: configuration.groupProtocol = .consumer
        }
    }

    /// The same for clients of others.
    func settings(_ client: ClusterPeer.Client) -> [String] {
        if self == .coordinator { return ["group.protocol=consumer"] }
        let name =
            switch (self, client) {
            case (.cooperative, .java): "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"
            case (.roundRobin, .java): "org.apache.kafka.clients.consumer.RoundRobinAssignor"
            case (.sticky, .java): "org.apache.kafka.clients.consumer.StickyAssignor"
            case (_, .java): "org.apache.kafka.clients.consumer.RangeAssignor"
            case (.cooperative, .librdkafka): "cooperative-sticky"
            case (.roundRobin, .librdkafka): "roundrobin"
            case (_, .librdkafka): "range"
            }
        return [
            "group.protocol=classic", "partition.assignment.strategy=\(name)", "session.timeout.ms=10000",
            "heartbeat.interval.ms=500",
        ]
    }

    func require(of scope: ClusterScope) async throws {
        if self == .coordinator { try await scope.requireConsumerProtocol() }
    }
}
