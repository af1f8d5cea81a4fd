/// What kind of server listens on a port, told by what it says. A value.
///
/// The signs: TLS records begin with their type (21 alert, 22 handshake) and version 3.x (RFC 8446, 5.1); HTTP with
/// `HTTP/` (RFC 9112, 4); SSH with `SSH-` (RFC 4253, 4.2); PostgreSQL answers an SSLRequest with one letter, and a start
/// of another protocol with an error message (its documentation, 53.2); AMQP with its name; MySQL greets with a packet of
/// protocol version 10; ZooKeeper answers its four-letter words.
package enum PeerProtocol: Sendable, Equatable {
    case kafka
    case tls
    /// The server's own name, where it tells one.
    case http(server: String?)
    /// What it calls itself.
    case ssh(String)
    case postgreSQL
    case zooKeeper
    case redis
    case amqp
    case mySQL
    /// A server that greets with a status line, as mail and file servers do.
    case greeting(String)

    /// Told by the bytes that came, whatever was asked; nil where they say nothing.
    package init?(said bytes: [UInt8]) {
        func begins(_ text: String) -> Bool { bytes.starts(with: Array(text.utf8)) }
        guard let first = bytes.first else { return nil }
        if bytes.count >= 3, first == 0x15 || first == 0x16, bytes[1] == 3, bytes[2] <= 4 {
            self = .tls
        } else if begins("HTTP/") {
            self = .http(server: Self.server(bytes))
        } else if begins("SSH-") {
            self = .ssh(Self.line(bytes))
        } else if first == UInt8(ascii: "E"), bytes.count >= 9, bytes[5...].starts(with: Array("SFATAL".utf8)) {
            self = .postgreSQL
        } else if begins("AMQP") {
            self = .amqp
        } else if begins("-ERR ") || begins("-NOAUTH ") || begins("-DENIED ") {
            self = .redis
        } else if begins("Zookeeper version") || begins("srvr is not executed because")
            || begins("This ZooKeeper instance is not currently serving")
        {
            self = .zooKeeper
        } else if bytes.count >= 6, bytes[2] == 0, bytes[3] == 0, bytes[4] == 10, (0x30...0x39).contains(bytes[5]) {
            self = .mySQL
        } else if begins("220 ") || begins("220-") {
            self = .greeting(Self.line(bytes))
        } else if Self.isKafkaAnswer(bytes) {
            self = .kafka
        } else {
            return nil
        }
    }

    /// Told by what came back on each question.
    init?(_ answers: [(question: Question, answer: RawAnswer)]) {
        for (question, answer) in answers {
            if question == .postgreSQL, let first = answer.bytes.first, answer.bytes.count == 1,
                first == UInt8(ascii: "S") || first == UInt8(ascii: "N")
            {
                self = .postgreSQL
                return
            }
            if let found = PeerProtocol(said: answer.bytes) {
                self = found
                return
            }
        }
        return nil
    }

    /// A size that fits, and the correlation id of the question.
    private static func isKafkaAnswer(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 8 else { return false }
        let size = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
        return (6...1 << 20).contains(size) && bytes[4..<8].elementsEqual(Question.correlation)
    }

    private static func line(_ bytes: [UInt8]) -> String {
        let printable = bytes.prefix { $0 != 0x0A && $0 != 0x0D }.prefix(80).map {
            (0x20..<0x7F).contains($0) ? $0 : 0x3F
        }
        return String(decoding: printable, as: UTF8.self)
    }

    private static func server(_ bytes: [UInt8]) -> String? {
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let name = Array("server:".utf8)
            guard line.count > name.count,
                line.prefix(name.count).map({ $0 | 0x20 }).elementsEqual(name.map { $0 | 0x20 })
            else { continue }
            return Self.line(Array(line.dropFirst(name.count).drop { $0 == 0x20 }))
        }
        return nil
    }

    /// What a port is asked to learn who listens there. None does harm: each is the first message of its protocol, and
    /// changes nothing.
    enum Question: Sendable, CaseIterable {
        case kafka
        case tls
        case postgreSQL
        case http
        case zooKeeper

        static let correlation: [UInt8] = [0x4B, 0x57, 0x44, 0x52]

        /// The bytes to send; `host` is the name that TLS and HTTP servers are told.
        func bytes(host: String) -> [UInt8] {
            switch self {
            case .kafka:
                // ApiVersions v0 without a client's name, which every broker answers.
                return [0, 0, 0, 10, 0, 18, 0, 0] + Self.correlation + [0xFF, 0xFF]
            case .tls: return ClientHello.bytes(host: host)
            case .postgreSQL: return [0, 0, 0, 8, 4, 210, 22, 47]
            case .http: return Array("GET / HTTP/1.0\r\nHost: \(host)\r\n\r\n".utf8)
            // With a line's end, as people send it: a TLS server that takes one connection at a time would wait for a
            // fifth byte, and meanwhile answer none of the other questions.
            case .zooKeeper: return Array("srvr\n".utf8)
            }
        }
    }
}

/// The first message of a TLS client (RFC 5246, 7.4.1.2): enough for a server to answer with its own, or to object in
/// TLS. Nothing follows it.
enum ClientHello {
    static func bytes(host: String) -> [UInt8] {
        // ECDHE with AES-GCM and ChaCha20, and plain RSA for old servers.
        let suites: [UInt8] = [
            0xC0, 0x2B, 0xC0, 0x2F, 0xC0, 0x2C, 0xC0, 0x30, 0xCC, 0xA9, 0xCC, 0xA8, 0x00, 0x9C, 0x00, 0x2F,
        ]
        var extensions: [UInt8] = []
        // A server's name is a name, never an address (RFC 6066, 3).
        let isName = host.contains { $0.isLetter } && !host.contains(":") && host.utf8.count < 250
        if isName {
            let name = Array(host.utf8)
            extensions += extended(0, sized([0] + sized(name)))
        }
        extensions += extended(10, sized([0, 29, 0, 23, 0, 24]))
        extensions += extended(11, [1, 0])
        extensions += extended(13, sized([4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1]))
        // Any 32 bytes will do: no key is ever made from them.
        let random = Array("kafkawire asks whether it is TLS".utf8)
        let body = [3, 3] + random + [0] + sized(suites) + [1, 0] + sized(extensions)
        let handshake: [UInt8] = [1, 0] + sized(body)
        return [0x16, 3, 1] + sized(handshake)
    }

    private static func sized(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)] + bytes
    }

    private static func extended(_ type: UInt8, _ bytes: [UInt8]) -> [UInt8] { [0, type] + sized(bytes) }
}
