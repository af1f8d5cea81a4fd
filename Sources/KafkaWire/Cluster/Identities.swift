/// Which addresses are known to be those of the brokers that they were told to be (KIP-1242). A value.
///
/// Where machines come and go, an address that was one broker's may be another's by now, or that of another cluster. What
/// the cluster itself has said a moment ago needs no look; what is older, or has broken since, is asked whom it belongs to
/// before anything else goes there.
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

    /// How long it counts that the cluster has named an address.
    private static let freshness = Duration.seconds(10)
    private var told: [BrokerAddress: Instant] = [:]

    /// The cluster has named these, and no others.
    mutating func told(_ addresses: some Sequence<BrokerAddress>, now: Instant) {
        told = Dictionary(addresses.map { ($0, now) }) { first, _ in first }
    }

    /// A connection to it has failed, or broken: something may have changed.
    mutating func doubts(_ address: BrokerAddress) {
        if !told.isEmpty { told[address] = nil }
    }

    func isDoubtful(_ address: BrokerAddress, now: Instant) -> Bool {
        told[address].map { now >= $0 + Self.freshness } ?? true
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
