/// The keys of whoever issues tokens (RFC 7517), as its `jwks_uri` gives them.
package struct JSONWebKeys: Sendable {
    /// One key that signs.
    struct Key: Sendable {
        var id: String?
        /// The one algorithm it is for, where the set says so.
        var algorithm: String?
        /// The algorithms that fit its kind.
        var kinds: [SignatureAlgorithm]
        /// The key as `SubjectPublicKeyInfo` (RFC 5280).
        var info: [UInt8]
    }

    /// Why a set cannot be used.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        package var description: String
    }

    /// More keys than anybody has; each may have to be tried.
    static let maximumKeys = 64

    let keys: [Key]
    /// The names of the keys.
    package var ids: Set<String> { Set(keys.compactMap(\.id)) }

    /// Reads a set; keys that are not for signing, or of a kind that is not known, are passed over (RFC 7517, 5).
    package init(_ text: [UInt8]) throws(Failure) {
        let json: JSONValue
        do throws(JSONValue.Failure) { json = try JSONValue(text, maximumDepth: 8) } catch {
            throw Failure(description: "the key set is \(error)")
        }
        guard let elements = json["keys"]?.elements else {
            throw Failure(description: "the key set has no list called keys (RFC 7517)")
        }
        guard elements.count <= Self.maximumKeys else {
            throw Failure(description: "the key set has more than \(Self.maximumKeys) keys")
        }
        var keys: [Key] = []
        for element in elements { if let key = Self.key(element) { keys.append(key) } }
        guard !keys.isEmpty else {
            throw Failure(description: "the key set has no key that checks signatures: RSA of 2048 bits, EC or Ed25519")
        }
        self.keys = keys
    }

    private static func key(_ json: JSONValue) -> Key? {
        if let use = json["use"]?.text, use != "sig" { return nil }
        if let operations = json["key_ops"]?.elements, !operations.contains(.string("verify")) { return nil }
        func bytes(_ name: String) -> [UInt8]? { json[name]?.text.flatMap { Base64.decode($0.utf8, .urlSafe) } }
        let found: (kinds: [SignatureAlgorithm], info: [UInt8])?
        switch json["kty"]?.text {
        case "RSA": found = rsa(bytes("n"), bytes("e"))
        case "EC": found = curve(json["crv"]?.text, bytes("x"), bytes("y"))
        case "OKP":
            guard json["crv"]?.text == "Ed25519", let x = bytes("x"), x.count == 32 else { return nil }
            found = ([.eddsa], DER.sequence(DER.sequence(DER.ed25519) + DER.bits(x)))
        default: return nil
        }
        guard let found else { return nil }
        return Key(id: json["kid"]?.text, algorithm: json["alg"]?.text, kinds: found.kinds, info: found.info)
    }

    /// 2048 bits at least (RFC 7518, 3.3), 8192 at most: a larger one only costs time.
    private static func rsa(_ n: [UInt8]?, _ e: [UInt8]?) -> ([SignatureAlgorithm], [UInt8])? {
        guard let n = n.map({ Array($0.drop { $0 == 0 }) }), let e = e.map({ Array($0.drop { $0 == 0 }) }),
            (256...1024).contains(n.count), (1...8).contains(e.count)
        else { return nil }
        let key = DER.sequence(DER.integer(n) + DER.integer(e))
        return (
            [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512],
            DER.sequence(DER.sequence(DER.rsa + DER.null) + DER.bits(key))
        )
    }

    private static func curve(_ name: String?, _ x: [UInt8]?, _ y: [UInt8]?) -> ([SignatureAlgorithm], [UInt8])? {
        let kind: SignatureAlgorithm
        let identifier: [UInt8]
        switch name {
        case "P-256": (kind, identifier) = (.es256, DER.p256)
        case "P-384": (kind, identifier) = (.es384, DER.p384)
        case "P-521": (kind, identifier) = (.es512, DER.p521)
        default: return nil
        }
        guard let x, let y, x.count == kind.half, y.count == kind.half else { return nil }
        return ([kind], DER.sequence(DER.sequence(DER.ec + identifier) + DER.bits([4] + x + y)))
    }

    /// The keys that a token may be signed with.
    func candidates(id: String?, algorithm: SignatureAlgorithm) -> [Key] {
        keys.filter { key in
            (id == nil || key.id == id) && key.kinds.contains(algorithm)
                && (key.algorithm == nil || key.algorithm == algorithm.rawValue)
        }
    }
}

/// The little of DER (X.690) that public keys and signatures need.
enum DER {
    static let rsa: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
    static let ec: [UInt8] = [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    static let p256: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    static let p384: [UInt8] = [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22]
    static let p521: [UInt8] = [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23]
    static let ed25519: [UInt8] = [0x06, 0x03, 0x2B, 0x65, 0x70]
    static let null: [UInt8] = [0x05, 0x00]

    static func sequence(_ content: [UInt8]) -> [UInt8] { tagged(0x30, content) }
    static func bits(_ content: [UInt8]) -> [UInt8] { tagged(0x03, [0] + content) }

    /// An unsigned number, the most significant byte first.
    static func integer(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array(bytes.drop { $0 == 0 })
        return tagged(0x02, (digits.first ?? 0x80) & 0x80 != 0 ? [0] + digits : digits)
    }

    private static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] =
            count < 0x80
            ? [UInt8(truncatingIfNeeded: count)]
            : count < 0x100
                ? [0x81, UInt8(truncatingIfNeeded: count)]
                : [0x82, UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
        return [tag] + length + content
    }
}
