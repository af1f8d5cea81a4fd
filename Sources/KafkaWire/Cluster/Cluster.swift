import Logging

/// A cluster as one client sees it: connections by broker and use, topics and leaders, coordinators. An actor on the
/// client's loop; requests go through it to the broker that has to answer them.
package actor Cluster {
    package nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    package nonisolated let configuration: ClientConfiguration
    package nonisolated let observation: Observation
    /// What its versions are held to.
    let pin: VersionPin?
    /// What all connections have in common of TLS and SASL.
    let security: ConnectionSecurity

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

    package internal(set) var metadata = ClusterMetadata()
    /// The bootstrap servers as the configuration names them, and by the names that the system has for their addresses,
    /// where those are wanted and were found.
    let namedBootstrap: [BrokerAddress]
    var canonicalBootstrap: [BrokerAddress]?
    var links: [Key: Link] = [:]
    var opening: [Key: Opening] = [:]
    private(set) var coordinators: [Target: BrokerID] = [:]
    /// Where they are, as they were told of: metadata may be older.
    private(set) var coordinatorAddresses: [Target: BrokerAddress] = [:]
    private var refreshing: [MetadataQuestion: Task<Result<Void, KafkaError>, Never>] = [:]
    var lookOrder = LookOrder()
    var reconnects: Reconnects
    var identities = Identities()
    var contradictions = Contradictions()
    var attempts: MetadataAttempts
    /// How often the client has begun with its bootstrap servers anew.
    var rebootstraps = 0
    /// When brokers' addresses may be asked for next, since one could not be reached.
    var nextAddressLook = Instant(nanoseconds: 0)
    private(set) var isClosed = false
    var throttling = Throttling()
    /// What ends the waiting of those whom a broker holds back.
    var resting: [Int: Arrival<Result<Void, CancellationError>>] = [:]
    var lastRest = 0

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
        observation = configuration.observation
        let logger = configuration.logger
        security = try ConnectionSecurity(configuration.security) { logger.warning("\($0)") }
        if let limits = configuration.versions { pin = try VersionPin(limits) } else { pin = nil }
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
        namedBootstrap = addresses
        attempts = MetadataAttempts(configuration.recovery)
        reconnects = Reconnects(
            configuration.connections, setUp: configuration.connectTimeout, seed: loop.random())
    }

    /// A cluster on the configuration's loop.
    package init(_ configuration: ClientConfiguration) throws(KafkaError) {
        try self.init(configuration, loop: try configuration.loopToUse())
    }

    /// Closes all connections; what waits fails.
    package func close() async {
        if !isClosed { tell(.closed) }
        isClosed = true
        for (_, arrival) in resting.inOrder { arrival.give(.success(())) }
        for connection in takeConnections() { await connection.close() }
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
        let answer: Answer<R.Response>
        do throws(WireError) {
            let response = try Self.decode(R.Response.self, frame, version)
            if let time = (response as? any ThrottledResponse)?.throttleTime(version) {
                await throttled(link, R.api, for: time)
            }
            answer = Answer(response: response, version: version, broker: name)
        } catch {
            await link.connection.close()
            throw .wire(error, broker: name, api: R.api)
        }
        if R.api == .metadata, let metadata = answer.response as? MetadataResponse {
            try await accept(metadata, of: link.address, by: name)
        }
        return answer
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
        if attempts.asks(now: loop.now) { rebootstrap(because: "no broker has told of the cluster for long") }
        let before = rebootstraps
        let outcome = await askOnce(question)
        // What made the client begin anew is no failure: it is asked of those that it begins with.
        guard rebootstraps != before, case .failure = outcome else { return outcome }
        return await askOnce(question)
    }

    private func askOnce(_ question: MetadataQuestion) async -> Result<Void, KafkaError> {
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
            attempts.worked()
            learn { $0.update(answer.response, all: question.topics == nil) }
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
        default: throw .refused(topic.error, "could not look up topic \(name)", api: .metadata, topic: name)
        }
    }

    /// Takes over a leader that a broker has pointed to (KIP-951). Says whether that was news.
    @discardableResult
    package func setLeader(of partition: TopicPartition, _ leader: BrokerID, epoch: LeaderEpoch) -> Bool {
        var isNews = false
        learn([partition]) { isNews = $0.setLeader(of: partition, leader, epoch: epoch) }
        return isNews
    }

    /// Takes over where a broker is reached, which another one has told.
    package func setAddress(of broker: BrokerID, host: String, port: Int32) {
        metadata.setAddress(of: broker, host: host, port: port)
    }

    // MARK: - Coordinators

    /// Takes over who coordinates, and where that is.
    func setCoordinator(of target: Target, _ id: BrokerID, host: String, port: Int32) {
        setAddress(of: id, host: host, port: port)
        if coordinators[target] != id { tell(.coordinatorFound(of: target.name, broker: id)) }
        coordinators[target] = id
        coordinatorAddresses[target] = metadata.brokers[id]
    }

    /// Forgets who is in the cluster, and who coordinates what; topics stay, for the case that it is the same one.
    func forgetBrokers() {
        metadata.forgetBrokers()
        coordinators = [:]
        coordinatorAddresses = [:]
    }

    /// Forgets who coordinates: it has moved or is gone.
    package func forgetCoordinator(_ target: Target) {
        if coordinators[target] != nil { tell(.coordinatorLost(of: target.name)) }
        coordinators[target] = nil
        if let address = coordinatorAddresses.removeValue(forKey: target) { contradicted(by: address) }
    }
}
