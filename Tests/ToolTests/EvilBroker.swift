import KafkaWire
import Testing

/// A broker of which every text is an attack on the terminal: names, messages, settings, keys. Its answers are whole and
/// in the version that was asked for; only what they say is made up, by the names of fields.
final class EvilBroker: Sendable {
    /// What it says: a colour, a title, a line of its own, C1, text that runs backwards, a mark, what nobody sees.
    static let attack = "\u{1B}[31mATTACK\u{1B}]0;t\u{7}\u{9B}2J\u{202E}\u{2066}\u{200F}\u{200B}\u{61C}\u{2028}\u{7F}\r"

    private let server: RawServer
    private let names: String
    private let code: Int16
    private let task = Locked<[Task<Void, Never>]>([])

    var address: String { "127.0.0.1:\(server.port)" }

    /// Topics, groups and the like are called `names`; answers have the error `code` where a client can go on all the same.
    init(names: String, code: Int16) throws {
        server = try RawServer()
        (self.names, self.code) = (names, code)
        let accepting = Task {
            while !Task.isCancelled {
                guard let socket = try? server.socket.accept() else {
                    try? await Task.sleep(for: .milliseconds(5))
                    continue
                }
                let serving = Task { await self.serve(RawPeer(socket: socket)) }
                task.withLock { $0.append(serving) }
            }
        }
        task.withLock { $0.append(accepting) }
    }

    func stop() {
        task.withLock { $0.forEach { $0.cancel() } }
        server.close()
    }

    private func serve(_ peer: RawPeer) async {
        defer { peer.close() }
        while !Task.isCancelled, let frame = await frame(from: peer) {
            guard let answer = try? answer(frame[4..<frame.count]), (try? await peer.send(answer)) != nil else {
                return
            }
        }
    }

    /// The next request; nil where the client has gone.
    private func frame(from peer: RawPeer) async -> Bytes? {
        guard let head = try? await peer.receive(4).bytes, head.count == 4 else { return nil }
        let size = Int(UInt32(bigEndian: head.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }))
        guard let rest = try? await peer.receive(size).bytes, rest.count == size else { return nil }
        return Bytes(head + rest)
    }

    private func answer(_ frame: Bytes) throws -> [UInt8]? {
        let (header, _) = try Frame.decodeRequestHeader(frame)
        guard let api = API.of(APIKey(rawValue: header.requestApiKey)) else { return nil }
        // Without these nothing goes on.
        let isFound = [APIKey.apiVersions, .metadata, .findCoordinator].contains(api.key)
        func made<M: WireMessage>(_ type: M.Type) throws -> [UInt8] {
            var message = M()
            if var versions = message as? ApiVersionsResponse {
                versions.apiKeys = API.all.map { api in
                    .with {
                        $0.apiKey = api.key.rawValue
                        ($0.minVersion, $0.maxVersion) = (
                            api.request.versions.lowerBound, api.request.versions.upperBound
                        )
                    }
                }
                message = versions as? M ?? message
            } else {
                var filler = AttackFiller(
                    version: header.requestApiVersion, flexible: M.flexible.contains(header.requestApiVersion),
                    port: Int32(server.port), names: names, code: isFound ? 0 : code)
                try filler.visit(&message)
            }
            return try Frame.response(
                message, version: header.requestApiVersion, correlationId: header.correlationId)
        }
        return try made(api.response)
    }
}

/// The visitor that fills an answer.
private struct AttackFiller: MessageWalk {
    let version: Int16
    var flexible: Bool
    let port: Int32
    let names: String
    let code: Int16
    private var field = ""

    init(version: Int16, flexible: Bool, port: Int32, names: String, code: Int16) {
        (self.version, self.flexible, self.port, self.names, self.code) = (version, flexible, port, names, code)
    }

    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) -> Bool {
        self.field = "\(field.name)"
        return field.versions.contains(version)
    }
    mutating func enterTagged<T: WireType>(_ tag: UInt32, _ field: Field, _ value: T, default: T) -> Bool { false }
    mutating func visit(_ value: inout Int8) { if field == "resourceType" || field == "patternType" { value = 2 } }
    mutating func visit(_ value: inout Int16) { if field == "errorCode" { value = code } }
    mutating func visit(_ value: inout Int32) { value = field == "port" ? port : 0 }
    mutating func visit(_ value: inout Int64) { value = 0 }
    mutating func visit(_ value: inout Double) { value = 1 }
    mutating func visit(_ value: inout Uuid) { value = Uuid(high: 7, low: 7) }

    mutating func visit(_ value: inout String?) {
        let called = ["name", "topic", "topicName", "groupId", "key", "transactionalId", "resourceName"]
        value = field == "host" ? "127.0.0.1" : called.contains(field) ? names : EvilBroker.attack
    }

    mutating func visit(_ value: inout Bytes?) { value = Bytes(utf8: EvilBroker.attack) }
    mutating func visit(_ value: inout Records?) { value = Records(Bytes()) }

    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        let name = field
        var element = E.zero
        try element.accept(&self)
        field = name
        value = [element]
    }

    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        var structure = S()
        try visit(&structure)
        value = structure
    }
}
