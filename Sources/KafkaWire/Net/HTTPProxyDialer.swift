/// Reaches every broker through an HTTP proxy that knows CONNECT (RFC 9110, 9.3.6), as kafka-python's `proxy_url` does; the
/// setting is `proxy.url`. The proxy looks names up, so that brokers' names need not be known here.
///
/// ```swift
/// configuration.client.connections.dialer = HTTPProxyDialer(host: "proxy.internal", port: 3128)
/// ```
///
/// The proxy sees that a connection to the broker is asked for, and all that is said over it. Unix sockets are connected to
/// without it. A password is in nothing that is printed of this.
public struct HTTPProxyDialer: Dialer {
    /// The proxy's host.
    public let host: String
    /// The proxy's port.
    public let port: UInt16
    /// What `Proxy-Authorization` says; nil where the proxy is told of nobody.
    let authorization: String?

    /// A proxy, and who asks it (Basic, RFC 7617). Default: nobody says who.
    public init(host: String, port: UInt16, user: String? = nil, password: String? = nil) {
        self.host = host
        self.port = port
        authorization =
            user == nil && password == nil
            ? nil : "Basic " + Base64.encode(Array("\(user ?? ""):\(password ?? "")".utf8))
    }

    /// A proxy as `http://host:port` or `http://user:password@host:port`, in which `%40` is an `@` of a user or password; nil
    /// where the text is no such URL.
    public init?(url: String) {
        let scheme = "http://"
        guard url.utf8.count <= 4096, url.lowercased().hasPrefix(scheme) else { return nil }
        var rest = url.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var user: String?
        var password: String?
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]) else { return nil }
            user = name
            if parts.count > 1 {
                guard let word = Self.decoded(parts[1]) else { return nil }
                password = word
            }
            rest = rest[rest.index(after: at)...]
        }
        guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0 else {
            return nil
        }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy(Self.isOfHost), !host.contains("/") else { return nil }
        self.init(host: String(host), port: port, user: user, password: password)
    }

    /// Asks the proxy for a connection to the broker, within the time of the call.
    ///
    /// - Throws: a sentence with the proxy's address and what it answered.
    public func dial(_ call: DialedCall) async throws -> DialedStream {
        guard UnixPath.read(call.host) == nil else { return try await call.connect(host: call.host, port: call.port) }
        let target = Self.address(call.host, call.port)
        // A broker's name comes from the cluster: it must not write lines of its own into the head.
        guard call.host.utf8.allSatisfy(Self.isOfHost) else {
            throw HTTPProxyRefusal(
                sentence:
                    "the broker's host cannot be named to \(self): it has characters that no host has; look at what "
                    + "the broker advertises")
        }
        let stream: DialedStream
        do { stream = try await call.connect(host: host, port: port) } catch let error as NetError {
            throw HTTPProxyRefusal(sentence: "\(self) cannot be reached: \(error); look at proxy.url")
        }
        do {
            try await stream.write(Array(request(for: target).utf8))
            let head = try await stream.readHead()
            if let sentence = head.refusal(of: target, by: self) { throw HTTPProxyRefusal(sentence: sentence) }
            return stream
        } catch let error as NetError {
            stream.close()
            throw HTTPProxyRefusal(sentence: "\(self) did not answer CONNECT \(target): \(error)")
        } catch {
            stream.close()
            throw error
        }
    }

    func request(for target: String) -> String {
        var lines = ["CONNECT \(target) HTTP/1.1", "Host: \(target)"]
        if let authorization { lines.append("Proxy-Authorization: \(authorization)") }
        return lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    private static func address(_ host: String, _ port: UInt16) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Visible characters of ASCII.
    private static func isOfHost(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7f }

    /// Text with `%40` and its like as what they stand for; nil where there is no such text.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let decoded = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16), high != UInt8(ascii: "+")
            else { return nil }
            bytes.append(decoded)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension HTTPProxyDialer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `the HTTP proxy HOST:PORT`: nobody's password.
    public var description: String { "the HTTP proxy \(Self.address(host, port))" }
    /// The same.
    public var debugDescription: String { description }
    /// Host and port alone.
    public var customMirror: Mirror { Mirror(self, children: ["host": host, "port": port]) }
}

/// Why a proxy has made no connection.
struct HTTPProxyRefusal: Error, CustomStringConvertible {
    let sentence: String
    var description: String { sentence }
}

/// The head of a proxy's answer, as far as it has come.
struct HTTPProxyAnswer: Sendable {
    /// More than any proxy says; what is longer is no answer.
    static let limit = 8192

    private var bytes: [UInt8] = []
    private var hasEnded = false
    /// Whether there was more than a head.
    private var hasMore = false
    private static let beginning = Array("HTTP/1.".utf8)

    /// Whether nothing more need be read: the head is there, or will not be.
    var isComplete: Bool { hasEnded || bytes.count >= Self.limit || !isHTTP || endsHead }

    /// What came next; nothing at the end of the stream.
    mutating func take(_ next: [UInt8]) {
        hasEnded = next.isEmpty
        for (index, byte) in next.enumerated() {
            bytes.append(byte)
            guard isComplete else { continue }
            hasMore = index + 1 < next.count
            if !isHTTP { bytes += next[(index + 1)...] }
            return
        }
    }

    /// Whether it is an answer of HTTP, as far as can be seen.
    private var isHTTP: Bool { zip(bytes, Self.beginning).allSatisfy(==) }
    /// An empty line ends it; a line may end without its carriage return (RFC 9112, 2.2).
    private var endsHead: Bool { bytes.suffix(2) == [10, 10] || bytes.suffix(3) == [10, 13, 10] }

    /// The number of its status; nil where there is none.
    private var status: Int? {
        let words = bytes.prefix { $0 != 13 && $0 != 10 }.split(separator: 32, maxSplits: 2)
        guard isHTTP, bytes.count > Self.beginning.count, words.count > 1, words[1].count == 3 else { return nil }
        return Int(String(decoding: words[1], as: UTF8.self))
    }

    /// Its first line, of which what cannot be shown is left out.
    private var line: String {
        let shown = bytes.prefix { $0 != 13 && $0 != 10 }.prefix(120).filter { $0 >= 0x20 && $0 < 0x7f }
        return String(decoding: shown, as: UTF8.self)
    }

    /// What is wrong with it, as a sentence; nil where the proxy has connected.
    func refusal(of target: String, by proxy: HTTPProxyDialer) -> String? {
        guard let status, endsHead else {
            if !isHTTP {
                return "\(proxy) is no HTTP proxy: it answered CONNECT \(target) with \"\(line)\"; look at proxy.url"
            }
            return hasEnded
                ? "\(proxy) closed the connection in the middle of its answer to CONNECT \(target); it may not be an HTTP "
                    + "proxy, or not one that lets this machine in"
                : "\(proxy) answered CONNECT \(target) with more than \(Self.limit) bytes, or with no status, beginning with "
                    + "\"\(line)\"; look at proxy.url"
        }
        switch status {
        case 200..<300:
            // Where it is the broker's, it is no broker of Kafka: those wait to be spoken to.
            return hasMore
                ? "\(proxy) connected to \(target), where somebody spoke first: that is no Kafka broker" : nil
        case 407:
            return proxy.authorization == nil
                ? "\(proxy) wants to know who asks (\(line)); set proxy.url to http://user:password@host:port"
                : "\(proxy) does not take the user and password of proxy.url (\(line))"
        case 403, 405:
            return "\(proxy) does not allow CONNECT \(target) (\(line)); it has to allow the brokers' ports"
        case 502, 503, 504:
            return
                "\(proxy) could not reach \(target) (\(line)); look whether a broker listens there, as seen from the proxy"
        default: return "\(proxy) answered CONNECT \(target) with \"\(line)\""
        }
    }
}
