// Delegation tokens (KIP-48, KIP-373): credentials that one asks for with one's own, and hands on to programs that are to
// act for one. Brokers give them out where `delegation.token.secret.key` is set, to who has logged in, but not by a token.

extension KafkaAdmin {
    /// A token. Whoever has its HMAC can act for the owner; it is not in its description.
    public struct DelegationToken: Sendable, Equatable {
        /// Its id, which is no secret: the user's name to log in with.
        public var id: String
        /// Its HMAC, as bytes.
        public var hmac: Secret
        /// For whom who logs in with it acts, such as `User:alice`.
        public var owner: String
        /// Who has asked for it (KIP-373); nil where the broker is older than Kafka 3.3.
        public var requester: String?
        /// Who may renew and end it beside the owner.
        public var renewers: [String]
        /// When it was made, in milliseconds since 1970 by the broker's clock.
        public var issued: Int64
        /// Until when it is good unless it is renewed.
        public var expires: Int64
        /// Until when it can be renewed.
        public var latest: Int64

        /// The HMAC in base 64, as clients give it for a password.
        public var password: Secret { hmac.withBytes { Secret(Base64.encode(Array($0))) } }

        /// The same as a plain text, to be handed on to a program of another kind: yours to keep to yourself.
        public var passwordText: String { password.text }
    }

    /// Makes a token (CreateDelegationToken, Kafka 1.1).
    ///
    /// ```swift
    /// let token = try await admin.createDelegationToken(renewers: ["User:scheduler"], maxLifetime: .seconds(86_400))
    /// configuration.security.sasl = ScramMechanism(.sha256, token: token)
    /// ```
    ///
    /// - Parameters:
    ///   - owner: For whom, such as `User:alice` (Kafka 3.3); nil is who asks. It takes CREATE_TOKENS on that user.
    ///   - renewers: Who may renew it beside the owner.
    ///   - maxLifetime: How long it can live, however often it is renewed; nil is the broker's
    ///     `delegation.token.max.lifetime.ms`, which is also the most.
    public func createDelegationToken(
        owner: String? = nil, renewers: [String] = [], maxLifetime: Duration? = nil
    ) async throws(KafkaError) -> DelegationToken {
        let what = "create a delegation token"
        let api = APIKey.createDelegationToken
        var ownerParts: PrincipalParts?
        if let owner { ownerParts = try PrincipalParts(owner, what, api) }
        var renewerParts: [PrincipalParts] = []
        for renewer in renewers { renewerParts.append(try PrincipalParts(renewer, what, api)) }
        return try await one(what, at: .any) { [ownerParts, renewerParts] version throws(KafkaError) in
            guard ownerParts == nil || version >= 3 else {
                throw KafkaError(
                    .unsupportedVersion,
                    "could not \(what) for somebody else: the broker has that since Kafka 3.3; leave the owner out",
                    api: api)
            }
            return CreateDelegationTokenRequest.with {
                if let ownerParts {
                    $0.ownerPrincipalType = ownerParts.type
                    $0.ownerPrincipalName = ownerParts.name
                }
                $0.renewers = renewerParts.map { renewer in
                    .with {
                        $0.principalType = renewer.type
                        $0.principalName = renewer.name
                    }
                }
                $0.maxLifetimeMs = Self.period(maxLifetime)
            }
        } whole: {
            ($0.errorCode, nil)
        } value: {
            DelegationToken(
                id: $0.tokenId, hmac: Secret($0.hmac.copy()), owner: "\($0.principalType):\($0.principalName)",
                requester: Self.requester($0.tokenRequesterPrincipalType, $0.tokenRequesterPrincipalName),
                renewers: renewers, issued: $0.issueTimestampMs, expires: $0.expiryTimestampMs,
                latest: $0.maxTimestampMs)
        }
    }

    /// Lets a token live longer (RenewDelegationToken, Kafka 1.1): `period` from now on, or with nil the broker's
    /// `delegation.token.expiry.time.ms`, which is also the most; never beyond ``DelegationToken/latest``. Its owner may,
    /// and its renewers.
    ///
    /// - Returns: Until when it is good, in milliseconds since 1970 by the broker's clock.
    @discardableResult
    public func renewDelegationToken(_ hmac: Secret, for period: Duration? = nil) async throws(KafkaError) -> Int64 {
        try await one("renew the delegation token", at: .any) { _ in
            RenewDelegationTokenRequest.with {
                $0.hmac = Bytes(hmac.copied())
                $0.renewPeriodMs = Self.period(period)
            }
        } whole: {
            ($0.errorCode, nil)
        } value: {
            $0.expiryTimestampMs
        }
    }

    /// Ends a token (ExpireDelegationToken, Kafka 1.1): `period` from now on, or with nil at once. Its owner may, and its
    /// renewers.
    ///
    /// - Returns: Until when it is good, in milliseconds since 1970 by the broker's clock.
    @discardableResult
    public func expireDelegationToken(_ hmac: Secret, in period: Duration? = nil) async throws(KafkaError) -> Int64 {
        try await one("end the delegation token", at: .any) { _ in
            ExpireDelegationTokenRequest.with {
                $0.hmac = Bytes(hmac.copied())
                $0.expiryTimePeriodMs = Self.period(period)
            }
        } whole: {
            ($0.errorCode, nil)
        } value: {
            $0.expiryTimestampMs
        }
    }

    /// The tokens that somebody of `owners` owns or may renew, or all with nil, as far as one may see them: one's own, and
    /// those that ACLs allow (DescribeDelegationToken, Kafka 1.1).
    public func describeDelegationTokens(owners: [String]? = nil) async throws(KafkaError) -> [DelegationToken] {
        let what = "describe delegation tokens"
        var parts: [PrincipalParts]?
        if let owners {
            var all: [PrincipalParts] = []
            for owner in owners { all.append(try PrincipalParts(owner, what, .describeDelegationToken)) }
            parts = all
        }
        return try await one(what, at: .any) { [parts] _ in
            DescribeDelegationTokenRequest.with {
                $0.owners = parts.map { owners in
                    owners.map { owner in
                        .with {
                            $0.principalType = owner.type
                            $0.principalName = owner.name
                        }
                    }
                }
            }
        } whole: {
            ($0.errorCode, nil)
        } value: {
            $0.tokens.map { token in
                DelegationToken(
                    id: token.tokenId, hmac: Secret(token.hmac.copy()),
                    owner: "\(token.principalType):\(token.principalName)",
                    requester: Self.requester(token.tokenRequesterPrincipalType, token.tokenRequesterPrincipalName),
                    renewers: token.renewers.map { "\($0.principalType):\($0.principalName)" },
                    issued: token.issueTimestamp, expires: token.expiryTimestamp, latest: token.maxTimestamp)
            }
        }
    }

    private static func period(_ duration: Duration?) -> LongMilliseconds {
        duration.map { LongMilliseconds($0) } ?? LongMilliseconds(rawValue: -1)
    }

    private static func requester(_ type: String, _ name: String) -> String? {
        type.isEmpty && name.isEmpty ? nil : "\(type):\(name)"
    }
}

extension ScramMechanism {
    /// Logs in with a delegation token, for its owner.
    public init(_ variant: ScramVariant, token: KafkaAdmin.DelegationToken) {
        var options = Options()
        options.isToken = true
        self.init(variant, user: token.id, password: token.password, options: options)
    }
}

/// A principal as requests about tokens have it.
private struct PrincipalParts: Sendable {
    var type: String
    var name: String

    /// Of `User:alice`; the name may have colons, as Java reads it.
    init(_ text: String, _ what: String, _ api: APIKey) throws(KafkaError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw KafkaError(
                .invalidRequest, "could not \(what): \"\(text)\" is no principal; write TYPE:NAME, such as User:alice",
                api: api)
        }
        type = String(parts[0])
        name = String(parts[1])
    }
}
