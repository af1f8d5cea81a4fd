import KafkaWire

/// Which partitions' memory is being read from the changelog. What was read for an earlier assignment of a partition is of no use:
/// the memory was dropped meanwhile, and is read from its beginning. A value.
struct Restorations: Equatable, Sendable {
    /// One reading of one partition.
    struct Ticket: Hashable, Sendable {
        let partition: TopicPartition
        fileprivate let number: Int
    }

    private var numbers: [TopicPartition: Int] = [:]
    private var count = 0

    var isEmpty: Bool { numbers.isEmpty }
    var partitions: Set<TopicPartition> { Set(numbers.keys) }
    /// What is to be read, in an order that does not change.
    var tickets: [Ticket] { numbers.sorted { $0.key < $1.key }.map { Ticket(partition: $0.key, number: $0.value) } }

    func contains(_ partition: TopicPartition) -> Bool { numbers[partition] != nil }
    func contains(_ ticket: Ticket) -> Bool { numbers[ticket.partition] == ticket.number }

    /// The partition came: it is to be read, from the beginning.
    mutating func begin(_ partition: TopicPartition) {
        count += 1
        numbers[partition] = count
    }

    /// These partitions went.
    mutating func end(_ partitions: some Sequence<TopicPartition>) {
        for partition in partitions { numbers[partition] = nil }
    }

    /// All of the partition was read; false where it was read for nobody.
    mutating func finish(_ ticket: Ticket) -> Bool {
        guard contains(ticket) else { return false }
        numbers[ticket.partition] = nil
        return true
    }
}
