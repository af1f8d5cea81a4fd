import KafkaWire

extension KafkaBroker {
    /// What a broker holds for its clients at one moment; see ``BrokerLeftovers``.
    public typealias Leftovers = BrokerLeftovers

    /// What it holds for its clients now, and of them, after ``stop()``, nothing.
    public func leftovers() async -> Leftovers { await server.leftovers }
}

extension BrokerServer {
    /// What it holds for its clients now.
    var leftovers: BrokerLeftovers {
        var found = node.leftovers
        found.connections = connections.count
        found.listeners = listeners.count
        found.timers = (timer.deadline == nil ? 0 : 1) + connections.values.count { $0.unmuting != nil }
        found.bytes = heldBytes
        return found
    }

    /// Whether something is to be done that nothing will bring about: that never holds between two turns, or an answer that
    /// was made would wait for the next request.
    var isForgetful: Bool {
        if endOfTurnIsPlanned || isStopped { return false }
        return !touched.isEmpty || !turns.isEmpty || node.works.count > 0 || !node.answers.isEmpty
            || connections.values.contains(where: \.needsFlush)
    }
}

extension KafkaBroker {
    /// What does its work, for who looks whether anything still holds it.
    package var worker: AnyObject { server }
    /// Whether an answer, or a request, waits for something that has no reason to come.
    package var isForgetful: Bool { get async { await server.isForgetful } }
    /// How many turns there were in which requests were handled and answers sent.
    package var turnCount: Int { get async { await server.turnCount } }
}
