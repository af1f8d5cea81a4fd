import KafkaWire

// What the members of a classic group read.

extension ClassicGroup {
    /// What members of a group read, as far as they say so in a form that can be read.
    enum TopicsRead: Equatable {
        /// They have not agreed on a strategy yet: it may be anything.
        case anything
        /// Those topics; `areAll` says whether every member was understood.
        case these(Set<String>, areAll: Bool)

        func contains(_ topic: String) -> Bool {
            switch self {
            case .anything: true
            case .these(let topics, _): topics.contains(topic)
            }
        }
    }

    /// Reads what members say of themselves, once until something changes. Members of groups that share other things
    /// than topics read none.
    mutating func lookForTopics() -> TopicsRead {
        if let topicsRead { return topicsRead }
        var found = TopicsRead.these([], areAll: false)
        if protocolType == Self.consumerType, !members.isEmpty {
            if let protocolName {
                let subscriptions = members.values.map {
                    try? ConsumerProtocolSubscription.decodeVersioned($0.metadata(for: protocolName))
                }
                let topics = subscriptions.reduce(into: Set<String>()) { $0.formUnion($1?.topics ?? []) }
                found = .these(topics, areAll: subscriptions.allSatisfy { $0 != nil })
            } else {
                found = .anything
            }
        }
        topicsRead = found
        return found
    }
}
