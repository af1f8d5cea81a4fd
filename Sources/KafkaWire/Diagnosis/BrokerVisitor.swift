/// Goes to a host and finds out what listens there: the part of an examination that talks with single ports.
struct BrokerVisitor: Sendable {
    let configuration: KafkaDoctor.Configuration
    let loop: any EventLoop
    let prober: SocketProber
    /// What the client opens doors with.
    let doors: ClientDoors

    init(_ configuration: KafkaDoctor.Configuration, doors: ClientDoors, loop: any EventLoop) {
        self.configuration = configuration
        self.doors = doors
        self.loop = loop
        prober = SocketProber(loop: loop)
    }

    private var timeout: Duration { configuration.timeout }

    /// A host with its addresses.
    struct Place: Sendable {
        var facts: HostFacts
        var addresses: [SocketAddress] = []
        /// The first that took a connection.
        var open: SocketAddress?
    }

    /// Looks a host's name up. The path of a Unix socket is none.
    func resolve(_ address: BrokerAddress) async -> Place {
        if let socket = UnixPath.read(address.host).flatMap({ SocketAddress.unix($0) }) {
            return Place(facts: HostFacts(address, .addresses([])), addresses: [socket])
        }
        let start = loop.now
        var outcome = await prober.resolve(address, with: configuration.resolver, within: timeout)
        if case .success(let found) = outcome {
            // What the client does not take (broker.address.family) is of no use to it.
            do throws(NetError) {
                outcome = .success(try configuration.client.connections.addressFamily.taken(found, of: address.host))
            } catch {
                outcome = .failure(error)
            }
        }
        let time = loop.now - start
        var place: Place
        switch outcome {
        case .success(let addresses):
            place = Place(facts: HostFacts(address, .addresses([])), addresses: addresses)
        case .failure(let error):
            let isLate = error.cause == .noAnswer
            place = Place(facts: HostFacts(address, isLate ? .noAnswer(time) : .unresolved(error.words)))
        }
        place.facts.resolveTime = time
        return place
    }

    /// Connects to all addresses of a host, side by side.
    func connect(_ place: Place) async -> Place {
        guard case .addresses = place.facts.resolution else { return place }
        var place = place
        let outcomes = await concurrently(place.addresses) { await prober.connect(to: $0, within: timeout) }
        place.facts.resolution = .addresses(
            zip(place.addresses, outcomes).map { address, outcome in
                HostFacts.Attempt("\(address)", isLoopback: address.isLoopback || address.path != nil, outcome)
            })
        place.open = zip(place.addresses, outcomes).first { $0.1.isConnected }?.0
        return place
    }

    /// A port that takes connections, and the name that it was found by.
    struct Port: Sendable {
        var address: SocketAddress
        var name: BrokerAddress
    }

    /// All of it: the name, the connection, and what is said. `expected` is the broker that should be there.
    func visit(_ address: BrokerAddress, expecting expected: BrokerID? = nil) async -> Visit {
        let place = await connect(await resolve(address))
        guard let open = place.open else { return Visit(place.facts) }
        let port = Port(address: open, name: address)
        return await talk(with: port, await secure(Visit(place.facts), port), expecting: expected)
    }

    // MARK: - TLS

    /// Agrees on TLS as the client is set, and looks what is there where it cannot. Nothing where the client speaks none.
    func secure(_ visit: Visit, _ port: Port) async -> Visit {
        guard let tls = doors.security.tls else { return visit }
        var visit = visit
        let question = PeerProtocol.Question.kafka.bytes(host: port.name.host)
        let answer = await prober.secure(port.address, for: port.name, with: tls, saying: question, within: timeout)
        var facts = TLSFacts(host: port.name.host)
        (facts.details, facts.chain) = (answer.details, answer.chain)
        (facts.failure, facts.said) = (answer.failure, answer.said)
        visit.tls = facts
        guard let failure = answer.failure else {
            if let peer = PeerProtocol(said: facts.said), peer != .kafka { visit.contact = .other(peer) }
            return visit
        }
        if failure.reason.isOfOtherProtocol {
            let contact = await plainly(port)
            // One that speaks TLS after all has a reason of its own.
            if contact != .other(.tls) {
                visit.contact = contact
                return visit
            }
        }
        if facts.chain.isEmpty { visit.tls?.chain = await certificates(port) }
        let isOutOfDate = visit.tls?.chain.first?.isOutOfDate(loop.wallMilliseconds / 1000) ?? false
        if failure.reason.isOfDates || isOutOfDate { visit.tls?.clock = await clock(port) }
        return visit
    }

    /// What the port's clock says, asked under TLS that believes everybody: a question with nothing secret in it, and an
    /// answer that is told as what it is. Nil where it takes a login, or more rights, to ask.
    private func clock(_ port: Port) async -> ClockJudgement.Facts.Reading? {
        guard let credulous = doors.credulous, !doors.own.securityProtocol.hasSASL else { return nil }
        let connection = connection(to: port, ConnectionSecurity(tls: credulous, sasl: nil))
        let earliest = loop.wallMilliseconds
        var answer: DescribeQuorumResponse?
        if let table = try? await connection.open(timeout: min(timeout, .seconds(2))),
            let version = try? table.negotiate(DescribeQuorumRequest.self, broker: connection.name)
        {
            answer = try? await ask(connection, DescribeQuorumRequest.ofMetadata, version)
        }
        await connection.close()
        guard let partition = answer?.topics.first?.partitions.first, partition.errorCode == .none,
            let leader = partition.currentVoters.first(where: { $0.replicaId == partition.leaderId }),
            leader.lastFetchTimestamp > 0
        else { return nil }
        // The coarse clock is a tick behind.
        return .init(
            broker: leader.replicaId, earliest: earliest, latest: loop.wallMilliseconds + 5,
            time: leader.lastFetchTimestamp)
    }

    /// The certificates of a port, believed or not.
    private func certificates(_ port: Port) async -> [CertificateSummary] {
        guard let credulous = doors.credulous else { return [] }
        let limit = min(timeout, .seconds(2))
        return await prober.secure(port.address, for: port.name, with: credulous, saying: [], within: limit).chain
    }

    /// What a port is that a client with TLS gets no further with.
    private func plainly(_ port: Port) async -> Contact {
        let contact = await contact(port, ConnectionSecurity())
        guard case .kafka(var broker) = contact else { return contact }
        if case .wantsSASL = broker.access {
            broker.access = .plain(wantsSASL: true)
        } else {
            broker.access = .plain(wantsSASL: false)
        }
        return .kafka(broker)
    }

    // MARK: - Kafka

    /// Goes on with a port as far as a client gets.
    func talk(with port: Port, _ visit: Visit, expecting expected: BrokerID? = nil) async -> Visit {
        guard visit.contact == nil, visit.tls?.failure == nil else { return visit }
        var visit = visit
        visit.contact = await contact(port, doors.security, expecting: expected)
        if visit.contact == .other(.tls), visit.tls == nil {
            visit.tls = TLSFacts(host: port.name.host)
            visit.tls?.chain = await certificates(port)
        }
        return visit
    }

    /// Talks with what listens at an address as a client does.
    private func contact(
        _ port: Port, _ security: ConnectionSecurity, expecting expected: BrokerID? = nil
    ) async -> Contact {
        let connection = connection(to: port, security)
        let table: VersionTable
        do throws(KafkaError) { table = try await connection.open(timeout: timeout) } catch {
            await connection.close()
            if let access = await refusal(error, port, security) {
                return await stranger(port, access, ConnectionSecurity(tls: security.tls, sasl: nil))
            }
            return await identify(port, security, after: error)
        }
        var broker = await greet(connection, table)
        if let mechanism = security.sasl {
            broker.login = LoginFacts(mechanism: mechanism.name, lifetime: await connection.session.lifetime)
        }
        broker.access = await access(connection, table, port, security)
        if case .open = broker.access, let expected {
            (broker.settings, broker.saysItIs) = await settings(connection, table, of: expected)
        }
        await connection.close()
        return .kafka(broker)
    }

    /// What a broker tells to everybody, where it does not take the client for who it says it is.
    private func stranger(
        _ port: Port, _ access: BrokerContact.Access, _ security: ConnectionSecurity
    ) async -> Contact {
        let connection = connection(to: port, security)
        var broker = BrokerContact(access: access)
        if let table = try? await connection.open(timeout: timeout) {
            broker = await greet(connection, table)
            broker.access = access
        }
        await connection.close()
        return .kafka(broker)
    }

    /// Asks for the versions: what a broker speaks, and how fast.
    private func greet(_ connection: BrokerConnection, _ table: VersionTable) async -> BrokerContact {
        var broker = BrokerContact(access: .fails("it was not asked"))
        var shortest: Duration?
        // The table as it stands: the one that clients use has been put right for the mock cluster. Three times, as the
        // first may have waited for something else.
        let limit = API.of(.apiVersions)?.latestStable ?? 0
        let version = min(limit, table[.apiVersions]?.upperBound ?? 0)
        for _ in 0..<3 {
            let start = loop.now
            guard
                let answer = try? await ask(
                    connection,
                    ApiVersionsRequest.with {
                        $0.clientSoftwareName = "kafkawire"; $0.clientSoftwareVersion = kafkaWireVersion
                    },
                    version)
            else { break }
            shortest = min(shortest ?? .seconds(3600), loop.now - start)
            broker.versions = [:]
            for api in answer.apiKeys where api.minVersion <= api.maxVersion {
                broker.versions[APIKey(rawValue: api.apiKey)] = api.minVersion...api.maxVersion
            }
        }
        broker.roundTrip = shortest ?? .zero
        if broker.versions.isEmpty { for api in API.all { broker.versions[api.key] = table[api.key] } }
        return broker
    }

    private func connection(to port: Port, _ security: ConnectionSecurity) -> BrokerConnection {
        var options = configuration.client.connections
        // Where there is a way without the client's own, that is the one that was found.
        options.dialer = FoundAddresses(found: [port.name: port.address])
        return BrokerConnection(
            host: port.name.host, port: port.name.port, clientId: configuration.client.clientId, loop: loop, watch: nil,
            options: options, security: security, pin: nil, onClose: nil)
    }

    @_semantics("optimize.sil.specialize.generic.never")
    private func ask<R: WireRequest>(
        _ connection: BrokerConnection, _ request: R, _ version: Int16
    ) async throws(KafkaError) -> R.Response {
        let frame = try await connection.exchange(request, version: version, deadline: loop.now + timeout)
        do throws(WireError) { return try Cluster.decode(R.Response.self, frame, version) } catch {
            throw .wire(error, broker: connection.name, api: R.api)
        }
    }

    /// What every client asks next. A broker that wants SASL closes the connection at it.
    private func access(
        _ connection: BrokerConnection, _ table: VersionTable, _ port: Port, _ security: ConnectionSecurity
    ) async -> BrokerContact.Access {
        do throws(KafkaError) {
            let version = try table.negotiate(MetadataRequest.self, broker: connection.name)
            let answer = try await ask(
                connection,
                MetadataRequest.with {
                    $0.topics = []
                    if version >= 4 { $0.allowAutoTopicCreation = false }
                }, version)
            guard answer.errorCode == .none else {
                return .fails("Metadata is answered with \(answer.errorCode.name)")
            }
            var brokers: [BrokerID: BrokerAddress] = [:]
            for broker in answer.brokers {
                guard let port = UInt16(exactly: broker.port) else { continue }
                brokers[broker.nodeId] = BrokerAddress(host: broker.host, port: port)
            }
            return .open(.init(clusterId: answer.clusterId, controller: answer.controllerId, brokers: brokers))
        } catch {
            guard security.sasl == nil, let offered = await mechanisms(port, security) else {
                return .fails(error.message)
            }
            return .wantsSASL(offered)
        }
    }

    /// Why the client could not say who it is, where that is what the error says.
    private func refusal(
        _ error: KafkaError, _ port: Port, _ security: ConnectionSecurity
    ) async -> BrokerContact.Access? {
        guard let mechanism = security.sasl else { return nil }
        switch error.code.broker {
        case .illegalSaslState?: return .wantsNoSASL
        case .unsupportedSaslMechanism?:
            return .lacksMechanism(mechanism.name, offered: await mechanisms(port, security) ?? [])
        case .saslAuthenticationFailed?: return .refusesLogin(error.wordsOfRefusal)
        default: return error.api == .saslAuthenticate ? .loginFails(error.message) : nil
        }
    }

    /// Asks which SASL mechanisms a broker has, by naming one that none has (KIP-43): a listener without SASL answers
    /// ILLEGAL_SASL_STATE. Nil where it is no matter of SASL.
    private func mechanisms(_ port: Port, _ security: ConnectionSecurity) async -> [String]? {
        let connection = connection(to: port, ConnectionSecurity(tls: security.tls, sasl: nil))
        do throws(KafkaError) {
            let table = try await connection.open(timeout: timeout)
            let version = try table.negotiate(SaslHandshakeRequest.self, broker: connection.name)
            let answer = try await ask(
                connection, SaslHandshakeRequest.with { $0.mechanism = "KAFKAWIRE-DOCTOR" }, version)
            await connection.close()
            return answer.errorCode == .illegalSaslState ? nil : answer.mechanisms
        } catch {
            await connection.close()
            return nil
        }
    }

    private static let addressSettings = [
        "advertised.listeners", "listeners", "listener.security.protocol.map", "inter.broker.listener.name",
    ]

    /// A broker's settings of its addresses, and which broker answers: one tells of its own settings only, and says its id
    /// where it is asked for another's.
    private func settings(
        _ connection: BrokerConnection, _ table: VersionTable, of id: BrokerID
    ) async -> ([String: String], BrokerID?) {
        guard let version = try? table.negotiate(DescribeConfigsRequest.self, broker: connection.name),
            let answer = try? await ask(
                connection,
                DescribeConfigsRequest.with {
                    $0.resources = [
                        .with {
                            $0.resourceType = KafkaAdmin.ConfigResource.Kind.broker.rawValue
                            $0.resourceName = "\(id)"
                            $0.configurationKeys = Self.addressSettings
                        }
                    ]
                }, version),
            let result = answer.results.first
        else { return ([:], nil) }
        guard result.errorCode == .none else {
            let words = (result.errorMessage ?? "").split { !$0.isNumber && !$0.isLetter }
            guard result.errorCode == .invalidRequest, let at = words.firstIndex(of: "expected"),
                words.indices.contains(at + 1), let actual = Int32(words[at + 1])
            else { return ([:], nil) }
            return ([:], BrokerID(rawValue: actual))
        }
        var settings: [String: String] = [:]
        for entry in result.configs { if let value = entry.value { settings[entry.name] = value } }
        return (settings, id)
    }

    /// What a broker that was reached says about its own settings, where it is that broker.
    func settings(of id: BrokerID, at port: Port) async -> [String: String] {
        let connection = connection(to: port, doors.security)
        guard let table = try? await connection.open(timeout: timeout) else {
            await connection.close()
            return [:]
        }
        let (settings, _) = await settings(connection, table, of: id)
        await connection.close()
        return settings
    }

    // MARK: - Others

    /// Asks a port that does not speak Kafka as it should in several protocols, side by side, to learn what it is.
    private func identify(_ port: Port, _ security: ConnectionSecurity, after error: KafkaError) async -> Contact {
        // Under TLS it was asked already.
        if security.tls != nil { return error.code == .timedOut ? .silent : .fails(error.message) }
        let address = port.address
        let host = port.name.host
        let limit = min(timeout, .seconds(2))
        let questions = PeerProtocol.Question.allCases
        let answers = await concurrently(questions) { question in
            let answer = await prober.converse(with: address, saying: question.bytes(host: host), within: limit)
            if PeerProtocol([(question, answer)]) != nil { await prober.hangUp(on: address) }
            return (question: question, answer: answer)
        }
        if let peer = PeerProtocol(answers) { return peer == .kafka ? .fails(error.message) : .other(peer) }
        if let first = answers.first(where: { !$0.answer.bytes.isEmpty }) { return .unknown(first.answer.bytes) }
        let talked = answers.filter { $0.answer.end != .failed }
        // Whoever waits for the rest of what is no message to it has not hung up.
        let isClosed = talked.contains { $0.question == .kafka && $0.answer.end != .silence }
        return isClosed ? .hangsUp : .silent
    }
}

/// Does the same with all items side by side; the results are in the order of the items.
func concurrently<Item: Sendable, Value: Sendable>(
    _ items: [Item], _ body: @escaping @Sendable (Item) async -> Value
) async -> [Value] {
    await withTaskGroup(of: (Int, Value).self) { group in
        for (place, item) in items.enumerated() { group.addTask { (place, await body(item)) } }
        var values: [(Int, Value)] = []
        for await value in group { values.append(value) }
        return values.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
