import DequeModule

/// What was fetched and waits for the application, in the order in which it came; what is of paused partitions stands aside
/// and takes nobody's room. A value.
///
/// Pausing is as in Java's consumer: a partition stays assigned, nothing more is fetched of it, and what was fetched is kept
/// for when it is resumed.
struct FetchBuffer: Equatable, Sendable {
    private var chunks: Deque<FetchedChunk> = []
    private var aside: [TopicPartition: Deque<FetchedChunk>] = [:]
    private(set) var paused: Set<TopicPartition> = []
    /// Nothing is given out while that is so.
    var isWithheld = false
    /// How many bytes wait that are not aside.
    private(set) var bytes = 0

    // MARK: - What comes and goes

    mutating func append(_ chunk: FetchedChunk) {
        if paused.contains(chunk.source) { return aside[chunk.source, default: []].append(chunk) }
        bytes += chunk.bytes
        chunks.append(chunk)
    }

    /// What was taken, and not used up: it comes next.
    mutating func putBack(_ chunk: FetchedChunk) {
        if paused.contains(chunk.source) { return aside[chunk.source, default: []].prepend(chunk) }
        bytes += chunk.bytes
        chunks.prepend(chunk)
    }

    mutating func take() -> FetchedChunk? {
        guard !isWithheld, let chunk = chunks.popFirst() else { return nil }
        bytes -= chunk.bytes
        return chunk
    }

    /// Drops what was fetched of the partition, which may stay paused.
    mutating func drop(_ partition: TopicPartition) {
        aside[partition] = nil
        _ = takeAll(of: [partition])
    }

    /// The partition is read no longer.
    mutating func forget(_ partition: TopicPartition) {
        drop(partition)
        paused.remove(partition)
    }

    /// Other partitions are read from now on. Those of them that are paused stay so.
    mutating func removeAll(keepingPausesOf partitions: Set<TopicPartition>) {
        chunks = []
        aside = [:]
        bytes = 0
        paused.formIntersection(partitions)
    }

    // MARK: - What waits

    /// Whether something of the partition waits.
    func holds(_ partition: TopicPartition) -> Bool { first(of: partition) != nil }

    /// What waits of the partition and comes first.
    func first(of partition: TopicPartition) -> FetchedChunk? {
        aside[partition]?.first ?? chunks.first { $0.source == partition }
    }

    /// Where what waits of each partition begins.
    var firstOffsets: [TopicPartition: Offset] {
        var found: [TopicPartition: Offset] = [:]
        for chunk in chunks where found[chunk.source] == nil { found[chunk.source] = chunk.firstOffset }
        for (partition, chunks) in aside { found[partition] = chunks.first?.firstOffset }
        return found
    }

    // MARK: - Pauses

    mutating func pause(_ partitions: [TopicPartition]) {
        let new = Set(partitions).subtracting(paused)
        guard !new.isEmpty else { return }
        paused.formUnion(new)
        for chunk in takeAll(of: new) { aside[chunk.source, default: []].append(chunk) }
    }

    mutating func resume(_ partitions: [TopicPartition]) {
        for partition in partitions where paused.remove(partition) != nil {
            for chunk in aside.removeValue(forKey: partition) ?? [] { append(chunk) }
        }
    }

    private mutating func takeAll(of partitions: Set<TopicPartition>) -> [FetchedChunk] {
        let taken = chunks.filter { partitions.contains($0.source) }
        guard !taken.isEmpty else { return [] }
        chunks.removeAll { partitions.contains($0.source) }
        bytes -= taken.reduce(0) { $0 + $1.bytes }
        return Array(taken)
    }
}
