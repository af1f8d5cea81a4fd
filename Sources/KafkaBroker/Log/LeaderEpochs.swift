import KafkaWire

/// Where the epochs of a partition's leaders began (Kafka's `LeaderEpochFileCache`).
struct LeaderEpochs: Equatable {
    struct Entry: Equatable {
        var epoch: LeaderEpoch
        var start: Offset
    }

    /// In the order of epochs, and so of offsets. An epoch in which nothing was written leaves no entry.
    private(set) var entries: [Entry]
    /// The epoch of now.
    var latest: LeaderEpoch { entries[entries.count - 1].epoch }

    init(first epoch: LeaderEpoch, from start: Offset) { entries = [Entry(epoch: epoch, start: start)] }

    /// The epochs that a log's batches tell, and the one that was the last when the broker stopped.
    init(found: [Entry], latest: LeaderEpoch, from end: Offset) {
        entries = found.filter { $0.epoch <= latest }
        if entries.last?.epoch != latest { entries.append(Entry(epoch: latest, start: end)) }
    }

    /// The next epoch begins at the log's end.
    mutating func begin(from end: Offset) {
        // What is kept on the disk may say the highest of all.
        let next = Entry(epoch: latest.rawValue == .max ? latest : LeaderEpoch(latest.rawValue + 1), start: end)
        entries.removeAll { $0.start >= end }
        entries.append(next)
    }

    /// The records before `start` are gone.
    mutating func forget(before start: Offset) {
        guard let last = entries.lastIndex(where: { $0.start <= start }) else { return }
        entries.removeSubrange(..<last)
        entries[0].start = max(entries[0].start, start)
    }

    /// The epoch in which the record at `offset` was written, or the next one will be.
    func epoch(at offset: Offset) -> LeaderEpoch { entries.last { $0.start <= offset }?.epoch ?? entries[0].epoch }

    /// The last epoch that is not above `epoch`, and where it ended; none and -1 where that is not known (KIP-320).
    func end(of epoch: LeaderEpoch, logEnd: Offset) -> (epoch: LeaderEpoch, offset: Offset) {
        if epoch == latest { return (epoch, logEnd) }
        guard epoch >= 0, let above = entries.firstIndex(where: { $0.epoch > epoch }) else { return (.none, -1) }
        // Before the first that is known, everything that was there ended where that one begins.
        guard above > 0 else { return (epoch, entries[0].start) }
        return (entries[above - 1].epoch, entries[above].start)
    }
}
