import Foundation

/// Where a worker of Connect answers: an `http` or `https` URL, perhaps with a path and credentials.
package struct ConnectAddress: Equatable, Sendable, CustomStringConvertible {
    /// The URL without credentials and without a slash at its end.
    package let text: String
    /// The value of the header `Authorization`, where the URL has credentials. Never shown.
    let authorization: String?

    package var description: String { text }

    /// Reads `http://host:port`, also without `http://`, and without a port (8083). Throws a sentence.
    package init(_ given: String) throws(ConnectError) {
        let whole = given.contains("://") ? given : "http://\(given)"
        guard var parts = URLComponents(string: whole), ["http", "https"].contains(parts.scheme?.lowercased()),
            let host = parts.host, !host.isEmpty, parts.query == nil, parts.fragment == nil
        else {
            throw ConnectError(
                .usage,
                "\(Self.withoutCredentials(given)) is no address of Connect; it looks like http://localhost:8083.")
        }
        if let user = parts.user {
            let pair = Data("\(user):\(parts.password ?? "")".utf8)
            authorization = "Basic \(pair.base64EncodedString())"
        } else {
            authorization = nil
        }
        parts.user = nil
        parts.password = nil
        if parts.port == nil, parts.scheme?.lowercased() == "http", !given.contains("://") { parts.port = 8083 }
        while parts.percentEncodedPath.hasSuffix("/") { parts.percentEncodedPath.removeLast() }
        text = parts.string ?? whole
    }

    /// The addresses of a list with commas; without one, those of the environment's `CONNECT_URL`, else
    /// `http://localhost:8083`.
    package static func list(_ given: String?) throws(ConnectError) -> [ConnectAddress] {
        let text = given ?? ProcessInfo.processInfo.environment["CONNECT_URL"] ?? ""
        var found: [ConnectAddress] = []
        for part in text.split(separator: ",") {
            let part = part.filter { !$0.isWhitespace }
            if !part.isEmpty { found.append(try ConnectAddress(part)) }
        }
        return found.isEmpty ? [try ConnectAddress("http://localhost:8083")] : found
    }

    /// The URL of a resource; the parts of the path are encoded whatever they are.
    func url(_ path: [String], _ query: [(String, String)]) -> URL? {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        // Letters of other scripts are to be encoded too.
        allowed.formIntersection(CharacterSet(charactersIn: Unicode.Scalar(0)..."~"))
        func encoded(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: allowed) ?? "" }
        let resource = path.map { "/" + encoded($0) }.joined()
        let pairs = query.map { "\($0.0)=\(encoded($0.1))" }.joined(separator: "&")
        return URL(string: text + (resource.isEmpty ? "/" : resource) + (pairs.isEmpty ? "" : "?\(pairs)"))
    }

    private static func withoutCredentials(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        return "…" + text[at...]
    }
}
