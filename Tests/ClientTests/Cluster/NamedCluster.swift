import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// The cluster that `KAFKA_BOOTSTRAP` names; the suites here run against it, and where there is none, not at all.
enum NamedCluster {
    static let servers = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP"]
        .map { $0.split(separator: ",").map(String.init) }
    /// Whether these are nodes of `kw broker`, started by scripts/test-cluster.sh.
    static let isOurs = ProcessInfo.processInfo.environment["KAFKAWIRE_OWN_NODES"] != nil

    /// What every name begins with that a test gives to something in the cluster.
    static let prefix = "kafkawire-test-"
    /// How long a cluster may take for anything, also one whose nodes are killed and paused meanwhile.
    static let patience: Duration = .seconds(120)
}

extension Trait where Self == ConditionTrait {
    /// For suites that a cluster is asked for.
    static var cluster: Self {
        .enabled(if: NamedCluster.servers != nil, "KAFKA_BOOTSTRAP names no cluster; see make test-cluster")
    }
}

/// Waits until something holds of the cluster, which is asked a few times a second. What may pass, with nodes that go away
/// and come back, is waited out.
func inTime(_ holds: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + NamedCluster.patience
    while true {
        var last: KafkaError?
        do { if try await holds() { return } } catch let error as KafkaError where error.isRetriable { last = error }
        guard ContinuousClock.now < deadline else {
            if let last { throw last }
            throw TookTooLong()
        }
        try await Task.sleep(for: .milliseconds(50))
    }
}

/// Whether a cluster has let its clients work as they do where nothing fails. What only such a cluster promises, no record
/// twice in a group for one, is not asked of one whose nodes go away.
final class Disturbances: ClientObserver {
    private let found = Locked<[String]>([])

    /// What was seen, for messages of failures.
    var all: [String] { found.withLock { $0 } }
    var isNone: Bool { all.isEmpty }

    func note(_ what: String) { found.withLock { if $0.count < 100 { $0.append(what) } } }

    func disconnected(from broker: String, reason: KafkaError?) {
        if let reason { note("disconnected from \(broker): \(reason.message)") }
    }
    func connectionFailed(to broker: String, error: KafkaError, after time: Duration) {
        note("no connection to \(broker): \(error.message)")
    }
    func coordinatorLost(of name: String) { note("the coordinator of \(name) was lost") }
    func leaderChanged(of partition: TopicPartition, from: BrokerID, to: BrokerID) {
        note("\(partition) has another leader")
    }
    func commitFailed(group: String, error: KafkaError) { note("a commit of \(group) failed: \(error.message)") }
    func revoked(_ partitions: [TopicPartition], group: String?, lost: Bool) {
        if lost, !partitions.isEmpty { note("partitions were lost: \(partitions)") }
    }
}
