extension KafkaConsumer {
    /// Reads these topics from now on, and no others; none is ``unsubscribe()``. In a group, the member joins again: partitions of topics that it no
    /// longer reads are taken away (``ConsumerEvent/revoked(_:)``), those of others are assigned.
    ///
    /// - Throws: Where the consumer reads given partitions.
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

    /// Reads these topics no longer. Where none is left, that is ``unsubscribe()``.
    ///
    /// - Throws: Where the consumer reads what a pattern matches, or given partitions.
    public func unsubscribe(from names: [String]) async throws(KafkaError) {
        try await engine.subscribe { before in
            guard case .named(let known) = before else { return nil }
            return .named(known.filter { !names.contains($0) })
        }
    }

    /// Reads nothing any more, until it is told to: reading goes on, and waits (``close(_:timeout:)`` ends it).
    ///
    /// In a group, the member gives back what it has and leaves, as in Java: ``ConsumerEvent/revoked(_:)`` is told, and the
    /// partitions are its own until the application asks for the next event; what was processed is committed then.
    /// ``subscribe(to:)`` joins again. A static member stays in the classic protocol's group until its session ends. Without a
    /// group ``ConsumerEvent/lost(_:)`` is told; given partitions are given up as by ``unassign(_:)``.
    ///
    /// - Throws: Of given partitions, where not all could be committed.
    public func unsubscribe() async throws(KafkaError) { try await engine.unsubscribe() }

    /// The topics that are read, as they were said last: none where it has unsubscribed, nil for given partitions.
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
        if case .matchedByCoordinator = wanted, configuration.groupProtocol == .classic || configuration.groupId == nil
        {
            throw refusal("a pattern that the coordinator matches is for groups with group.protocol=consumer")
        }
        guard wanted != before else { return }
        topics.want(wanted)
        if topics.wantsNothing {
            wantNothing()
        } else {
            topics.lookSoon(now: now)
            // Which topics a pattern matches is looked up when the member tells them.
            subscriptionChanged(because: JoinReason.topics)
        }
        if hasBegun { fetch() }
        // A member that is outside joins when it is asked for more.
        wakeApplication()
    }

    func unsubscribe() async throws(KafkaError) {
        guard topics.wanted != nil else { return try await assign([], at: nil, alone: true) }
        try subscribe { _ in .named([]) }
    }

    private func wantNothing() {
        worksAgain(.topics)
        if let actions = membership?.unsubscribed() { perform(actions) } else { leave(Set(plan.positions.keys)) }
    }

    func requestRebalance(because reason: String) {
        if let actions = membership?.rebalanceRequested(because: reason, now: now) { perform(actions) }
    }
}
