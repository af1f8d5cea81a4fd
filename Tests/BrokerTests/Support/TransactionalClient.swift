import KafkaWire

@testable import KafkaBroker

/// A hand-made transactional producer, of version 1 (partitions are added, Produce v11) or 2 (KIP-890, Produce v13).
final class TransactionalClient {
    let client: TestClient
    let id: String
    let isVersion2: Bool
    var producer = ProducerIdentity.none
    private var sequences: [TopicPartition: Int32] = [:]

    init(port: UInt16, id: String, isVersion2: Bool, timeoutMs: Milliseconds = 60_000) throws {
        client = try TestClient(port: port)
        self.id = id
        self.isVersion2 = isVersion2
        try begin(timeoutMs: timeoutMs)
    }

    /// Initialises, as often as the coordinator wants.
    func begin(timeoutMs: Milliseconds = 60_000) throws {
        while true {
            let answer = try initialize(timeoutMs: timeoutMs)
            if answer.errorCode == .concurrentTransactions { continue }
            guard answer.errorCode == .none else { throw Refused(code: answer.errorCode) }
            return become(answer.producerId, answer.producerEpoch)
        }
    }

    struct Refused: Error, Equatable { var code: ErrorCode }

    func initialize(as asked: ProducerIdentity = .none, timeoutMs: Milliseconds = 60_000, version: Int16 = 5) throws
        -> InitProducerIdResponse
    {
        try client.call(
            InitProducerIdRequest.with {
                $0.transactionalId = id
                $0.transactionTimeoutMs = timeoutMs
                $0.producerId = asked.id
                $0.producerEpoch = asked.epoch
            }, version: version)
    }

    private func become(_ id: ProducerID, _ epoch: ProducerEpoch) {
        producer = ProducerIdentity(id: id, epoch: epoch)
        sequences = [:]
    }

    func add(_ topic: String, _ partitions: [PartitionID] = [0], version: Int16 = 3) throws -> [ErrorCode] {
        let answer = try client.call(
            AddPartitionsToTxnRequest.with {
                $0.v3AndBelowTransactionalId = id
                $0.v3AndBelowProducerId = producer.id
                $0.v3AndBelowProducerEpoch = producer.epoch
                $0.v3AndBelowTopics = [
                    .with {
                        $0.name = topic
                        $0.partitions = partitions
                    }
                ]
            }, version: version)
        return answer.resultsByTopicV3AndBelow.flatMap { $0.resultsByPartition.map(\.partitionErrorCode) }
    }

    /// Writes a batch; with version 1 the partition has been added before, unless `version` says what is tried.
    func write(
        _ values: [String], to topic: String = "t", _ partition: PartitionID = 0, version: Int16? = nil,
        configure: (inout RecordBatchBuilder.Options) -> Void = { _ in }
    ) throws -> ErrorCode {
        if !isVersion2, version == nil { _ = try add(topic, [partition]) }
        let key = TopicPartition(topic, partition)
        let sequence = sequences[key] ?? 0
        let bytes = try batch(values) {
            $0.producerId = producer.id
            $0.producerEpoch = producer.epoch
            $0.baseSequence = sequence
            $0.marks = .init(rawValue: 1 << 4)
            configure(&$0)
        }
        var request = TestClient.produceRequest(topic, bytes, partition: partition)
        request.transactionalId = id
        let version = version ?? (isVersion2 ? 12 : 11)
        let answer = try client.call(request, version: version)
        guard let code = answer.responses.first?.partitionResponses.first?.errorCode else { throw TestClient.Closed() }
        if code == .none { sequences[key] = sequence + Int32(values.count) }
        return code
    }

    func end(commit: Bool, version: Int16? = nil) throws -> ErrorCode {
        let answer = try client.call(
            EndTxnRequest.with {
                $0.transactionalId = id
                $0.producerId = producer.id
                $0.producerEpoch = producer.epoch
                $0.committed = commit
            }, version: version ?? (isVersion2 ? 5 : 4))
        if answer.errorCode == .none, isVersion2 { become(answer.producerId, answer.producerEpoch) }
        return answer.errorCode
    }

    func addOffsets(group: String, version: Int16 = 4) throws -> ErrorCode {
        try client.call(
            AddOffsetsToTxnRequest.with {
                $0.transactionalId = id
                $0.producerId = producer.id
                $0.producerEpoch = producer.epoch
                $0.groupId = group
            }, version: version
        ).errorCode
    }

    func commitOffset(
        _ offset: Offset, group: String, topic: String = "t", version: Int16? = nil,
        configure: (inout TxnOffsetCommitRequest) -> Void = { _ in }
    ) throws -> ErrorCode {
        var request = TxnOffsetCommitRequest.with {
            $0.transactionalId = id
            $0.groupId = group
            $0.producerId = producer.id
            $0.producerEpoch = producer.epoch
            $0.topics = [
                .with {
                    $0.name = topic
                    $0.partitions = [
                        .with {
                            $0.committedOffset = offset
                            $0.committedMetadata = "m"
                        }
                    ]
                }
            ]
        }
        configure(&request)
        let answer = try client.call(request, version: version ?? (isVersion2 ? 5 : 4))
        guard let code = answer.topics.first?.partitions.first?.errorCode else { throw TestClient.Closed() }
        return code
    }
}
