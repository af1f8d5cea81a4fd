import COpenSSL

/// What a broker keeps of a password with SCRAM (RFC 5802, section 2.2): `Hi`, which is PBKDF2 with HMAC (RFC 8018).
enum SaltedPassword {
    /// The hash functions that Kafka's SCRAM mechanisms use.
    enum Hash {
        case sha256
        case sha512
    }

    /// The salted password, as long as the hash is; nil where OpenSSL refuses, as where the numbers are too large for it.
    static func make(_ password: [UInt8], salt: [UInt8], iterations: Int32, _ hash: Hash) -> [UInt8]? {
        guard let function = hash == .sha256 ? EVP_sha256() : EVP_sha512(), iterations > 0 else { return nil }
        var result = [UInt8](repeating: 0, count: hash == .sha256 ? 32 : 64)
        let characters = password.map(CChar.init(bitPattern:))
        let worked = PKCS5_PBKDF2_HMAC(
            characters, Int32(clamping: characters.count), salt, Int32(clamping: salt.count), iterations, function,
            Int32(result.count), &result)
        return worked == 1 ? result : nil
    }
}
