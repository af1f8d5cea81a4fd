import KafkaWire

/// What a `--topic` names: all partitions of a topic, or some, as in `orders` and `orders:0,2`.
enum PartitionChoice: Equatable {
    case topic(String)
    case partitions([TopicPartition])

    /// The text names nothing, in a sentence.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    init(_ text: String) throws(Malformed) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count > 1 else {
            self = .topic(text)
            return
        }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw Malformed(
                description: "Invalid topic arg '\(text)', expected topic name and partitions, as in orders:0,1")
        }
        var partitions: [TopicPartition] = []
        for number in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
            guard let partition = Int32(number), partition >= 0 else {
                throw Malformed(description: "Invalid partition '\(number)' specified in topic arg '\(text)'")
            }
            partitions.append(TopicPartition(String(parts[0]), PartitionID(rawValue: partition)))
        }
        self = .partitions(partitions)
    }
}
