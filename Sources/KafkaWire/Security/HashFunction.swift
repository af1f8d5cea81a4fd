#if Security
    import COpenSSL
#endif

/// The hashes of SCRAM, signatures and AWS, as OpenSSL computes them.
package enum HashFunction: Sendable {
    case sha256
    case sha384
    case sha512

    /// How many bytes a hash has.
    package var size: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The hash of these bytes.
    package func hash(_ bytes: [UInt8]) throws(SASLError) -> [UInt8] {
        #if Security
            var out = [UInt8](repeating: 0, count: size)
            guard EVP_Digest(bytes, bytes.count, &out, nil, algorithm, nil) == 1 else { throw .failed("a hash") }
            return out
        #else
            throw .unavailable("a hash")
        #endif
    }

    /// HMAC (RFC 2104).
    package func authenticate(_ bytes: [UInt8], key: [UInt8]) throws(SASLError) -> [UInt8] {
        #if Security
            var out = [UInt8](repeating: 0, count: size)
            var length = 0
            // The key's pointer has to be one, also when there is no byte: none means the key of before.
            let padded = key.isEmpty ? [0] : key
            let result = EVP_Q_mac(
                nil, "HMAC", nil, name, nil, padded, key.count, bytes, bytes.count, &out, out.count, &length)
            guard result != nil, length == size else { throw .failed("a message's authentication") }
            return out
        #else
            throw .unavailable("a message's authentication")
        #endif
    }

    /// PBKDF2 with HMAC (RFC 8018), which RFC 5802 calls `Hi`.
    package func stretch(_ password: [UInt8], salt: [UInt8], iterations: Int) throws(SASLError) -> [UInt8] {
        #if Security
            var out = [UInt8](repeating: 0, count: size)
            let result = password.withUnsafeBytes { password in
                PKCS5_PBKDF2_HMAC(
                    password.bindMemory(to: CChar.self).baseAddress, Int32(clamping: password.count), salt,
                    Int32(clamping: salt.count), Int32(clamping: iterations), algorithm, Int32(clamping: size), &out)
            }
            guard result == 1 else { throw .failed("a password's hash") }
            return out
        #else
            throw .unavailable("a password's hash")
        #endif
    }

    #if Security
        var algorithm: OpaquePointer? {
            switch self {
            case .sha256: EVP_sha256()
            case .sha384: EVP_sha384()
            case .sha512: EVP_sha512()
            }
        }

        private var name: String {
            switch self {
            case .sha256: "SHA256"
            case .sha384: "SHA384"
            case .sha512: "SHA512"
            }
        }
    #endif
}

extension SASLError {
    /// What OpenSSL does not do: for want of memory, or because its settings forbid it (FIPS).
    fileprivate static func failed(_ what: String) -> SASLError {
        SASLError(.unavailable, mechanism: "", "OpenSSL does not compute \(what): look at its openssl.cnf")
    }
}
