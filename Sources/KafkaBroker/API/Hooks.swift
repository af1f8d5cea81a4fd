import KafkaWire

extension KafkaBroker {
    /// A request that a hook looks at, before the broker does.
    public struct HookedRequest: Sendable {
        /// The API, such as `.fetch`.
        public let api: APIKey
        /// The version of the request, and so of its answer.
        public let version: Int16
        /// What the client calls itself.
        public let clientId: String
        /// The node that it came to.
        public let node: BrokerID
        /// The number of its connection; see ``KafkaBroker/connections``.
        public let connection: UInt64
        /// The request itself, such as a `FetchRequest`.
        public let message: any WireMessage
    }

    /// What becomes of a request that a hook has looked at.
    public enum Verdict: Sendable {
        /// The next hook decides, and where there is none the broker answers as usual.
        case pass
        /// This is the answer; nothing of the request is done. A message of another API than the request's closes the
        /// connection.
        case answer(any WireMessage)
        /// An answer of the right form with this code in every place where the API carries errors: at the top, or with
        /// each topic or partition of the request. Nothing of the request is done.
        case fail(ErrorCode)
        /// The request is handled as usual, but so much later, by the broker's clock. Later requests of its connection
        /// wait behind it.
        case delay(Duration)
        /// Nothing is done and nothing answered, also not what follows in the connection: answers have the order of
        /// their requests, so that the client waits until its time-out ends the connection.
        case drop
        /// Nothing is done, and the connection is closed.
        case disconnect
        /// The request is handled, and the connection is closed in place of its answer: what a client sees of a broker
        /// that fails after it has written.
        case disconnectAfterwards
    }

    /// A hook that was set, to look at and to take away; see ``KafkaBroker/on(_:times:_:)``. It stays set where this is
    /// thrown away.
    public struct Hook: Sendable {
        let id: UInt64
        let registry: HookRegistry

        /// How many requests it has decided about; those that it passed on do not count.
        public var uses: Int { registry.uses(of: id) }
        /// How many requests it has seen.
        public var calls: Int { registry.calls(of: id) }
        /// Takes it away. Taking it away twice does nothing.
        public func remove() { registry.remove(id) }
    }

    /// Lets `hook` look at requests before the broker does, and decide what becomes of them.
    ///
    /// ```swift
    /// broker.on(.fetch, times: 1) { _ in .fail(.notLeaderOrFollower) }
    /// ```
    ///
    /// Hooks are asked in the order in which they were set; the first that does not ``Verdict/pass`` decides. They run on
    /// the broker's thread, one request at a time: whatever takes long there holds up every connection.
    ///
    /// - Parameters:
    ///   - api: The API to look at; nil is all of them.
    ///   - times: About how many requests it may decide before it is taken away; nil is without end.
    @discardableResult
    public func on(
        _ api: APIKey? = nil, times: Int? = nil, _ hook: @escaping @Sendable (HookedRequest) -> Verdict
    ) -> Hook {
        Hook(id: hooks.add(api, times: times, hook), registry: hooks)
    }
}

/// The hooks of a broker, in the order in which they were set.
final class HookRegistry: Sendable {
    typealias Body = @Sendable (KafkaBroker.HookedRequest) -> KafkaBroker.Verdict

    private struct Entry {
        var id: UInt64
        var api: APIKey?
        var remaining: Int?
        var body: Body
    }

    private struct State {
        var entries: [Entry] = []
        var counts: [UInt64: (calls: Int, uses: Int)] = [:]
        var lastId: UInt64 = 0
    }

    private let state = Locked(State())

    func add(_ api: APIKey?, times: Int?, _ body: @escaping Body) -> UInt64 {
        state.withLock {
            $0.lastId += 1
            $0.counts[$0.lastId] = (0, 0)
            if times.map({ $0 > 0 }) ?? true {
                $0.entries.append(Entry(id: $0.lastId, api: api, remaining: times, body: body))
            }
            return $0.lastId
        }
    }

    func remove(_ id: UInt64) { state.withLock { $0.entries.removeAll { $0.id == id } } }
    func uses(of id: UInt64) -> Int { state.withLock { $0.counts[id]?.uses ?? 0 } }
    func calls(of id: UInt64) -> Int { state.withLock { $0.counts[id]?.calls ?? 0 } }

    /// Whether a hook wants to see requests of that API.
    func wants(_ api: APIKey) -> Bool {
        state.withLock { state in
            !state.entries.isEmpty && state.entries.contains { $0.api == nil || $0.api == api }
        }
    }

    /// What becomes of a request.
    func decide(_ request: KafkaBroker.HookedRequest) -> KafkaBroker.Verdict {
        // The closures run outside of the lock: they may set and take away hooks.
        let asked = state.withLock { state in
            state.entries.filter { $0.api == nil || $0.api == request.api }
        }
        for entry in asked {
            let isThere = state.withLock { state in
                guard state.entries.contains(where: { $0.id == entry.id }) else { return false }
                state.counts[entry.id]?.calls += 1
                return true
            }
            guard isThere else { continue }
            let verdict = entry.body(request)
            if case .pass = verdict { continue }
            used(entry.id)
            return verdict
        }
        return .pass
    }

    private func used(_ id: UInt64) {
        state.withLock { state in
            state.counts[id]?.uses += 1
            guard let index = state.entries.firstIndex(where: { $0.id == id }),
                let remaining = state.entries[index].remaining
            else { return }
            if remaining <= 1 {
                state.entries.remove(at: index)
            } else {
                state.entries[index].remaining = remaining - 1
            }
        }
    }
}
