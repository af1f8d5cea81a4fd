import AppSupport
import JSONLines
import KafkaWire
import ToolKit

/// `kw groups --describe`: the offsets, the members or the state of groups.
struct GroupsDescribe {
    /// What is shown.
    enum Part {
        case offsets
        case members
        case state
    }

    var part: Part
    var isVerbose: Bool

    private static let missing = "-"

    func run(_ session: inout GroupsSession, _ ids: [String]) async throws {
        let groups = try await session.descriptions(of: ids)
        let objects: [String]
        switch part {
        case .offsets: objects = try await offsets(&session, groups)
        case .members: objects = members(session, groups)
        case .state: objects = try await states(session, groups)
        }
        if session.isJSON { session.document(JSONText.array(objects)) }
    }

    /// Says on standard error what is to be known about the group's state, in the words of Kafka's tool.
    private func announce(_ session: GroupsSession, _ group: KafkaAdmin.GroupDescription) {
        let name = session.tool.console.errorIsTerminal ? SafeText.line(group.id) : group.id
        switch group.state {
        case .empty: session.tool.console.note("\nConsumer group '\(name)' has no active members.")
        case .stable, .dead: break
        default: session.tool.console.note("\nWarning: Consumer group '\(name)' is rebalancing.")
        }
    }

    private func fields(_ group: KafkaAdmin.GroupDescription) -> [(String, String)] {
        [
            ("group", JSONText.string(group.id)), ("type", JSONText.string(group.type.rawValue)),
            ("state", JSONText.string(group.state.rawValue)),
            ("assignor", JSONText.string(group.assignor.isEmpty ? nil : group.assignor)),
            ("epoch", OptionalJSON.number(group.epoch)),
            ("assignmentEpoch", OptionalJSON.number(group.assignmentEpoch)),
            ("coordinator", "\(group.coordinator.rawValue)"), ("memberCount", "\(group.members.count)"),
        ]
    }

    // MARK: - Offsets

    private func offsets(
        _ session: inout GroupsSession, _ groups: [KafkaAdmin.GroupDescription]
    ) async throws -> [String] {
        let rows = try await GroupOffsetRow.collect(&session, groups)
        var objects: [String] = []
        for group in groups {
            let rows = rows[group.id] ?? []
            if session.isJSON {
                objects.append(
                    JSONText.object(fields(group) + [("offsets", JSONText.array(rows.map(\.json)))]))
                continue
            }
            announce(session, group)
            guard !rows.isEmpty else { continue }
            var table = KafkaTable([
                .text("GROUP", 15, grows: true), .text("TOPIC", 15, grows: true), .number("PARTITION", 10),
                .number("CURRENT-OFFSET", 15), .number("LOG-END-OFFSET", 15), .number("LAG", 15),
                .text("CONSUMER-ID", 15, grows: true), .text("HOST", 15, grows: true), .text("CLIENT-ID", nil),
            ])
            table.columns[table.columns.count - 1].isCuttable = true
            if isVerbose { table.columns.insert(.number("LEADER-EPOCH", 15), at: 3) }
            table.rows = rows.map { row in
                func text(_ number: Int64?) -> String { number.map { "\($0)" } ?? Self.missing }
                var cells = [
                    group.id, row.partition.topic, "\(row.partition.partition.rawValue)", text(row.current),
                    text(row.end), text(row.lag), row.member?.id ?? Self.missing,
                    row.member?.clientHost ?? Self.missing, row.member?.clientId ?? Self.missing,
                ]
                if isVerbose { cells.insert(text(row.leaderEpoch.map { Int64($0) }), at: 3) }
                return cells
            }
            table.print(session.tool)
        }
        return objects
    }

    // MARK: - Members

    private func members(_ session: GroupsSession, _ groups: [KafkaAdmin.GroupDescription]) -> [String] {
        var objects: [String] = []
        for group in groups {
            if session.isJSON {
                let members = group.members.map { memberJSON($0, of: group) }
                objects.append(JSONText.object(fields(group) + [("members", JSONText.array(members))]))
                continue
            }
            announce(session, group)
            memberTable(group).print(session.tool)
        }
        return objects
    }

    private func memberTable(_ group: KafkaAdmin.GroupDescription) -> KafkaTable {
        let showsInstance = group.members.contains { !($0.instanceId ?? "").isEmpty }
        // Members of both protocols in one group: it is on its way from one to the other.
        let showsUpgraded = Set(group.members.compactMap(\.isClassic)).count == 2
        var columns: [KafkaTable.Column] = [.text("GROUP", 15, grows: true), .text("CONSUMER-ID", 15, grows: true)]
        if showsInstance { columns.append(.text("GROUP-INSTANCE-ID", 17, grows: true)) }
        columns += [.text("HOST", 15, grows: true), .text("CLIENT-ID", 15, grows: true), .number("#PARTITIONS", 15)]
        if isVerbose {
            columns += [
                .number("CURRENT-EPOCH", 15), .text("CURRENT-ASSIGNMENT", 20, grows: true),
                .number("TARGET-EPOCH", 15), .text("TARGET-ASSIGNMENT", 20, grows: true),
            ]
            if showsUpgraded { columns.append(.text("UPGRADED", nil)) }
        }
        var table = KafkaTable(columns, end: isVerbose ? "" : " ")
        table.rows = group.members.map { member in
            var row = [group.id, member.id]
            if showsInstance { row.append(member.instanceId ?? "") }
            row += [member.clientHost, member.clientId, "\(member.assignment.count)"]
            guard isVerbose else { return row }
            func text(_ epoch: Int32?) -> String { epoch.map { "\($0)" } ?? Self.missing }
            row += [
                text(member.epoch), Self.text(member.assignment), text(group.assignmentEpoch),
                Self.text(member.targetAssignment ?? []),
            ]
            if showsUpgraded { row.append(member.isClassic.map { "\(!$0)" } ?? Self.missing) }
            return row
        }
        return table
    }

    /// An assignment as `orders:0,1;payments:2`.
    private static func text(_ assignment: [TopicPartition]) -> String {
        let topics = Dictionary(grouping: assignment, by: \.topic).map { topic, partitions in
            topic + ":" + partitions.map(\.partition.rawValue).sorted().map { "\($0)" }.joined(separator: ",")
        }
        return topics.isEmpty ? missing : topics.sorted().joined(separator: ";")
    }

    private func memberJSON(_ member: KafkaAdmin.GroupMember, of group: KafkaAdmin.GroupDescription) -> String {
        func partitions(_ partitions: [TopicPartition]) -> String {
            JSONText.array(partitions.map { JSONText.object(OptionalJSON.partition($0)) })
        }
        return JSONText.object([
            ("consumerId", JSONText.string(member.id)), ("groupInstanceId", JSONText.string(member.instanceId)),
            ("host", JSONText.string(member.clientHost)), ("clientId", JSONText.string(member.clientId)),
            ("currentEpoch", OptionalJSON.number(member.epoch)),
            ("targetEpoch", OptionalJSON.number(group.assignmentEpoch)),
            ("upgraded", member.isClassic.map { "\(!$0)" } ?? "null"),
            ("subscribedTopics", JSONText.array(member.subscribedTopics.map { JSONText.string($0) })),
            ("subscribedPattern", JSONText.string(member.subscribedPattern)),
            ("assignment", partitions(member.assignment)),
            ("targetAssignment", member.targetAssignment.map(partitions) ?? "null"),
        ])
    }

    // MARK: - State

    private func states(
        _ session: GroupsSession, _ groups: [KafkaAdmin.GroupDescription]
    ) async throws -> [String] {
        guard !groups.isEmpty else { return [] }
        if session.isJSON { return groups.map { JSONText.object(fields($0)) } }
        let brokers = try await session.admin.describeCluster().brokers
        for group in groups {
            announce(session, group)
            let address = brokers[group.coordinator] ?? Self.missing
            let coordinator = "\(address)  (\(group.coordinator.rawValue))"
            var table = KafkaTable([
                .text("GROUP", 15, grows: true), .text("COORDINATOR (ID)", 25, grows: true),
                .text("ASSIGNMENT-STRATEGY", 20), .text("STATE", 20), .number("#MEMBERS", nil),
            ])
            var row = [
                group.id, coordinator, group.assignor.isEmpty ? Self.missing : group.assignor, group.state.rawValue,
                "\(group.members.count)",
            ]
            if isVerbose {
                table.columns.insert(
                    contentsOf: [.number("GROUP-EPOCH", 15), .number("TARGET-ASSIGNMENT-EPOCH", 25)], at: 4)
                row.insert(
                    contentsOf: [group.epoch, group.assignmentEpoch].map { $0.map { "\($0)" } ?? Self.missing }, at: 4)
            }
            table.rows = [row]
            table.print(session.tool)
        }
        return []
    }
}
