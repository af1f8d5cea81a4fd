/// What a certificate says, as far as anybody asks.
public struct CertificateSummary: Equatable, Hashable, Sendable {
    /// Whom it is for: the distinguished name as Java's `X500Principal.getName()` prints it (RFC 2253), on which
    /// Kafka's
    /// `ssl.principal.mapping.rules` work. Empty where it has none.
    public var subject: String
    /// Who has signed it, likewise.
    public var issuer: String
    /// The hosts' names that it is for: of its alternative names, else its common name.
    public var hostNames: [String]
    /// The IP addresses that it is for.
    public var addresses: [String]
    /// The number that its issuer gave it, in upper-case hexadecimal.
    public var serialNumber: String
    /// Seconds since 1970 from which it is valid.
    public var validFrom: Int64
    /// Seconds since 1970 up to which it is valid.
    public var validUntil: Int64
    /// Whether it may sign others.
    public var isAuthority: Bool
    /// The kind of its key and its bits, such as "RSA 2048" or "EC 256".
    public var key: String
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    public var fingerprint: String

    /// Another word for ``subject``.
    public var distinguishedName: String { subject }

    /// Whether its own key has signed it, by its names.
    public var isSelfIssued: Bool { subject == issuer }

    /// What it is called in a sentence.
    var title: String {
        if !subject.isEmpty { return subject }
        return (hostNames + addresses).first ?? "without a name"
    }

    /// Every name that it is for, in a sentence; not more than a screen of them.
    var nameList: String {
        let all = hostNames + addresses
        guard !all.isEmpty else { return "none" }
        let shown = all.prefix(10).joined(separator: ", ")
        return all.count > 10 ? "\(shown) and \(all.count - 10) more" : shown
    }
}

/// A distinguished name as text, as Java prints it: RFC 2253, the last part first.
enum DistinguishedName {
    /// One statement of a name.
    struct Part: Equatable, Sendable {
        /// The kind of statement, as numbers with dots.
        var kind: String
        /// What is said; nil where it is no text.
        var text: String?
        /// The same as it is encoded (DER), with tag and length.
        var encoded: [UInt8]
        /// Whether it belongs to the statement before it, in one part of the name.
        var isJoined: Bool

        init(_ kind: String, _ text: String?, encoded: [UInt8] = [], isJoined: Bool = false) {
            self.kind = kind
            self.text = text
            self.encoded = encoded
            self.isJoined = isJoined
        }
    }

    /// The keywords of RFC 2253, 2.3; Java has all others in numbers.
    private static let keywords = [
        "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET", "2.5.4.10": "O",
        "2.5.4.11": "OU", "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
    ]

    /// The name of these statements, which are in the order of the certificate.
    static func text(_ parts: [Part]) -> String {
        var names: [[String]] = []
        for part in parts {
            let statement = text(part)
            if part.isJoined, !names.isEmpty {
                names[names.count - 1].append(statement)
            } else {
                names.append([statement])
            }
        }
        return names.reversed().map { $0.joined(separator: "+") }.joined(separator: ",")
    }

    private static func text(_ part: Part) -> String {
        guard let keyword = keywords[part.kind], let text = part.text else {
            return "\(part.kind)=#\(Hex.encode(part.encoded))"
        }
        return "\(keyword)=\(escaped(text))"
    }

    /// Java puts a backslash before more characters than the RFC wants.
    private static func escaped(_ text: String) -> String {
        let all = Array(text.unicodeScalars)
        let leading = all.prefix { $0 == " " }.count
        let trailing = all.reversed().prefix { $0 == " " }.count
        var out = String.UnicodeScalarView()
        for (index, scalar) in all.enumerated() {
            if scalar == "\0" {
                out.append(contentsOf: "\\00".unicodeScalars)
                continue
            }
            let isOuterSpace = index < leading || index >= all.count - trailing
            if isOuterSpace || ",=+<>#;\"\\".unicodeScalars.contains(scalar) { out.append("\\") }
            out.append(scalar)
        }
        return String(out)
    }
}
