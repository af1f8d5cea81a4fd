import KafkaWire

/// A change of what is known of transactional ids, for whoever keeps it over a restart.
enum TransactionChange: Equatable {
    /// What has become of a transactional id.
    case state(Transaction)
    /// A transactional id is forgotten.
    case forgotten(String)
    /// Producer ids below this one may have been given out.
    case producerIds(ProducerID)
}
