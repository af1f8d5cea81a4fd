import JSONLines
import KafkaWire
import ToolKit

/// `kw groups --reset-offsets`: where groups shall go on.
struct OffsetReset {
    /// Where that is.
    enum Goal: Equatable {
        case earliest
        case latest
        /// What is committed; the end of the log where nothing is.
        case current
        case offset(Int64)
        /// So many records further on, or back.
        case shift(Int64)
        /// The first record that is not older, in milliseconds since 1970.
        case time(Int64)
        case plan(OffsetPlan.Offsets)
    }

    /// In which partitions.
    enum Scope: Equatable {
        /// Those in which the group has committed something.
        case committed
        case topics([PartitionChoice])
        /// Those of the plan.
        case plan
    }

    /// What is written about it.
    enum Output {
        case table
        case json
        /// A plan, with the groups in it or without.
        case plan(withGroup: Bool)
    }

    var goal: Goal
    var scope: Scope
    /// Whether it is done, or only shown.
    var executes: Bool
    var output: Output

    func run(_ session: inout GroupsSession, _ ids: [String]) async throws {
        let described = await session.admin.describeGroups(ids)
        let others = try await session.otherTypes()
        var shown: [(group: String, offsets: [TopicPartition: Int64])] = []
        for id in ids {
            do throws(ToolFailure) {
                try check(id, described[id], others[id])
                var moved = try await offsets(&session, id)
                if executes { try await execute(&session, id, &moved) }
                shown.append((id, moved))
            } catch {
                session.failures += error.sentences
                shown.append((id, [:]))
            }
        }
        show(session, shown)
    }

    /// A group can only be moved while nobody reads in it. One that does not exist yet is made.
    private func check(
        _ id: String, _ described: Result<KafkaAdmin.GroupDescription, KafkaError>?, _ type: KafkaAdmin.GroupType?
    ) throws(ToolFailure) {
        if let type {
            throw ToolFailure("Group '\(id)' is a \(type) group, whose offsets this command does not reset.")
        }
        switch described {
        case .success(let group)?:
            guard group.state == .empty || group.state == .dead else {
                throw ToolFailure(
                    "Assignments can only be reset if the group '\(id)' is inactive, but the current state is "
                        + "\(group.state); stop its members first.")
            }
        case .failure(let error)?:
            if error.code != .broker(.groupIdNotFound) { throw ToolFailure(error.message) }
        case nil: break
        }
    }

    private func execute(
        _ session: inout GroupsSession, _ id: String, _ offsets: inout [TopicPartition: Int64]
    ) async throws(ToolFailure) {
        guard !offsets.isEmpty else { return }
        let results = await session.admin.alterGroupOffsets(
            of: id, offsets.mapValues { CommittedOffset(offset: Offset($0)) })
        for (partition, error) in results.failures().sorted(by: { $0.key < $1.key }) {
            session.failures.append(error.message)
            offsets[partition] = nil
        }
    }

    // MARK: - Where to

    private func offsets(
        _ session: inout GroupsSession, _ id: String
    ) async throws(ToolFailure) -> [TopicPartition: Int64] {
        // A plan that does not know the group moves nothing.
        if case .plan(let plan) = goal, plan[id] == nil {
            throw ToolFailure("No reset plan for group \(id) found in the file.")
        }
        let committed = try await committed(session, id)
        let partitions = try await partitions(session, id, committed)
        switch goal {
        case .earliest: return try await listed(session, partitions, .earliest)
        case .latest: return try await listed(session, partitions, .latest)
        case .offset(let offset):
            return try await inRange(session, Dictionary(partitions.map { ($0, offset) }) { first, _ in first })
        case .plan(let plan): return try await inRange(session, plan[id] ?? [:])
        case .time(let time): return try await at(time, session, partitions)
        case .shift(let count):
            var shifted: [TopicPartition: Int64] = [:]
            for partition in partitions {
                guard let offset = committed[partition] else {
                    throw ToolFailure(
                        "Cannot shift offset for partition \(partition) since there is no current committed offset")
                }
                let (sum, overflow) = offset.addingReportingOverflow(count)
                shifted[partition] = overflow ? (count < 0 ? .min : .max) : sum
            }
            return try await inRange(session, shifted)
        case .current:
            let without = partitions.filter { committed[$0] == nil }
            let ends = try await listed(session, without, .latest)
            return ends.merging(committed.filter { partitions.contains($0.key) }) { _, committed in committed }
        }
    }

    private func committed(
        _ session: GroupsSession, _ id: String
    ) async throws(ToolFailure) -> [TopicPartition: Int64] {
        do throws(KafkaError) {
            return try await session.admin.committedOffsets(of: id).mapValues(\.offset.rawValue)
        } catch { throw ToolFailure(error.message) }
    }

    /// The partitions concerned, which have to exist and to have leaders.
    private func partitions(
        _ session: GroupsSession, _ id: String, _ committed: [TopicPartition: Int64]
    ) async throws(ToolFailure) -> Set<TopicPartition> {
        var partitions: Set<TopicPartition> = []
        var whole: Set<String> = []
        switch scope {
        case .committed: partitions = Set(committed.keys)
        case .plan: if case .plan(let plan) = goal { partitions = Set((plan[id] ?? [:]).keys) }
        case .topics(let choices):
            for choice in choices {
                switch choice {
                case .topic(let name): whole.insert(name)
                case .partitions(let some): partitions.formUnion(some)
                }
            }
        }
        let topics = await session.admin.describeTopics(whole.union(partitions.map(\.topic)).sorted())
        let failures = topics.failures().sorted { $0.key < $1.key }
        guard failures.isEmpty else { throw ToolFailure(failures.map(\.value.message)) }
        var known: Set<TopicPartition> = []
        var leaderless: Set<TopicPartition> = []
        for (name, result) in topics {
            for partition in (try? result.get().partitions) ?? [] {
                let place = TopicPartition(name, partition.partition)
                known.insert(place)
                if partition.leader == nil { leaderless.insert(place) }
            }
        }
        partitions.formUnion(known.filter { whole.contains($0.topic) })
        try refuse(partitions.subtracting(known), "do not exist")
        try refuse(partitions.intersection(leaderless), "have no leader")
        return partitions
    }

    private func refuse(_ partitions: Set<TopicPartition>, _ why: String) throws(ToolFailure) {
        guard !partitions.isEmpty else { return }
        let names = partitions.sorted().map { "\($0)" }.joined(separator: ",")
        throw ToolFailure("The partitions \"\(names)\" \(why)")
    }

    private func listed(
        _ session: GroupsSession, _ partitions: some Collection<TopicPartition>, _ spec: KafkaAdmin.OffsetSpec
    ) async throws(ToolFailure) -> [TopicPartition: Int64] {
        guard !partitions.isEmpty else { return [:] }
        let wanted = Dictionary(partitions.map { ($0, spec) }, uniquingKeysWith: { first, _ in first })
        do throws(KafkaError) {
            return try await session.admin.listOffsets(wanted).get().compactMapValues { $0.offset?.rawValue }
        } catch { throw ToolFailure(error.message) }
    }

    /// The first records that are not older; where there is none, the end of the log.
    private func at(
        _ time: Int64, _ session: GroupsSession, _ partitions: Set<TopicPartition>
    ) async throws(ToolFailure) -> [TopicPartition: Int64] {
        let found = try await listed(session, partitions, .timestamp(time))
        let missing = partitions.filter { found[$0] == nil }
        for partition in missing.sorted() {
            let sentence =
                "\nWarn: Partition \(partition.partition.rawValue) from topic \(partition.topic) is empty. "
                + "Falling back to latest known offset."
            // Kafka's tool writes it among its output, where it would spoil a plan.
            if case .table = output { session.tool.console.line(sentence) } else { session.tool.console.note(sentence) }
        }
        return found.merging(try await listed(session, missing, .latest)) { found, _ in found }
    }

    /// Offsets that the logs have, or that are the next ones; others are brought to the nearest of these.
    private func inRange(
        _ session: GroupsSession, _ offsets: [TopicPartition: Int64]
    ) async throws(ToolFailure) -> [TopicPartition: Int64] {
        let starts = try await listed(session, offsets.keys, .earliest)
        let ends = try await listed(session, offsets.keys, .latest)
        var allowed = offsets
        for (partition, offset) in offsets.sorted(by: { $0.key < $1.key }) {
            func move(_ to: Int64, _ how: String) {
                allowed[partition] = to
                session.tool.console.note(
                    "WARN New offset (\(offset)) is \(how) offset for topic partition \(partition). "
                        + "Value will be set to \(to).")
            }
            if let end = ends[partition], offset > end {
                move(end, "higher than latest")
            } else if let start = starts[partition], offset < start {
                move(start, "lower than earliest")
            }
        }
        return allowed
    }

    // MARK: - Output

    private func show(_ session: GroupsSession, _ groups: [(group: String, offsets: [TopicPartition: Int64])]) {
        let rows = groups.flatMap { group, offsets in
            offsets.sorted { $0.key < $1.key }.map { (group: group, partition: $0.key, offset: $0.value) }
        }
        switch output {
        case .table:
            var table = KafkaTable([
                .text("GROUP", 15, grows: true), .text("TOPIC", 15, grows: true), .number("PARTITION", 10),
                .number("NEW-OFFSET", nil),
            ])
            table.rows = rows.map {
                [$0.group, $0.partition.topic, "\($0.partition.partition.rawValue)", "\($0.offset)"]
            }
            // A group that is refused makes its column as wide as if it were shown.
            table.columns[0].width = groups.reduce(15) { max($0, $1.group.utf16.count) }
            if groups.isEmpty {
                session.tool.console.line("")
            } else if !rows.isEmpty || session.failures.isEmpty {
                table.print(session.tool)
            }
        case .plan(let withGroup):
            for row in rows {
                session.tool.console.line(
                    OffsetPlan.line(group: withGroup ? row.group : nil, row.partition, row.offset))
            }
            session.tool.console.line("")
        case .json:
            let objects = rows.map { row in
                JSONText.object(
                    [("group", JSONText.string(row.group))] + OptionalJSON.partition(row.partition)
                        + [("newOffset", "\(row.offset)")])
            }
            session.document(
                JSONText.object([("executed", "\(executes)"), ("offsets", JSONText.array(objects))]))
        }
    }
}
