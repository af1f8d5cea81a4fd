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
        return ScramServer(variant, nonce: login.nonce, reauthenticating: login.isRenewal) { user in
            users[user, mechanism].map(ScramCredential.init)
        } token: { id in
            var tokens = tokens
            return tokens.login(id, mechanism, now: now).map {
                ScramServer.Token(
                    owner: $0.owner.name, credential: ScramCredential($0.credential), expiresAtMilliseconds: $0.expiry)
            }
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
