import KafkaWire

/// `log-start-offset-checkpoint`, in the form of Kafka's `CheckpointFile`: the first offsets of partitions whose records
/// were deleted, after a version and the number of lines.
enum StartOffsetCheckpoint {
    static let name = "log-start-offset-checkpoint"

    static func text(_ offsets: [TopicPartition: Offset]) -> String {
        let lines = offsets.sorted { $0.key < $1.key }.map { "\($0.key.topic) \($0.key.partition) \($0.value)" }
        return (["0", "\(lines.count)"] + lines).joined(separator: "\n") + "\n"
    }

    /// Reads a file; throws what is wrong with it. A file is whole that holds what was written, to the last line's end.
    static func read(_ text: String) throws(Damage) -> [TopicPartition: Offset] {
        guard text.hasSuffix("\n") else { throw Damage(reason: "it ends inside a line") }
        let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 2, lines[0] == "0", lines[1] == "\(lines.count - 2)" else {
            throw Damage(reason: "its version is not 0, or it has not as many lines as it says")
        }
        var offsets: [TopicPartition: Offset] = [:]
        for line in lines.dropFirst(2) {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 3, let partition = Int32(parts[1]), partition >= 0, let offset = Int64(parts[2]),
                offset >= 0,
                offsets.updateValue(
                    Offset(offset), forKey: TopicPartition(String(parts[0]), PartitionID(partition))) == nil
            else { throw Damage(reason: "\"\(line)\" is no topic, partition and offset") }
        }
        return offsets
    }

    struct Damage: Error {
        let reason: String
    }
}
