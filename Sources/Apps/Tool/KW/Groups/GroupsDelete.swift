import AppSupport
import JSONLines
import KafkaWire
import ToolKit

/// `kw groups --delete` and `--delete-offsets`: groups, and what they have committed, forgotten.
enum GroupsDelete {
    static func groups(_ session: inout GroupsSession, _ ids: [String]) async throws {
        let results = await session.admin.deleteGroups(ids)
        let failures = results.failures()
        if session.isJSON {
            let objects = ids.map { id in
                JSONText.object([
                    ("group", JSONText.string(id)), ("deleted", "\(failures[id] == nil)"),
                    ("error", JSONText.string(failures[id]?.message)),
                ])
            }
            session.document(JSONText.array(objects))
        } else {
            let deleted = ids.filter { failures[$0] == nil }.map { id in
                "'\(session.tool.width == nil ? id : SafeText.line(id))'"
            }.joined(separator: ", ")
            if failures.isEmpty {
                session.tool.console.line("Deletion of requested consumer groups (\(deleted)) was successful.")
            } else if !deleted.isEmpty {
                session.tool.console.line("\nThese consumer groups were deleted successfully: \(deleted)")
            }
        }
        session.failures += failures.sorted { $0.key < $1.key }.map(\.value.message)
    }

    static func offsets(_ session: inout GroupsSession, of group: String, _ choices: [PartitionChoice]) async throws {
        var partitions: Set<TopicPartition> = []
        var topics: Set<String> = []
        for choice in choices {
            switch choice {
            case .topic(let name): topics.insert(name)
            case .partitions(let some): partitions.formUnion(some)
            }
        }
        var rows: [(topic: String, partition: PartitionID?, error: KafkaError?)] = []
        for (name, result) in await session.admin.describeTopics(topics.sorted()) {
            switch result {
            case .success(let topic): partitions.formUnion(topic.partitions.map { TopicPartition(name, $0.partition) })
            case .failure(let error): rows.append((name, nil, error))
            }
        }
        for (partition, result) in await session.admin.deleteGroupOffsets(of: group, partitions.sorted()) {
            var error: KafkaError?
            if case .failure(let refused) = result { error = refused }
            rows.append((partition.topic, partition.partition, error))
        }
        rows.sort { ($0.topic, $0.partition?.rawValue ?? -1) < ($1.topic, $1.partition?.rawValue ?? -1) }
        if session.isJSON {
            let objects = rows.map { row in
                JSONText.object([
                    ("topic", JSONText.string(row.topic)), ("partition", OptionalJSON.number(row.partition?.rawValue)),
                    ("deleted", "\(row.error == nil)"), ("error", JSONText.string(row.error?.message)),
                ])
            }
            session.document(
                JSONText.object([("group", JSONText.string(group)), ("partitions", JSONText.array(objects))]))
        } else {
            if rows.allSatisfy({ $0.error == nil }) {
                let name = session.tool.width == nil ? group : SafeText.line(group)
                session.tool.console.line("Request succeeded for deleting offsets from group \(name).")
            }
            var table = KafkaTable([
                .text("TOPIC", 15, grows: true), .number("PARTITION", 10), .text("STATUS", 15),
            ])
            table.rows = rows.map { row in
                [
                    row.topic, row.partition.map { "\($0.rawValue)" } ?? "-",
                    row.error.map { "Error: \($0.code)" } ?? "Successful",
                ]
            }
            table.print(session.tool)
        }
        let errors = rows.compactMap(\.error)
        // There is one reason then, not one for each partition.
        if !errors.isEmpty, errors.allSatisfy({ $0.code == .broker(.groupIdNotFound) }) {
            session.failures.append("Consumer group '\(group)' does not exist.")
        } else {
            session.failures += errors.map(\.message)
        }
    }
}
