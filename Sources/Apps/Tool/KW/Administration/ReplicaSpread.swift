import KafkaWire

/// Spreads the replicas of a topic over brokers as Kafka's tools do (`AdminUtils.assignReplicasToBrokers`): the first ones in turn,
/// the others each a step further, and where brokers say in which rack they are, over racks first.
struct ReplicaSpread {
    /// A broker, and its rack where that matters.
    struct Broker: Equatable {
        var id: BrokerID
        var rack: String?
    }

    private let brokers: [Broker]
    private let racks: Int

    /// - Parameter brokers: Either all of them have a rack, or none.
    init(_ brokers: [Broker]) {
        racks = Set(brokers.compactMap(\.rack)).count
        self.brokers = racks == 0 ? brokers : Self.alternating(brokers)
    }

    /// One broker of each rack after the other.
    private static func alternating(_ brokers: [Broker]) -> [Broker] {
        let groups = Dictionary(grouping: brokers.sorted { $0.id < $1.id }) { $0.rack ?? "" }.sorted { $0.key < $1.key }
            .map(\.value)
        let longest = groups.map(\.count).max() ?? 0
        return (0..<longest).flatMap { place in groups.compactMap { $0.indices.contains(place) ? $0[place] : nil } }
    }

    /// The replicas of each partition; nil where there are fewer brokers than replicas.
    ///
    /// - Parameters:
    ///   - start: Which broker is the first of the first partition.
    ///   - shift: How far behind it the second replica stands.
    func assignment(partitions: Int, replicas: Int, start: Int, shift: Int) -> [[BrokerID]]? {
        guard replicas > 0, replicas <= brokers.count else { return nil }
        return (0..<partitions).map { partition in
            // When all brokers had their turn, the others move on, so that no two partitions share all of them.
            let shift = shift + partition / brokers.count
            let first = (partition + start) % brokers.count
            return racks == 0 ? plain(first, shift, replicas) : overRacks(first, shift, replicas)
        }
    }

    private func plain(_ first: Int, _ shift: Int, _ replicas: Int) -> [BrokerID] {
        [brokers[first].id] + (0..<replicas - 1).map { brokers[follower(of: first, shift, $0)].id }
    }

    private func overRacks(_ first: Int, _ shift: Int, _ replicas: Int) -> [BrokerID] {
        var chosen = [brokers[first]]
        var step = 0
        while chosen.count < replicas, step < brokers.count * (racks + 1) {
            let next = brokers[follower(of: first, shift * racks, step)]
            step += 1
            // No rack gets a second one before all have one, and no broker is taken twice.
            let usedRacks = Set(chosen.map(\.rack))
            if usedRacks.contains(next.rack), usedRacks.count < racks { continue }
            if !chosen.contains(next) { chosen.append(next) }
        }
        // What no step came to: any that is left.
        for broker in brokers where chosen.count < replicas && !chosen.contains(broker) { chosen.append(broker) }
        return chosen.map(\.id)
    }

    private func follower(of first: Int, _ shift: Int, _ number: Int) -> Int {
        guard brokers.count > 1 else { return 0 }
        return (first + 1 + (shift + number) % (brokers.count - 1)) % brokers.count
    }
}
