// Brokers that are not, or no longer, what they were taken for.

extension Cluster {
    /// Forgets the brokers that are known, and where things are; connections end. The bootstrap servers are asked next.
    func rebootstrap(because reason: String) {
        guard !isClosed else { return }
        rebootstraps &+= 1
        tell(.rebootstrapped(reason: reason))
        forgetBrokers()
        identities = Identities()
        canonicalBootstrap = nil
        for connection in takeConnections() { connection.assumeIsolated { $0.close() } }
    }

    /// Asks who is at the other end of a connection, unless that was asked a moment ago.
    func checkIdentity(of link: Link) async throws(KafkaError) {
        guard attempts.isRecovering, metadata.clusterId != nil, identities.isDoubtful(link.address, now: loop.now),
            (link.versions[.metadata]?.upperBound ?? 0) > 0
        else { return }
        let answer = try await exchange(MetadataRequest.self, over: link, timeout: connectTime(for: link.address)) {
            version in
            .with {
                // Of no topics, which version 0 cannot say.
                $0.topics = []
                if version >= 4 { $0.allowAutoTopicCreation = false }
            }
        }
        guard answer.response.errorCode == .none else { return }
        guard
            case .anotherBroker(let known, let told) = Identities.verdict(
                on: link.address, known: metadata, told: answer.response)
        else { return }
        // It is of the same cluster, so its list is the newer one.
        learn { $0.update(answer.response, all: false) }
        identities.doubts(link.address)
        throw misrouted("\(answer.broker) is broker \(told) by now and not \(known)", answer.broker)
    }

    /// Holds an answer against what is known. Throws where it says that the client has to begin anew, which it does then.
    func accept(_ answer: MetadataResponse, of address: BrokerAddress, by broker: String) throws(KafkaError) {
        guard attempts.isRecovering else { return }
        let code = answer.errorCode
        if code == .rebootstrapRequired {
            rebootstrap(because: "broker \(broker) answered \(code.name)")
            var error = KafkaError.refused(
                code, "could not ask for topics", by: broker, api: .metadata,
                advice: "the client begins with its bootstrap servers anew")
            error.isRetriable = true
            throw error
        }
        guard code == .none else { return }
        guard case .anotherCluster(let known, let told) = Identities.verdict(on: address, known: metadata, told: answer)
        else { return identities.confirmed(address, now: loop.now) }
        let error = misrouted("\(broker) belongs to cluster \(told) and not to \(known)", broker)
        rebootstrap(because: error.message)
        throw error
    }

    private func misrouted(_ what: String, _ broker: String) -> KafkaError {
        tell(.misrouted(broker: broker, reason: what))
        return KafkaError(
            .connectionFailed,
            "a connection went to another broker: \(what); look whether addresses are given to other brokers while the "
                + "cluster runs (advertised.listeners)", broker: broker, api: .metadata, isRetriable: true)
    }

    // MARK: - Bootstrap servers

    /// The addresses to begin with: as they are named, or by the names that the system has for them.
    func findBootstrap() async {
        guard configuration.connections.nameLookup == .canonicalBootstrapNames, canonicalBootstrap == nil else {
            return
        }
        var found: [BrokerAddress] = []
        for server in namedBootstrap {
            let arrival = Arrival<[String]>()
            // What does not resolve is told of when it is connected to.
            let timer = loop.schedule(at: loop.now + configuration.connectTimeout) { arrival.give([server.host]) }
            loop.canonicalNames(of: server.host) { found in
                arrival.give((try? found.get()) ?? [server.host])
            }
            for name in await arrival.value() {
                let address = BrokerAddress(host: name, port: server.port)
                if !found.contains(address) { found.append(address) }
            }
            loop.cancel(timer)
        }
        canonicalBootstrap = found
    }

    var bootstrap: [BrokerAddress] { canonicalBootstrap ?? namedBootstrap }
}
