/// The two variants of SCRAM that Kafka has (KIP-84).
public enum ScramVariant: Sendable, Hashable, CaseIterable {
    /// With SHA-256 (RFC 7677).
    case sha256
    /// With SHA-512.
    case sha512

    /// The mechanism's name.
    public var name: String {
        switch self {
        case .sha256: "SCRAM-SHA-256"
        case .sha512: "SCRAM-SHA-512"
        }
    }

    /// The fewest iterations that Kafka accepts, for clients as for the kept credentials of either variant.
    package static let minimumIterations = 4096

    package var hash: HashFunction {
        switch self {
        case .sha256: .sha256
        case .sha512: .sha512
        }
    }
}

/// How names and passwords are written before they are hashed.
public enum SASLPreparation: Sendable, Hashable {
    /// As they are, in UTF-8: what Kafka's broker, its tools and librdkafka do, against RFC 5802.
    case kafka
    /// SASLprep (RFC 4013), which Go's clients (xdg-go/scram) apply. For ASCII both are the same.
    case saslprep

    func apply(_ text: String, what: String, isQuery: Bool = true) throws(SASLError) -> String {
        guard self == .saslprep else { return text }
        do throws(SASLPrep.Failure) { return try SASLPrep.prepare(text, isQuery: isQuery) } catch {
            throw SASLError(.settings, mechanism: "SCRAM", "\(what) cannot be prepared: \(error)")
        }
    }
}

/// What a server keeps of a password: enough to recognise it, not enough to log in elsewhere with it (RFC 5802, 3).
package struct ScramCredential: Sendable, Equatable {
    package var salt: [UInt8]
    package var iterations: Int
    package var storedKey: Secret
    package var serverKey: Secret

    package init(salt: [UInt8], iterations: Int, storedKey: Secret, serverKey: Secret) {
        self.salt = salt
        self.iterations = iterations
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    /// The credential of a password.
    package static func make(
        password: Secret, salt: [UInt8], iterations: Int, variant: ScramVariant, preparation: SASLPreparation = .kafka
    ) throws(SASLError) -> ScramCredential {
        let salted = try salted(
            password: password, salt: salt, iterations: iterations, variant: variant, preparation: preparation,
            isQuery: false)
        return try make(salted: salted, salt: salt, iterations: iterations, variant: variant)
    }

    /// The credential of a salted password, as `AlterUserScramCredentials` brings it (KIP-554).
    package static func make(
        salted: Secret, salt: [UInt8], iterations: Int, variant: ScramVariant
    ) throws(SASLError) -> ScramCredential {
        let keys = try ScramKeys(salted: salted, variant: variant)
        return ScramCredential(
            salt: salt, iterations: iterations, storedKey: Secret(keys.storedKey), serverKey: Secret(keys.serverKey))
    }

    /// `SaltedPassword`.
    package static func salted(
        password: Secret, salt: [UInt8], iterations: Int, variant: ScramVariant, preparation: SASLPreparation,
        isQuery: Bool = true
    ) throws(SASLError) -> Secret {
        var bytes = password.copied()
        defer { bytes.withUnsafeMutableBytes { Secret.wipe($0) } }
        if preparation == .saslprep {
            bytes = Array(try preparation.apply(password.text, what: "the password", isQuery: isQuery).utf8)
        }
        return Secret(try variant.hash.stretch(bytes, salt: salt, iterations: iterations))
    }
}

/// What follows from a salted password.
struct ScramKeys {
    var clientKey: [UInt8]
    var storedKey: [UInt8]
    var serverKey: [UInt8]

    init(salted: Secret, variant: ScramVariant) throws(SASLError) {
        var key = salted.copied()
        defer { key.withUnsafeMutableBytes { Secret.wipe($0) } }
        clientKey = try variant.hash.authenticate(Array("Client Key".utf8), key: key)
        storedKey = try variant.hash.hash(clientKey)
        serverKey = try variant.hash.authenticate(Array("Server Key".utf8), key: key)
    }

    static func xor(_ one: [UInt8], _ other: [UInt8]) -> [UInt8] { zip(one, other).map { $0 ^ $1 } }
}
