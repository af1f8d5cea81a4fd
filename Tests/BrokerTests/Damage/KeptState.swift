import KafkaWire

@testable import KafkaBroker

/// What a broker on a directory holds: what was acknowledged, and must be there again or be told.
struct KeptState: Equatable {
    struct Log: Equatable {
        var start: Offset
        var end: Offset
        /// The batches by their offsets.
        var batches: [Offset: [UInt8]]
    }

    struct Position: Equatable {
        var offset: Offset
        var metadata: String
    }

    var cluster: String
    /// The topics, settings, quotas, users, tokens and producer ids, as records.
    var metadata: [String]
    var positions: [String: [TopicPartition: Position]]
    var transactions: [String: Transaction.State]
    /// By the folder's name.
    var logs: [String: Log]

    init(_ node: BrokerNode) throws {
        cluster = node.clusterId
        metadata = (node.storage?.metadata.records ?? []).map { "\($0)" }.sorted()
        positions = node.groups.groups.mapValues { group in
            var found: [TopicPartition: Position] = [:]
            for (topic, positions) in group.offsets.committed {
                for (partition, committed) in positions {
                    found[TopicPartition(topic, partition)] = Position(
                        offset: committed.offset, metadata: committed.metadata)
                }
            }
            return found
        }
        transactions = node.transactions.transactions.mapValues(\.state)
        logs = [:]
        for topic in node.topics.sorted {
            for partition in topic.partitions {
                var batches: [Offset: [UInt8]] = [:]
                for segment in partition.log.segments {
                    for index in segment.entries.indices {
                        let batch = try segment.batch(at: index)
                        batches[batch.baseOffset] = batch.bytes.copy()
                    }
                }
                logs["\(topic.name)-\(partition.index)"] = Log(
                    start: partition.log.startOffset, end: partition.log.endOffset, batches: batches)
            }
        }
    }
}

/// A directory as a broker leaves it that has done everything that is kept.
enum FilledDirectory {
    static func configuration(_ path: String) -> KafkaBroker.Configuration {
        var configuration = KafkaBroker.Configuration()
        configuration.dataDirectory = path
        configuration.now = { Instant(nanoseconds: 1_000_000_000) }
        configuration.timestamp = { 1_700_000_000_000 }
        configuration.seed = 7
        return configuration
    }

    static func start(_ path: String, salvages: Bool = false) throws -> BrokerNode {
        var configuration = configuration(path)
        configuration.salvagesDamage = salvages
        return try BrokerNode(configuration, port: 9092)
    }

    private static let now = Instant(nanoseconds: 1_000_000_000)

    /// Fills the directory at `path`, and leaves it with a clean stop, or as a broker that is killed.
    static func make(_ path: String, isStopped: Bool) throws {
        let node = try start(path)
        for (name, partitions, configs) in [
            ("orders", 2, [:]), ("parted", 1, ["retention.ms": "-1"]), ("paid", 1, [:]), ("trimmed", 1, [:]),
            ("unused", 1, [:]), ("gone", 1, [:]),
        ] as [(String, Int32, [String: String])] {
            try node.createTopic(name, partitions: partitions, configs: configs)
            try node.save(now: now)
        }
        for number in 0..<12 {
            try append((0...number % 3).map { "order \(number) \($0)" }, to: node, "orders", 0)
        }
        for number in 0..<4 { try append(["other \(number)"], to: node, "orders", 1) }
        node.topics["parted"]?.partition(0)?.log.rolling.bytes = 230
        for number in 0..<9 { try append(["part \(number)"], to: node, "parted", 0) }
        for number in 0..<6 { try append(["trimmed \(number)"], to: node, "trimmed", 0) }
        try append(["gone"], to: node, "gone", 0)
        if let topic = node.topics["trimmed"], let partition = topic.partition(0) {
            node.deleteRecords(before: 3, in: partition, of: topic)
        }
        if let topic = node.topics["gone"] { node.deleteTopic(topic) }
        try transact(node)
        for number in 0..<5 {
            for group in ["g1", "g2"] { commit(Offset(Int64(number)), group, node) }
            try node.save(now: now)
        }
        node.storage?.note([
            .quota(
                .with {
                    $0.entity = [
                        .with {
                            $0.entityType = "user"
                            $0.entityName = "ann"
                        }
                    ]
                    $0.key = "producer_byte_rate"
                    $0.value = 1000
                }),
            .scramCredential(
                .with {
                    $0.name = "ann"
                    $0.mechanism = 1
                    $0.storedKey = [1, 2, 3]
                    $0.iterations = 4096
                }),
            .token(
                .with {
                    $0.owner = "User:ann"
                    $0.requester = "User:ann"
                    $0.tokenId = "a token"
                }),
        ])
        try node.save(now: now)
        node.saveBounds()
        if isStopped { node.close() }
    }

    private static func transact(_ node: BrokerNode) throws {
        for commits in [true, false, true] {
            let producer = try node.transactions.initialize("tx", asked: nil, timeout: .seconds(60), now: now)
            try node.transactions.add([TopicPartition("paid", 0)], to: "tx", of: producer, now: now)
            for sequence in [0, 1] as [Int32] {
                try append(["paid"], to: node, "paid", 0) {
                    $0.producerId = producer.id
                    $0.producerEpoch = producer.epoch
                    $0.baseSequence = sequence
                    $0.marks = .init(rawValue: 1 << 4)
                }
            }
            _ = try node.transactions.end("tx", of: producer, commit: commits, isVersion2: false, now: now)
            node.settle(now: now)
        }
    }

    private static func append(
        _ values: [String], to node: BrokerNode, _ name: String, _ partition: PartitionID,
        configure: (inout RecordBatchBuilder.Options) -> Void = { _ in }
    ) throws {
        guard let topic = node.topics[name], let partition = topic.partition(partition),
            let batch = try RecordBatch(Bytes(batch(values, configure: configure)))
        else { throw Cut() }
        _ = try node.append(batch, to: partition, of: topic)
        try node.save(now: now)
    }

    private static func commit(_ offset: Offset, _ group: String, _ node: BrokerNode) {
        node.groups.withGroup(group, now) { _ in }
        node.groups.store(
            GroupCoordinator.Committed(offset: offset, leaderEpoch: 0, metadata: "at \(offset)"),
            for: TopicPartition("orders", 0), group: group)
    }
}
