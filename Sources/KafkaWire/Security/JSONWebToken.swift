/// A JSON Web Token in its compact form (RFC 7519, RFC 7515), taken apart; whether it is to be believed, others decide.
package struct JSONWebToken: Sendable {
    /// The longest that is read: 64 KiB. Kafka's broker takes requests of 512 KiB before it knows somebody.
    package static let maximum = 64 << 10

    package struct Malformed: Error, Equatable, CustomStringConvertible {
        package var reason: String
        package var description: String { "no JWT: \(reason)" }
    }

    package var header: [String: JSONValue]
    package var claims: [String: JSONValue]
    package var signature: [UInt8]
    /// What is signed: header and claims as they were written.
    package var signed: [UInt8]

    package init(_ text: [UInt8]) throws(Malformed) {
        guard text.count <= Self.maximum else { throw Malformed(reason: "longer than 64 KiB") }
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw Malformed(reason: "not three parts between dots") }
        header = try Self.object(parts[0], "header")
        claims = try Self.object(parts[1], "claims")
        guard let signature = Base64.decode(parts[2], .urlSafe) else {
            throw Malformed(reason: "its signature is not in base 64")
        }
        self.signature = signature
        signed = Array(text[..<(parts[2].startIndex - 1)])
    }

    package var algorithm: String? { header["alg"]?.text }

    /// A claim that is a time (RFC 7519, section 2, in seconds), in milliseconds since 1970.
    package func milliseconds(_ claim: String) -> Int64? {
        guard let seconds = claims[claim]?.number else { return nil }
        return Int64(exactly: min(max(seconds * 1000, -1e17), 1e17).rounded(.towardZero))
    }

    /// The scopes: of a text those between spaces (RFC 8693), of a list its texts; nil of anything else.
    package func scopes(claim: String) -> [String]? {
        switch claims[claim] {
        case .string(let text)?: return text.split(separator: " ").map(String.init)
        case .array(let elements)?:
            let texts = elements.compactMap(\.text)
            return texts.count == elements.count ? texts : nil
        default: return nil
        }
    }

    private static func object(_ part: ArraySlice<UInt8>, _ what: String) throws(Malformed) -> [String: JSONValue] {
        guard let bytes = Base64.decode(part, .urlSafe) else { throw Malformed(reason: "its \(what) not in base 64") }
        guard let members = (try? JSONValue(bytes))?.members else {
            throw Malformed(reason: "its \(what) no object of JSON")
        }
        return members
    }
}
