import DequeModule

/// What the application is told, and in which order: what happened comes before records, in the order in which it did; the
/// end of a partition behind the records in front of it; an error that nothing comes behind once all else was told. A
/// value.
///
/// Partitions that are taken away are told of, and are the application's until it asks for the next step.
struct Announcements: Equatable, Sendable {
    /// What happens beside records.
    enum News: Equatable, Sendable {
        case assigned([TopicPartition: Offset])
        case revoked([TopicPartition], lost: Bool)
        case reachedEnd(TopicPartition, at: Offset)
        /// A partition is not read on at `from`, where the log has nothing, but at `to`.
        case reset(TopicPartition, from: Offset, to: Offset, because: KafkaError)
        case trouble(KafkaError)
        case recovered
    }

    /// What an application that asks gets.
    enum Step: Equatable, Sendable {
        /// The sequence is over.
        case end
        /// Its task was cancelled: nobody reads, until somebody asks again.
        case withdraw
        case news(News)
        case failure(KafkaError)
        /// Records, as soon as there are some.
        case records
    }

    /// Whether the application may go on.
    private enum Life: Equatable, Sendable { case open, stopped, closed }

    private var life = Life.open
    private var news: Deque<News> = []
    private var troubles = Troubles()
    /// The end that the application comes to with the records that it has.
    private var end: PlaceOfEnd?
    /// Partitions whose place is being looked up, and what is told of them when it is found.
    private var open: [TopicPartition: Opening] = [:]
    /// The partitions that the application was told it has.
    private var told: Set<TopicPartition> = []
    /// Why nothing more comes.
    private(set) var failure: KafkaError?
    /// From when the application is told to let go until it has.
    private(set) var isLettingGo = false

    private enum Opening: Equatable, Sendable {
        case assigned
        case reset(from: Offset, because: KafkaError)
    }

    private struct PlaceOfEnd: Equatable, Sendable {
        var partition: TopicPartition
        var offset: Offset
    }

    var isClosed: Bool { life == .closed }
    /// Whether an application that asks may get something.
    var isOpen: Bool { life == .open }

    // MARK: - The application asks

    /// The next step for an application that asks.
    mutating func next(isCancelled: Bool) -> Step {
        guard life == .open else { return .end }
        if isCancelled { return .withdraw }
        if let first = news.popFirst() {
            switch first {
            case .assigned(let offsets): told.formUnion(offsets.keys)
            case .revoked(let partitions, _):
                told.subtract(partitions)
                isLettingGo = true
            case .reachedEnd, .reset, .trouble, .recovered: break
            }
            return .news(first)
        }
        if let end {
            self.end = nil
            return .news(.reachedEnd(end.partition, at: end.offset))
        }
        if let failure { return .failure(failure) }
        return .records
    }

    /// The application gets these records.
    mutating func gave(_ chunk: FetchedChunk) {
        if chunk.reachesEnd { end = PlaceOfEnd(partition: chunk.source, offset: chunk.nextOffset) }
    }

    /// The application does not come to the end of the partition with what it has.
    mutating func forgetEnd(_ partition: TopicPartition) { if end?.partition == partition { end = nil } }

    /// It has let go of what was taken away.
    mutating func hasLetGo() { isLettingGo = false }

    // MARK: - Partitions come and go

    /// Partitions are given, or added. Of those in `later` it is not known yet where they are read: they are told of when
    /// they have ``begun(_:)``.
    mutating func assigned(
        _ offsets: [TopicPartition: Offset], later: some Collection<TopicPartition> = [TopicPartition]()
    ) {
        // Nothing now and something later would sound like no partition at all.
        if !offsets.isEmpty || later.isEmpty { news.append(.assigned(offsets)) }
        for partition in later { open[partition] = .assigned }
    }

    /// A partition cannot be read on at `from`; it is told of when it has ``begun(_:)`` elsewhere.
    mutating func willReset(_ partition: TopicPartition, from: Offset, because error: KafkaError) {
        if open[partition] == nil { open[partition] = .reset(from: from, because: error) }
    }

    /// The application itself says where the partition is read.
    mutating func sought(_ partition: TopicPartition, to offset: Offset?) {
        forgetEnd(partition)
        if case .reset? = open[partition] { open[partition] = nil }
        guard let offset, open.removeValue(forKey: partition) != nil else { return }
        news.append(.assigned([partition: offset]))
    }

    /// Partitions are read from here on, which was looked up.
    mutating func begun(_ offsets: [TopicPartition: Offset]) {
        var given: [TopicPartition: Offset] = [:]
        for (partition, offset) in offsets.sorted(by: { $0.key < $1.key }) {
            switch open.removeValue(forKey: partition) {
            case .assigned: given[partition] = offset
            case .reset(let from, let error):
                news.append(.reset(partition, from: from, to: offset, because: error))
            case nil: break
            }
        }
        if !given.isEmpty { news.append(.assigned(given)) }
    }

    /// Partitions are gone that no group has taken away, or the application has given them up itself.
    mutating func removed(_ partitions: [TopicPartition]) {
        unannounce(partitions)
        if let place = news.firstIndex(where: { if case .revoked(_, true) = $0 { true } else { false } }),
            case .revoked(let before, _) = news[place]
        {
            news[place] = .revoked(Set(before).union(partitions).sorted(), lost: true)
        } else {
            news.append(.revoked(partitions, lost: true))
        }
    }

    /// What the application was not told of yet of these partitions it is not told of at all.
    private mutating func unannounce(_ partitions: [TopicPartition]) {
        let gone = Set(partitions)
        news = Deque(
            news.compactMap { news in
                guard case .assigned(let offsets) = news else { return news }
                let rest = offsets.filter { !gone.contains($0.key) }
                return rest.isEmpty ? nil : .assigned(rest)
            })
        for partition in partitions { open[partition] = nil }
    }

    /// The group takes these partitions away. False where the application need not be asked to let go: it was not told that
    /// it has them, or there are none. What it was not told of yet it is not told of at all.
    mutating func revoked(_ partitions: [TopicPartition], lost: Bool) -> Bool {
        unannounce(partitions)
        let known = partitions.filter(told.contains)
        if let place = news.firstIndex(where: { if case .revoked = $0 { true } else { false } }),
            case .revoked(let before, let wasLost) = news[place]
        {
            news[place] = .revoked(Set(before).union(known).sorted(), lost: lost || wasLost)
            return true
        }
        if !known.isEmpty { news.append(.revoked(known, lost: lost)) }
        return isLettingGo || !known.isEmpty
    }

    /// Other partitions are read from now on.
    mutating func reassigned() -> Troubles.Change {
        end = nil
        open = [:]
        told = []
        return noted(troubles.endFetching())
    }

    /// These partitions are read no longer.
    mutating func gaveUp(_ partitions: [TopicPartition]) -> Troubles.Change {
        let before = troubles
        for partition in partitions {
            forgetEnd(partition)
            open[partition] = nil
            _ = troubles.end(.partition(partition))
        }
        told.subtract(partitions)
        return before != troubles && troubles == Troubles() ? noted(.recovered) : .none
    }

    /// Nobody reads any more: who reads later is told of partitions anew.
    mutating func withdrew() {
        isLettingGo = false
        news.removeAll { news in
            switch news {
            case .assigned, .revoked: true
            case .reachedEnd, .reset, .trouble, .recovered: false
            }
        }
    }

    // MARK: - Troubles

    /// Something does not work: told of once, until all works again, and again where it has another reason by now.
    mutating func trouble(_ error: KafkaError, _ source: Troubles.Source) -> Troubles.Change {
        guard !isClosed else { return .none }
        let change = troubles.begin(source, because: error.code)
        if change == .first || change == .other { news.append(.trouble(error)) }
        return change
    }

    /// It works again.
    mutating func worksAgain(_ source: Troubles.Source) -> Troubles.Change { noted(troubles.end(source)) }

    /// Something was passed over: told of each time.
    mutating func passedOver(_ error: KafkaError) { news.append(.trouble(error)) }

    private mutating func noted(_ change: Troubles.Change) -> Troubles.Change {
        guard change == .recovered, !isClosed else { return .none }
        news.append(.recovered)
        return change
    }

    // MARK: - The end

    /// Nothing more can be done. The first reason counts.
    mutating func fail(_ error: KafkaError) { failure = failure ?? error }

    /// The sequence ends behind what was given out last.
    mutating func stop() { if life == .open { life = .stopped } }

    /// The consumer is closed for good. False where it was.
    mutating func close() -> Bool {
        defer { life = .closed }
        return life != .closed
    }
}
