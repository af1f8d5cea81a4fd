/// When this member was without its share of the group, and for how long: what is told of rebalances. A value.
struct RebalanceClock: Equatable, Sendable {
    enum Change: Equatable, Sendable {
        case started
        case ended(after: Duration)
    }

    private var start: Instant?
    private(set) var told: Set<TopicPartition> = []
    private var isLost = false

    /// Where the member stands now.
    mutating func stands(_ standing: MemberStanding, now: Instant) -> Change? {
        switch standing {
        case .joining, .revoking:
            guard start == nil else { return nil }
            start = now
            return .started
        case .stable:
            guard let start else { return nil }
            self.start = nil
            return .ended(after: now - start)
        case .outside, .left:
            start = nil
            return nil
        }
    }

    /// What goes next has gone already: others may have it.
    mutating func lose() { isLost = true }

    /// The member reads these partitions now. Gives those that are gone, with whether they were lost, and those that are new.
    mutating func reads(
        _ partitions: Set<TopicPartition>
    ) -> (gone: [TopicPartition], lost: Bool, new: [TopicPartition]) {
        let (gone, new) = (told.subtracting(partitions).sorted(), partitions.subtracting(told).sorted())
        told = partitions
        defer { if !gone.isEmpty || !new.isEmpty { isLost = false } }
        return (gone, isLost, new)
    }
}
