/// Looks at a cluster and changes it: topics, configurations, groups, offsets, access, transactions, brokers.
///
/// ```swift
/// let admin = try KafkaAdmin(.init(bootstrapServers: ["localhost:9092"]))
/// _ = try await admin.createTopics([.init("orders", partitions: 4)]).get()
/// for (topic, result) in await admin.describeTopics(["orders", "payments"]) { print(topic, result) }
/// await admin.close()
/// ```
///
/// What concerns several items gives a ``Results``: each item has worked or has its own error. Requests go to the broker
/// that an item belongs to (the controller, a partition's leader, a group's coordinator), to several in parallel, and
/// again where an error may pass, after the client has looked who it is now. The whole call takes
/// ``ClientConfiguration/apiTimeout`` at most, one request ``ClientConfiguration/requestTimeout``. Items that a broker
/// does not know are asked about three times, as brokers hear of new topics one after the other. A broker that is too
/// old for a call gives ``KafkaError/Code/unsupportedVersion``, with the release that has it.
public final class KafkaAdmin: Sendable {
    let cluster: Cluster

    /// What became of each item.
    public typealias Results<Item: Hashable & Sendable, Value> = [Item: Result<Value, KafkaError>]

    /// What all brokers had to tell, put together; and which of them could not.
    public struct Gathered<Element: Sendable>: Sendable {
        /// What the brokers told.
        public var elements: [Element]
        /// Why the others did not.
        public var failures: [BrokerID: KafkaError]

        /// The elements, if every broker has answered; else throws the first error.
        public func get() throws(KafkaError) -> [Element] {
            if let failure = failures.min(by: { $0.key < $1.key }) { throw failure.value }
            return elements
        }
    }

    /// An admin client. Throws when the configuration makes no sense; connects when it is first used.
    public init(_ configuration: ClientConfiguration) throws(KafkaError) { cluster = try Cluster(configuration) }

    deinit {
        let cluster = cluster
        Task { await cluster.close() }
    }

    /// Connects to one of the bootstrap servers, so that one that cannot be reached is known at once: each is tried once,
    /// for ``ClientConfiguration/connectTimeout`` at most. Calls connect by themselves; they go on trying.
    public func connect() async throws(KafkaError) { _ = try await cluster.link(to: .any, .general) }

    /// Closes the connections.
    public func close() async { await cluster.close() }

    /// What this client has done since it was made: connections, requests, tries. All is zero where
    /// ``ClientConfiguration/keepsMetrics`` is off.
    public func metrics() -> ClientMetrics { cluster.observation.counters?.metrics ?? ClientMetrics() }

    /// The loop that the client is on.
    package var loop: any EventLoop { cluster.loop }

    // MARK: - For all calls

    /// How long a broker may wait before it answers that it is not done.
    var timeout: Milliseconds { Milliseconds(cluster.configuration.requestTimeout) }

    /// A call about nothing in particular. `value` is what its answer says; `whole` its error, where it has one.
    @_semantics("optimize.sil.specialize.generic.never")
    func one<R: WireRequest, Value: Sendable>(
        _ what: String, at target: Cluster.Target, final: Set<ErrorCode> = [],
        _ build: @escaping @Sendable (Int16) throws(KafkaError) -> R,
        whole: @escaping @Sendable (R.Response) -> (ErrorCode, String?) = { _ in (.none, nil) },
        value: @escaping @Sendable (R.Response) -> Value
    ) async throws(KafkaError) -> Value {
        let call = AdminCall<Whole, R, Value>(
            what: what, route: .all(target), subject: { _ in .none }, final: final,
            build: { _, version throws(KafkaError) in try build(version) }, whole: whole,
            read: { response, _, _ in [AdminReply(.it, .none, nil, value(response))] })
        guard let outcome = await cluster.perform(call, about: [.it])[.it] else {
            throw KafkaError(.malformedResponse, "could not \(what): there was no answer", api: R.api)
        }
        return try outcome.get()
    }

    /// The brokers of the cluster at present.
    func brokers() async throws(KafkaError) -> [BrokerID] {
        try await one("look for the brokers", at: .any) { version in
            // Version 0 has no way to ask for no topic.
            MetadataRequest.with {
                $0.topics = []
                if version >= 4 { $0.allowAutoTopicCreation = false }
            }
        } whole: {
            ($0.errorCode, nil)
        } value: {
            $0.brokers.map(\.nodeId).sorted()
        }
    }

    /// Asks every broker, and puts together what they say.
    @_semantics("optimize.sil.specialize.generic.never")
    func gather<R: WireRequest, Element: Sendable>(
        _ what: String, _ build: @escaping @Sendable (Int16) throws(KafkaError) -> R,
        whole: @escaping @Sendable (R.Response) -> (ErrorCode, String?),
        elements: @escaping @Sendable (R.Response, BrokerID) -> [Element]
    ) async throws(KafkaError) -> Gathered<Element> {
        let call = AdminCall<BrokerID, R, [Element]>(
            what: what, route: .each { .broker($0) }, subject: { .other("at broker \($0)") },
            build: { _, version throws(KafkaError) in try build(version) }, whole: whole,
            read: { response, brokers, _ in brokers.map { AdminReply($0, .none, nil, elements(response, $0)) } })
        var gathered = Gathered<Element>(elements: [], failures: [:])
        for (broker, outcome) in await cluster.perform(call, about: try await brokers()).sorted(by: { $0.key < $1.key })
        {
            switch outcome {
            case .success(let elements): gathered.elements += elements
            case .failure(let error): gathered.failures[broker] = error
            }
        }
        return gathered
    }
}

extension Dictionary {
    /// The values, if every item has worked; else throws the error of one that has not.
    public func get<Success>() throws(KafkaError) -> [Key: Success] where Value == Result<Success, KafkaError> {
        var values: [Key: Success] = [:]
        for (key, result) in self {
            guard case .success(let value) = result else { continue }
            values[key] = value
        }
        // Of several errors always the same one.
        if values.count < count, let first = failures().min(by: { "\($0.key)" < "\($1.key)" }) { throw first.value }
        return values
    }

    /// The errors of the items that have not worked.
    public func failures<Success>() -> [Key: KafkaError] where Value == Result<Success, KafkaError> {
        compactMapValues { if case .failure(let error) = $0 { error } else { nil } }
    }
}
