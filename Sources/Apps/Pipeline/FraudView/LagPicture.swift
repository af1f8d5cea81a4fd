import ClusterView
import KafkaWire
import Screens

/// The lags of all groups in all partitions of a topic, and how they came about.
package struct LagPicture: Sendable {
    /// Of more partitions than these, the first are shown.
    package static let mostPartitions = 256

    /// A line of the picture.
    package enum Row: Sendable {
        /// A group; nil while it is not there.
        case group(String, GroupRow?)
        case partition(Partition)
    }

    /// A group in a partition.
    package struct Partition: Sendable, Equatable {
        package var group: String
        package var number: PartitionID
        package var committed: Int64?
        package var end: Int64?
        package var lag: Int64?
        /// The lag of each look, the newest at the end.
        package var lags: [Double]
        /// What the group commits per second, and what comes in.
        package var consumed: Double?
        package var incoming: Double?
    }

    private struct Place: Hashable {
        var group: String
        var partition: PartitionID
    }

    private var past: [Place: Series] = [:]
    package private(set) var rows: [Row] = []
    /// The largest lag of a partition, which has the longest bar.
    package private(set) var largest: Int64 = 0

    package init() {}

    /// Takes in a look, which the history has taken in before.
    package mutating func add(_ snapshot: ClusterSnapshot, _ history: ClusterHistory, _ plan: WatchPlan) {
        let known = Dictionary(
            TopRows.groups(snapshot, history).map { ($0.id, $0) }, uniquingKeysWith: { one, _ in one })
        let partitions = snapshot.topic(plan.topic)?.partitions.prefix(Self.mostPartitions) ?? []
        var kept: [Place: Series] = [:]
        rows = []
        largest = 0
        for id in plan.groups {
            rows.append(.group(id, known[id]))
            guard let group = snapshot.group(id) else { continue }
            for partition in partitions {
                let place = Place(group: id, partition: partition.number)
                let key = TopicPartition(plan.topic, partition.number)
                var series = past[place] ?? Series(limit: 60)
                let lag = history.lag(group, key)
                if let lag { series.add(Double(lag), at: snapshot.at) }
                largest = max(largest, lag ?? 0)
                kept[place] = series
                rows.append(
                    .partition(
                        Partition(
                            group: id, number: partition.number, committed: group.committed[key], end: partition.end,
                            lag: lag, lags: series.points.map(\.value), consumed: history.consumed(id, key),
                            incoming: history.incoming(key))))
            }
        }
        past = kept
    }
}
