#if Security
    import COpenSSL
#endif

/// Signs tokens with a private key (RFC 7515), for clients that show who they are to an identity provider by one (RFC 7523).
package struct TokenSigner: Sendable {
    /// How it signs.
    package enum Algorithm: String, Sendable, CaseIterable {
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    private let algorithm: Algorithm
    private let key: Secret
    private let password: Secret?

    /// A signer with a key as PEM, which may be encrypted.
    package init(_ algorithm: Algorithm, key: Secret, password: Secret? = nil) {
        self.algorithm = algorithm
        self.key = key
        self.password = password
    }

    /// The signed token of these claims; each value is JSON as it stands.
    ///
    /// - Throws: ``SASLError`` where the key cannot be read, or is of another kind than the algorithm.
    package func token(
        _ claims: [(name: String, json: String)], keyID: String? = nil
    ) throws(SASLError) -> Secret {
        var header = [("alg", JSONValue.quoted(algorithm.rawValue)), ("typ", JSONValue.quoted("JWT"))]
        if let keyID { header.append(("kid", JSONValue.quoted(keyID))) }
        let signed = Self.part(header) + "." + Self.part(claims)
        let signature = Base64.encode(try signature(of: Array(signed.utf8)), .urlSafe)
        return Secret(signed + "." + signature)
    }

    private static func part(_ members: [(String, String)]) -> String {
        let text = members.map { "\(JSONValue.quoted($0.0)):\($0.1)" }.joined(separator: ",")
        return Base64.encode(Array("{\(text)}".utf8), .urlSafe)
    }

    private func failure(_ what: String) -> SASLError {
        SASLError(.settings, mechanism: "OAUTHBEARER", "the private key for the client's assertion \(what)")
    }

    private func signature(of bytes: [UInt8]) throws(SASLError) -> [UInt8] {
        #if Security
            let pair: KeyHandle
            do throws(PEMTrouble) { pair = try PEM.key(key, password: password) } catch { throw failure(error.words) }
            defer { ERR_clear_error() }
            guard let context = EVP_MD_CTX_new() else { throw failure("cannot be used: there is no memory") }
            defer { EVP_MD_CTX_free(context) }
            let kind = EVP_PKEY_get_base_id(pair.pointer)
            guard kind == (algorithm == .rs256 ? EVP_PKEY_RSA : EVP_PKEY_EC) else {
                throw failure("is of another kind than \(algorithm.rawValue) takes")
            }
            var count = 0
            guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, pair.pointer) == 1,
                EVP_DigestSign(context, nil, &count, bytes, bytes.count) == 1
            else { throw failure("does not sign") }
            var signature = [UInt8](repeating: 0, count: count)
            guard EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1 else {
                throw failure("does not sign")
            }
            signature.removeLast(signature.count - min(count, signature.count))
            guard algorithm == .es256 else { return signature }
            guard let halves = DER.halves(of: signature, size: 32) else { throw failure("is not of the curve P-256") }
            return halves
        #else
            throw .unavailable("signing a token")
        #endif
    }
}

extension DER {
    /// The two numbers of an ECDSA signature, of so many bytes each, one behind the other (RFC 7518, 3.4); nil where it is none.
    static func halves(of signature: [UInt8], size: Int) -> [UInt8]? {
        var rest = signature[...]
        guard rest.popFirst() == 0x30, let length = rest.popFirst(), length < 0x80, Int(length) == rest.count else {
            return nil
        }
        var out: [UInt8] = []
        for _ in 0..<2 {
            guard rest.popFirst() == 0x02, let length = rest.popFirst(), Int(length) <= rest.count else { return nil }
            let number = rest.prefix(Int(length)).drop { $0 == 0 }
            guard number.count <= size else { return nil }
            out += [UInt8](repeating: 0, count: size - number.count) + number
            rest = rest.dropFirst(Int(length))
        }
        return rest.isEmpty ? out : nil
    }
}
