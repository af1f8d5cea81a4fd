/// A way to authenticate with SASL (RFC 4422): what a client is told to use, and keeps for all of its connections.
public protocol SASLMechanism: Sendable {
    /// The registered name, which the client asks the broker for in `SaslHandshake`.
    var name: String { get }

    /// Begins one authentication of one connection.
    ///
    /// It is called anew for each connection and for each re-authentication (KIP-368), so that credentials may change
    /// while the client runs.
    nonisolated(nonsending) func begin(_ call: SASLCall) async throws -> any SASLExchange
}

/// One authentication as the client has it: a value that is fed what the server says.
public protocol SASLExchange: Sendable {
    /// The first message, which the client sends unasked.
    mutating func start() throws -> [UInt8]

    /// What to answer; nil when all is done and nothing is left to send. Throws when the server refuses, or is not the
    /// one that knows the credentials.
    mutating func respond(to challenge: [UInt8]) throws -> [UInt8]?

    /// Whether the authentication has succeeded.
    var isComplete: Bool { get }

    /// What the server has said of a refusal before it refuses with an error code (OAUTHBEARER's JSON): more than the
    /// sentence that comes with the code. Nil unless a mechanism has such a thing.
    var refusal: SASLError? { get }
}

extension SASLExchange {
    /// None.
    public var refusal: SASLError? { nil }
}

/// What a mechanism may know of the connection that it authenticates, and has from the loop.
public struct SASLCall: Sendable {
    /// The broker's host as the client dials it.
    public var host: String
    /// Its port.
    public var port: UInt16
    /// The time of day, in milliseconds since 1970.
    public var wallMilliseconds: Int64
    /// 24 random bytes, new for each call, as nonces and jitter are made of. In a simulation they follow from its seed.
    public var nonce: [UInt8]

    /// A call; the loop's own code makes them, and tests.
    public init(host: String, port: UInt16, wallMilliseconds: Int64, nonce: [UInt8]) {
        self.host = host
        self.port = port
        self.wallMilliseconds = wallMilliseconds
        self.nonce = nonce
    }
}
