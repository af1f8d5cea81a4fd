import Logging

/// A cluster as one client sees it: connections by broker and use, topics and leaders, coordinators. An actor on the
/// client's loop; requests go through it to the broker that has to answer them.
package actor Cluster {
    package nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    package nonisolated let configuration: ClientConfiguration

    /// Which connection a request uses. A broker works through a connection's requests one at a time, so that what may
    /// wait there must not stand in front of what may not.
    package enum Use: Hashable, Sendable { case general, produce, fetch, group }

    /// Which broker has to answer.
    package enum Target: Hashable, Sendable {
        case any
        case controller
        case broker(BrokerID)
        case coordinator(group: String)
        case transactionCoordinator(id: String)
    }

    private struct Key: Hashable {
        var address: BrokerAddress
        var use: Use
    }

    struct Link {
        var connection: BrokerConnection
        var versions: VersionTable
    }

    private struct Opening {
        var connection: BrokerConnection
        var task: Task<Result<Link, KafkaError>, Never>
    }

    package private(set) var metadata = ClusterMetadata()
    private let bootstrap: [BrokerAddress]
    private var links: [Key: Link] = [:]
    private var opening: [Key: Opening] = [:]
    var coordinators: [Target: BrokerID] = [:]
    private var refreshing: [MetadataQuestion: Task<Result<Void, KafkaError>, Never>] = [:]
    private var isClosed = false

    private struct MetadataQuestion: Hashable {
        var topics: Set<String>?
        var mayCreate: Bool
    }

    /// A cluster behind the bootstrap servers of the configuration. Connects when it is first used.
    package init(_ configuration: ClientConfiguration, loop: any EventLoop) throws(KafkaError) {
        self.configuration = configuration
        self.loop = loop
        var addresses: [BrokerAddress] = []
        for server in configuration.bootstrapServers { addresses.append(try BrokerAddress(server)) }
        guard !addresses.isEmpty else {
            throw KafkaError(
                .invalidConfiguration, "no broker is named; set at least one host:port", setting: "bootstrap.servers")
        }
        bootstrap = addresses
    }

    /// A cluster on the configuration's loop.
    package init(_ configuration: ClientConfiguration) throws(KafkaError) {
        try self.init(configuration, loop: try configuration.loopToUse())
    }

    /// Closes all connections; what waits fails.
    package func close() async {
        isClosed = true
        let open = links.values.map(\.connection) + opening.values.map(\.connection)
        links = [:]
        for connection in open { await connection.close() }
    }

    // MARK: - Requests

    /// Sends a request once and decodes its answer, in the caller's task. `build` gets the version that was agreed on,
    /// or `exactly` that one.
    /// Errors inside the answer are the caller's matter.
    ///
    /// One form serves all requests, as one of ``perform(_:about:)`` does.
    @_semantics("optimize.sil.specialize.generic.never")
    package nonisolated func send<R: WireRequest>(
        _: R.Type = R.self, to target: Target, use: Use = .general, atMost: Int16 = .max, exactly: Int16? = nil,
        timeout: Duration? = nil, onQueued: @Sendable () -> Void = {},
        _ build: @Sendable (Int16) throws(KafkaError) -> R
    ) async throws(KafkaError) -> Answer<R.Response> {
        let link = try await link(to: target, use)
        let name = link.connection.name
        let version: Int16
        if let exactly {
            try link.versions.check(R.self, exactly, broker: name)
            version = exactly
        } else {
            version = try link.versions.negotiate(R.self, atMost: atMost, broker: name)
        }
        let request = try build(version)
        let deadline = loop.now + (timeout ?? configuration.requestTimeout)
        let frame = try await link.connection.exchange(
            request, version: version, deadline: deadline, onQueued: onQueued)
        do throws(WireError) {
            let response = try Self.decode(R.Response.self, frame, version)
            return Answer(response: response, version: version, broker: name)
        } catch {
            await link.connection.close()
            throw .wire(error, broker: name, api: R.api)
        }
    }

    /// Bytes behind an answer's end are passed over, as the Java client does: librdkafka's mock cluster sends one more
    /// than Metadata 13 has.
    static func decode<M: WireMessage>(
        _ type: M.Type, _ frame: Bytes, _ version: Int16
    ) throws(WireError) -> M {
        do throws(WireError) {
            return try Frame.decodeResponse(type, frame, version: version)
        } catch {
            guard case .trailing(let count) = error.reason, (1..<frame.count).contains(count) else { throw error }
            return try Frame.decodeResponse(type, frame[0..<frame.count - count], version: version)
        }
    }

    /// An answer, and who gave it.
    package struct Answer<R: Sendable>: Sendable {
        package var response: R
        package var version: Int16
        package var broker: String
    }

    /// Sends a request that gets no answer.
    package nonisolated func sendOneWay<R: WireRequest>(
        to target: Target, use: Use, atMost: Int16 = .max, _ build: @Sendable (Int16) throws(KafkaError) -> R
    ) async throws(KafkaError) {
        let link = try await link(to: target, use)
        let version = try link.versions.negotiate(R.self, atMost: atMost, broker: link.connection.name)
        let deadline = loop.now + configuration.requestTimeout
        try await link.connection.sendOneWay(try build(version), version: version, deadline: deadline)
    }

    /// Calls `attempt` until it works, fails for good, or the time for the whole call is up. Between tries it pauses,
    /// and refreshes what the error says is stale.
    package nonisolated(nonsending) func retrying<R: Sendable>(
        for time: Duration? = nil, _ what: String, _ attempt: () async throws(KafkaError) -> R
    ) async throws(KafkaError) -> R {
        let deadline = loop.now + (time ?? configuration.apiTimeout)
        var backoff = Backoff(configuration, seed: loop.random())
        while true {
            do {
                return try await attempt()
            } catch {
                guard error.isRetriable else { throw error }
                let pause = backoff.next()
                guard loop.now + pause < deadline else {
                    throw KafkaError(
                        .timedOut, "could not \(what) in time; the last error was: \(error.message)",
                        broker: error.broker, api: error.api, topic: error.topic, partition: error.partition)
                }
                do { try await loop.sleep(for: pause) } catch {
                    throw KafkaError(.cancelled, "could not \(what): the task was cancelled")
                }
            }
        }
    }

    // MARK: - Connections

    func link(to target: Target, _ use: Use) async throws(KafkaError) -> Link {
        switch target {
        case .any: return try await anyLink(use)
        case .broker(let id):
            if metadata.brokers[id] == nil { try await refresh([]) }
            guard let address = metadata.brokers[id] else {
                throw KafkaError(
                    .connectionFailed, "the cluster has no broker \(id) at present", isRetriable: true)
            }
            do throws(KafkaError) { return try await link(address, use) } catch {
                guard !bootstrap.contains(address), error.code != .closed else { throw error }
                var error = error
                error.message += "; the cluster itself names this address for broker \(id) (advertised.listeners)"
                throw error
            }
        case .controller:
            if metadata.controllerId < 0 { try await refresh([]) }
            guard metadata.controllerId >= 0 else { return try await anyLink(use) }
            return try await link(to: .broker(metadata.controllerId), use)
        case .coordinator, .transactionCoordinator:
            return try await link(to: .broker(try await coordinator(target)), use)
        }
    }

    /// A connection to any broker: one that is open, else the brokers known, else the bootstrap servers.
    private func anyLink(_ use: Use) async throws(KafkaError) -> Link {
        for (key, link) in links where key.use == use && isOpen(link) { return link }
        var failure: KafkaError?
        var isRetriable = false
        var tried: Set<BrokerAddress> = []
        var random = loop.randomSource()
        for address in metadata.brokers.values.shuffled(using: &random) + bootstrap where tried.insert(address).inserted
        {
            do { return try await link(address, use) } catch {
                failure = error
                isRetriable = isRetriable || error.isRetriable
            }
        }
        guard let failure else { throw KafkaError(.closed, "the client is closed") }
        if tried.count == 1 { throw failure }
        throw KafkaError(
            failure.code, "none of \(tried.count) brokers can be reached; the last error was: \(failure.message)",
            broker: failure.broker, setting: "bootstrap.servers", isRetriable: isRetriable)
    }

    private func link(_ address: BrokerAddress, _ use: Use) async throws(KafkaError) -> Link {
        let key = Key(address: address, use: use)
        guard !isClosed else { throw KafkaError(.closed, "the client is closed") }
        if let link = links[key] {
            if isOpen(link) { return link }
            links[key] = nil
        }
        // From here to the entry in `opening` nothing suspends: two connections would be one too many.
        if let opening = opening[key] { return try await opening.task.value.get() }
        let connection = BrokerConnection(
            host: address.host, port: address.port, clientId: configuration.clientId, loop: loop,
            logger: configuration.logger)
        let timeout = configuration.connectTimeout
        let task = Task<Result<Link, KafkaError>, Never> {
            do throws(KafkaError) {
                return .success(Link(connection: connection, versions: try await connection.open(timeout: timeout)))
            } catch {
                await connection.close()
                return .failure(error)
            }
        }
        opening[key] = Opening(connection: connection, task: task)
        let outcome = await task.value
        opening[key] = nil
        if case .success(let link) = outcome {
            if isClosed { await connection.close() } else { links[key] = link }
        }
        return try outcome.get()
    }

    /// Connections live on this actor's loop, so that this needs no waiting.
    private func isOpen(_ link: Link) -> Bool { link.connection.assumeIsolated { $0.isOpen } }

    // MARK: - Topics and leaders

    /// Asks for topics and leaders: the named ones, or all with nil. `mayCreate` lets the broker create what is missing,
    /// where its configuration allows it (`auto.create.topics.enable`).
    package func refresh(_ topics: [String]?, mayCreate: Bool = false) async throws(KafkaError) {
        let question = MetadataQuestion(topics: topics.map(Set.init), mayCreate: mayCreate)
        if let task = refreshing[question] { return try await task.value.get() }
        let task = Task { await self.ask(question) }
        refreshing[question] = task
        let outcome = await task.value
        refreshing[question] = nil
        try outcome.get()
    }

    private func ask(_ question: MetadataQuestion) async -> Result<Void, KafkaError> {
        do throws(KafkaError) {
            let answer = try await send(MetadataRequest.self, to: .any) { version throws(KafkaError) in
                MetadataRequest.with {
                    // Version 0 has no null: there, no topics means all of them.
                    $0.topics = question.topics.map { names in
                        names.sorted().map { name in .with { $0.name = name } }
                    }
                    if version == 0, $0.topics == nil { $0.topics = [] }
                    if version >= 4 { $0.allowAutoTopicCreation = question.mayCreate }
                }
            }
            let code = answer.response.errorCode
            guard code == .none else { throw .refused(code, "could not ask for topics", by: answer.broker) }
            metadata.update(answer.response, all: question.topics == nil)
            let told = Set(answer.response.topics.compactMap(\.name))
            if let missing = question.topics?.subtracting(told).min() {
                throw .leftOut("could not look up topic \(missing)", by: answer.broker, api: .metadata, topic: missing)
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// A topic, asked for where it is not known; nil where the cluster has none of that name.
    package func topic(_ name: String, mayCreate: Bool = false) async throws(KafkaError) -> ClusterMetadata.Topic? {
        if let topic = metadata.topics[name], topic.error == .none, !topic.partitions.isEmpty { return topic }
        try await refresh([name], mayCreate: mayCreate)
        guard let topic = metadata.topics[name] else { return nil }
        switch topic.error {
        case .none: return topic
        case .unknownTopicOrPartition where !mayCreate: return nil
        default: throw .refused(topic.error, "could not look up topic \(name)", topic: name)
        }
    }

    /// Takes over a leader that a broker has pointed to (KIP-951).
    package func setLeader(of partition: TopicPartition, _ leader: BrokerID, epoch: LeaderEpoch) {
        metadata.setLeader(of: partition, leader, epoch: epoch)
    }

    // MARK: - Coordinators

    func coordinator(_ target: Target) async throws(KafkaError) -> BrokerID {
        if let known = coordinators[target] { return known }
        let (key, type): (String, Int8)
        switch target {
        case .coordinator(let group): (key, type) = (group, 0)
        case .transactionCoordinator(let id): (key, type) = (id, 1)
        case .any, .controller, .broker: throw KafkaError(.invalidRequest, "\(target) has no coordinator")
        }
        let answer = try await send(FindCoordinatorRequest.self, to: .any) { version throws(KafkaError) in
            FindCoordinatorRequest.with {
                if version >= 4 { $0.coordinatorKeys = [key] } else { $0.key = key }
                if version >= 1 { $0.keyType = type }
            }
        }
        let what = "could not find the coordinator of \(key)"
        var (code, id) = (answer.response.errorCode, answer.response.nodeId)
        if answer.version >= 4 {
            guard let found = answer.response.coordinators.first(where: { $0.key == key }) else {
                throw .leftOut(what, by: answer.broker, api: .findCoordinator)
            }
            (code, id) = (found.errorCode, found.nodeId)
        }
        if code == .none, id < 0 { code = .coordinatorNotAvailable }
        guard code == .none else { throw .refused(code, what, by: answer.broker, api: .findCoordinator) }
        if metadata.brokers[id] == nil { try await refresh([]) }
        coordinators[target] = id
        return id
    }

    /// Forgets who coordinates: it has moved or is gone.
    package func forgetCoordinator(_ target: Target) { coordinators[target] = nil }
}
