/// `SCRAM-SHA-256` and `SCRAM-SHA-512` (RFC 5802, RFC 7677, KIP-84): the password stays here, and the broker has to show
/// that it knows it too. Also how delegation tokens log in (KIP-48).
public struct ScramMechanism: SASLMechanism {
    /// What can be changed of how it is done.
    public struct Options: Sendable {
        /// How the name and the password are written before they are hashed; as Kafka does unless set otherwise.
        public var preparation = SASLPreparation.kafka
        /// Whether the user is a delegation token's id and the password its HMAC in base 64 (KIP-48).
        public var isToken = false
        /// The most iterations that are computed: 1,000,000 (about half a second), since a hostile server may ask for
        /// any number. The fewest are 4096, as for Kafka's clients: fewer would help whoever listens to guess.
        public var maximumIterations = 1_000_000

        /// The defaults.
        public init() {}
    }

    /// Which variant.
    public let variant: ScramVariant
    /// What was changed of how it is done.
    public let options: Options
    private let credentials: @Sendable (SASLCall) async throws -> (user: String, password: Secret)
    private let cache = SaltedPasswordCache()

    /// `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    public var name: String { variant.name }

    /// A user and the password.
    public init(_ variant: ScramVariant, user: String, password: Secret, options: Options = Options()) {
        self.init(variant, options: options) { _ in (user, password) }
    }

    /// A user and the password as `credentials` knows them, which is asked for each authentication.
    public init(
        _ variant: ScramVariant, options: Options = Options(),
        credentials: @escaping @Sendable (SASLCall) async throws -> (user: String, password: Secret)
    ) {
        self.variant = variant
        self.options = options
        self.credentials = credentials
    }

    /// An exchange of two messages.
    /// - Throws: ``SASLError`` when the name or the password is empty or cannot be prepared; what the closure throws.
    public nonisolated(nonsending) func begin(_ call: SASLCall) async throws -> any SASLExchange {
        let (user, password) = try await credentials(call)
        return try exchange(user: user, password: password, nonce: Base64.encode(call.nonce))
    }

    /// The exchange with a nonce as text, which those of RFCs are.
    func exchange(user: String, password: Secret, nonce: String) throws(SASLError) -> ScramExchange {
        guard !user.isEmpty, !user.utf8.contains(0) else {
            throw SASLError(.settings, mechanism: name, "the user's name is empty or has the character NUL")
        }
        guard !password.isEmpty else {
            throw SASLError(.settings, mechanism: name, "the password of \(user) is empty")
        }
        let prepared = try options.preparation.apply(user, what: "the user's name")
        return ScramExchange(
            variant: variant, options: options, user: prepared, password: password, nonce: Array(nonce.utf8),
            cache: cache)
    }
}

/// The salted password that was computed last: hundreds of connections that are made anew at once would otherwise cost
/// seconds. It is as good as the password, so it is a ``Secret``, and there is one.
final class SaltedPasswordCache: Sendable {
    private struct Entry {
        var password: Secret
        var salt: [UInt8]
        var iterations: Int
        var salted: Secret
    }

    private let entry = Locked<Entry?>(nil)
    private let hashed = Locked(0)

    /// How often a password was hashed.
    var count: Int { hashed.withLock { $0 } }

    func salted(
        password: Secret, salt: [UInt8], iterations: Int, variant: ScramVariant, preparation: SASLPreparation
    ) throws(SASLError) -> Secret {
        let known = entry.withLock { (entry: inout Entry?) -> Secret? in
            guard let entry, entry.salt == salt, entry.iterations == iterations, entry.password == password else {
                return nil
            }
            return entry.salted
        }
        if let known { return known }
        hashed.withLock { $0 += 1 }
        let salted = try ScramCredential.salted(
            password: password, salt: salt, iterations: iterations, variant: variant, preparation: preparation)
        entry.withLock { $0 = Entry(password: password, salt: salt, iterations: iterations, salted: salted) }
        return salted
    }
}

/// The client's side of SCRAM.
struct ScramExchange: SASLExchange {
    private enum State {
        case begun
        case sentFirst
        case sentFinal(serverSignature: [UInt8])
        case complete
        case failed
    }

    private let variant: ScramVariant
    private let options: ScramMechanism.Options
    private let password: Secret
    private let nonce: [UInt8]
    private let cache: SaltedPasswordCache
    private let bare: [UInt8]
    private var state = State.begun

    init(
        variant: ScramVariant, options: ScramMechanism.Options, user: String, password: Secret, nonce: [UInt8],
        cache: SaltedPasswordCache
    ) {
        self.variant = variant
        self.options = options
        self.password = password
        self.nonce = nonce
        self.cache = cache
        let name = Array("n=\(ScramMessage.escaped(user)),r=".utf8)
        bare = name + nonce + (options.isToken ? Array(",tokenauth=true".utf8) : [])
    }

    var isComplete: Bool {
        if case .complete = state { true } else { false }
    }

    mutating func start() throws -> [UInt8] {
        state = .sentFirst
        return Array("n,,".utf8) + bare
    }

    mutating func respond(to challenge: [UInt8]) throws -> [UInt8]? {
        let current = state
        state = .failed
        switch current {
        case .sentFirst:
            let (answer, signature) = try final(after: challenge)
            state = .sentFinal(serverSignature: signature)
            return answer
        case .sentFinal(let signature):
            try check(challenge, signature)
            state = .complete
            return nil
        case .begun, .complete, .failed: throw error(.malformed, "the server sent a message when it was not its turn")
        }
    }

    private func final(after challenge: [UInt8]) throws(SASLError) -> (answer: [UInt8], signature: [UInt8]) {
        if let refusal = refusal(in: challenge) { throw refusal }
        guard let first = ScramMessage.ServerFirst(challenge) else {
            throw error(.malformed, "the server's first message is not one of RFC 5802: is this mechanism its own?")
        }
        guard first.nonce.count > nonce.count, first.nonce.starts(with: nonce) else {
            throw error(
                .malformed, "the server's nonce does not continue ours, as if its answer were of another exchange")
        }
        let iterations = first.iterations
        guard iterations >= ScramVariant.minimumIterations else {
            throw error(
                .malformed,
                "the server asks for \(iterations) iterations, fewer than the \(ScramVariant.minimumIterations) that are safe"
            )
        }
        guard iterations <= options.maximumIterations else {
            throw error(
                .malformed,
                "the server asks for \(iterations) iterations, more than the \(options.maximumIterations) that are computed; "
                    + "where that many are meant, set maximumIterations")
        }
        let salted = try cache.salted(
            password: password, salt: first.salt, iterations: iterations, variant: variant,
            preparation: options.preparation)
        let keys = try ScramKeys(salted: salted, variant: variant)
        let withoutProof = Array("c=biws,r=".utf8) + first.nonce
        let comma = [UInt8(ascii: ",")]
        let message = bare + comma + challenge + comma + withoutProof
        let proof = ScramKeys.xor(keys.clientKey, try variant.hash.authenticate(message, key: keys.storedKey))
        let signature = try variant.hash.authenticate(message, key: keys.serverKey)
        return (withoutProof + Array(",p=\(Base64.encode(proof))".utf8), signature)
    }

    private func check(_ challenge: [UInt8], _ signature: [UInt8]) throws(SASLError) {
        if let refusal = refusal(in: challenge) { throw refusal }
        guard let first = ScramMessage.attributes(challenge)?.first, first.name == "v",
            let shown = Base64.decode(first.value)
        else { throw error(.malformed, "the server's last message is not one of RFC 5802") }
        guard Secret.areEqual(shown, signature) else {
            throw error(
                .unproven,
                "the server did not show that it knows the password: it may not be the broker that it says it is")
        }
    }

    /// `e=`, of which the server says which rule it was.
    private func refusal(in challenge: [UInt8]) -> SASLError? {
        guard challenge.starts(with: [UInt8(ascii: "e"), UInt8(ascii: "=")]) else { return nil }
        return error(.refused, "the server refuses: \(SASLError.shown(challenge.dropFirst(2)))")
    }

    private func error(_ kind: SASLError.Kind, _ message: String) -> SASLError {
        SASLError(kind, mechanism: variant.name, message)
    }
}
