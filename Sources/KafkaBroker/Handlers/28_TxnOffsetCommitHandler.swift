import KafkaWire

/// TxnOffsetCommit: positions of a group that hold once the producer's transaction is committed (KIP-98).
///
/// - Up to v4 the producer has added the group with AddOffsetsToTxn, and this is verified (INVALID_TXN_STATE, in v4
///   TRANSACTION_ABORTABLE); v5 adds it (KIP-890).
/// - From v3 on member and generation are checked, if the producer brings them (KIP-447).
/// - A partition that is named twice gets the position that comes last, and one answer.
/// - Fencing is told as INVALID_PRODUCER_EPOCH in every version, as in Kafka.
enum TxnOffsetCommitHandler: RequestHandler {
    static let api = ServedAPI(TxnOffsetCommitHandler.self)

    static func handle(_ request: TxnOffsetCommitRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        var error = request.groupId.isEmpty ? ErrorCode.invalidGroupId : join(request, context, node)
        let asked = request.topics.gathered {
            $0.name
        } _: {
            $0.partitions
        }.map {
            (name: $0.key, positions: $0.parts.lastOnce { $0.partitionIndex })
        }
        if error == .none {
            let partitions = asked.flatMap { name, positions in
                node.topics[name].map { topic in
                    positions.map { TopicIDPartition(topic: topic.id, partition: $0.partitionIndex) }
                } ?? []
            }
            error = node.groups.mayCommit(request, context, partitions: partitions)
        }
        return .answer(
            TxnOffsetCommitResponse.with {
                $0.topics = asked.map { name, positions in
                    .with {
                        $0.name = name
                        $0.partitions = positions.map { position in
                            .with {
                                $0.partitionIndex = position.partitionIndex
                                $0.errorCode = error == .none ? store(position, name, request, context, node) : error
                            }
                        }
                    }
                }
            })
    }

    /// Makes sure that the group belongs to the producer's transaction.
    private static func join(_ request: TxnOffsetCommitRequest, _ context: RequestContext, _ node: BrokerNode)
        -> ErrorCode
    {
        let producer = ProducerIdentity(id: request.producerId, epoch: request.producerEpoch)
        do throws(TransactionRefusal) {
            if context.version >= 5 {
                try node.transactions.add(
                    EmptyCollection(), groups: [request.groupId], to: request.transactionalId, of: producer,
                    isVersion2: true, now: context.now)
            } else {
                try node.transactions.verify(group: request.groupId, in: request.transactionalId, of: producer)
            }
            return .none
        } catch {
            return switch error.code {
            case .producerFenced: .invalidProducerEpoch
            case .transactionAbortable where context.version < 4: .invalidTxnState
            case .concurrentTransactions where context.version < 5: .coordinatorLoadInProgress
            default: error.code
            }
        }
    }

    private static func store(
        _ position: TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic.TxnOffsetCommitRequestPartition,
        _ topic: String, _ request: TxnOffsetCommitRequest, _ context: RequestContext, _ node: BrokerNode
    ) -> ErrorCode {
        guard node.topics[topic]?.partition(position.partitionIndex) != nil else { return .unknownTopicOrPartition }
        return node.groups.commitPending(
            .init(
                offset: position.committedOffset, leaderEpoch: position.committedLeaderEpoch,
                metadata: position.committedMetadata ?? "", committedAt: context.now),
            for: .init(topic, position.partitionIndex), group: request.groupId,
            producer: .init(id: request.producerId, epoch: request.producerEpoch))
    }
}
