import KafkaWire

/// The hashes behind credentials: what a server keeps of SCRAM's passwords (RFC 5802), and the codes that delegation tokens
/// are known by (KIP-48).
///
/// They are OpenSSL's. A broker that was built without the trait `Security` has none: then it says so to whoever sets a
/// user's password, and does not start where it is to give out tokens.
enum CredentialHashes {
    /// Why there are none; nil where there are.
    static var absence: SASLError? {
        do throws(SASLError) { _ = try HashFunction.sha512.hash([]) } catch { return error }
        return nil
    }

    /// The credential that belongs to a password which is salted and hashed already (`SaltedPassword`, RFC 5802, section
    /// 3).
    static func credential(
        _ mechanism: ScramUsers.Mechanism, saltedPassword: [UInt8], salt: [UInt8], iterations: Int32
    ) throws(SASLError) -> ScramUsers.Credential {
        let hash = mechanism.hash
        let clientKey = try hash.authenticate(Array("Client Key".utf8), key: saltedPassword)
        return ScramUsers.Credential(
            salt: salt, storedKey: try hash.hash(clientKey),
            serverKey: try hash.authenticate(Array("Server Key".utf8), key: saltedPassword), iterations: iterations)
    }

    /// The credential that belongs to a password.
    static func credential(
        _ mechanism: ScramUsers.Mechanism, password: [UInt8], salt: [UInt8], iterations: Int32
    ) throws(SASLError) -> ScramUsers.Credential {
        let salted = try mechanism.hash.stretch(password, salt: salt, iterations: Int(iterations))
        return try credential(mechanism, saltedPassword: salted, salt: salt, iterations: iterations)
    }

    /// The code of a delegation token: HMAC-SHA512 of its id by the broker's secret key, as Kafka's
    /// `DelegationTokenManager` computes it.
    static func tokenCode(of id: String, _ secretKey: Secret) throws(SASLError) -> [UInt8] {
        var key = secretKey.copied()
        defer { key.withUnsafeMutableBytes { Secret.wipe($0) } }
        return try HashFunction.sha512.authenticate(Array(id.utf8), key: key)
    }
}

extension ScramUsers.Mechanism {
    fileprivate var hash: HashFunction {
        switch self {
        case .sha256: .sha256
        case .sha512: .sha512
        }
    }
}
