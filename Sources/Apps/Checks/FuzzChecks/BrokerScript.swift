import KafkaWire

/// An input as a sequence of requests and pauses. A step begins with a byte:
///
/// | byte | step |
/// | --- | --- |
/// | below 8 | a frame of the next two bytes' size, as it stands, over the connection of that number modulo 3 |
/// | 8 | a request of the API and version of the next two bytes, with a body of the third one's size, as it stands |
/// | 16 to 31 | a pause, of 1 ms to 8 days |
/// | 32 to 39 | a client goes away |
/// | from 64 on | a request of the API of that number less 64, in the next byte's version, with fields that the bytes choose |
///
/// Bytes choose from few values, among them what the broker has given out: ids of members, producers, topics, sessions.
struct BrokerScript {
    static let golden: UInt8 = 8
    static let chosen: UInt8 = 64

    enum Step: CustomStringConvertible {
        case request(Bytes, connection: Int)
        case pause(Duration)
        case disconnect(Int)

        var description: String {
            switch self {
            case .request(let frame, let connection): "the request \(frame) over connection \(connection)"
            case .pause(let duration): "a pause of \(duration)"
            case .disconnect(let connection): "a loss of connection \(connection)"
            }
        }
    }

    private static let pauses: [Duration] = [
        .milliseconds(1), .milliseconds(5), .milliseconds(20), .milliseconds(51), .milliseconds(100),
        .milliseconds(500), .seconds(1), .seconds(3), .seconds(10), .seconds(31), .seconds(61), .seconds(301),
        .seconds(601), .seconds(1801), .seconds(86_400), .seconds(8 * 86_400),
    ]

    private var source: ByteSource
    /// What the broker has given out.
    var known = KnownValues()
    /// How many requests there were.
    private(set) var requests = 0

    init(_ input: Bytes) { source = ByteSource(input) }

    /// The next step, or nil at the end. What cannot be written as a request of its version is passed over.
    mutating func next() -> Step? {
        while !source.isEmpty {
            let kind = source.next()
            switch kind {
            case 0..<8:
                let size = Int(source.next()) | Int(source.next()) << 8
                return .request(source.slice(size), connection: Int(kind) % BrokerCheck.connections)
            case Self.golden..<16:
                let key = Int16(source.next())
                let version = Int16(source.next())
                let body = source.slice(Int(source.next()))
                let frame = frame(APIKey(rawValue: key), version, body.copy())
                return .request(frame, connection: Int(kind) % BrokerCheck.connections)
            case 16..<32: return .pause(Self.pauses[Int(kind - 16)])
            case 32..<40: return .disconnect(Int(kind) % BrokerCheck.connections)
            case Self.chosen...:
                let byte = source.next()
                guard let frame = chosen(APIKey(rawValue: Int16(kind - Self.chosen)), byte) else { continue }
                return .request(frame, connection: Int(byte >> 5) % BrokerCheck.connections)
            default: continue
            }
        }
        return nil
    }

    /// A request whose fields the bytes choose; the version is that of the byte's low five bits, or the latest.
    private mutating func chosen(_ key: APIKey, _ byte: UInt8) -> Bytes? {
        guard let api = API.of(key) else { return frame(key, Int16(byte), []) }
        let wanted = Int16(byte & 31)
        let version = api.stableVersions.contains(wanted) ? wanted : api.latestStable
        guard let body = try? filled(api.request, version) else { return nil }
        return frame(key, version, body)
    }

    private mutating func filled<R: WireMessage>(_ type: R.Type, _ version: Int16) throws(WireError) -> [UInt8] {
        var filler = RequestFiller(
            version: version, flexible: type.flexible.contains(version), source: source, known: known)
        var request = R()
        try filler.visit(&request)
        source = filler.source
        return try request.encode(version: version)
    }

    private mutating func frame(_ key: APIKey, _ version: Int16, _ body: [UInt8]) -> Bytes {
        requests += 1
        return Self.frame(key, version, body, Int32(requests))
    }

    /// A request in its frame, without its size.
    static func frame<R: WireRequest>(_ request: R, _ version: Int16, _ correlationId: Int32) -> Bytes {
        frame(R.api, version, (try? request.encode(version: version)) ?? [], correlationId)
    }

    static func frame(_ key: APIKey, _ version: Int16, _ body: [UInt8], _ correlationId: Int32) -> Bytes {
        let header = RequestHeader.with {
            $0.requestApiKey = key.rawValue
            $0.requestApiVersion = version
            $0.correlationId = correlationId
            $0.clientId = "c"
        }
        let headerVersion = API.of(key).map { RequestHeader.version(for: $0.request, version) } ?? 1
        let written = (try? header.encode(into: ByteWriter(), version: headerVersion).array()) ?? []
        return Bytes(written + body)
    }

    // MARK: Beginnings

    /// Short scripts of what clients do; the bytes of a request are its fields in their order (``RequestFiller``).
    static let seeds: [Bytes] = {
        func request(_ key: UInt8, _ version: UInt8, _ fields: [UInt8]) -> [UInt8] { [chosen + key, version] + fields }
        func repeated(_ count: Int, _ bytes: [UInt8]) -> [UInt8] { Array(repeatElement(bytes, count: count).joined()) }
        let afterJoins: [UInt8] = [19]
        let longAfter: [UInt8] = [31]
        // A member: it is given its id, joins with it, assigns, commits; a second one comes.
        let join = request(11, 5, [1, 0x60, 0x60, 1, 0, 1, 1, 1, 1])
        let secondJoin = request(11, 5 | 0x20, [1, 0x60, 0x60, 2, 0, 1, 1, 1, 1])
        let sync = request(14, 3, [1, 2, 1, 0, 1, 1, 1])
        let heartbeat = request(12, 4, [1, 2, 1, 0])
        let commit = request(8, 8, [1, 2, 1, 0, 1, 1, 1, 0, 6, 0, 0])
        let member = join + join + afterJoins + sync + heartbeat
        // Records, plain and in a transaction; the topic is t, the partition 0.
        let produce = request(0, 9, [0, 0x40, 0, 1, 1, 1, 0, 0x0F])
        let begin = request(22, 4, [1, 0x60, 0, 0]) + request(24, 3, [1, 1, 1, 1, 1, 1, 0])
        let transactional = request(0, 9, [1, 0x40, 0, 1, 1, 1, 0, 0x10, 0x10, 0])
        let end = request(26, 3, [1, 1, 1, 1])
        let abort = request(26, 3, [1, 1, 1, 0])
        let fetch = request(1, 11, [0, 0x60, 2, 0x60, 2, 0, 0, 1, 1, 1, 0, 0x40, 0, 0, 0x60, 0, 0])
        let listed = [0x40, 0x41, 0x45, 0x80].flatMap { request(2, 7, [0, 0, 1, 1, 1, 0, 0x40, $0]) }
        let retention = request(44, 1, [1, 3, 1, 1, 22, 0, 1, 0])
        let scripts = [
            member + commit, member + secondJoin + secondJoin + join + afterJoins + sync + longAfter,
            member + secondJoin + secondJoin + longAfter, produce + fetch + listed, fetch + [0x80] + produce,
            begin + transactional + end + fetch, begin + transactional + abort + fetch + listed,
            begin + transactional + fetch + longAfter, repeated(40, produce) + fetch, retention + repeated(8, produce),
            begin + transactional + begin + transactional + end,
        ]
        // Ids of every length around a limit: of a group that commits, of one that is joined, of a transaction.
        let long = (UInt8(0xE0)..<0xFF).map { length in
            request(8, 8, [length, 0, 0, 0, 1, 1, 1, 0, 5, 0, length])
                + request(11, 5, [length, 0x60, 0x60, 1, 0, 1, 1, 1, 1])
                + request(22, 4, [length, 0x60, 0, 0]) + [19]
        }
        let some = [UInt8](repeating: 1, count: 12)
        let each = (0..<96).map { request($0, 31, some) + [20] + request($0, 0, some) }
        // On an empty broker and on one that has all, in memory; the scripts also in a directory, stopped and killed.
        return (scripts + long).flatMap { script in [0, 31, 0xFF, 0xDF].map { Bytes([$0] + script) } }
            + (each + extremes).map { Bytes([31] + $0) }
    }()

    /// Each field of each API in turn at the end of its range, too long, or there twice; records at the ends of time, and
    /// headers that say anything, behind which more records come; positions of any offset.
    private static let extremes: [[UInt8]] = {
        func request(_ key: UInt8, _ version: UInt8, _ fields: [UInt8]) -> [UInt8] { [chosen + key, version] + fields }
        var scripts: [[UInt8]] = []
        func produce(_ topic: UInt8, _ batch: [UInt8]) -> [UInt8] {
            request(0, 9, [0, 0x40, 0, 1, topic, 1, 0] + batch)
        }
        for index in UInt8(0)..<32 {
            // To t, compact, stamped and zipped.
            for topic in [UInt8(1), 12, 13, 14] {
                scripts.append(produce(topic, [0x42, 0x80 | index]) + produce(topic, [2]) + [18, 28])
                scripts.append(produce(topic, [0x62, index, 0xA0 | index]) + produce(topic, [2]))
            }
            for field in UInt8(0)..<11 {
                scripts.append(produce(1, [0x82, 0xC0, field, index]) + produce(1, [2]) + [28])
            }
            // By the group h, which has no members.
            scripts.append(request(8, 8, [2, 0, 0, 0, 1, 1, 1, 0, 0xC0 | index, 0, 0]))
        }
        for key in UInt8(0)..<96 {
            guard API.of(APIKey(rawValue: Int16(key))) != nil else { continue }
            for place in 0..<14 {
                for extreme in [UInt8(0xC0), 0xC1, 0xCB, 0xFA, 0xF4, 0x0B] {
                    var fields = [UInt8](repeating: 1, count: 14)
                    fields[place] = extreme
                    scripts.append(request(key, 31, fields))
                }
            }
        }
        return scripts
    }()
}

/// Bytes that are used up one by one; behind the end there are zeros.
struct ByteSource {
    private let bytes: Bytes
    private var at = 0

    init(_ bytes: Bytes) { self.bytes = bytes }

    var isEmpty: Bool { at >= bytes.count }

    mutating func next() -> UInt8 {
        guard at < bytes.count else { return 0 }
        defer { at += 1 }
        return bytes[at]
    }

    /// At most the next `count` bytes.
    mutating func slice(_ count: Int) -> Bytes {
        let end = min(bytes.count, at + count)
        defer { at = end }
        return bytes[min(at, end)..<end]
    }
}
