extension KafkaConsumer {
    /// Reads these topics from now on, and no others. In a group, the member joins again: partitions of topics that it no
    /// longer reads are taken away (``ConsumerEvent/revoked(_:)``), those of others are assigned.
    ///
    /// - Throws: Where no topic is named, or the consumer reads given partitions.
    public func subscribe(to topics: Topics) async throws(KafkaError) { try await engine.subscribe { _ in topics } }

    /// Reads these topics as well.
    ///
    /// - Throws: Where the consumer reads what a pattern matches, or given partitions.
    public func subscribe(adding names: [String]) async throws(KafkaError) {
        try await engine.subscribe { before in
            guard case .named(let known) = before else { return nil }
            return .named(known + names.filter { !known.contains($0) })
        }
    }

    /// Reads these topics no longer.
    ///
    /// - Throws: Where no topic is left (``close(_:timeout:)`` ends reading), where the consumer reads what a pattern matches,
    ///   or given partitions.
    public func unsubscribe(from names: [String]) async throws(KafkaError) {
        try await engine.subscribe { before in
            guard case .named(let known) = before else { return nil }
            return .named(known.filter { !names.contains($0) })
        }
    }

    /// The topics that are read, as they were said last.
    public var subscription: Topics? { get async { await engine.topics.wanted } }

    /// Asks the group to assign its partitions anew (KIP-568), as where an assignor of one's own would decide otherwise now.
    /// It happens in the background. In a group with ``GroupProtocol/consumer`` the coordinator decides when that is, and
    /// nothing happens.
    ///
    /// - Parameter reason: what the coordinator writes into its log, up to 255 characters (KIP-800).
    public func requestRebalance(_ reason: String = "the application asks for it") async {
        await engine.requestRebalance(because: reason)
    }
}

extension ConsumerEngine {
    func subscribe(
        _ change: @Sendable (KafkaConsumer.Topics) -> KafkaConsumer.Topics?
    ) throws(KafkaError) {
        func refusal(_ message: String) -> KafkaError {
            KafkaError(.invalidRequest, "could not change the subscription: \(message)", isRetriable: false)
        }
        guard let before = topics.wanted else { throw refusal("this consumer reads given partitions") }
        guard let wanted = change(before) else { throw refusal("this consumer reads what a pattern matches") }
        if case .named(let names) = wanted, names.isEmpty {
            throw refusal("no topic is left; close the consumer to end reading")
        }
        if case .matchedByCoordinator = wanted, configuration.groupProtocol == .classic || configuration.groupId == nil
        {
            throw refusal("a pattern that the coordinator matches is for groups with group.protocol=consumer")
        }
        guard wanted != before else { return }
        topics.want(wanted)
        topics.lookSoon(now: now)
        // Which topics a pattern matches is looked up when the member tells them.
        subscriptionChanged(because: JoinReason.topics)
        if hasBegun { fetch() }
    }

    func requestRebalance(because reason: String) {
        if let actions = membership?.rebalanceRequested(because: reason, now: now) { perform(actions) }
    }
}
