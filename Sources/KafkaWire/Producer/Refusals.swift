/// Batches that did not arrive, for those who ask for their deliveries at the end only: `flush` and `close` tell of the first
/// one and how many records there were. Whoever waits for a record's own delivery is told there, and not again.
struct Refusals: Sendable {
    /// How many batches are kept apart. Those beyond may be told twice.
    private static let most = 1000

    private var batches: [ProducerBatch] = []
    private var first: KafkaError?
    private var count = 0

    /// The batch will not arrive.
    mutating func note(_ batch: ProducerBatch) {
        batches.append(batch)
        if batches.count > Self.most { sum() }
    }

    /// What nobody was told of yet; nil where that is nothing.
    mutating func take() -> KafkaError? {
        sum()
        defer { (first, count) = (nil, 0) }
        guard var error = first else { return nil }
        if count > 1 { error.message = "\(count) records did not arrive; the first one: \(error.message)" }
        return error
    }

    private mutating func sum() {
        for batch in batches {
            guard let error = batch.untoldError else { continue }
            first = first ?? error
            count += Int(batch.extent.count)
        }
        batches = []
    }
}
