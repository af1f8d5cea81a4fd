/// Records that are marked as done one by one, and committed up to the first that is not.
extension ConsumerBatch {
    /// Marks a record of this batch as done. Records may be marked in any order, and from any task; what is committed ends
    /// in front of the first that is not marked, so that a crash repeats records and loses none.
    ///
    /// For consumers with ``KafkaConsumer/Configuration/commitsMarked``; of no effect on others, and where the partition has
    /// been given back since.
    public func mark(_ record: Record) { mark(record.offset..<record.offset.next) }

    /// Marks all records of this batch as done.
    public func markAll() { mark(firstOffset..<Swift.max(firstOffset, nextOffset)) }

    private func mark(_ places: Range<Offset>) {
        engine.mark(source, places, assignment: assignment)
    }

    /// Where there is no record between ``firstOffset`` and ``nextOffset``: compaction took some away, and what ends a
    /// transaction is none.
    var missing: [Range<Offset>] {
        var found: [Range<Offset>] = []
        var next = firstOffset
        func reach(_ offset: Offset) {
            if next < offset { found.append(next..<offset) }
            next = Swift.max(next, offset)
        }
        for part in parts where part.first < part.end {
            let (low, high) = (part.records.offset(at: part.first), part.records.offset(at: part.end - 1).next)
            reach(low)
            if (high - low.rawValue).rawValue != Int64(part.end - part.first) {
                for index in part.first..<part.end {
                    reach(part.records.offset(at: index))
                    next = Swift.max(next, part.records.offset(at: index).next)
                }
            }
            next = Swift.max(next, high)
        }
        reach(nextOffset)
        return found
    }
}

extension KafkaConsumer {
    /// Marks a record as done, as ``ConsumerBatch/mark(_:)`` does.
    public func mark(_ record: ConsumerRecord) {
        engine.mark(record.source, record.place, assignment: record.assignment)
    }

    /// Marks the record of that offset as done, where it was given out since the partition was assigned.
    public func mark(_ partition: TopicPartition, _ offset: Offset) {
        engine.mark(partition, offset..<offset.next, assignment: nil)
    }

    /// Commits what is marked, up to the first record of each partition that is not. Does nothing where that is committed.
    ///
    /// - Throws: Where the consumer does not commit what is marked (``Configuration/commitsMarked``), or has no group;
    ///   otherwise as ``commit(_:)``.
    public func commitMarked() async throws(KafkaError) { try await engine.commitMarked() }
}

extension ConsumerEngine {
    nonisolated func mark(_ partition: TopicPartition, _ places: Range<Offset>, assignment: Int?) {
        guard marks.mark(partition, places, assignment: assignment) else { return }
        Task(executorPreference: loop) { await self.noteMarks() }
    }

    /// Takes over what was marked since, so that it is committed when it is time to.
    func noteMarks() {
        guard commits.isByMarks else { return }
        commits.done(marks.takeChanges())
        setTimer()
    }

    /// From now on only what is marked is committed.
    func commitByMarks() {
        marks.turnOn()
        commits.isByMarks = true
    }

    func commitMarked() async throws(KafkaError) {
        guard commits.isByMarks else {
            throw KafkaError(
                .invalidConfiguration,
                "this consumer commits what was read, not what was marked; set commitsMarked in its configuration")
        }
        noteMarks()
        let open = commits.open
        guard !open.isEmpty else { return }
        try await commit(open)
    }
}
