/// Asks which SCRAM credentials users have (KIP-554).
public struct DescribeUserScramCredentialsRequest: WireRequest {
    public typealias Response = DescribeUserScramCredentialsResponse
    public static let api = APIKey.describeUserScramCredentials
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The users to look up; null or empty for all.
    public var users: [UserName]? = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("users", &users)
    }

    /// A user to look up.
    public struct UserName: WireStruct {
        /// The user's name.
        public var name: String = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
        }
    }
}

/// The kinds of credentials that the users have; never the secrets.
public struct DescribeUserScramCredentialsResponse: WireMessage {
    public static let api = APIKey.describeUserScramCredentials
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = ""
    /// The credentials by user.
    public var results: [DescribeUserScramCredentialsResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage)
        try visitor.field("results", &results)
    }

    /// The credentials of one user.
    public struct DescribeUserScramCredentialsResult: WireStruct {
        /// The user's name.
        public var user: String = ""
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = ""
        /// The user's credentials.
        public var credentialInfos: [CredentialInfo] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("user", &user)
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage)
            try visitor.field("credentialInfos", &credentialInfos)
        }

        /// A credential.
        public struct CredentialInfo: WireStruct {
            /// The mechanism: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
            public var mechanism: Int8 = 0
            /// How many times the password is hashed.
            public var iterations: Int32 = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("mechanism", &mechanism)
                try visitor.field("iterations", &iterations)
            }
        }
    }
}
