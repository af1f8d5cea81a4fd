import DequeModule

/// What a cluster tells of a topic, as far as it says where records go.
struct TopicShape: Equatable {
    /// None where the broker is too old to tell.
    var id: TopicID = .zero
    var count: Int
    /// The partitions that have a leader; nil is all of them.
    var led: [Int]?
}

/// The queues of one topic. A class, so that appending looks a topic up without copying it.
final class TopicQueues {
    let name: String
    /// How many partitions the topic has; 0 while it has to be looked up again. Queues beyond are those of a topic of
    /// that name before it.
    var count = 0
    var id = TopicID.zero
    var partitions: [PartitionQueue] = []
    /// Where records without a key may go.
    var choice: [Int] = []
    var sticky = 0
    var stickyBytes = 0
    /// At how many bytes a batch is full: fewer than `batch.size` where a broker found batches too large.
    var batchLimit: Int
    /// When a batch was last begun.
    var lastUse: Instant?

    init(_ name: String, batchLimit: Int) {
        self.name = name
        self.batchLimit = batchLimit
    }

    var isIdle: Bool {
        partitions.allSatisfy { $0.open == nil && $0.full.isEmpty && $0.line.inFlight == 0 }
    }
}

final class PartitionQueue {
    let target: TopicPartition
    /// The batch that takes records, and what they are written into until it is sealed.
    var open: ProducerBatch?
    /// In memory of its own, since a `var` of a class is checked for exclusive access with each record.
    let builder: UnsafeMutablePointer<RecordBatchBuilder>
    /// How many bytes the batch before took up: about what the next one will need.
    var usualSize = 0
    var full: Deque<Accumulator.Entry> = []
    var line = PartitionLine()
    /// Whether its leader has taken nothing for a while.
    var isSlow = false

    init(_ target: TopicPartition) {
        self.target = target
        builder = .allocate(capacity: 1)
        builder.initialize(to: RecordBatchBuilder(capacity: 0))
    }

    deinit {
        builder.deinitialize(count: 1)
        builder.deallocate()
    }
}
