/// Connections by broker and use.
extension Cluster {
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

    struct Opening {
        var connection: BrokerConnection
        var task: Task<Result<Link, KafkaError>, Never>
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
        await findBootstrap()
        func isFree(_ address: BrokerAddress) -> Bool {
            throttling.end(of: Key(address: address, use: use).place, now: loop.now) == nil
        }
        var failure: KafkaError?
        var isRetriable = false
        let addresses = candidates(for: "")
        let order = throttling.isEmpty ? addresses : addresses.filter(isFree) + addresses.filter { !isFree($0) }
        for address in order {
            do { return try await link(address, use) } catch {
                failure = Self.weightier(failure, error)
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
        let known = metadata.brokers.inOrder.map(\.value).shuffled(using: &random)
        let isBound = !known.isEmpty && !attempts.isRecovering
        let all = (isBound ? known : known + bootstrap).filter { told.insert($0).inserted }
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
            if isOpen(link) {
                keep(link)
                return link
            }
            links[key] = nil
        }
        // From here to the entry in `opening` nothing suspends: two connections would be one too many.
        if let opening = opening[key] { return try await opening.task.value.get() }
        let connection = BrokerConnection(
            host: address.host, port: address.port, clientId: configuration.clientId, loop: loop,
            watch: observation.watch(over: "\(address)"), options: configuration.connections, security: security,
            pin: pin
        ) { [weak self] reason in
            self?.assumeIsolated { $0.closed(key, reason) }
        }
        let task = Task { await self.open(connection, key) }
        opening[key] = Opening(connection: connection, task: task)
        return try await task.value.get()
    }

    /// Opens a connection behind the broker's pause, and sees that it is the broker's.
    private func open(_ connection: BrokerConnection, _ key: Key) async -> Result<Link, KafkaError> {
        let start = loop.now
        tell(.connecting(broker: connection.name))
        let outcome = await opened(connection, key)
        if !isClosed { tellOpening(outcome, of: connection.name, since: start) }
        return outcome
    }

    private func opened(_ connection: BrokerConnection, _ key: Key) async -> Result<Link, KafkaError> {
        let address = key.address
        do throws(KafkaError) {
            let versions = try await connection.open(
                timeout: connectTime(for: address), notBefore: reconnects.end(of: address, now: loop.now))
            let link = Link(address: address, connection: connection, versions: versions, place: key.place)
            if let time = versions.throttleTime {
                await throttled(link, .apiVersions, for: time)
                try await waitUntilFree(key)
            }
            try await checkIdentity(of: link)
            guard !isClosed else { throw KafkaError(.closed, "the client is closed") }
            guard isOpen(link) else {
                throw KafkaError(
                    .connectionFailed, "the connection to broker \(connection.name) is closed", broker: connection.name)
            }
            take(key, connection)
            reconnects.worked(address)
            links[key] = link
            return .success(link)
        } catch {
            take(key, connection)
            await connection.close()
            if !isClosed { failed(key, error) }
            return .failure(error)
        }
    }

    /// It is opening no longer; another may have taken its place.
    private func take(_ key: Key, _ connection: BrokerConnection) {
        if opening[key]?.connection === connection { opening[key] = nil }
    }

    func connectTime(for address: BrokerAddress) -> Duration { reconnects.setUpTime(for: address) }

    /// No connection came to be, or it was another's.
    private func failed(_ key: Key, _ error: KafkaError) {
        lookOrder.failed(key.address, now: loop.now)
        if error.isOfLogin {
            reconnects.refused(key.address, now: loop.now)
        } else {
            reconnects.failed(key.address, now: loop.now)
        }
        identities.doubts(key.address)
    }

    /// A connection that was in use has ended.
    private func closed(_ key: Key, _ reason: ConnectionState.Reason) {
        guard let link = links[key], !isOpen(link) else { return }
        links[key] = nil
        switch reason {
        case .closed, .idle: break
        case .unauthenticated(let error) where error.isOfLogin:
            reconnects.refused(key.address, now: loop.now)
            identities.doubts(key.address)
        case .timedOut, .unexpectedAnswer, .net, .wire, .unauthenticated:
            reconnects.broke(key.address, now: loop.now)
            identities.doubts(key.address)
        }
    }

    /// All connections, those that are being opened among them, in an order that does not change from run to run. They
    /// are nobody's then.
    func takeConnections() -> [BrokerConnection] {
        let all = links.map { ($0.key, $0.value.connection) } + opening.map { ($0.key, $0.value.connection) }
        links = [:]
        return all.sorted { "\($0.0)" < "\($1.0)" }.map(\.1)
    }

    /// It is not closed as idle before it is used.
    private func keep(_ link: Link) { link.connection.assumeIsolated { $0.keep() } }

    /// Whether there is a connection to the broker for what does not wait there.
    func isConnected(to broker: BrokerID) -> Bool {
        metadata.brokers[broker].flatMap { links[Key(address: $0, use: .general)] }.map(isOpen) ?? false
    }

    /// Connections live on this actor's loop, so that this needs no waiting.
    private func isOpen(_ link: Link) -> Bool { link.connection.assumeIsolated { $0.isOpen } }
}
