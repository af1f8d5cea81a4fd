import KafkaWire

// The records of `__cluster_metadata` that are about users: see `MetadataRecord`.

/// A user's SCRAM credential was set (KIP-900).
package struct UserScramCredentialRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    package var name = ""
    /// The mechanism: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
    package var mechanism: Int8 = 0
    package var salt = Bytes()
    package var storedKey = Bytes()
    package var serverKey = Bytes()
    package var iterations: Int32 = 0
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("name", &name)
        try visitor.field("mechanism", &mechanism)
        try visitor.field("salt", &salt)
        try visitor.field("storedKey", &storedKey)
        try visitor.field("serverKey", &serverKey)
        try visitor.field("iterations", &iterations)
    }
}

/// A user's SCRAM credential was deleted.
package struct RemoveUserScramCredentialRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    package var name = ""
    /// The mechanism: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
    package var mechanism: Int8 = 0
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("name", &name)
        try visitor.field("mechanism", &mechanism)
    }
}

/// A delegation token was given out or renewed: the last record counts. Its code is not in it, but computed from its id
/// with the broker's secret key.
package struct DelegationTokenRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    /// Principals stand here as `User:alice`.
    package var owner = ""
    package var requester = ""
    package var renewers: [String] = []
    package var issueTimestamp: Int64 = 0
    package var maxTimestamp: Int64 = 0
    package var expirationTimestamp: Int64 = 0
    package var tokenId = ""
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("owner", &owner)
        try visitor.field("requester", &requester)
        try visitor.field("renewers", &renewers)
        try visitor.field("issueTimestamp", &issueTimestamp)
        try visitor.field("maxTimestamp", &maxTimestamp)
        try visitor.field("expirationTimestamp", &expirationTimestamp)
        try visitor.field("tokenId", &tokenId)
    }
}

/// A delegation token is over.
package struct RemoveDelegationTokenRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    package var tokenId = ""
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("tokenId", &tokenId)
    }
}

// MARK: - In terms of values

extension MetadataRecord {
    /// That a credential is now as it is given, or gone.
    init(_ credential: ScramUsers.Credential?, for key: ScramUsers.Key) {
        guard let credential else {
            self = .removeScramCredential(
                .with {
                    $0.name = key.user.description
                    $0.mechanism = key.mechanism.rawValue
                })
            return
        }
        self = .scramCredential(
            .with {
                $0.name = key.user.description
                $0.mechanism = key.mechanism.rawValue
                $0.salt = Bytes(credential.salt)
                $0.storedKey = Bytes(credential.storedKey)
                $0.serverKey = Bytes(credential.serverKey)
                $0.iterations = credential.iterations
            })
    }

    /// That a token is now as it is given.
    init(_ token: DelegationTokens.Token) {
        self = .token(
            .with {
                $0.owner = "\(token.owner)"
                $0.requester = "\(token.requester)"
                $0.renewers = token.renewers.map { "\($0)" }
                $0.issueTimestamp = token.issued
                $0.maxTimestamp = token.latest
                $0.expirationTimestamp = token.expiry
                $0.tokenId = token.id
            })
    }
}

extension ScramUsers.Credential {
    /// What a record tells, in memory of its own.
    init(_ record: UserScramCredentialRecord) {
        self.init(
            salt: record.salt.copy(), storedKey: record.storedKey.copy(), serverKey: record.serverKey.copy(),
            iterations: record.iterations)
    }
}

extension DelegationTokens.Token {
    /// What a record tells; nil where a principal in it is none.
    init?(_ record: DelegationTokenRecord) {
        guard let owner = KafkaPrincipal(kept: record.owner), let requester = KafkaPrincipal(kept: record.requester)
        else { return nil }
        let renewers = record.renewers.compactMap(KafkaPrincipal.init(kept:))
        guard renewers.count == record.renewers.count else { return nil }
        self.init(
            id: record.tokenId, owner: owner, requester: requester, renewers: renewers, issued: record.issueTimestamp,
            latest: record.maxTimestamp, expiry: record.expirationTimestamp)
    }
}

extension KafkaPrincipal {
    /// `kind:name`, as records have it: what stands behind the first colon is the name.
    fileprivate init?(kept text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = parts.first, let name = parts.last else { return nil }
        self.init(type: String(kind), String(name))
    }
}
