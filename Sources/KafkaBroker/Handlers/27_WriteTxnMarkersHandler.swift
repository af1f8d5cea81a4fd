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
        .answer(
            WriteTxnMarkersResponse.with {
                $0.markers = request.markers.map { marker in
                    .with {
                        $0.producerId = marker.producerId
                        $0.topics = marker.topics.map { topic in
                            .with {
                                $0.name = topic.name
                                $0.partitions = topic.partitionIndexes.map { index in
                                    .with {
                                        $0.partitionIndex = index
                                        $0.errorCode = write(marker, node.topics[topic.name], index, context, node)
                                    }
                                }
                            }
                        }
                    }
                }
            })
    }

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
