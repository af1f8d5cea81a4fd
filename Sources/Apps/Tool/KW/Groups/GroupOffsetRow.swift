import JSONLines
import KafkaWire

/// Where a group stands in a partition: what it has committed, where the log ends, and who reads it.
struct GroupOffsetRow {
    var partition: TopicPartition
    /// What the group has committed; nil where it has nothing.
    var current: Int64?
    /// The leader epoch that was committed with it; nil where none was.
    var leaderEpoch: Int32?
    /// Where the log ends; nil where that is not known.
    var end: Int64?
    /// The member that reads the partition; nil where nobody does.
    var member: KafkaAdmin.GroupMember?

    /// How many records are still to be read; nil where one of the two offsets is missing. Negative where the log ends
    /// before what was committed, as after the topic was made anew.
    var lag: Int64? {
        guard let current, let end else { return nil }
        return end.subtractingSaturated(current)
    }

    var json: String {
        JSONText.object(
            OptionalJSON.partition(partition) + [
                ("leaderEpoch", OptionalJSON.number(leaderEpoch)), ("currentOffset", OptionalJSON.number(current)),
                ("logEndOffset", OptionalJSON.number(end)), ("lag", OptionalJSON.number(lag)),
                ("consumerId", JSONText.string(member?.id)), ("host", JSONText.string(member?.clientHost)),
                ("clientId", JSONText.string(member?.clientId)),
            ])
    }

    /// The rows of each group, in Kafka's order: members with many partitions first, then what nobody reads. Committed
    /// offsets of all groups are asked for together, and so are the ends of all logs.
    static func collect(
        _ session: inout GroupsSession, _ groups: [KafkaAdmin.GroupDescription]
    ) async throws -> [String: [GroupOffsetRow]] {
        let committed = await committed(&session, groups.map(\.id))
        var rows: [String: [GroupOffsetRow]] = [:]
        for group in groups {
            let offsets = committed[group.id] ?? [:]
            func row(_ partition: TopicPartition, _ member: KafkaAdmin.GroupMember?) -> GroupOffsetRow {
                let epoch = offsets[partition]?.leaderEpoch.rawValue ?? -1
                return GroupOffsetRow(
                    partition: partition, current: offsets[partition]?.offset.rawValue,
                    leaderEpoch: epoch < 0 ? nil : epoch, member: member)
            }
            let byCount = group.members.enumerated().sorted {
                ($1.element.assignment.count, $0.offset) < ($0.element.assignment.count, $1.offset)
            }.map(\.element)
            let assigned = Set(group.members.flatMap(\.assignment))
            rows[group.id] =
                byCount.flatMap { member in member.assignment.map { row($0, member) } }
                + offsets.keys.filter { !assigned.contains($0) }.sorted().map { row($0, nil) }
        }
        let ends = await ends(&session, Set(rows.values.joined().map(\.partition)))
        return rows.mapValues { rows in
            rows.map { row in
                var row = row
                row.end = ends[row.partition]
                return row
            }
        }
    }

    /// What the groups have committed. Errors become failures.
    static func committed(
        _ session: inout GroupsSession, _ groups: [String]
    ) async -> [String: [TopicPartition: CommittedOffset]] {
        var committed: [String: [TopicPartition: CommittedOffset]] = [:]
        let wanted = Dictionary(groups.map { ($0, [TopicPartition]?.none) }, uniquingKeysWith: { first, _ in first })
        for (group, result) in await session.admin.listGroupOffsets(wanted).sorted(by: { $0.key < $1.key }) {
            switch result {
            case .failure(let error): session.failures.append(error.message)
            case .success(let offsets):
                for (partition, offset) in offsets.sorted(by: { $0.key < $1.key }) {
                    switch offset {
                    case .success(let offset): committed[group, default: [:]][partition] = offset
                    case .failure(let error): session.failures.append(error.message)
                    }
                }
            }
        }
        return committed
    }

    /// Where the partitions' logs end. Errors become failures.
    private static func ends(
        _ session: inout GroupsSession, _ partitions: Set<TopicPartition>
    ) async -> [TopicPartition: Int64] {
        let wanted = Dictionary(
            partitions.map { ($0, KafkaAdmin.OffsetSpec.latest) }, uniquingKeysWith: { first, _ in first })
        var ends: [TopicPartition: Int64] = [:]
        for (partition, result) in await session.admin.listOffsets(wanted).sorted(by: { $0.key < $1.key }) {
            switch result {
            case .success(let listed): ends[partition] = listed.offset?.rawValue
            case .failure(let error): session.failures.append(error.message)
            }
        }
        return ends
    }
}
