/// What the application marks, from wherever it works, and the engine commits: behind a lock, so that marking a record waits
/// for nobody.
final class MarkBoard: Sendable {
    private struct State {
        var records: [TopicPartition: MarkedRecords] = [:]
        /// Whether anybody wants that.
        var isOn = false
        /// The number of the assignment that all are of which have come with no later one.
        var assignment = 0
        /// The number of the assignment that a partition of the group's share has come with.
        var since: [TopicPartition: Int] = [:]
        /// Partitions of which more can be committed since that was asked for.
        var changed: Set<TopicPartition> = []

        func assignment(of partition: TopicPartition) -> Int { since[partition] ?? assignment }
    }

    private let state: Locked<State>

    init(isOn: Bool) {
        var state = State()
        state.isOn = isOn
        self.state = Locked(state)
    }

    /// Whether records are to be marked.
    var isOn: Bool { state.withLock { $0.isOn } }

    /// From now on they are.
    func turnOn() { state.withLock { $0.isOn = true } }

    /// A batch was given out. What was left out in front of it, as damaged, is nobody's any more.
    func gave(_ batch: ConsumerBatch) {
        guard isOn else { return }
        let missing = batch.missing
        state.withLock { state in
            let partition = batch.source
            guard state.assignment(of: partition) == batch.assignment else { return }
            var records = state.records[partition] ?? MarkedRecords(from: batch.firstOffset)
            if batch.firstOffset < records.upTo { records = MarkedRecords(from: batch.firstOffset) }
            let before = records.position.offset
            if records.upTo < batch.firstOffset {
                records.gave(
                    upTo: batch.firstOffset, leaderEpoch: .none, missing: [records.upTo..<batch.firstOffset])
            }
            records.gave(upTo: batch.nextOffset, leaderEpoch: batch.leaderEpoch, missing: missing)
            state.records[partition] = records
            if records.position.offset != before { state.changed.insert(partition) }
        }
    }

    /// A record is done. True where the engine is to be told: more can be committed, for the first time since it has looked.
    func mark(_ partition: TopicPartition, _ range: Range<Offset>, assignment: Int? = nil) -> Bool {
        state.withLock { state in
            let current = state.assignment(of: partition)
            guard assignment ?? current == current,
                state.records[partition]?.mark(range) ?? false
            else { return false }
            let wasKnown = !state.changed.isEmpty
            state.changed.insert(partition)
            return !wasKnown
        }
    }

    /// What can be committed now that could not when this was asked last.
    func takeChanges() -> [TopicPartition: CommittedOffset] {
        state.withLock { state in
            var found: [TopicPartition: CommittedOffset] = [:]
            for partition in state.changed.sorted() { found[partition] = state.records[partition]?.position }
            state.changed = []
            return found
        }
    }

    /// The application goes on elsewhere in the partition.
    func restart(_ partition: TopicPartition) {
        state.withLock { state in
            state.records[partition] = nil
            state.changed.remove(partition)
        }
    }

    /// These are read as well from now on.
    func gained(_ partitions: some Sequence<TopicPartition>, _ assignment: Int) {
        state.withLock { state in
            for partition in partitions {
                state.records[partition] = nil
                state.changed.remove(partition)
                state.since[partition] = assignment
            }
        }
    }

    /// These are read no longer, the others go on.
    func gaveUp(_ partitions: some Sequence<TopicPartition>) {
        state.withLock { state in
            for partition in partitions {
                state.records[partition] = nil
                state.changed.remove(partition)
                state.since[partition] = nil
            }
        }
    }

    /// Other partitions are read from now on.
    func reassigned(_ assignment: Int) {
        state.withLock { state in
            state.records = [:]
            state.changed = []
            state.since = [:]
            state.assignment = assignment
        }
    }
}
