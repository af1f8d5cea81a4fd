/// `PLAIN` (RFC 4616): the password itself goes to the broker, so it is for connections with TLS.
public struct PlainMechanism: SASLMechanism {
    /// `PLAIN`.
    public var name: String { "PLAIN" }
    private let credentials: @Sendable (SASLCall) async throws -> (user: String, password: Secret)

    /// A user and the password.
    public init(user: String, password: Secret) { credentials = { _ in (user, password) } }

    /// A user and the password as `credentials` knows them, which is asked for each authentication.
    public init(credentials: @escaping @Sendable (SASLCall) async throws -> (user: String, password: Secret)) {
        self.credentials = credentials
    }

    /// An exchange of one message.
    /// - Throws: ``SASLError`` when the name or the password is empty, or has the character NUL, which the message
    ///   cannot carry; what the closure throws.
    public nonisolated(nonsending) func begin(_ call: SASLCall) async throws -> any SASLExchange {
        let (user, password) = try await credentials(call)
        guard !user.isEmpty else { throw Self.error("the user's name is empty") }
        guard !password.isEmpty else { throw Self.error("the password of \(user) is empty") }
        let hasNul = password.withBytes { $0.contains(0) }
        guard !hasNul, !user.utf8.contains(0) else {
            throw Self.error("neither the user's name nor the password may have the character NUL")
        }
        return PlainExchange(user: user, password: password)
    }

    private static func error(_ message: String) -> SASLError { SASLError(.settings, mechanism: "PLAIN", message) }
}

/// The client's side of PLAIN.
struct PlainExchange: SASLExchange {
    let user: String
    let password: Secret
    private(set) var isComplete = false

    init(user: String, password: Secret) {
        self.user = user
        self.password = password
    }

    /// No identity to act as (`authzid`), as Java's client sends it: Kafka knows only one's own.
    mutating func start() -> [UInt8] { [0] + Array(user.utf8) + [0] + password.copied() }

    /// Kafka answers with no bytes, and with an error code when it refuses.
    mutating func respond(to challenge: [UInt8]) throws -> [UInt8]? {
        guard !isComplete, challenge.isEmpty else {
            throw SASLError(
                .malformed, mechanism: "PLAIN", "the server sent \(challenge.count) bytes where there is nothing to say"
            )
        }
        isComplete = true
        return nil
    }
}
