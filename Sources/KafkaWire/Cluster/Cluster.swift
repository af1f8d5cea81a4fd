import Logging

/// A cluster as one client sees it: connections by broker and use, topics and leaders, coordinators. An actor on the
/// client's loop; requests go through it to the broker that has to answer them.
package actor Cluster {
    package nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    package nonisolated let configuration: ClientConfiguration

    /// Which connection a request uses. A broker works through a connection's requests one at a time, so that what may
    /// wait there must not stand in front of what may not.
    package enum Use: Hashable, Sendable { case general, produce, fetch, group, join }

    /// Which broker has to answer.
    package enum Target: Hashable, Sendable {
        case any
        case controller
        case broker(BrokerID)
        case coordinator(group: String)
        case transactionCoordinator(id: String)
    }

    struct Key: Hashable {
        var address: BrokerAddress
        var use: Use

        var place: Throttling.Place { Throttling.Place(broker: address, isGroup: use == .group) }
    }

    struct Link {
        var address: BrokerAddress
        var connection: BrokerConnection
        var versions: VersionTable
        var place: Throttling.Place
    }

    private struct Opening {
        var connection: BrokerConnection
        var task: Task<Result<Link, KafkaError>, Never>
    }

    package private(set) var metadata = ClusterMetadata()
    private let bootstrap: [BrokerAddress]
    private var links: [Key: Link] = [:]
    private var opening: [Key: Opening] = [:]
    private(set) var coordinators: [Target: BrokerID] = [:]
    /// Where they are, as they were told of: metadata may be older.
    private var coordinatorAddresses: [Target: BrokerAddress] = [:]
    private var refreshing: [MetadataQuestion: Task<Result<Void, KafkaError>, Never>] = [:]
    private var lookOrder = LookOrder()
    /// When brokers' addresses may be asked for next, since one could not be reached.
    private var nextAddressLook = Instant(nanoseconds: 0)
    private(set) var isClosed = false
    var throttling = Throttling()

    private struct MetadataQuestion: Hashable {
        var topics: Set<String>?
        var mayCreate: Bool

        /// What ``LookOrder`` knows it by.
        var name: String { "topics \(topics?.sorted().joined(separator: ",") ?? "*")" }
    }

    /// A cluster behind the bootstrap servers of the configuration. Connects when it is first used.
    package init(_ configuration: ClientConfiguration, loop: any EventLoop) throws(KafkaError) {
        self.configuration = configuration
        self.loop = loop
        var addresses: [BrokerAddress] = []
        for servers in configuration.bootstrapServers {
            for server in servers.split(separator: ",") {
                addresses.append(try BrokerAddress(String(server.drop { $0 == " " })))
            }
        }
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
        let open = links.map { ($0.key, $0.value.connection) } + opening.map { ($0.key, $0.value.connection) }
        links = [:]
        for (_, connection) in open.sorted(by: { "\($0.0)" < "\($1.0)" }) { await connection.close() }
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
        try await exchange(
            R.self, over: try await link(to: target, use), atMost: atMost, exactly: exactly, timeout: timeout,
            onQueued: onQueued, build)
    }

    nonisolated func exchange<R: WireRequest>(
        _: R.Type, over link: Link, atMost: Int16 = .max, exactly: Int16? = nil, timeout: Duration? = nil,
        onQueued: @Sendable () -> Void = {}, _ build: @Sendable (Int16) throws(KafkaError) -> R
    ) async throws(KafkaError) -> Answer<R.Response> {
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
        let frame: Bytes
        do {
            frame = try await link.connection.exchange(
                request, version: version, deadline: deadline, onQueued: onQueued)
        } catch {
            if error.isOfReaching || error.code == .timedOut {
                await note { $0.failed(link.address, now: self.loop.now) }
            }
            throw error
        }
        do throws(WireError) {
            let response = try Self.decode(R.Response.self, frame, version)
            if let time = (response as? any ThrottledResponse)?.throttleTime(version) {
                await throttled(link, R.api, for: time)
            }
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
            return try await link(address, of: id, use)
        case .controller:
            if metadata.controllerId < 0 { try await refresh([]) }
            guard metadata.controllerId >= 0 else { return try await anyLink(use) }
            return try await link(to: .broker(metadata.controllerId), use)
        case .coordinator, .transactionCoordinator:
            let id = try await coordinator(target)
            guard let address = coordinatorAddresses[target] else { return try await link(to: .broker(id), use) }
            do throws(KafkaError) { return try await link(address, of: id, use) } catch {
                forgetCoordinator(target)
                throw error
            }
        }
    }

    /// A connection to a broker where the cluster says that it is.
    private func link(_ address: BrokerAddress, of id: BrokerID, _ use: Use) async throws(KafkaError) -> Link {
        do throws(KafkaError) { return try await link(address, use) } catch {
            guard error.code != .closed else { throw error }
            // It may have another address by now: whoever tries again finds out.
            if loop.now >= nextAddressLook {
                nextAddressLook = loop.now + .seconds(2)
                Task { try? await self.refresh([]) }
            }
            guard !bootstrap.contains(address) else { throw error }
            var error = error
            error.message += "; the cluster itself names this address for broker \(id) (advertised.listeners)"
            throw error
        }
    }

    /// A connection to any broker, in the order of ``LookOrder``; those that throttle this client come last.
    private func anyLink(_ use: Use) async throws(KafkaError) -> Link {
        func isFree(_ address: BrokerAddress) -> Bool {
            throttling.end(of: Key(address: address, use: use).place, now: loop.now) == nil
        }
        var failure: KafkaError?
        var isRetriable = false
        let addresses = candidates(for: "")
        let order = throttling.isEmpty ? addresses : addresses.filter(isFree) + addresses.filter { !isFree($0) }
        for address in order {
            do { return try await link(address, use) } catch {
                failure = error
                isRetriable = isRetriable || error.isRetriable
            }
        }
        guard let failure else { throw KafkaError(.closed, "the client is closed") }
        if order.count == 1 { throw failure }
        throw unreachable(order.count, failure, isRetriable: isRetriable)
    }

    /// Whom to ask what any broker can answer: the brokers known, and the bootstrap servers, the best first.
    func candidates(for question: String) -> [BrokerAddress] {
        var random = loop.randomSource()
        var told: Set<BrokerAddress> = []
        let all = (metadata.brokers.inOrder.map(\.value).shuffled(using: &random) + bootstrap).filter {
            told.insert($0).inserted
        }
        let candidates = all.map { address in
            let link = links[Key(address: address, use: .general)].flatMap { isOpen($0) ? $0 : nil }
            return LookOrder.Candidate(
                address: address, load: link.map { $0.connection.assumeIsolated { $0.load } })
        }
        return lookOrder.order(candidates, about: question, now: loop.now)
    }

    func note(_ change: @Sendable (inout LookOrder) -> Void) { change(&lookOrder) }

    func link(_ address: BrokerAddress, _ use: Use) async throws(KafkaError) -> Link {
        let key = Key(address: address, use: use)
        if !throttling.isEmpty { try await waitUntilFree(key) }
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
                let versions = try await connection.open(timeout: timeout)
                return .success(
                    Link(address: address, connection: connection, versions: versions, place: key.place))
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
            if let time = link.versions.throttleTime {
                await throttled(link, .apiVersions, for: time)
                try await waitUntilFree(key)
            }
        } else {
            lookOrder.failed(address, now: loop.now)
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
            let answer = try await look(MetadataRequest.self, question.name) { version throws(KafkaError) in
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

    /// Takes over where a broker is reached, which another one has told.
    package func setAddress(of broker: BrokerID, host: String, port: Int32) {
        metadata.setAddress(of: broker, host: host, port: port)
    }

    // MARK: - Coordinators

    /// Takes over who coordinates, and where that is.
    func setCoordinator(of target: Target, _ id: BrokerID, host: String, port: Int32) {
        setAddress(of: id, host: host, port: port)
        coordinators[target] = id
        coordinatorAddresses[target] = metadata.brokers[id]
    }

    /// Forgets who coordinates: it has moved or is gone.
    package func forgetCoordinator(_ target: Target) {
        coordinators[target] = nil
        coordinatorAddresses[target] = nil
    }
}
