import KafkaWire

extension KafkaBroker {
    /// A request that a hook looks at; see ``BrokerHookedRequest``.
    public typealias HookedRequest = BrokerHookedRequest
    /// What becomes of a request that a hook has looked at; see ``BrokerVerdict``.
    public typealias Verdict = BrokerVerdict

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
    /// Hooks are asked in the order in which they were set; the first that does not ``BrokerVerdict/pass`` decides. They
    /// run on the broker's thread, one request at a time: whatever takes long there holds up every connection.
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
