/// The partitions that a member of a group has, and those that it is about to give up. A value, which both group protocols
/// keep.
struct GroupShare: Equatable, Sendable {
    /// In which try to join, or heartbeat, each partition was gained: what was begun for an earlier one is of no matter.
    private var gained: [TopicPartition: Int] = [:]
    /// What is to be given up as soon as the application has finished with it.
    private(set) var leaving: [TopicPartition] = []
    /// The generation in which the share was assigned, or -1.
    private(set) var generation: Int32 = -1
    /// The last share, also when it was given up since; nil where there was none. Sticky assignors tell it.
    private(set) var last: [TopicPartition]?
    private(set) var lastGeneration: Int32 = -1

    var isEmpty: Bool { gained.isEmpty }

    /// The partitions that the member has, in order. Those that it is giving up are among them.
    var partitions: [TopicPartition] { gained.keys.sorted() }

    /// Those of `partitions` that the member has had since number `share` and is not giving up.
    func held(_ partitions: [TopicPartition], of share: Int) -> [TopicPartition] {
        let leaving = Set(leaving)
        return partitions.filter { gained[$0] == share && !leaving.contains($0) }
    }

    /// The member was assigned these partitions. Gives those that are new, and those that it has to give up.
    mutating func assigned(
        _ partitions: [TopicPartition], share: Int, generation: Int32
    ) -> (added: [TopicPartition], revoked: [TopicPartition]) {
        let assigned = Set(partitions)
        let added = partitions.filter { gained[$0] == nil }
        leaving = gained.keys.filter { !assigned.contains($0) }.sorted()
        for partition in added { gained[partition] = share }
        self.generation = generation
        (last, lastGeneration) = (partitions.sorted(), generation)
        return (added, leaving)
    }

    /// These are to be given up.
    mutating func surrender(_ partitions: [TopicPartition]) { leaving = partitions.filter { gained[$0] != nil } }

    /// What was to be given up is.
    mutating func released() {
        for partition in leaving { gained[partition] = nil }
        leaving = []
    }

    /// The member has nothing any more.
    mutating func clear() {
        gained = [:]
        leaving = []
        generation = -1
    }
}
