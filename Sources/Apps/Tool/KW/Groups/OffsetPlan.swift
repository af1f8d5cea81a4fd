import KafkaWire

/// Offsets of groups as a file of comma-separated values, which `--export` writes and `--from-file` reads: lines of
/// `topic,partition,offset`, for several groups with the group in front.
enum OffsetPlan {
    /// What is wrong with a file, with its line.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    typealias Offsets = [String: [TopicPartition: Int64]]

    /// Reads a plan. `group` is the one that lines of three values are meant for; nil where `--group` does not name
    /// exactly one, and every line has to.
    static func read(_ lines: [(number: Int, text: String)], path: String, group: String?) throws(Malformed) -> Offsets
    {
        var plan: Offsets = [:]
        for (number, text) in lines {
            let values = values(text)
            let isShort = values?.count == 3
            guard var values, values.count == 4 || isShort && group != nil else {
                let form = group == nil ? "group,topic,partition,offset" : "topic,partition,offset"
                throw Malformed(
                    description: "\(path), line \(number): expected \(form), found '\(text.prefix(100))'")
            }
            if isShort, let group { values.insert(group, at: 0) }
            guard let partition = Int32(values[2]), partition >= 0, let offset = Int64(values[3]) else {
                throw Malformed(
                    description: "\(path), line \(number): '\(values[2])' and '\(values[3])' have to be a partition's "
                        + "number and an offset")
            }
            plan[values[0], default: [:]][TopicPartition(values[1], PartitionID(rawValue: partition))] = offset
        }
        return plan
    }

    /// The values of a line; nil where a quotation mark has no other. Values may stand between quotation marks, in which
    /// two of them are one.
    private static func values(_ line: String) -> [String]? {
        var values: [String] = []
        var rest = line[...]
        while true {
            var value = ""
            while rest.first == " " { rest.removeFirst() }
            if rest.first == "\"" {
                rest.removeFirst()
                while true {
                    guard let next = rest.popFirst() else { return nil }
                    if next != "\"" {
                        value.append(next)
                    } else if rest.first == "\"" {
                        value.append(rest.removeFirst())
                    } else {
                        break
                    }
                }
                while rest.first == " " { rest.removeFirst() }
            } else {
                value = String(rest.prefix { $0 != "," })
                rest.removeFirst(value.count)
                while value.last == " " { value.removeLast() }
            }
            values.append(value)
            guard let separator = rest.popFirst() else { return values }
            guard separator == "," else { return nil }
        }
    }

    /// A line of a plan; with the group in front where it is given.
    static func line(group: String?, _ partition: TopicPartition, _ offset: Int64) -> String {
        let names = (group.map { [$0] } ?? []) + [partition.topic]
        return names.map(quoted).joined(separator: ",") + ",\(partition.partition.rawValue),\(offset)"
    }

    /// A value as Kafka's tool writes it: between quotation marks where it is longer than 24 UTF-16 units, without a look
    /// at them, or has one at or below the comma.
    private static func quoted(_ text: String) -> String {
        guard text.utf16.count > 24 || text.utf16.contains(where: { $0 <= 0x2C }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
