import KafkaWire

extension BrokerConfiguration {
    /// Delegation tokens (KIP-48): credentials that a client asks for with its own and hands on to programs that are to
    /// act for it. Without one the broker answers DELEGATION_TOKEN_AUTH_DISABLED.
    public struct DelegationTokenPolicy: Sendable {
        /// What the tokens' codes are computed with (`delegation.token.secret.key`): who knows it can forge tokens. A
        /// broker that is started with another one has other codes, and knows those no more that it has given out.
        public var secretKey: Secret
        /// How long a token lives at most, however often it is renewed (`delegation.token.max.lifetime.ms`): 7 days.
        public var maximumLifetime: Duration = .seconds(7 * 86_400)
        /// How long a token is good before it has to be renewed (`delegation.token.expiry.time.ms`): a day.
        public var expiryTime: Duration = .seconds(86_400)
        /// How often tokens are looked through for those that are over (`delegation.token.expiry.check.interval.ms`): an
        /// hour.
        public var expiryCheckInterval: Duration = .seconds(3600)

        /// Tokens with Kafka's times. An empty key is none, as in Kafka: then there are no tokens.
        public init(secretKey: Secret) { self.secretKey = secretKey }

        /// Whether tokens are given out.
        var isEnabled: Bool { !secretKey.isEmpty }
    }
}
