import KafkaWire

/// What the lists of the view show, computed once for each look: rows, filtered and in their order.
package struct BrokerRow: Sendable, Equatable, Identifiable {
    package var id: BrokerID
    package var address: String
    package var rack: String?
    package var isController: Bool
    /// Partitions that it leads.
    package var leads: Int
    /// Copies that it holds.
    package var replicas: Int
    /// Copies that are not in sync.
    package var outOfSync: Int
    package var size: Int64?
    package var free: Int64?
    /// Records per second into the partitions that it leads.
    package var incoming: Double?

    package enum Sort: Int, CaseIterable, Sendable { case id, leads, replicas, size, incoming }
}

package struct TopicRow: Sendable, Equatable, Identifiable {
    package var id: String
    package var isInternal: Bool
    package var partitions: Int
    package var replicas: Int
    package var leaderless: Int
    package var underReplicated: Int
    package var records: Int64?
    package var size: Int64?
    package var incoming: Double?
    package var bytes: Double?
    package var outgoing: Double?
    package var steps: [Double]

    package enum Sort: Int, CaseIterable, Sendable { case name, health, partitions, records, size, incoming, outgoing }
}

package struct GroupRow: Sendable, Equatable, Identifiable {
    package var id: String
    package var type: String
    package var state: String
    package var members: Int
    package var topics: [String]
    package var lag: Int64?
    package var lags: [Double]
    package var slope: Double?
    package var consumed: Double?
    package var forecast: Forecast

    package enum Sort: Int, CaseIterable, Sendable { case lag, name, state, members, consumed, forecast }
}

/// The rows of a look.
package enum TopRows {
    package static func brokers(_ snapshot: ClusterSnapshot, _ history: ClusterHistory) -> [BrokerRow] {
        var rows: [BrokerID: BrokerRow] = [:]
        for broker in snapshot.brokers {
            rows[broker.id] = BrokerRow(
                id: broker.id, address: broker.address, rack: broker.rack,
                isController: broker.id == snapshot.controller, leads: 0, replicas: 0, outOfSync: 0,
                size: snapshot.logs?.sizes[broker.id].map { $0.values.saturatedSum() },
                free: snapshot.logs?.free[broker.id])
        }
        for topic in snapshot.topics {
            for partition in topic.partitions {
                for replica in partition.replicas {
                    rows[replica]?.replicas += 1
                    if !partition.inSync.contains(replica) { rows[replica]?.outOfSync += 1 }
                }
                guard let leader = partition.leader else { continue }
                rows[leader]?.leads += 1
                if let rate = history.incoming(TopicPartition(topic.name, partition.number)) {
                    let before = rows[leader]?.incoming ?? 0
                    rows[leader]?.incoming = before + rate
                }
            }
        }
        return rows.values.sorted { $0.id < $1.id }
    }

    package static func topics(_ snapshot: ClusterSnapshot, _ history: ClusterHistory) -> [TopicRow] {
        snapshot.topics.map { topic in
            TopicRow(
                id: topic.name, isInternal: topic.isInternal, partitions: topic.partitions.count,
                replicas: topic.replicas, leaderless: topic.leaderless, underReplicated: topic.underReplicated,
                records: topic.records, size: snapshot.size(of: topic), incoming: history.incoming(topic.name),
                bytes: history.bytes(topic.name), outgoing: history.outgoing(topic.name),
                steps: history.incomingSteps(topic.name))
        }
    }

    package static func groups(_ snapshot: ClusterSnapshot, _ history: ClusterHistory) -> [GroupRow] {
        snapshot.groups.map { group in
            GroupRow(
                id: group.id, type: group.type, state: group.state, members: group.members.count,
                topics: group.topics.sorted(), lag: history.lag(group), lags: history.lags(group.id),
                slope: history.slope(group.id), consumed: history.consumed(group.id),
                forecast: history.forecast(group))
        }
    }

    // MARK: - Order. Of equal ones the name decides, forward always.

    static func sorted(_ rows: [BrokerRow], by sort: BrokerRow.Sort, reversed: Bool) -> [BrokerRow] {
        order(rows, reversed: reversed != (sort != .id)) {
            switch sort {
            case .id: Double($0.id.rawValue)
            case .leads: Double($0.leads)
            case .replicas: Double($0.replicas)
            case .size: Double($0.size ?? -1)
            case .incoming: $0.incoming ?? -1
            }
        } tie: {
            $0.id < $1.id
        }
    }

    static func sorted(_ rows: [TopicRow], by sort: TopicRow.Sort, reversed: Bool) -> [TopicRow] {
        if sort == .name { return rows.sorted { reversed ? $0.id > $1.id : $0.id < $1.id } }
        return order(rows, reversed: !reversed) {
            switch sort {
            case .name: 0
            case .health: Double($0.leaderless) * 1e9 + Double($0.underReplicated)
            case .partitions: Double($0.partitions)
            case .records: Double($0.records ?? -1)
            case .size: Double($0.size ?? -1)
            case .incoming: $0.incoming ?? -1
            case .outgoing: $0.outgoing ?? -1
            }
        } tie: {
            $0.id < $1.id
        }
    }

    static func sorted(_ rows: [GroupRow], by sort: GroupRow.Sort, reversed: Bool) -> [GroupRow] {
        switch sort {
        case .name: return rows.sorted { reversed ? $0.id > $1.id : $0.id < $1.id }
        case .state: return rows.sorted { (($0.state, $0.id) < ($1.state, $1.id)) != reversed }
        default: break
        }
        return order(rows, reversed: !reversed) {
            switch sort {
            case .name, .state: 0
            case .lag: Double($0.lag ?? -1)
            case .members: Double($0.members)
            case .consumed: $0.consumed ?? -1
            case .forecast: $0.forecast.seconds
            }
        } tie: {
            $0.id < $1.id
        }
    }

    private static func order<Row>(
        _ rows: [Row], reversed: Bool, by value: (Row) -> Double, tie: (Row, Row) -> Bool
    ) -> [Row] {
        let valued = rows.map { (row: $0, value: value($0)) }
        let ordered = valued.sorted { a, b in
            if a.value == b.value { return tie(a.row, b.row) }
            return reversed ? a.value > b.value : a.value < b.value
        }
        return ordered.map(\.row)
    }
}

extension Forecast {
    /// How long it takes, so that forecasts can be put in order: what never ends comes last.
    fileprivate var seconds: Double {
        switch self {
        case .unknown: -1
        case .caughtUp: 0
        case .keepsPace(let behind): behind.inSeconds
        case .catchesUp(let after): after.inSeconds
        case .standsStill: 1e15
        case .fallsBehind(let rate): 1e15 + rate
        }
    }
}
