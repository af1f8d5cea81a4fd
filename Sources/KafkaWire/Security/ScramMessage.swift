/// The messages of SCRAM (RFC 5802, section 7), read strictly: attributes in their order, extensions passed over, none
/// that is mandatory.
enum ScramMessage {
    /// The longest message that is read; Kafka's are some hundred bytes.
    static let maximum = 8192

    /// The attributes between commas: a letter (of extensions several), `=`, a value that is not empty.
    static func attributes(_ bytes: some Collection<UInt8>) -> [(name: String, value: [UInt8])]? {
        guard bytes.count <= maximum else { return nil }
        var out: [(name: String, value: [UInt8])] = []
        for part in bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let sign = part.firstIndex(of: UInt8(ascii: "=")), sign != part.startIndex else { return nil }
            let name = part[..<sign]
            let value = Array(part[part.index(after: sign)...])
            let isName = name.allSatisfy { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
            guard isName, !value.isEmpty, !value.contains(0) else { return nil }
            out.append((String(decoding: name, as: UTF8.self), value))
        }
        return out
    }

    /// Whether these may be a nonce: printable, without a comma.
    static func isNonce(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }
    }

    /// A name as it is sent: `=3D` and `=2C` for the signs that are part of the syntax.
    static func escaped(_ name: String) -> String {
        var out: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "="): out += Array("=3D".utf8)
            case UInt8(ascii: ","): out += Array("=2C".utf8)
            default: out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The name that was sent so; nil where a `=` is followed by something else, or the bytes are no UTF-8.
    static func unescaped(_ bytes: [UInt8]) -> String? {
        var out: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                out.append(byte)
                continue
            }
            if rest.starts(with: [0x32, 0x43]) {
                out.append(UInt8(ascii: ","))
            } else if rest.starts(with: [0x33, 0x44]) {
                out.append(UInt8(ascii: "="))
            } else {
                return nil
            }
            rest = rest.dropFirst(2)
        }
        return String(validating: out, as: UTF8.self)
    }

    /// `server-first-message`.
    struct ServerFirst {
        var nonce: [UInt8]
        var salt: [UInt8]
        var iterations: Int

        init?(_ bytes: [UInt8]) {
            guard let found = attributes(bytes), found.count >= 3,
                found[0].name == "r", found[1].name == "s", found[2].name == "i",
                isNonce(found[0].value), let salt = Base64.decode(found[1].value), !salt.isEmpty,
                found[2].value.allSatisfy({ (0x30...0x39).contains($0) }),
                let iterations = Int(String(decoding: found[2].value, as: UTF8.self)), iterations > 0
            else { return nil }
            nonce = found[0].value
            self.salt = salt
            self.iterations = iterations
        }
    }

    /// `client-first-message`.
    struct ClientFirst {
        /// The header, which the client's final message repeats in base 64: `n,,`.
        var header: [UInt8]
        /// What follows it, which both sides sign.
        var bare: [UInt8]
        var authorization: String?
        var user: String
        var nonce: [UInt8]
        var extensions: [String: String]

        init?(_ bytes: [UInt8]) {
            guard bytes.count <= maximum else { return nil }
            let parts = bytes.split(separator: UInt8(ascii: ","), maxSplits: 2, omittingEmptySubsequences: false)
            // `n`: no channel binding, which Kafka has none of.
            guard parts.count == 3, parts[0].elementsEqual([UInt8(ascii: "n")]), let found = attributes(parts[2]) else {
                return nil
            }
            guard found.count >= 2, found[0].name == "n", found[1].name == "r", isNonce(found[1].value),
                let user = unescaped(found[0].value), !user.isEmpty
            else { return nil }
            if !parts[1].isEmpty {
                guard parts[1].starts(with: [0x61, 0x3D]), let name = unescaped(Array(parts[1].dropFirst(2))),
                    !name.isEmpty
                else { return nil }
                authorization = name
            }
            header = Array(bytes[..<parts[2].startIndex])
            bare = Array(parts[2])
            self.user = user
            nonce = found[1].value
            extensions = [:]
            for (name, value) in found[2...] { extensions[name] = String(decoding: value, as: UTF8.self) }
        }
    }

    /// `client-final-message`.
    struct ClientFinal {
        var header: [UInt8]
        var nonce: [UInt8]
        var proof: [UInt8]
        /// What stands before the proof, which both sides sign.
        var withoutProof: [UInt8]

        init?(_ bytes: [UInt8]) {
            guard let found = attributes(bytes), found.count >= 3, found[0].name == "c", found[1].name == "r",
                let last = found.last, last.name == "p", let header = Base64.decode(found[0].value),
                let proof = Base64.decode(last.value)
            else { return nil }
            self.header = header
            self.proof = proof
            nonce = found[1].value
            withoutProof = Array(bytes.dropLast(last.value.count + 3))
        }
    }
}
