#if Security
    import COpenSSL
#endif

/// How tokens are signed (RFC 7518, RFC 8037): with a key that only its issuer has. `none` and `HS…` are not among them:
/// whoever can check the latter can sign too.
enum SignatureAlgorithm: String, Sendable, CaseIterable {
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case eddsa = "EdDSA"

    private var hash: HashFunction? {
        switch self {
        case .rs256, .ps256, .es256: .sha256
        case .rs384, .ps384, .es384: .sha384
        case .rs512, .ps512, .es512: .sha512
        case .eddsa: nil
        }
    }

    private var isPadded: Bool { self == .ps256 || self == .ps384 || self == .ps512 }

    /// Of a curve, how many bytes each of a signature's (and a key's) two numbers has; 0 of the others.
    var half: Int {
        switch self {
        case .es256: 32
        case .es384: 48
        case .es512: 66
        default: 0
        }
    }

    /// Whether the signature of these bytes is that of the key.
    func isRight(_ signature: [UInt8], of bytes: [UInt8], info: [UInt8]) throws(SASLError) -> Bool {
        var signature = signature
        if half > 0 {
            guard signature.count == 2 * half else { return false }
            signature = DER.sequence(
                DER.integer(Array(signature[..<half])) + DER.integer(Array(signature[half...])))
        }
        #if Security
            let key = info.withUnsafeBufferPointer { info -> OpaquePointer? in
                var start = info.baseAddress
                return d2i_PUBKEY(nil, &start, info.count)
            }
            // What goes wrong leaves entries in the thread's queue, which others would take for their own.
            defer { ERR_clear_error() }
            guard let key else { return false }
            defer { EVP_PKEY_free(key) }
            guard let context = EVP_MD_CTX_new() else { return false }
            defer { EVP_MD_CTX_free(context) }
            var keyContext: OpaquePointer?
            guard EVP_DigestVerifyInit(context, &keyContext, hash?.algorithm, nil, key) == 1 else { return false }
            if isPadded {
                guard EVP_PKEY_CTX_ctrl_str(keyContext, "rsa_padding_mode", "pss") == 1,
                    EVP_PKEY_CTX_ctrl_str(keyContext, "rsa_pss_saltlen", "digest") == 1
                else { return false }
            }
            return EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
        #else
            throw .unavailable("checking a token's signature")
        #endif
    }
}
