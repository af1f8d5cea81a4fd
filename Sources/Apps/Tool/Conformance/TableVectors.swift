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

/// A vector of a group assignment.
package enum AssignorVector {
    /// What is wrong with this library's assignment; nil where nothing is.
    package static func failure(_ vector: JSON) -> String? {
        let name = vector["assignor"].text ?? "?"
        guard let assignor = Assignor(rawValue: name) else { return "this build has no assignor \(name)" }
        let counts = vector["topics"].fields.compactMapValues { $0.number.flatMap { Int32(exactly: $0) } }
        let members = vector["members"].fields.map { id, member in
            Assignor.Member(
                memberId: id, groupInstanceId: member["groupInstanceId"].text,
                topics: member["topics"].elements.compactMap(\.text))
        }
        let found = assignor.assign(partitionCounts: counts, members: members).mapValues { topics in
            topics.flatMap { topic in topic.partitions.map { "\(topic.topic)-\($0)" } }
        }
        let wanted = vector["assignment"].fields.mapValues { $0.elements.compactMap(\.text) }
        for (member, partitions) in wanted.sorted(by: { $0.key < $1.key }) where found[member] != partitions {
            return "\(name) gives \(member) \(found[member] ?? []), not \(partitions)"
        }
        return found.count == wanted.count
            ? nil : "\(name) gives partitions to \(found.count - wanted.count) more members"
    }
}
