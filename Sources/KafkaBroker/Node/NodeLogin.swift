import KafkaWire

// How a client says who it is: the broker's side of each mechanism, over the users and tokens that the node knows.

extension BrokerNode {
    /// What begins one authentication has to know.
    struct Login {
        /// What the listener asks.
        var security: ListenerSecurity
        /// Whether the client has said before who it is, on the same connection.
        var isRenewal: Bool
        /// 24 bytes that nobody can foresee.
        var nonce: [UInt8]
        /// The time of day, in milliseconds since 1970.
        var wall: Int64
        /// What was made of a delegation token for it, to be kept for its next login.
        let derived = Locked<DelegationTokens.Derived?>(nil)
        /// The keys that tokens are held against; nil where nobody signs them.
        var keys: TokenKeys?
    }

    /// The broker's side of a mechanism; nil where there is none of that name.
    func exchange(_ mechanism: String, _ login: Login) -> (any SASLServerExchange)? {
        switch mechanism {
        case "PLAIN": PlainServer(users: login.security.users)
        case "SCRAM-SHA-256": scram(.sha256, login)
        case "SCRAM-SHA-512": scram(.sha512, login)
        case "OAUTHBEARER":
            OAuthBearerServer(
                validator: login.security.tokens.validator(login.keys), nowMilliseconds: login.wall,
                reauthenticating: login.isRenewal)
        default: nil
        }
    }

    private func scram(_ variant: ScramVariant, _ login: Login) -> ScramServer {
        let mechanism: ScramUsers.Mechanism = variant == .sha256 ? .sha256 : .sha512
        let users = scramUsers
        let tokens = delegationTokens
        let now = login.wall
        let (nonce, derived) = (login.nonce, login.derived)
        return ScramServer(variant, nonce: login.nonce, reauthenticating: login.isRenewal) { user in
            users[user, mechanism].map(ScramCredential.init)
        } token: { id in
            // Not on the broker's loop: this may hash 4096 times.
            guard let (found, made) = tokens.login(id, mechanism, nonce: nonce, now: now) else { return nil }
            if let made { derived.withLock { $0 = made } }
            return ScramServer.Token(
                owner: found.owner.name, credential: ScramCredential(found.credential),
                expiresAtMilliseconds: found.expiry)
        }
    }
}

extension ScramCredential {
    /// As the mechanism has it.
    init(_ credential: ScramUsers.Credential) {
        self.init(
            salt: credential.salt, iterations: Int(credential.iterations), storedKey: Secret(credential.storedKey),
            serverKey: Secret(credential.serverKey))
    }
}
