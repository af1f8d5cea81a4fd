// Where nodes are, and what that means to consumers.

extension BrokerConfiguration {
    /// Which replica of a partition consumers are sent to (`replica.selector.class`, KIP-392).
    public enum ReplicaSelector: Sendable, Equatable {
        /// The leader; Kafka's default.
        case leader
        /// One in the consumer's rack, where one is in sync there and the leader is not
        /// (`org.apache.kafka.common.replica.RackAwareReplicaSelector`).
        case rackAware

        /// The class as Kafka names it; nil where that is none.
        var className: String? {
            switch self {
            case .leader: nil
            case .rackAware: "org.apache.kafka.common.replica.RackAwareReplicaSelector"
            }
        }

        /// By the name of Kafka's class, of which the last part is enough; nil for any other class.
        init?(className: String) {
            let known = ReplicaSelector.rackAware.className ?? ""
            guard className == known || known.hasSuffix(".\(className)") else { return nil }
            self = .rackAware
        }
    }

    /// The rack of the node at that place, from 0, or the one that is `given`; nil where that is none.
    func rack(of index: Int, given: String? = nil) -> String? {
        let name = given ?? (racks.indices.contains(index) ? racks[index] : rack)
        return name.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Why no node can be in a rack of that name, or nil.
    static func objection(toRack name: String?) -> String? {
        guard let count = name?.utf8.count, count > ConfigDefinition.longestValue else { return nil }
        return "The name of a rack has \(count) bytes, of which clients can be told \(ConfigDefinition.longestValue)."
    }
}
