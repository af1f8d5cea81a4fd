/// Sets and deletes SCRAM credentials (KIP-554).
public struct AlterUserScramCredentialsRequest: WireRequest {
    public typealias Response = AlterUserScramCredentialsResponse
    public static let api = APIKey.alterUserScramCredentials
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The credentials to delete.
    public var deletions: [ScramCredentialDeletion] = []
    /// The credentials to set.
    public var upsertions: [ScramCredentialUpsertion] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("deletions", &deletions)
        try visitor.field("upsertions", &upsertions)
    }

    /// A credential to delete.
    public struct ScramCredentialDeletion: WireStruct {
        /// The user's name.
        public var name: String = ""
        /// The mechanism: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
        public var mechanism: Int8 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("mechanism", &mechanism)
        }
    }

    /// A credential to set.
    public struct ScramCredentialUpsertion: WireStruct {
        /// The user's name.
        public var name: String = ""
        /// The mechanism: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
        public var mechanism: Int8 = 0
        /// How many times the password is hashed.
        public var iterations: Int32 = 0
        /// The random salt of the hash: a secret.
        public var salt: Bytes = Bytes()
        /// The salted and hashed password, as good as the password itself: a secret.
        public var saltedPassword: Bytes = Bytes()
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("mechanism", &mechanism)
            try visitor.field("iterations", &iterations)
            try visitor.field("salt", &salt, sensitive: true)
            try visitor.field("saltedPassword", &saltedPassword, sensitive: true)
        }
    }
}

/// Which users' credentials were changed.
public struct AlterUserScramCredentialsResponse: WireMessage {
    public static let api = APIKey.alterUserScramCredentials
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome by user.
    public var results: [AlterUserScramCredentialsResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("results", &results)
    }

    /// The outcome for one user.
    public struct AlterUserScramCredentialsResult: WireStruct {
        /// The user's name.
        public var user: String = ""
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("user", &user)
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage)
        }
    }
}
