import ArgumentParser
import KafkaWire
import ToolKit

/// Which partitions `kw offsets` is about.
struct PartitionSelection {
    private var rules: [Rule] = []

    private struct Rule {
        var topic: NamePattern
        var partitions: Partitions
    }

    private enum Partitions {
        case these(Set<Int32>)
        /// From the first to before the second.
        case range(Range<Int32>)
    }

    /// A topic with partitions, or a list of such.
    init(topic: String?, partitions: String?, list: String?) throws {
        if let list {
            rules = try list.split(separator: ",", omittingEmptySubsequences: false).map { try Self.rule($0) }
            return
        }
        let numbers = try (partitions ?? "").split(separator: ",").map { text in
            guard let number = Int32(text) else {
                throw ValidationError("--partitions \(text): give numbers with commas between them")
            }
            return number
        }
        rules = [
            Rule(
                topic: try topic.map { try NamePattern($0) } ?? .any,
                partitions: numbers.isEmpty ? .range(0..<Int32.max) : .these(Set(numbers)))
        ]
    }

    func contains(_ topic: String, _ partition: PartitionID) -> Bool {
        rules.contains { rule in
            guard rule.topic.matches(topic) else { return false }
            return switch rule.partitions {
            case .these(let numbers): numbers.contains(partition.rawValue)
            case .range(let range): range.contains(partition.rawValue)
            }
        }
    }

    private static func rule(_ text: Substring) throws -> Rule {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let topic = parts.first.flatMap { $0.isEmpty ? nil : String($0) }
        let pattern = try topic.map { try NamePattern($0) } ?? .any
        let partitions = try parts.count > 1 ? Self.partitions(parts[1], in: text) : .range(0..<Int32.max)
        return Rule(topic: pattern, partitions: partitions)
    }

    private static func partitions(_ text: Substring, in rule: Substring) throws -> Partitions {
        func number(_ text: Substring, or standard: Int32) throws -> Int32 {
            if text.isEmpty { return standard }
            guard let number = Int32(text), number >= 0 else {
                throw ValidationError(
                    "--topic-partitions \(rule): behind the colon stands a number, FROM-BEFORE, FROM- or -BEFORE")
            }
            return number
        }
        guard let dash = text.firstIndex(of: "-") else {
            return text.isEmpty ? .range(0..<Int32.max) : .these([try number(text, or: 0)])
        }
        let first = try number(text[..<dash], or: 0)
        let end = try number(text[text.index(after: dash)...], or: Int32.max)
        return .range(first..<max(first, end))
    }
}
