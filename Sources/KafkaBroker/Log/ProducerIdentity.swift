import KafkaWire

/// Who writes: a producer's id, and which of its owners.
struct ProducerIdentity: Hashable {
    var id: ProducerID
    var epoch: ProducerEpoch

    static let none = ProducerIdentity(id: .none, epoch: .none)
}
