/// Leaves out what aborted transactions wrote, as a consumer with `read_committed` has to (KIP-98). A value: one for
/// each partition of an answer, whose batches it looks at in their order.
///
/// The broker names the aborted transactions that its answer touches, each by its producer and the offset of its first
/// record; where one ends, a control batch of the producer stands between the records. A transaction that is open yet is
/// not among them: the broker sends nothing from its first record on.
struct AbortedTransactions {
    typealias Transaction = FetchResponse.FetchableTopicResponse.PartitionData.AbortedTransaction

    /// A control batch holds one small record.
    private static let markLimit = 64 << 10

    /// Those whose first record has not come yet, the next one last.
    private var coming: [Transaction]
    /// The producers whose transaction is an aborted one here.
    private var aborted: Set<ProducerID> = []

    init(_ transactions: [Transaction]) { coming = transactions.sorted { $0.firstOffset > $1.firstOffset } }

    /// What is to be read of batches.
    struct Outcome {
        /// How many of the batches could be judged: all of them, or those in front of a damaged mark.
        var judged: Int
        /// Those that are data, and were not aborted.
        var kept: [RecordBatch] = []
        /// What is wrong with the mark behind the judged ones.
        var damage: WireError?
    }

    /// Sorts batches out.
    mutating func judge(_ batches: [RecordBatch]) -> Outcome {
        var outcome = Outcome(judged: 0)
        for batch in batches {
            while let next = coming.last, next.firstOffset <= batch.lastOffset {
                aborted.insert(next.producerId)
                coming.removeLast()
            }
            if batch.attributes.isControl {
                do throws(WireError) {
                    if try isAbort(batch) { aborted.remove(batch.producerId) }
                } catch {
                    // Without the mark nobody knows what counts behind it.
                    outcome.damage = error
                    return outcome
                }
            } else if !batch.attributes.isTransactional || !aborted.contains(batch.producerId) {
                outcome.kept.append(batch)
            }
            outcome.judged += 1
        }
        return outcome
    }

    private func isAbort(_ batch: RecordBatch) throws(WireError) -> Bool {
        try batch.verifyChecksum()
        guard let key = try batch.records(limit: Self.markLimit).first?.key else { return false }
        return try ControlRecordTypeSchema.decodeVersioned(key).type == ControlBatch.End.abort.rawValue
    }
}
