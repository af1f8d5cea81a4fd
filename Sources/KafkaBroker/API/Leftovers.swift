import KafkaWire

extension KafkaBroker {
    /// What a broker holds for its clients at one moment. When all of them have gone, or the broker was stopped, everything is
    /// zero: what is not was forgotten.
    public struct Leftovers: Sendable, Equatable {
        /// Connections of clients.
        public var connections = 0
        /// Ports that are listened on.
        public var listeners = 0
        /// Timers that are set: of the broker itself, and of connections that are held back.
        public var timers = 0
        /// Bytes of requests and answers in memory.
        public var bytes = 0
        /// Fetches that wait for records.
        public var fetches = 0
        /// Requests of members that wait for others of their group (JoinGroup, SyncGroup).
        public var joins = 0
        /// Requests that a hook holds back.
        public var heldBack = 0
        /// Requests that are worked on in parts.
        public var works = 0
        /// Answers that were made, and have not left.
        public var answers = 0
        /// Fetch sessions (KIP-227).
        public var sessions = 0
        /// Partitions that wait for the end of a transaction that no coordinator knows.
        public var transactions = 0
        /// Producers that have positions pending in groups without a transaction in which they might be committed.
        public var positions = 0

        init() {}

        private var counts: [(count: Int, noun: String)] {
            [
                (connections, "connection"), (listeners, "listener"), (timers, "timer"), (bytes, "byte"),
                (fetches, "waiting fetch"), (joins, "waiting join"), (heldBack, "request held back"),
                (works, "request in work"), (answers, "answer"), (sessions, "fetch session"),
                (transactions, "partition in a transaction of nobody"),
                (positions, "producer with pending positions and no transaction"),
            ]
        }

        /// Whether nothing is left.
        public var isEmpty: Bool { counts.allSatisfy { $0.count == 0 } }
    }

    /// What it holds for its clients now, and of them, after ``stop()``, nothing.
    public func leftovers() async -> Leftovers { await server.leftovers }
}

extension KafkaBroker.Leftovers: CustomStringConvertible {
    /// What is there, with how much of it: `2 × waiting fetch, 1 × timer`; `nothing` where that is all.
    public var description: String {
        let there = counts.filter { $0.count > 0 }
        return there.isEmpty ? "nothing" : there.map { "\($0.count) × \($0.noun)" }.joined(separator: ", ")
    }
}

extension BrokerServer {
    /// What it holds for its clients now.
    var leftovers: KafkaBroker.Leftovers {
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
