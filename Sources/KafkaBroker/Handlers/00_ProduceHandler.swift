import KafkaWire

/// Produce: checks each partition's batch and appends it.
///
/// - Versions 3 to 13 are served, 0 is advertised as the lowest: librdkafka takes a broker without Produce 0
///   for one without the newer message format (KAFKA-18659), and Kafka does the same.
/// - Only the leader takes records; other nodes say NOT_LEADER_OR_FOLLOWER, and from v10 on who leads (KIP-951).
/// - All nodes share one log: acks 1 and all are the same, and there is nothing to wait for; `timeoutMs` is not looked
///   at. With acks all and fewer replicas in sync than a topic's own `min.insync.replicas`, a batch is refused
///   (NOT_ENOUGH_REPLICAS); more replicas than there are, are not asked for.
/// - acks 0 has no answer; an error closes the connection, which is all the client can be told.
/// - Where records are to blame for a refusal (no key in a compacted topic, times far off), they are named (KIP-467).
/// - A batch that an idempotent producer sends twice is answered with the offset it already has.
/// - A transactional batch needs a transaction of its producer that goes on in the partition. Up to v11 the client has
///   added the partition with AddPartitionsToTxn, and this is verified (INVALID_TXN_STATE, from v11 on
///   TRANSACTION_ABORTABLE); from v12 on the first batch adds it (KIP-890).
/// - Kafka's own topics take no records of clients (INVALID_TOPIC_EXCEPTION).
/// - Deviations: packed records are not unpacked to be checked, except in compacted topics and where they are packed anew.
enum ProduceHandler: RequestHandler {
    static let api = ServedAPI(ProduceHandler.self, advertisedFrom: 0)

    static func handle(_ request: ProduceRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        node.begin(ProduceWork(request: request, context: context))
    }

    fileprivate typealias Data = ProduceRequest.TopicProduceData.PartitionProduceData
    fileprivate typealias Answer = ProduceResponse.TopicProduceResponse.PartitionProduceResponse

    fileprivate static func append(
        _ data: Data, _ topic: Topic?, _ request: ProduceRequest, _ context: RequestContext, _ node: BrokerNode
    ) -> Answer {
        func refuse(_ code: ErrorCode, _ message: String?) -> Answer {
            .with {
                $0.index = data.index
                $0.errorCode = code
                $0.baseOffset = -1
                $0.errorMessage = message
            }
        }
        guard (-1...1).contains(request.acks) else {
            return refuse(.invalidRequiredAcks, "acks must be -1, 0 or 1, and not \(request.acks)")
        }
        if let name = topic?.name, TopicRules.isInternal(name) {
            return refuse(.invalidTopicException, "Cannot append to internal topic \(name)")
        }
        guard let topic, let partition = topic.partition(data.index) else {
            let byId = context.version >= 13 && topic == nil
            return refuse(byId ? .unknownTopicId : .unknownTopicOrPartition, nil)
        }
        let refusal = partition.refusal(at: context.node)
        guard refusal == .none else {
            var answer = refuse(refusal, nil)
            if context.version >= 10 {
                answer.currentLeader.leaderId = partition.leadership.leader
                answer.currentLeader.leaderEpoch = partition.leaderEpoch
            }
            return answer
        }
        if request.acks == -1, node.cluster.hasSeveralNodes, !partition.leadership.isEnough(topic.leastInSync) {
            return refuse(
                .notEnoughReplicas,
                "\(partition.leadership.inSync.count) replicas are in sync; min.insync.replicas is \(topic.leastInSync)"
            )
        }
        let batch: RecordBatch
        do {
            batch = try BatchAdmission.admit(
                try BatchCheck.check(
                    data.records, version: context.version, maxMessageBytes: topic.settings.maximumMessageBytes),
                topic.settings, now: context.timestamp)
        } catch {
            var answer = refuse(error.code, error.message)
            guard !error.records.isEmpty else { return answer }
            answer.logStartOffset = partition.log.startOffset
            answer.recordErrors = error.records.map { record in
                .with {
                    $0.batchIndex = record.index
                    $0.batchIndexErrorMessage = record.message
                }
            }
            return answer
        }
        let transaction = join(batch, partition, topic, request, context, node)
        guard transaction == .none else {
            return refuse(
                transaction,
                "producer \(batch.producerId) epoch \(batch.producerEpoch): no transaction of it goes on here")
        }
        let baseOffset: Offset
        switch partition.producers.check(batch) {
        case .refuse(let code):
            return refuse(
                code, "producer \(batch.producerId) epoch \(batch.producerEpoch) sequence \(batch.baseSequence)")
        case .duplicate where PlantedMistake.refusesDuplicates.isMade: return refuse(.invalidRecord, nil)
        case .duplicate where PlantedMistake.tellsEndForDuplicates.isMade: baseOffset = partition.log.endOffset
        case .duplicate(let offset) where !PlantedMistake.appendsTwice.isMade: baseOffset = offset
        case .append where PlantedMistake.acknowledgesUnwritten.isMade && partition.leaderEpoch > 0:
            baseOffset = partition.log.endOffset
        case .append, .duplicate:
            do throws(StorageError) {
                // What the coordinator was told is kept first: a batch of a transaction that nobody knows after a
                // crash would hang.
                if batch.attributes.isTransactional { try node.save(now: context.now) }
                baseOffset = try node.append(batch, to: partition, of: topic)
            } catch {
                return refuse(.kafkaStorageError, "\(error)")
            }
        }
        // Who wants all replicas to have it tries again; it stays there, and is known then (KIP-98).
        if request.acks == -1, let end = partition.heldAt, baseOffset >= end {
            return refuse(.notEnoughReplicasAfterAppend, "the other replicas are held back at \(end)")
        }
        return .with {
            $0.index = data.index
            $0.baseOffset = baseOffset
            if topic.settings.stampsArrival { $0.logAppendTimeMs = context.timestamp }
            $0.logStartOffset = partition.log.startOffset
        }
    }

    /// Makes sure that a transactional batch belongs to a transaction that goes on.
    private static func join(
        _ batch: RecordBatch, _ partition: Partition, _ topic: Topic, _ request: ProduceRequest,
        _ context: RequestContext, _ node: BrokerNode
    ) -> ErrorCode {
        guard batch.attributes.isTransactional else { return .none }
        guard let id = request.transactionalId else { return .transactionalIdAuthorizationFailed }
        if partition.producers.isInTransaction(batch.producerId, epoch: batch.producerEpoch) { return .none }
        let key = TopicPartition(topic.name, partition.index)
        let producer = ProducerIdentity(id: batch.producerId, epoch: batch.producerEpoch)
        do throws(TransactionRefusal) {
            if context.version >= 12 {
                try node.transactions.add([key], to: id, of: producer, isVersion2: true, now: context.now)
            } else {
                try node.transactions.verify(key, in: id, of: producer)
            }
            return .none
        } catch {
            return switch error.code {
            // What a leader makes of its coordinator's answer (KIP-890); clients know no other fencing in Produce.
            case .producerFenced: .invalidProducerEpoch
            case .transactionAbortable where context.version < 11: .invalidTxnState
            case .concurrentTransactions where context.version < 12: .notEnoughReplicas
            default: error.code
            }
        }
    }
}

/// A Produce request while it is worked on. Batches that have to be unpacked may take long.
private struct ProduceWork: LongWork {
    /// How many records are named that are to blame, in one answer.
    private static let blameLimit = 10_000

    let request: ProduceRequest
    let context: RequestContext
    private var response = ProduceResponse()
    /// The partitions of the topic that is worked on now, as far as they are done.
    private var answers: [ProduceHandler.Answer] = []
    private var failures = 0
    private var hasHints = false
    private var blamed = 0

    init(request: ProduceRequest, context: RequestContext) {
        self.request = request
        self.context = context
    }

    mutating func step(_ budget: inout WorkBudget, _ node: BrokerNode) -> Outcome? {
        while response.responses.count < request.topicData.count {
            let data = request.topicData[response.responses.count]
            let topic = context.version >= 13 ? node.topics[data.topicId] : node.topics[data.name]
            while answers.count < data.partitionData.count {
                if budget.isUsedUp { return nil }
                let partition = data.partitionData[answers.count]
                let size = partition.records?.count ?? 0
                budget.spend(bytes: size)
                if topic?.settings.unpacks ?? false { budget.spend(unpacked: 8 * size) }
                if let id = request.transactionalId {
                    // A partition more is noted with all those that the transaction has.
                    budget.spend((node.transactions.transactions[id]?.partitions.count ?? 0) >> 2)
                }
                var answer = ProduceHandler.append(partition, topic, request, context, node)
                if answer.errorCode != .none { failures += 1 }
                if answer.currentLeader.leaderId >= 0 { hasHints = true }
                if !answer.recordErrors.isEmpty {
                    answer.recordErrors = Array(answer.recordErrors.prefix(Self.blameLimit - blamed))
                    blamed += answer.recordErrors.count
                }
                answers.append(answer)
            }
            response.responses.append(
                .with {
                    $0.name = data.name
                    $0.topicId = data.topicId
                    $0.partitionResponses = answers
                })
            answers = []
        }
        if hasHints { response.addEndpoints(node.cluster, at: context.listener) }
        guard request.acks == 0 else { return .answer(response) }
        return failures == 0 ? .silent : .hangUp("\(failures) partitions of a Produce with acks=0 were refused")
    }
}
