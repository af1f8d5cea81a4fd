import AppSupport
import JSONLines
import KafkaWire
import Screens

/// A look at the cluster as text that is printed once: tables for people, one JSON document for programs.
package struct SnapshotReport {
    private let snapshot: ClusterSnapshot
    private let history: ClusterHistory
    /// Whether rates were measured.
    private let hasRates: Bool

    package init(_ snapshot: ClusterSnapshot, _ history: ClusterHistory, hasRates: Bool) {
        self.snapshot = snapshot
        self.history = history
        self.hasRates = hasRates
    }

    // MARK: - Tables

    /// - Parameter title: Makes the titles stand out.
    package func lines(width: Int?, title: (String) -> String = { $0 }) -> [String] {
        var lines = [
            "cluster \(SafeText.line(snapshot.id)) at \(SafeText.line(snapshot.bootstrap)), controller "
                + "\(snapshot.controller)"
        ]
        for table in [groups, topics, brokers] where !table.rows.isEmpty {
            lines.append("")
            lines += table.lines(width: width, title: title)
        }
        return lines
    }

    private var groups: TextTable {
        var columns: [TextTable.Column] = [
            .wide("GROUP"), .text("STATE"), .text("TYPE"), .number("MEMBERS"), .wide("TOPICS"), .number("LAG"),
        ]
        if hasRates { columns += [.number("RATE/S"), .wide("CAUGHT UP")] }
        var table = TextTable(columns)
        for row in TopRows.groups(snapshot, history) {
            var cells = [
                row.id, row.state.isEmpty ? "–" : row.state, row.type.isEmpty ? "–" : row.type, "\(row.members)",
                row.topics.joined(separator: ","), Quantity.count(row.lag),
            ]
            if hasRates { cells += [Quantity.rate(row.consumed), row.forecast.words] }
            table.add(cells)
        }
        return table
    }

    private var topics: TextTable {
        var columns: [TextTable.Column] = [
            .wide("TOPIC"), .text("STATE"), .number("PARTITIONS"), .number("REPLICAS"), .number("RECORDS"),
            .number("SIZE"),
        ]
        if hasRates { columns += [.number("IN/S"), .number("BYTES/S"), .number("OUT/S")] }
        var table = TextTable(columns)
        for row in TopRows.topics(snapshot, history) {
            var state = "ok"
            if row.underReplicated > 0 { state = "\(row.underReplicated) under-replicated" }
            if row.leaderless > 0 { state = "\(row.leaderless) leaderless" }
            var cells = [
                row.id, state, "\(row.partitions)", "\(row.replicas)", Quantity.count(row.records),
                Quantity.bytes(row.size),
            ]
            if hasRates {
                cells += [Quantity.rate(row.incoming), Quantity.byteRate(row.bytes), Quantity.rate(row.outgoing)]
            }
            table.add(cells)
        }
        return table
    }

    private var brokers: TextTable {
        var table = TextTable([
            .number("BROKER"), .wide("ADDRESS"), .text("RACK"), .number("LEADS"), .number("REPLICAS"),
            .number("OUT OF SYNC"), .number("SIZE"), .number("FREE"),
        ])
        for row in TopRows.brokers(snapshot, history) {
            table.add([
                "\(row.id)", row.address + (row.isController ? " (controller)" : ""), row.rack ?? "–", "\(row.leads)",
                "\(row.replicas)", "\(row.outOfSync)", Quantity.bytes(row.size), Quantity.bytes(row.free),
            ])
        }
        return table
    }

    // MARK: - JSON

    /// One document: what is not known is null.
    ///
    /// - Parameter measured: Over which time rates were measured; nil where they were not.
    package func json(measured: Duration?) -> String {
        JSONText.object([
            ("clusterId", JSONText.string(snapshot.id)), ("controllerId", "\(snapshot.controller)"),
            ("bootstrapServers", JSONText.string(snapshot.bootstrap)),
            ("measuredSeconds", number(measured?.inSeconds)),
            ("brokers", JSONText.array(TopRows.brokers(snapshot, history).map(json))),
            ("topics", JSONText.array(zip(snapshot.topics, TopRows.topics(snapshot, history)).map(json))),
            ("groups", JSONText.array(zip(snapshot.groups, TopRows.groups(snapshot, history)).map(json))),
            ("troubles", JSONText.array(snapshot.troubles.map { JSONText.string($0) })),
        ])
    }

    private func json(_ row: BrokerRow) -> String {
        JSONText.object([
            ("id", "\(row.id)"), ("address", JSONText.string(row.address)), ("rack", JSONText.string(row.rack)),
            ("isController", "\(row.isController)"), ("partitionsLed", "\(row.leads)"),
            ("replicas", "\(row.replicas)"), ("outOfSyncReplicas", "\(row.outOfSync)"), ("sizeBytes", number(row.size)),
            ("freeBytes", number(row.free)), ("recordsInPerSecond", number(row.incoming)),
        ])
    }

    private func json(_ topic: ClusterSnapshot.Topic, _ row: TopicRow) -> String {
        JSONText.object([
            ("name", JSONText.string(topic.name)), ("isInternal", "\(topic.isInternal)"),
            ("partitionCount", "\(row.partitions)"), ("replicationFactor", "\(row.replicas)"),
            ("underReplicatedPartitions", "\(row.underReplicated)"), ("leaderlessPartitions", "\(row.leaderless)"),
            ("records", number(row.records)), ("sizeBytes", number(row.size)),
            ("recordsInPerSecond", number(row.incoming)), ("bytesInPerSecond", number(row.bytes)),
            ("recordsOutPerSecond", number(row.outgoing)),
            (
                "partitions",
                JSONText.array(
                    topic.partitions.map { partition in
                        let key = TopicPartition(topic.name, partition.number)
                        return JSONText.object([
                            ("partition", "\(partition.number)"),
                            ("leader", partition.leader.map { "\($0)" } ?? "null"),
                            ("replicas", JSONText.array(partition.replicas.map { "\($0)" })),
                            ("isr", JSONText.array(partition.inSync.map { "\($0)" })),
                            ("startOffset", number(partition.start)), ("endOffset", number(partition.end)),
                            ("sizeBytes", number(snapshot.size(of: key, leader: partition.leader))),
                            ("recordsInPerSecond", number(history.incoming(key))),
                        ])
                    })
            ),
        ])
    }

    private func json(_ group: ClusterSnapshot.Group, _ row: GroupRow) -> String {
        var untilCaughtUp: Double?
        if case .catchesUp(let after) = row.forecast { untilCaughtUp = after.inSeconds }
        let ends = snapshot.ends
        let owners = Dictionary(
            group.members.flatMap { member in member.assignment.map { ($0, member) } },
            uniquingKeysWith: { one, _ in one })
        let partitions = Set(group.committed.keys).union(owners.keys).sorted()
        return JSONText.object([
            ("groupId", JSONText.string(group.id)), ("type", JSONText.string(group.type.isEmpty ? nil : group.type)),
            ("state", JSONText.string(group.state.isEmpty ? nil : group.state)),
            ("protocolType", JSONText.string(group.protocolType)), ("assignor", JSONText.string(group.assignor)),
            ("coordinator", group.coordinator.map { "\($0)" } ?? "null"),
            ("topics", JSONText.array(row.topics.map { JSONText.string($0) })), ("lag", number(row.lag)),
            ("recordsPerSecond", number(row.consumed)), ("lagChangePerSecond", number(row.slope)),
            ("forecast", JSONText.string(row.forecast.name)), ("secondsUntilCaughtUp", number(untilCaughtUp)),
            (
                "members",
                JSONText.array(
                    group.members.map { member in
                        JSONText.object([
                            ("memberId", JSONText.string(member.id)), ("clientId", JSONText.string(member.clientId)),
                            ("host", JSONText.string(member.host)), ("instanceId", JSONText.string(member.instanceId)),
                            ("partitionCount", "\(member.assignment.count)"),
                        ])
                    })
            ),
            (
                "partitions",
                JSONText.array(
                    partitions.map { partition in
                        JSONText.object([
                            ("topic", JSONText.string(partition.topic)), ("partition", "\(partition.partition)"),
                            ("committedOffset", number(group.committed[partition])),
                            ("endOffset", number(ends[partition])),
                            ("lag", number(history.lag(group, partition))),
                            ("recordsPerSecond", number(history.consumed(group.id, partition))),
                            ("memberId", JSONText.string(owners[partition]?.id)),
                        ])
                    })
            ),
        ])
    }

    private func number(_ value: Int64?) -> String { value.map { "\($0)" } ?? "null" }

    private func number(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "null" }
        return "\((value * 1000).rounded() / 1000)"
    }
}
