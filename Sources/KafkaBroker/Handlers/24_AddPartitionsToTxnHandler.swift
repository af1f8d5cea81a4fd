import KafkaWire

/// AddPartitionsToTxn: partitions that a producer is about to write to in its transaction (KIP-98).
///
/// - Up to v3 a client speaks of one transaction, from v4 on a broker of several, and may only ask whether partitions
///   are in them (`verifyOnly`, KIP-890).
/// - Where one of the partitions does not exist (UNKNOWN_TOPIC_OR_PARTITION) none is added, and the others are answered
///   OPERATION_NOT_ATTEMPTED. So it is with Kafka's own topics (TOPIC_AUTHORIZATION_FAILED).
/// - A partition that is not in the transaction is told as TRANSACTION_ABORTABLE from v5 on, as INVALID_TXN_STATE before.
/// - With an authorizer, v4 and later need what brokers need, CLUSTER_ACTION. Before, a topic that may not be written to is
///   told (TOPIC_AUTHORIZATION_FAILED), and nothing is added.
enum AddPartitionsToTxnHandler: RequestHandler {
    static let api = ServedAPI(AddPartitionsToTxnHandler.self)

    private typealias Asked = AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction
    private typealias TopicResult = AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult

    static func handle(_ request: AddPartitionsToTxnRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        guard context.version < 4 else {
            return .answer(
                AddPartitionsToTxnResponse.with {
                    $0.resultsByTransaction = request.transactions.map { asked in
                        .with {
                            $0.transactionalId = asked.transactionalId
                            $0.topicResults = results(asked, context, node)
                        }
                    }
                })
        }
        let asked = Asked.with {
            $0.transactionalId = request.v3AndBelowTransactionalId
            $0.producerId = request.v3AndBelowProducerId
            $0.producerEpoch = request.v3AndBelowProducerEpoch
            $0.topics = request.v3AndBelowTopics
        }
        return .answer(
            AddPartitionsToTxnResponse.with { $0.resultsByTopicV3AndBelow = results(asked, context, node) })
    }

    private static func results(_ asked: Asked, _ context: RequestContext, _ node: BrokerNode) -> [TopicResult] {
        let keys = asked.topics.flatMap { topic in
            topic.partitions.map { TopicPartition(topic.name, $0) }
        }
        let producer = ProducerIdentity(id: asked.producerId, epoch: asked.producerEpoch)
        let isComplete = keys.allSatisfy { mayAdd($0.topic, context, node) && exists($0, node) }
        var common: ErrorCode = isComplete ? .none : .operationNotAttempted
        if isComplete, !asked.verifyOnly {
            do throws(TransactionRefusal) {
                // What a broker adds, it adds for a producer of version 2.
                try node.transactions.add(
                    keys, to: asked.transactionalId, of: producer, isVersion2: context.version >= 4, now: context.now)
            } catch {
                common = told(error, context)
            }
        }
        func result(_ key: TopicPartition) -> ErrorCode {
            guard mayAdd(key.topic, context, node) else { return .topicAuthorizationFailed }
            guard exists(key, node) else { return .unknownTopicOrPartition }
            guard isComplete, asked.verifyOnly else { return common }
            do throws(TransactionRefusal) {
                try node.transactions.verify(key, in: asked.transactionalId, of: producer)
                return .none
            } catch {
                return told(error, context)
            }
        }
        return asked.topics.map { topic in
            .with {
                $0.name = topic.name
                $0.resultsByPartition = topic.partitions.map { index in
                    .with {
                        $0.partitionIndex = index
                        $0.partitionErrorCode = result(.init(topic.name, index))
                    }
                }
            }
        }
    }

    private static func mayAdd(_ topic: String, _ context: RequestContext, _ node: BrokerNode) -> Bool {
        !TopicRules.isInternal(topic) && (context.version >= 4 || node.allows(.write, on: .topic, topic, context))
    }

    private static func exists(_ key: TopicPartition, _ node: BrokerNode) -> Bool {
        node.topics[key.topic]?.partition(key.partition) != nil
    }

    private static func told(_ refusal: TransactionRefusal, _ context: RequestContext) -> ErrorCode {
        if refusal.code == .transactionAbortable, context.version < 5 { return .invalidTxnState }
        return refusal.code.fencing(toldFrom: 2, in: context)
    }
}
