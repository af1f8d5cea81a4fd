import KafkaWire

/// WriteTxnMarkers: ends a producer's transaction in partitions, whatever the coordinator thinks: what an administrator
/// does to a transaction that hangs (KIP-664).
///
/// - An epoch or a coordinator's epoch that is older than what the partition knows is refused; with
///   `transactionVersion` 2 the epoch must be above that of the open transaction (KIP-890).
/// - The coordinator is not told, as in Kafka: its own marker comes when the transaction ends.
enum WriteTxnMarkersHandler: RequestHandler {
    static let api = ServedAPI(WriteTxnMarkersHandler.self)

    private typealias Marker = WriteTxnMarkersRequest.WritableTxnMarker

    static func handle(_ request: WriteTxnMarkersRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        // A partition that a marker names twice gets it once, as in Kafka.
        let keys = request.markers.enumerated().flatMap { place, marker in
            marker.topics.flatMap { topic in
                topic.partitionIndexes.map { TopicPartition(topic.name, $0) }
            }.once().map { (place, $0) }
        }
        return node.each(of: keys) { item, budget, node in
            let (place, key) = item
            budget.spend(10)
            return write(request.markers[place], node.topics[key.topic], key.partition, context, node)
        } finish: { codes in
            let answers = zip(keys, codes).map { item, code in
                (
                    item.0,
                    (
                        item.1.topic,
                        Answer.with {
                            $0.partitionIndex = item.1.partition
                            $0.errorCode = code
                        }
                    )
                )
            }
            let byMarker = Dictionary(grouping: answers) { $0.0 }
            return WriteTxnMarkersResponse.with {
                $0.markers = request.markers.enumerated().map { place, marker in
                    .with {
                        $0.producerId = marker.producerId
                        $0.topics = (byMarker[place] ?? []).map(\.1).grouped().map { name, partitions in
                            .with {
                                $0.name = name
                                $0.partitions = partitions
                            }
                        }
                    }
                }
            }
        }
    }

    private typealias Answer = WriteTxnMarkersResponse.WritableTxnMarkerResult.WritableTxnMarkerTopicResult
        .WritableTxnMarkerPartitionResult

    private static func write(
        _ marker: Marker, _ topic: Topic?, _ index: PartitionID, _ context: RequestContext, _ node: BrokerNode
    ) -> ErrorCode {
        guard let topic, let partition = topic.partition(index) else { return .unknownTopicOrPartition }
        let refusal = partition.refusal(at: context.node)
        guard refusal == .none else { return refusal }
        guard marker.producerId >= 0, marker.producerEpoch >= 0 else { return .invalidProducerEpoch }
        let objection = partition.producers.objection(
            toMarkerOf: marker.producerId, epoch: marker.producerEpoch, coordinatorEpoch: marker.coordinatorEpoch,
            isVersion2: marker.transactionVersion >= 2)
        if let objection { return objection }
        do throws(StorageError) {
            try node.mark(
                partition, of: topic, producer: .init(id: marker.producerId, epoch: marker.producerEpoch),
                commit: marker.transactionResult, coordinatorEpoch: marker.coordinatorEpoch)
            return .none
        } catch {
            return .kafkaStorageError
        }
    }
}
