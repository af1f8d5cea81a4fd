import DequeModule

/// What was fetched and waits for the application, in the order in which it came; what is of paused partitions stands aside,
/// up to a limit, so that it cannot take the room of all others. A value.
///
/// Pausing is as in Java's consumer: a partition stays assigned, nothing more is fetched of it, and what was fetched is kept
/// for when it is resumed. Java keeps all of it, which is one fetch of each partition at most; here more may wait, so what is
/// beyond the limit is dropped, to be fetched again. To stop fetching instead would let a pause of some partitions stop the
/// others.
struct FetchBuffer: Equatable, Sendable {
    /// How many bytes may stand aside.
    let roomAside: Int
    private var chunks: Deque<FetchedChunk> = []
    private var aside: [TopicPartition: Deque<FetchedChunk>] = [:]
    private(set) var paused: Set<TopicPartition> = []
    /// Nothing is given out while that is so.
    var isWithheld = false
    /// How many bytes wait that are not aside.
    private(set) var bytes = 0
    /// How many bytes stand aside.
    private(set) var bytesAside = 0

    init(roomAside: Int) { self.roomAside = roomAside }

    // MARK: - What comes and goes

    /// Whether the chunk may be kept: unless it would stand aside, and too much does already.
    func hasRoom(for chunk: FetchedChunk) -> Bool {
        !paused.contains(chunk.source) || bytesAside + chunk.bytes <= roomAside
    }

    mutating func append(_ chunk: FetchedChunk) {
        if paused.contains(chunk.source) { return setAside(chunk) }
        bytes += chunk.bytes
        chunks.append(chunk)
    }

    /// What was taken, and not used up: it comes next.
    mutating func putBack(_ chunk: FetchedChunk) {
        if paused.contains(chunk.source) {
            bytesAside += chunk.bytes
            return aside[chunk.source, default: []].prepend(chunk)
        }
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
        for chunk in aside.removeValue(forKey: partition) ?? [] { bytesAside -= chunk.bytes }
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
        bytesAside = 0
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

    /// Sets aside what waits of these partitions: all of `keeping`, of the others as much as there is room for. Gives where
    /// what is dropped begins.
    mutating func pause(
        _ partitions: [TopicPartition], keeping: Set<TopicPartition> = []
    ) -> [TopicPartition: Offset] {
        let new = Set(partitions).subtracting(paused)
        guard !new.isEmpty else { return [:] }
        paused.formUnion(new)
        var dropped: [TopicPartition: Offset] = [:]
        for chunk in takeAll(of: new) {
            let source = chunk.source
            if keeping.contains(source) || dropped[source] == nil && hasRoom(for: chunk) {
                setAside(chunk)
            } else if dropped[source] == nil {
                dropped[source] = chunk.firstOffset
            }
        }
        return dropped
    }

    mutating func resume(_ partitions: [TopicPartition]) {
        for partition in partitions where paused.remove(partition) != nil {
            for chunk in aside.removeValue(forKey: partition) ?? [] {
                bytesAside -= chunk.bytes
                append(chunk)
            }
        }
    }

    private mutating func setAside(_ chunk: FetchedChunk) {
        bytesAside += chunk.bytes
        aside[chunk.source, default: []].append(chunk)
    }

    private mutating func takeAll(of partitions: Set<TopicPartition>) -> [FetchedChunk] {
        let taken = chunks.filter { partitions.contains($0.source) }
        guard !taken.isEmpty else { return [] }
        chunks.removeAll { partitions.contains($0.source) }
        bytes -= taken.reduce(0) { $0 + $1.bytes }
        return Array(taken)
    }
}
