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
        /// This source does not work for another reason than was told of it before.
        case other
        /// All was well until now.
        case first
        /// All is well again.
        case recovered
    }

    /// What does not work, each with the reasons that were told of it: two that take turns are told of once.
    private var sources: [Source: Set<KafkaError.Code>] = [:]

    mutating func begin(_ source: Source, because code: KafkaError.Code) -> Change {
        if PlantedMistake.tellsNothing.isMade { return .none }
        let wasWell = sources.isEmpty
        let isNew = sources[source] == nil
        guard sources[source, default: []].insert(code).inserted else { return .none }
        return wasWell ? .first : isNew ? .more : .other
    }

    mutating func end(_ source: Source) -> Change {
        guard sources.removeValue(forKey: source) != nil else { return .none }
        return sources.isEmpty ? .recovered : .none
    }

    /// The partitions read are others now: what was wrong with fetching is of the past.
    mutating func endFetching() -> Change {
        guard !sources.isEmpty else { return .none }
        sources = sources.filter { source in
            switch source.key {
            case .broker, .partition, .positions: false
            case .metadata, .topics, .group, .membership, .commits: true
            }
        }
        return sources.isEmpty ? .recovered : .none
    }
}
