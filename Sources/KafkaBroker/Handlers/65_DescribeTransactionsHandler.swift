import KafkaWire

/// DescribeTransactions: what the coordinator knows of transactional ids (KIP-664).
///
/// - A group with offsets in the transaction is shown as Kafka stores it: as a partition of `__consumer_offsets`, of
///   which there are 50. That topic itself does not exist in this broker.
/// - Deviations: an id that a request names twice is answered once; an answer tells of 200,000 partitions and what the last
///   id has beyond, further ids are answered POLICY_VIOLATION.
enum DescribeTransactionsHandler: RequestHandler {
    static let api = ServedAPI(DescribeTransactionsHandler.self)

    /// How many partitions are told in one answer.
    static let limit = 200_000

    private typealias Answer = DescribeTransactionsResponse.TransactionState

    static func handle(_ request: DescribeTransactionsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome
    {
        var told = 0
        return node.each(of: request.transactionalIds.once()) { id, budget, node in
            let answer = answer(id, told, context, node)
            let partitions = answer.topics.reduce(0) { $0 + $1.partitions.count }
            told += partitions
            budget.spend(1 + partitions)
            return answer
        } finish: { answers in
            DescribeTransactionsResponse.with { $0.transactionStates = answers }
        }
    }

    private static func answer(_ id: String, _ told: Int, _ context: RequestContext, _ node: BrokerNode) -> Answer {
        .with {
            $0.transactionalId = id
            guard let transaction = node.transactions.transactions[id] else {
                $0.errorCode = id.isEmpty ? .invalidRequest : .transactionalIdNotFound
                return
            }
            guard told < limit else { return $0.errorCode = .policyViolation }
            $0.transactionState = transaction.state.rawValue
            $0.transactionTimeoutMs = Milliseconds(transaction.timeout)
            $0.transactionStartTimeMs = transaction.startedAt.map { node.timestamp(of: $0, now: context.now) } ?? -1
            $0.producerId = transaction.producer.id
            $0.producerEpoch = transaction.producer.epoch
            var partitions = transaction.partitions
            for group in transaction.groups { partitions.insert(offsetsPartition(of: group)) }
            let byTopic = Dictionary(grouping: partitions, by: \.topic).sorted { $0.key < $1.key }
            $0.topics = byTopic.filter { node.allows(.describe, on: .topic, $0.key, context) }.map { name, keys in
                .with {
                    $0.topic = name
                    $0.partitions = keys.map(\.partition).sorted()
                }
            }
        }
    }

    /// Where Kafka keeps a group's offsets: by Java's hash of its id.
    private static func offsetsPartition(of group: String) -> TopicPartition {
        let hash = group.utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
        let index = hash == .min ? 0 : Int32(hash.magnitude % 50)
        return TopicPartition("__consumer_offsets", PartitionID(index))
    }
}

extension BrokerNode {
    /// The time of day of an earlier point on the clock, in milliseconds since 1970.
    func timestamp(of instant: Instant, now: Instant) -> Int64 {
        time.timestamp() &- LongMilliseconds(now - instant).rawValue
    }
}
