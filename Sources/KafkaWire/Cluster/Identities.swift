/// Which addresses are known to be those of the brokers that they were told to be (KIP-1242). A value.
///
/// Where machines come and go, an address that was one broker's may be another's by now, or that of another cluster. Who
/// has said a moment ago who it is needs not be asked; others are, before anything else goes there. Java's clients of Kafka
/// 4.4 say in ApiVersions 5 whom they want; this asks with Metadata, which brokers of all versions answer.
struct Identities: Equatable, Sendable {
    /// What a broker's own list says of a connection.
    enum Verdict: Equatable, Sendable {
        /// It is the one that it was taken for, or nothing is known to the contrary.
        case right
        /// It belongs to another cluster.
        case anotherCluster(known: String, told: String)
        /// The cluster has given the address to another of its brokers.
        case anotherBroker(known: BrokerID, told: BrokerID)
    }

    /// How long it counts that a broker was looked at.
    private static let freshness = Duration.seconds(10)
    private var seen: [BrokerAddress: Instant] = [:]

    /// Who is reached there is the right one.
    mutating func confirmed(_ address: BrokerAddress, now: Instant) {
        seen = seen.filter { now < $0.value + Self.freshness }
        seen[address] = now
    }

    /// A connection to it has failed, or broken: something may have changed.
    mutating func doubts(_ address: BrokerAddress) {
        if !seen.isEmpty { seen[address] = nil }
    }

    func isDoubtful(_ address: BrokerAddress, now: Instant) -> Bool {
        seen[address].map { now >= $0 + Self.freshness } ?? true
    }

    /// Holds what is known of a cluster against what the broker at an address says of it. That a broker has another
    /// address than this one, or none, is no proof: it may be that the list is older than what was told otherwise, as
    /// with a coordinator.
    static func verdict(
        on address: BrokerAddress, known: ClusterMetadata, told answer: MetadataResponse
    ) -> Verdict {
        if let known = known.clusterId, let told = answer.clusterId, known != told {
            return .anotherCluster(known: known, told: told)
        }
        let before = known.brokers.inOrder.filter { $0.value == address }.map(\.key)
        let now = answer.brokers.filter { $0.host == address.host && $0.port == Int32(address.port) }.map(\.nodeId)
        guard let known = before.first, let told = now.first, !now.contains(where: before.contains) else {
            return .right
        }
        return .anotherBroker(known: known, told: told)
    }
}
