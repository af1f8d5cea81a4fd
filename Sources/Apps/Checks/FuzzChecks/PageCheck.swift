import BrokerUI
import JSONLines
import KafkaBroker
import KafkaWire

/// The broker's web page over a broker to which something was done: the first byte is the size of a ``BrokerScript`` in
/// eights, which follows; the next says in what pieces the head of a request arrives, which is the rest. Where that
/// begins with a slash, it is an address, and the head is made.
///
/// Whatever is asked, there is an answer of HTTP, bounded; what is said to be JSON reads as such.
enum PageCheck {
    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard input.count >= 3 else { return }
        let size = min(Int(input[0]) * 8, input.count - 2)
        let (shown, isNew) = try shown(after: input[1..<1 + size])
        let piece = Int(input[1 + size]) + 1
        let rest = input[2 + size..<input.count].copy()
        let pieces = stride(from: 0, to: rest.count, by: piece).map { Array(rest[$0..<min(rest.count, $0 + piece)]) }
        let isAddress = rest.first == UInt8(ascii: "/")
        let text = String(decoding: rest, as: UTF8.self)
        let head = ["GET \(text) HTTP/1.1\r\nHost: localhost:1\r\n\r\n"].map { Array($0.utf8) }
        for asked in [isAddress ? head : pieces] + (isNew ? Self.addresses.map { [$0] } : []) {
            try ask(asked, shown, memory)
        }
    }

    /// The brokers of the last few scripts: the page changes nothing of a broker, and many inputs differ in what they ask
    /// alone. To make one takes a hundred times longer than to ask it.
    private static let brokers = Locked<[(script: Bytes, shown: OfflineShown)]>([])
    private static let mostBrokers = 32

    /// A broker to which was done what `script` says, and whether nothing was asked of it yet.
    private static func shown(after script: Bytes) throws(Finding) -> (OfflineShown, isNew: Bool) {
        if let found = brokers.withLock({ $0.first { $0.script == script } }) { return (found.shown, false) }
        guard let populated = try? PopulatedBroker() else { throw Finding("the broker does not start") }
        var steps = BrokerScript(script)
        steps.known = populated.known
        for _ in 0..<24 {
            guard let step = steps.next() else { break }
            BrokerCheck.perform(step, on: populated.server)
            _ = populated.server.takeEvents()
        }
        let shown = OfflineShown(populated.server)
        brokers.withLock {
            if $0.count >= mostBrokers { $0.removeFirst() }
            $0.append((script, shown))
        }
        return (shown, true)
    }

    private static func ask(_ pieces: [[UInt8]], _ shown: OfflineShown, _ memory: MemoryMeter) throws(Finding) {
        let count = pieces.reduce(0) { $0 + $1.count }
        let answer = try memory.bound("the page", count, perByte: 1 << 10, base: 32 << 20) {
            Result { () throws(Finding) in
                try Waiting.result("the page") { await OfflinePage.answer(pieces, of: shown) }
            }
        }.get()
        guard let answer else { return }
        try claim([200, 400, 403, 404, 405, 414, 431, 505].contains(answer.status), "the status is \(answer.status)")
        try claim(answer.size <= 16 << 20, "an answer of \(answer.size) bytes")
        guard answer.type == "application/json" else { return }
        try claim(Document(Array(answer.body.utf8)) != nil, "no JSON: \(answer.body.prefix(400))")
    }

    /// What the page itself asks for, each time that something was done to a broker.
    private static let addresses = [
        "/api/topics", "/api/groups", "/api/transactions", "/api/topics/t", "/api/topics/compact/messages?count=200",
        "/api/topics/t/messages?offset=0&count=200", "/api/topics/u/messages?partition=0&offset=9223372036854775807",
    ].map { Array("GET \($0) HTTP/1.1\r\nHost: localhost:1\r\n\r\n".utf8) }

    static let seeds: [Bytes] = {
        let texts = [
            "/", "/page.js", "/api/topics", "/api/groups", "/api/transactions", "/api/topics/t", "/api/topics/%74",
            "/api/topics/t/messages?partition=1&offset=2&count=3", "/api/topics/zipped/messages?cursor=0:17,1:4",
            "/api/topics/t/messages?cursor=0:9223372036854775807,0:-1", "/api/topics/t/messages?partition=2147483648",
            "/api/topics//messages", "/api/../x?%", "/%E2%80%AE",
            "GET / HTTP/1.1\r\nHost: [::1]:1\r\nOrigin: http://x\r\nSec-Fetch-Site: cross-site\r\n\r\n",
            "POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx",
            "GET http://localhost/api/topics HTTP/1.1\nHost: localhost\n\n",
        ]
        let scripts: [[UInt8]] = [[]] + BrokerScript.seeds.prefix(40).map { Array($0.copy().dropFirst()) }
        var seeds: [Bytes] = []
        for (index, script) in scripts.enumerated() where script.count < 256 {
            let padded = script + [UInt8](repeating: 63, count: (8 - script.count % 8) % 8)
            for text in index == 0 ? texts : [texts[index % texts.count]] {
                for piece in index == 0 ? [UInt8(0), 7, 255] : [255] {
                    seeds.append(Bytes([UInt8(padded.count / 8)] + padded + [piece] + Array(text.utf8)))
                }
            }
        }
        return seeds
    }()
}

/// A broker without sockets, as the page sees one.
private final class OfflineShown: ShownBroker {
    private let server: Locked<OfflineServer>

    init(_ server: OfflineServer) { self.server = Locked(server) }

    var bootstrapServers: String { "localhost:9092" }
    var topics: [KafkaBroker.TopicInfo] { get async { server.withLock { $0.topics } } }

    func groups(limit: Int) async -> (first: [KafkaBroker.GroupInfo], count: Int) {
        let all = server.withLock { $0.groups }
        return (Array(all.prefix(limit)), all.count)
    }

    func transactions(limit: Int) async -> (first: [KafkaBroker.TransactionInfo], count: Int) {
        let all = server.withLock { $0.transactions }
        return (Array(all.prefix(limit)), all.count)
    }

    func batches(topic: String, partition: PartitionID, from offset: Offset, maxBytes: Int) async -> [RecordBatch] {
        server.withLock { $0.batches(topic: topic, partition: partition, from: offset, maxBytes: maxBytes) }
    }
}
