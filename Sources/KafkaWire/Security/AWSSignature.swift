/// AWS's Signature Version 4: which request somebody with a secret key has made, and when.
struct AWSSignature {
    var credentials: AWSCredentials
    var region: String
    var service: String
    /// When, in milliseconds since 1970.
    var milliseconds: Int64

    static let algorithm = "AWS4-HMAC-SHA256"

    private var time: UTCTime { UTCTime(milliseconds: milliseconds) }
    var date: String { time.basic }
    var scope: String { "\(time.basicDate)/\(region)/\(service)/aws4_request" }

    /// A request's form in which it is signed.
    static func canonical(
        method: String, path: String, query: [(String, String)], headers: [(String, String)], bodyHash: String
    ) -> String {
        let query = query.map { (encoded($0), encoded($1)) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        let headers = headers.map { ($0.lowercased(), trimmed($1)) }.sorted { $0.0 < $1.0 }
        return [
            method, path.isEmpty ? "/" : path, query.map { "\($0)=\($1)" }.joined(separator: "&"),
            headers.map { "\($0):\($1)\n" }.joined(), headers.map(\.0).joined(separator: ";"), bodyHash,
        ].joined(separator: "\n")
    }

    /// What is signed: the canonical request's hash, with when and for what.
    func stringToSign(_ canonical: String) throws(SASLError) -> String {
        let hash = Hex.encode(try HashFunction.sha256.hash(Array(canonical.utf8)))
        return [Self.algorithm, date, scope, hash].joined(separator: "\n")
    }

    /// The signature, in hexadecimal digits.
    func signature(of canonical: String) throws(SASLError) -> String {
        let hash = HashFunction.sha256
        var key = Array("AWS4".utf8) + credentials.secretAccessKey.copied()
        for part in [time.basicDate, region, service, "aws4_request"] {
            let next = try hash.authenticate(Array(part.utf8), key: key)
            key.withUnsafeMutableBytes { Secret.wipe($0) }
            key = next
        }
        defer { key.withUnsafeMutableBytes { Secret.wipe($0) } }
        return Hex.encode(try hash.authenticate(Array(try stringToSign(canonical).utf8), key: key))
    }

    /// The query of a request without a body that is signed by its query (presigned), the signature last.
    func presigned(
        host: String, query: [(String, String)], expiresSeconds: Int
    ) throws(SASLError) -> [(name: String, value: String)] {
        var query = query
        query.append(("X-Amz-Algorithm", Self.algorithm))
        query.append(("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope)"))
        query.append(("X-Amz-Date", date))
        query.append(("X-Amz-Expires", String(expiresSeconds)))
        if let token = credentials.sessionToken { query.append(("X-Amz-Security-Token", token.text)) }
        query.append(("X-Amz-SignedHeaders", "host"))
        let canonical = Self.canonical(
            method: "GET", path: "/", query: query, headers: [("host", host)],
            bodyHash: Hex.encode(try HashFunction.sha256.hash([])))
        query.append(("X-Amz-Signature", try signature(of: canonical)))
        return query.map { (name: $0.0, value: $0.1) }
    }

    /// A text as addresses have it (RFC 3986): everything but letters, digits and `-._~` in percent.
    static func encoded(_ text: String) -> String {
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: out.append(byte)
            default: out += Array("%\(Hex.encode([byte]).uppercased())".utf8)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// A header's value without the spaces around it, and with one where several are.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}
