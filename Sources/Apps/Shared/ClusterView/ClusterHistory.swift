import KafkaWire
import Screens

/// What changes from look to look: rates, trends, forecasts. Pure: snapshots carry their time.
///
/// Counters never go back here, whatever the cluster does: an offset that goes back (records deleted by an unclean
/// election, a topic made anew, a group reset) adds nothing, and counting goes on from there.
package struct ClusterHistory: Sendable {
    /// Over how long rates and trends are taken.
    package static let window = Duration.seconds(15)
    /// Over how long the trend of a lag is taken: longer than members usually wait between two commits (5 s).
    package static let lagWindow = Duration.seconds(20)

    /// Of a topic.
    private struct TopicPast {
        var id: TopicID
        /// Records that came in, and that groups took, since we look.
        var incoming = Series()
        var outgoing = Series()
        var bytes = Series()
        var totalIn = 0.0
        var totalOut = 0.0
        var totalBytes = 0.0
        var partitions: [PartitionID: PartitionPast] = [:]
    }

    private struct PartitionPast {
        var end: Int64?
        var size: Int64?
        var total = 0.0
        var incoming = Series(limit: 10)
    }

    /// Of a group.
    private struct GroupPast {
        var committed: [TopicPartition: Int64] = [:]
        var rates: [TopicPartition: CommitPast] = [:]
        var consumed = Series()
        var totalConsumed = 0.0
        /// All lags that were seen.
        var lag = Series()
        /// Those since the offsets were moved last: what a trend may be taken from.
        var trend = Series()
        var partitions: Set<TopicPartition> = []
    }

    private struct CommitPast {
        var total = 0.0
        var series = Series(limit: 10)
    }

    private var topics: [String: TopicPast] = [:]
    private var groups: [String: GroupPast] = [:]
    private var ends: [TopicPartition: Int64] = [:]
    private var lastLogs: Duration?
    private var last: Duration?

    package init() {}

    /// Takes in a look. One that is not later than the last is passed over.
    package mutating func add(_ snapshot: ClusterSnapshot) {
        if let last, snapshot.at <= last { return }
        last = snapshot.at
        let wentBack = addTopics(snapshot)
        addGroups(snapshot, wentBack)
        addLogs(snapshot)
    }

    /// The partitions whose ends went back.
    private mutating func addTopics(_ snapshot: ClusterSnapshot) -> Set<TopicPartition> {
        var wentBack: Set<TopicPartition> = []
        var kept: [String: TopicPast] = [:]
        ends = snapshot.ends
        for topic in snapshot.topics {
            var past = topics.removeValue(forKey: topic.name) ?? TopicPast(id: topic.id)
            if past.id != topic.id {
                past = TopicPast(id: topic.id)
                wentBack.formUnion(topic.partitions.map { TopicPartition(topic.name, $0.number) })
            }
            for partition in topic.partitions {
                guard let end = partition.end else { continue }
                var one = past.partitions[partition.number] ?? PartitionPast()
                if let before = one.end {
                    if end >= before {
                        let new = Double(end.subtractingSaturated(before))
                        one.total += new
                        past.totalIn += new
                    } else {
                        wentBack.insert(TopicPartition(topic.name, partition.number))
                    }
                }
                one.end = end
                one.incoming.add(one.total, at: snapshot.at)
                past.partitions[partition.number] = one
            }
            past.incoming.add(past.totalIn, at: snapshot.at)
            kept[topic.name] = past
        }
        topics = kept
        return wentBack
    }

    private mutating func addGroups(_ snapshot: ClusterSnapshot, _ wentBack: Set<TopicPartition>) {
        var kept: [String: GroupPast] = [:]
        for group in snapshot.groups {
            var past = groups.removeValue(forKey: group.id) ?? GroupPast()
            let partitions = Set(group.committed.keys)
            // Where offsets were moved, or partitions came or went, the lag jumps: that is no trend.
            var isMoved = partitions != past.partitions || !partitions.isDisjoint(with: wentBack)
            for (partition, offset) in group.committed {
                var one = past.rates[partition] ?? CommitPast()
                if let before = past.committed[partition] {
                    if offset < before {
                        isMoved = true
                    } else {
                        let new = Double(offset.subtractingSaturated(before))
                        one.total += new
                        past.totalConsumed += new
                        topics[partition.topic]?.totalOut += new
                    }
                }
                one.series.add(one.total, at: snapshot.at)
                past.rates[partition] = one
            }
            past.rates = past.rates.filter { partitions.contains($0.key) }
            past.committed = group.committed
            past.partitions = partitions
            past.consumed.add(past.totalConsumed, at: snapshot.at)
            if isMoved { past.trend = Series() }
            if let lag = Self.lag(of: group, ends) {
                past.lag.add(Double(lag), at: snapshot.at)
                past.trend.add(Double(lag), at: snapshot.at)
            }
            kept[group.id] = past
        }
        groups = kept
        for name in topics.keys {
            guard let total = topics[name]?.totalOut else { continue }
            topics[name]?.outgoing.add(total, at: snapshot.at)
        }
    }

    private mutating func addLogs(_ snapshot: ClusterSnapshot) {
        guard let logs = snapshot.logs, logs.at != lastLogs else { return }
        lastLogs = logs.at
        for topic in snapshot.topics {
            var isKnown = false
            for partition in topic.partitions {
                let key = TopicPartition(topic.name, partition.number)
                guard let size = snapshot.size(of: key, leader: partition.leader) else { continue }
                isKnown = true
                // A log that got smaller was cut by retention: what came in meanwhile is not known.
                if let before = topics[topic.name]?.partitions[partition.number]?.size, size > before {
                    topics[topic.name]?.totalBytes += Double(size.subtractingSaturated(before))
                }
                topics[topic.name]?.partitions[partition.number]?.size = size
            }
            if isKnown, let total = topics[topic.name]?.totalBytes {
                topics[topic.name]?.bytes.add(total, at: logs.at)
            }
        }
    }

    // MARK: - Topics

    /// Records per second that come into a topic; nil until two looks have seen it.
    package func incoming(_ topic: String) -> Double? { topics[topic]?.incoming.rate(over: Self.window) }
    /// Records per second that groups take from a topic.
    package func outgoing(_ topic: String) -> Double? { topics[topic]?.outgoing.rate(over: Self.window) }
    /// Bytes per second that come into a topic, as its logs grow: one copy, as stored.
    package func bytes(_ topic: String) -> Double? { topics[topic]?.bytes.rate(over: .seconds(45)) }
    /// Records per second that came in, from look to look.
    package func incomingSteps(_ topic: String) -> [Double] { topics[topic]?.incoming.steps ?? [] }

    /// Records per second that come into a partition.
    package func incoming(_ partition: TopicPartition) -> Double? {
        topics[partition.topic]?.partitions[partition.partition]?.incoming.rate(over: Self.window)
    }

    /// Records per second that come into all topics.
    package var incoming: Double? { Self.sum(topics.values.map { $0.incoming.rate(over: Self.window) }) }
    /// Records per second that groups take from all topics.
    package var outgoing: Double? { Self.sum(topics.values.map { $0.outgoing.rate(over: Self.window) }) }
    /// Bytes per second that come into all topics.
    package var bytes: Double? { Self.sum(topics.values.map { $0.bytes.rate(over: .seconds(45)) }) }

    // MARK: - Groups

    /// Records per second that a group takes; nil until two looks have seen it.
    package func consumed(_ group: String) -> Double? { groups[group]?.consumed.rate(over: Self.window) }
    /// The lags that were seen, the newest at the end.
    package func lags(_ group: String) -> [Double] { groups[group]?.lag.points.map(\.value) ?? [] }
    /// What was taken per second, from look to look.
    package func consumedSteps(_ group: String) -> [Double] { groups[group]?.consumed.steps ?? [] }
    /// By how many records per second its lag grows.
    package func slope(_ group: String) -> Double? { groups[group]?.trend.slope(over: Self.lagWindow) }

    /// Records per second that a group takes from a partition.
    package func consumed(_ group: String, _ partition: TopicPartition) -> Double? {
        groups[group]?.rates[partition]?.series.rate(over: Self.window)
    }

    /// Records per second that come into the partitions of a group.
    package func incoming(group: String) -> Double? {
        Self.sum((groups[group]?.partitions ?? []).map { incoming($0) })
    }

    /// When the group will have caught up.
    package func forecast(_ group: ClusterSnapshot.Group) -> Forecast {
        Forecast(
            lag: Self.lag(of: group, ends), slope: slope(group.id), incoming: incoming(group: group.id),
            consumed: consumed(group.id)
        ).watched(for: groups[group.id]?.trend.span ?? .zero, hasMembers: !group.members.isEmpty)
    }

    /// Whether more looks would say more about some group.
    package func isUndecided(_ snapshot: ClusterSnapshot) -> Bool {
        snapshot.groups.contains { group in
            !group.members.isEmpty && forecast(group) == .unknown && (lag(group) ?? 0) > 0
                && groups[group.id]?.trend.span ?? .zero < Forecast.patience
        }
    }

    /// How many records a group has still to read of a partition, with the ends of the last look; nil where it has
    /// committed nothing, or the end is not known.
    package func lag(_ group: ClusterSnapshot.Group, _ partition: TopicPartition) -> Int64? {
        guard let committed = group.committed[partition], let end = ends[partition] else { return nil }
        return max(0, end.subtractingSaturated(committed))
    }

    /// How many records a group has still to read in all.
    package func lag(_ group: ClusterSnapshot.Group) -> Int64? { Self.lag(of: group, ends) }

    private static func lag(of group: ClusterSnapshot.Group, _ ends: [TopicPartition: Int64]) -> Int64? {
        var total: Int64?
        for (partition, offset) in group.committed {
            if let end = ends[partition] {
                total = (total ?? 0).addingSaturated(max(0, end.subtractingSaturated(offset)))
            }
        }
        return total
    }

    private static func sum(_ rates: [Double?]) -> Double? {
        let known = rates.compactMap { $0 }
        return known.isEmpty ? nil : known.reduce(0, +)
    }
}
