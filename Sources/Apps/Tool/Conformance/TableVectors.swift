import JSONLines
import KafkaWire

/// A line of the murmur2 table: a key, its hash, and the partitions picked.
package struct Murmur2Table: Sendable {
    /// How many partitions each column from the third on is about.
    private let counts: [Int32]

    /// The table's head line, such as `keyHex	murmur2	partitionOf7	partitionOf12`; nil where it is something else.
    package init?(head line: some StringProtocol) {
        let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard cells.count >= 2, cells[0] == "keyHex", cells[1] == "murmur2" else { return nil }
        counts = cells.dropFirst(2).compactMap { Int32($0.drop { !$0.isNumber }) }
        guard counts.count == cells.count - 2, counts.allSatisfy({ $0 > 0 }) else { return nil }
    }

    /// What is wrong with this library's answer to a line; nil where nothing is.
    package func failure(_ line: some StringProtocol) -> String? {
        let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard cells.count == counts.count + 2, let key = Hex.decode(cells[0]), let hash = Int32(cells[1]) else {
            return "the line does not have \(counts.count + 2) cells that can be read"
        }
        let found = Murmur2.hash(Bytes(key))
        guard found == hash else { return "the hash of \(cells[0]) is \(found), not \(hash)" }
        for (count, cell) in zip(counts, cells.dropFirst(2)) {
            let partition = Murmur2.partition(of: Bytes(key), among: count)
            guard "\(partition)" == cell else {
                return "the partition of \(cells[0]) among \(count) is \(partition), not \(cell)"
            }
        }
        return nil
    }
}

/// A vector of a group assignment. Topics are given with their counts of partitions (`topics`), or with the racks of each
/// partition's replicas (`partitions`); members by id, or as a list in the coordinator's order, on which the sticky assignors
/// depend, with what they `owned` in which `generation`.
package enum AssignorVector {
    /// More partitions of a topic than any vector has: a count alone is not to fill the memory.
    private static let maximumPartitions = 100_000

    /// What is wrong with this library's assignment; nil where nothing is.
    package static func failure(_ vector: JSON) -> String? {
        let name = vector["assignor"].text ?? "?"
        guard let assignor = Assignor(rawValue: name) else { return "this build has no assignor \(name)" }
        var topics = vector["topics"].fields.compactMapValues { count in
            count.number.flatMap { Int(exactly: $0) }.map { GroupSnapshot.Topic(partitionCount: $0) }
        }
        for (name, partitions) in vector["partitions"].fields {
            let racks = partitions.elements.map { $0.elements.compactMap(\.text) }
            topics[name] = GroupSnapshot.Topic(partitionCount: racks.count, racks: racks)
        }
        guard topics.values.allSatisfy({ (0...maximumPartitions).contains($0.partitionCount) }) else {
            return "a topic has more than \(maximumPartitions) partitions"
        }
        var members = vector["members"].fields.sorted { $0.key < $1.key }.map { member($1, $0, assignor) }
        members += vector["members"].elements.map { member($0, $0["id"].text ?? "", assignor) }
        let found = assignor.assign(GroupSnapshot(members: members, topics: topics)).mapValues { $0.map(\.description) }
        let wanted = vector["assignment"].fields.mapValues { $0.elements.compactMap(\.text) }
        for (member, partitions) in wanted.sorted(by: { $0.key < $1.key }) where found[member] != partitions {
            return "\(name) gives \(member) \(found[member] ?? []), not \(partitions)"
        }
        return found.count == wanted.count
            ? nil : "\(name) gives partitions to \(found.count - wanted.count) more members"
    }

    private static func member(_ vector: JSON, _ id: String, _ assignor: Assignor) -> GroupSnapshot.Member {
        let generation = vector["generation"].number.flatMap { Int32(exactly: $0) } ?? -1
        let topics = vector["topics"].elements.compactMap(\.text)
        let owned = vector["owned"].elements.compactMap { $0.text.flatMap(partition) }
        var hasOwned = false
        if case .array = vector["owned"] { hasOwned = true }
        let isCooperative = assignor == .cooperativeSticky
        let memory = AssignmentMemory(topics: topics, partitions: hasOwned ? owned : nil, generation: generation)
        return GroupSnapshot.Member(
            memberId: id, groupInstanceId: vector["groupInstanceId"].text, topics: topics,
            userData: isCooperative ? nil : assignor.userData(for: memory),
            ownedPartitions: isCooperative ? owned : [], generation: isCooperative ? generation : -1,
            rack: vector["rack"].text)
    }

    private static func partition(_ text: String) -> TopicPartition? {
        guard let dash = text.lastIndex(of: "-"), let number = Int32(text[text.index(after: dash)...]) else {
            return nil
        }
        return TopicPartition(String(text[..<dash]), PartitionID(rawValue: number))
    }
}
