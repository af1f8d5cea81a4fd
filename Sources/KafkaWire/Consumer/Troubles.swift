/// What does not work for a consumer at present, by where it comes from: with three brokers, one that answers does not
/// mean that the other two do. A value.
struct Troubles: Equatable, Sendable {
    enum Source: Hashable, Sendable {
        case broker(BrokerID)
        case partition(TopicPartition)
        /// Where to begin to read.
        case positions
        case metadata
        /// A topic of the subscription is missing.
        case topics
        case group
        /// The group does not keep this member.
        case membership
        /// What was processed cannot be committed.
        case commits
    }

    /// What a change means for the consumer as a whole.
    enum Change: Equatable, Sendable {
        case none
        /// This source had no trouble so far, others have.
        case more
        /// All was well until now.
        case first
        /// All is well again.
        case recovered
    }

    private var sources: Set<Source> = []

    mutating func begin(_ source: Source) -> Change {
        if PlantedMistake.tellsNothing.isMade { return .none }
        let wasWell = sources.isEmpty
        guard sources.insert(source).inserted else { return .none }
        return wasWell ? .first : .more
    }

    mutating func end(_ source: Source) -> Change {
        guard sources.remove(source) != nil else { return .none }
        return sources.isEmpty ? .recovered : .none
    }

    /// The partitions read are others now: what was wrong with fetching is of the past.
    mutating func endFetching() -> Change {
        guard !sources.isEmpty else { return .none }
        sources = sources.filter { source in
            switch source {
            case .broker, .partition, .positions: false
            case .metadata, .topics, .group, .membership, .commits: true
            }
        }
        return sources.isEmpty ? .recovered : .none
    }
}
