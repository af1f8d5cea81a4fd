import KafkaWire

/// The transactions of a partition that were aborted, in the order of their markers. A fetch with `read_committed` names
/// those that reach into what it carries, so that the consumer can leave their records out (KIP-98; in Kafka, the
/// transaction index of a segment).
struct AbortedTransactions {
    struct Entry: Equatable {
        var producerId: ProducerID
        /// The first record of the transaction.
        var firstOffset: Offset
        /// Where the marker stands.
        var markerOffset: Offset
        /// Before which offset everything was stable once this transaction had ended: no entry after this one begins
        /// earlier.
        var lastStableOffset: Offset
    }

    private(set) var entries: [Entry] = []

    mutating func append(_ entry: Entry) { entries.append(entry) }

    /// A batch stands in the log: what it says of its producer, and of the transaction that ends with it.
    mutating func found(_ batch: RecordBatch, _ producers: inout ProducerStates) {
        guard batch.attributes.isControl else { return producers.remember(batch, at: batch.baseOffset) }
        if let marker = TransactionMarker(batch) { end(with: marker, at: batch.baseOffset, in: &producers) }
    }

    /// A marker stands at `offset`: the producer's transaction has ended, in `producers` and, if it was aborted, here.
    mutating func end(with marker: TransactionMarker, at offset: Offset, in producers: inout ProducerStates) {
        let start = producers.end(
            marker.producer.id, epoch: marker.producer.epoch, coordinatorEpoch: marker.coordinatorEpoch,
            timestamp: marker.timestamp)
        guard let start, !marker.isCommit else { return }
        append(
            Entry(
                producerId: marker.producer.id, firstOffset: start, markerOffset: offset,
                lastStableOffset: producers.firstUnstableOffset ?? offset + 1))
    }

    /// Those with records or markers from `start` on that begin before `end`.
    func overlapping(from start: Offset, before end: Offset) -> [Entry] {
        var found: [Entry] = []
        for entry in entries[firstIndex(markedFrom: start)...] {
            if entry.firstOffset < end { found.append(entry) }
            if entry.lastStableOffset >= end { break }
        }
        return found
    }

    /// Whether the record at `offset` belongs to a transaction of the producer that was aborted.
    func holds(_ offset: Offset, of producer: ProducerID) -> Bool {
        entries[firstIndex(markedFrom: offset)...].contains {
            $0.producerId == producer && $0.firstOffset <= offset
        }
    }

    /// Forgets what lies before the log's start.
    mutating func remove(before start: Offset) {
        guard let first = entries.first, first.markerOffset < start else { return }
        entries.removeSubrange(..<firstIndex(markedFrom: start))
    }

    private func firstIndex(markedFrom start: Offset) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].markerOffset < start { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
