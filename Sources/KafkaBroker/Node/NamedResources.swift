import KafkaWire

// Requests that are about one group or one transactional id, for the gate.

/// A request about one group.
protocol NamesGroup: FailableRequest {
    var namedGroup: String { get }
}

/// A request of a producer under a transactional id, or nil where there is none that counts.
protocol NamesTransactionalId: FailableRequest {
    var namedTransactionalId: String? { get }
}

extension JoinGroupRequest: NamesGroup { var namedGroup: String { groupId } }
extension SyncGroupRequest: NamesGroup { var namedGroup: String { groupId } }
extension HeartbeatRequest: NamesGroup { var namedGroup: String { groupId } }
extension LeaveGroupRequest: NamesGroup { var namedGroup: String { groupId } }
extension OffsetCommitRequest: NamesGroup { var namedGroup: String { groupId } }
extension OffsetFetchRequest: NamesGroup { var namedGroup: String { groupId } }
extension OffsetDeleteRequest: NamesGroup { var namedGroup: String { groupId } }
extension ConsumerGroupHeartbeatRequest: NamesGroup { var namedGroup: String { groupId } }
extension TxnOffsetCommitRequest: NamesGroup, NamesTransactionalId {
    var namedGroup: String { groupId }
    var namedTransactionalId: String? { transactionalId }
}
extension AddOffsetsToTxnRequest: NamesGroup, NamesTransactionalId {
    var namedGroup: String { groupId }
    var namedTransactionalId: String? { transactionalId }
}
extension EndTxnRequest: NamesTransactionalId { var namedTransactionalId: String? { transactionalId } }
extension InitProducerIdRequest: NamesTransactionalId { var namedTransactionalId: String? { transactionalId } }
extension AddPartitionsToTxnRequest: NamesTransactionalId {
    var namedTransactionalId: String? { v3AndBelowTransactionalId }
}

extension ProduceRequest: NamesTransactionalId {
    /// The id counts where there are records of a transaction. Without an id, those are refused by the handler.
    var namedTransactionalId: String? {
        guard let transactionalId else { return nil }
        let isTransactional = topicData.contains { topic in
            topic.partitionData.contains { Self.isTransactional($0.records) }
        }
        return isTransactional ? transactionalId : nil
    }

    /// Whether a batch says that it belongs to a transaction: a bit of its attributes, which stand behind the checksum.
    private static func isTransactional(_ records: Records?) -> Bool {
        guard let bytes = records?.bytes, bytes.count > 22 else { return false }
        return bytes[22] & 1 << 4 != 0
    }
}

extension FindCoordinatorRequest: NamesGroup, NamesTransactionalId {
    var namedGroup: String { key }
    var namedTransactionalId: String? { key }

    /// What kind of thing is to be coordinated; any where the handler knows of none.
    var coordinated: AclResourceType {
        switch keyType {
        case 0: .group
        case 1: .transactionalId
        default: .any
        }
    }
}
