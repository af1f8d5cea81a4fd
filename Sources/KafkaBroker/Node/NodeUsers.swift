import KafkaWire

// Who can log in: what requests do with users and tokens, and what is kept of it.

extension BrokerNode {
    /// Whether a client may do something with others' tokens. As in Kafka, whoever is let in may, where no authorizer says
    /// otherwise.
    func isAllowed(_ permission: DelegationTokens.Permission, _ context: RequestContext) -> Bool {
        switch permission {
        case .createTokens(let owner): allows(.createTokens, on: .user, "\(owner)", context)
        case .describeTokens(let owner): allows(.describeTokens, on: .user, "\(owner)", context)
        case .describeToken(let id): allows(.describe, on: .delegationToken, id, context)
        }
    }

    /// Sets or deletes a user's SCRAM credential.
    func alterScramUser(_ change: ScramUsers.Change) throws(ScramUsers.Refusal) {
        let (key, credential) = try scramUsers.make(change)
        storage?.note([MetadataRecord(credential, for: key)])
    }

    /// Makes a delegation token; gives its code with it.
    func createToken(
        owner: KafkaPrincipal?, renewers: [KafkaPrincipal], lifetime: Int64, _ context: RequestContext
    ) throws(DelegationTokens.Refusal) -> (token: DelegationTokens.Token, code: [UInt8]) {
        let made = try delegationTokens.create(
            owner: owner, renewers: renewers, lifetime: lifetime, by: context.tokenCaller, now: context.timestamp
        ) { isAllowed($0, context) }
        storage?.note([MetadataRecord(made.token)])
        return made
    }

    /// Lets a token live longer; gives until when.
    func renewToken(_ code: [UInt8], period: Int64, _ context: RequestContext) throws(DelegationTokens.Refusal) -> Int64
    {
        let token = try delegationTokens.renew(
            code, period: period, by: context.tokenCaller, now: context.timestamp)
        storage?.note([MetadataRecord(token)])
        return token.expiry
    }

    /// Ends a token, at once or later; gives when.
    func expireToken(_ code: [UInt8], period: Int64, _ context: RequestContext) throws(DelegationTokens.Refusal)
        -> Int64
    {
        let end = try delegationTokens.expire(
            code, period: period, by: context.tokenCaller, now: context.timestamp)
        switch end {
        case .removed(let id):
            storage?.note([.removeToken(.with { $0.tokenId = id })])
            return context.timestamp
        case .changed(let token):
            storage?.note([MetadataRecord(token)])
            return token.expiry
        }
    }

    /// Takes away the tokens that are over at `timestamp`.
    func removeExpiredTokens(_ timestamp: Int64) {
        let over = delegationTokens.removeExpired(timestamp)
        storage?.note(over.map { id in .removeToken(.with { $0.tokenId = id }) })
    }

    /// Gives the users of the configuration their passwords, where the broker does not know them yet.
    func addScramUsers(_ random: consuming RandomSource) throws(BrokerStartError) {
        for (user, password) in configuration.scramUsers.inOrder {
            for mechanism in ScramUsers.Mechanism.allCases where scramUsers[user, mechanism] == nil {
                do throws(SASLError) {
                    var salt: [UInt8] = []
                    for _ in 0..<3 { salt += withUnsafeBytes(of: random.next().littleEndian) { Array($0) } }
                    let credential = try CredentialHashes.credential(
                        mechanism, password: password.copied(), salt: salt,
                        iterations: ScramUsers.iterations.lowerBound)
                    scramUsers.restore(credential, for: .init(user: ExactName(user), mechanism: mechanism))
                } catch {
                    throw BrokerStartError(description: "The broker cannot start: the password of \(user): \(error)")
                }
            }
        }
    }

    /// Takes over users and tokens from before the start. Tokens of a broker that gives out none now stay in its log.
    func restoreUsers(_ metadata: ClusterMetadata) {
        for (key, credential) in metadata.scramCredentials.inOrder { scramUsers.restore(credential, for: key) }
        guard delegationTokens.isEnabled else { return }
        for (id, record) in metadata.tokens.inOrder {
            if let token = DelegationTokens.Token(record), delegationTokens.restore(token) { continue }
            tell("The delegation token \(id) is dropped: it names a principal that is none")
            storage?.note([.removeToken(.with { $0.tokenId = id })])
        }
    }
}

extension RequestContext {
    /// The client, as it asks about tokens.
    var tokenCaller: DelegationTokens.Caller {
        .init(principal: principal, isTokenAuthenticated: isTokenAuthenticated)
    }
}
