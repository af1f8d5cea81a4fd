import Conformance
import JSONLines
import KafkaWire

/// Inputs to begin with, made of the bytes in `Fixtures/`, which others wrote.
extension FuzzTarget {
    /// What the fixtures in `folder` give this target, in a fixed order.
    public func seeds(fixtures folder: String) throws -> [Bytes] {
        switch self {
        case .frames: try Self.messages(folder).flatMap(Self.frames)
        case .messages:
            try Self.messages(folder).map { Bytes([$0.key, $0.version | ($0.isRequest ? 0 : 0x80)] + $0.body.copy()) }
        case .batches: try Self.batches(folder)
        case .embedded: try Self.embedded(folder)
        case .events: try Self.events(folder)
        case .broker: try Self.messages(folder).flatMap(Self.requests) + BrokerScript.seeds
        case .answers: (0..<AnswersCheck.deeds.count).flatMap { Self.answers(UInt8($0)) }
        case .doctor: (0..<16).flatMap { Self.answers(UInt8($0)) }
        case .page: PageCheck.seeds
        case .proxy: ProxyCheck.seeds(Self.exchanges(try Self.messages(folder)))
        case .agents: AgentsCheck.seeds
        case .readers: ReadersCheck.seeds
        case .login: LoginCheck.seeds
        case .tls: TLSCheck.seeds
        }
    }

    /// Words that mutation should know, as libFuzzer's dictionaries have them; empty where the bytes have none.
    public var dictionary: [String] {
        switch self {
        case .broker, .answers, .doctor, .agents, .page: []
        case .login: LoginCheck.dictionary
        case .tls: TLSCheck.dictionary
        case .frames, .messages, .embedded, .proxy: Self.words
        case .readers: ReadersCheck.dictionary
        case .batches:
            ["\u{82}SNAPPY\0", "\u{4}\"M\u{18}", "(\u{B5}/\u{FD}", "\u{1F}\u{8B}\u{8}"] + Self.words
        case .events:
            [
                #"{"schema":{"type":"struct","fields":["#, #""payload":"#, #""after":{"#, #""before":"#, #""source":{"#,
                #""op":"c""#, #""op":"r""#, #""op":"u""#, #""op":"d""#, #""table":"transactions""#, #""ts_ms":"#,
                #""id":1"#, #""user_id":"#, #""amount":"#, #""card_type":"#, #""merchant_id":"#, #""created_at":"#,
                #""field":""#, #""type":"int64""#, #""name":"io.debezium.time.MicroTimestamp""#, #"null"#, #"\u0061"#,
                #"\ud83d\ude00"#, #"1e9"#, #"-0"#, #"9223372036854775807"#, #""parameters":{"scale":"2""#,
                #""org.apache.kafka.connect.data.Decimal""#, #""optional":true"#, #""status":"BEGIN""#,
            ]
        }
    }

    /// Numbers at the ends of their ranges, a scalar for each byte.
    private static let words = Set(Boundaries.words).map { word in
        String(String.UnicodeScalarView(word.map { Unicode.Scalar($0) }))
    }.sorted()

    // MARK: Messages

    private struct Vector {
        var key: UInt8
        var version: UInt8
        var isRequest: Bool
        var body: Bytes
    }

    private static func lines(_ path: String) throws -> [JSON] {
        FileContent.lines(try FileContent.bytes(path)).compactMap { JSON($0.text) }
    }

    private static func messages(_ folder: String) throws -> [Vector] {
        try API.all.flatMap { api in
            let number = "\(api.key.rawValue)"
            let padded = String(repeating: "0", count: 3 - number.count) + number
            return try lines("\(folder)/golden/\(padded)-\(api.name).jsonl").compactMap { (vector: JSON) -> Vector? in
                guard let body = vector["hex"].hex, let version = vector["version"].number else { return nil }
                return Vector(
                    key: UInt8(truncatingIfNeeded: api.key.rawValue), version: UInt8(truncatingIfNeeded: version),
                    isRequest: vector["kind"].text == "request", body: body)
            }
        }
    }

    /// A request in its frame, in whole and in small pieces, of the vectors that hold only defaults and others that are
    /// short.
    private static func frames(_ vector: Vector) -> [Bytes] {
        guard vector.isRequest, vector.body.count < 64, let api = API.of(APIKey(rawValue: Int16(vector.key))) else {
            return []
        }
        let flexible = RequestHeader.version(for: api.request, Int16(vector.version)) == 2
        let frame =
            [0, vector.key, 0, vector.version, 0, 0, 0, 7, 0, 1, 0x6B] + (flexible ? [0] : []) + vector.body.copy()
        let sized = [0, 0, 0, UInt8(truncatingIfNeeded: frame.count)] + frame
        return [Bytes([0] + sized), Bytes([3, 1, 5, 30] + sized + sized), Bytes([0x80, 0, 1, 0x10, 0])]
    }

    /// A request of a golden message's API and version: with that body, where it is short, and with the fields that the
    /// body's bytes choose.
    private static func requests(_ vector: Vector) -> [Bytes] {
        guard vector.isRequest, vector.body.count < 192 else { return [] }
        let size = UInt8(vector.body.count)
        let whole = [BrokerScript.golden, vector.key, vector.version, size] + vector.body.copy()
        let chosen = [BrokerScript.chosen + vector.key, vector.version] + vector.body.copy()
        let all = PopulatedBroker.Content.all.rawValue
        return vector.body.count < 64 ? [Bytes([all] + whole), Bytes([all] + chosen)] : [Bytes([all] + whole)]
    }

    /// Answers that pass, and the one behind three, five or eight of them in each way of changing it.
    private static func answers(_ deed: UInt8) -> [Bytes] {
        let changes: [[UInt8]] = [
            [], [96, 3, 2], [97, 1, 5, 4, 5], [98, 9, 0x43, 3, 0xC0, 2, 0xD5], [200, 5], [200, 18], [200, 29],
            [210] + Array(1...40),
            [225, 9], [230], [233, 2, 0xFF],
        ]
        return changes.flatMap { change in
            [2, 3, 5, 8].map { Bytes([deed] + [UInt8](repeating: 0, count: $0) + change + [0, 0] + change) }
        }
    }

    /// A request and an answer in their frames without sizes, of each API and version that has both.
    private static func exchanges(_ vectors: [Vector]) -> [(request: [UInt8], answer: [UInt8])] {
        var requests: [[UInt8]: Vector] = [:]
        for vector in vectors where vector.isRequest { requests[[vector.key, vector.version]] = vector }
        return vectors.compactMap { vector in
            guard !vector.isRequest, let request = requests[[vector.key, vector.version]],
                let api = API.of(APIKey(rawValue: Int16(vector.key)))
            else { return nil }
            let frame = BrokerScript.frame(api.key, Int16(vector.version), request.body.copy(), 7).copy()
            let isFlexible = ResponseHeader.version(for: api.response, Int16(vector.version)) == 1
            return (frame, [0, 0, 0, 7] + (isFlexible ? [0] : []) + vector.body.copy())
        }
    }

    // MARK: Records

    private static func batches(_ folder: String) throws -> [Bytes] {
        let names: [(String, Compression)] = [
            ("gzip-two-members.gz", .gzip), ("lz4-4MiB-content-size.lz4", .lz4),
            ("zstd-plain.zst", .zstd), ("zstd-content-size-checksum.zst", .zstd), ("zstd-long-window.zst", .zstd),
        ]
        var seeds: [Bytes] = []
        for vector in try lines("\(folder)/golden/record-batches.jsonl") {
            guard let bytes = vector["hex"].hex, bytes.count > 61 else { continue }
            seeds.append(Bytes([0] + bytes.copy()))
            seeds.append(Bytes([1] + bytes.copy()))
            guard let batch = try? RecordBatch(bytes), batch.magic == 2 else { continue }
            // What it packs, for the codec, and its records, to be packed in every codec and format.
            let codec = UInt8(batch.attributes.rawValue & 7)
            let count = UInt8(truncatingIfNeeded: batch.recordCount)
            let content = batch.bytes[61..<batch.bytes.count].copy()
            seeds.append(Bytes([2 | codec << 2, count] + content))
            guard codec == 0 else { continue }
            for codec in Compression.allCases { seeds.append(Bytes([3 | codec.rawValue << 2, count] + content)) }
        }
        for vector in try lines("\(folder)/golden/record-batches.jsonl")
        where (vector["name"].text ?? "").hasPrefix("legacy") {
            guard let bytes = vector["hex"].hex else { continue }
            let magic: UInt8 = bytes[16] == 1 ? 0x20 : 0
            for codec in Compression.allCases where codec != .none {
                seeds.append(Bytes([3 | codec.rawValue << 2 | magic | 0x40, 0] + bytes.copy()))
            }
        }
        for (name, codec) in names {
            let packed = try FileContent.bytes("\(folder)/compression/\(name)")
            seeds.append(Bytes([2 | codec.rawValue << 2, 1] + packed))
        }
        return seeds + Self.extremeTimes()
    }

    /// Batches of records at one end of time and at another, in each codec.
    private static func extremeTimes() -> [Bytes] {
        let times = Boundaries.integers(Int64.self)
        return Compression.allCases.flatMap { codec in
            times.compactMap { time -> Bytes? in
                var builder = RecordBatchBuilder()
                for timestamp in [time, 1, time] {
                    builder.append(key: nil, value: nil, timestamp: timestamp)
                }
                var options = RecordBatchBuilder.Options()
                options.compression = codec
                return (try? builder.finish(options)).map { Bytes([0] + $0) }
            }
        }
    }

    private static func embedded(_ folder: String) throws -> [Bytes] {
        let names = [
            "ConsumerProtocolSubscription", "ConsumerProtocolAssignment", "ControlRecordTypeSchema", "EndTxnMarker",
            "LeaderChangeMessage", "RequestHeaderData", "ResponseHeaderData",
        ]
        return try lines("\(folder)/golden/embedded.jsonl").flatMap { vector -> [Bytes] in
            guard let kind = names.firstIndex(of: vector["api"].text ?? ""), let bytes = vector["hex"].hex,
                let version = vector["version"].number
            else { return [] }
            let number = UInt8(truncatingIfNeeded: kind)
            let plain = Bytes([number, UInt8(truncatingIfNeeded: version)] + bytes.copy())
            let behind = Bytes([number, 0x80, 0, UInt8(truncatingIfNeeded: version)] + bytes.copy())
            return kind < 5 ? [plain, behind] : [plain]
        }
    }

    // MARK: Events

    /// Recorded events without schemas, alone and two in a row; of those with schemas, which are long, only few.
    private static func events(_ folder: String) throws -> [Bytes] {
        var seeds: [Bytes] = []
        for (topic, amount, most) in [
            ("bare.public.transactions", 0, 60), ("bare-double.public.transactions", 2, 30),
            ("bare-string.public.transactions", 3, 30), ("dbserver1.public.transactions", 0, 4),
            ("bare-precise-adaptive.forms.transactions", 0, 26), ("bare-added.shop.transactions", 0, 16),
            ("bare-whole.shop.transactions", 0, 8), ("added.shop.transactions", 0, 2),
        ] {
            let values = try lines("\(folder)/debezium/\(topic).jsonl").compactMap {
                $0["value"].text
            }
            var before: [UInt8] = []
            // Evenly spread, so that snapshots, inserts, updates and deletes are among them.
            for value in stride(from: 0, to: values.count, by: max(1, values.count / most)).map({ values[$0] }) {
                let event = Array(value.utf8)
                seeds.append(Bytes([UInt8(amount)] + event))
                if !before.isEmpty { seeds.append(Bytes([UInt8(amount)] + before + [0] + event)) }
                before = event
            }
        }
        return seeds + Self.shortEvents.map { Bytes([0] + Array($0.utf8)) }
    }

    /// The members that count, without the others: most of what can go wrong needs few bytes.
    private static let shortEvents = [
        #"{"op":"c","after":{"id":1,"user_id":2,"amount":"AfQ=","created_at":3}}"#,
        #"{"after":{"id":1,"user_id":2,"amount":5.25,"card_type":"VISA","merchant_id":4,"created_at":3},"op":"r"}"#,
        #"{"op":"c","source":{"ts_ms":7,"table":"transactions"},"after":{"id":1,"user_id":2,"amount":"1.50"}}"#,
        #"{"schema":{"type":"struct","fields":[{"type":"struct","fields":[{"type":"int64","name":"#
            + #""io.debezium.time.Timestamp","field":"created_at"}],"field":"after"}]},"payload":"#
            + #"{"op":"c","after":{"id":1,"user_id":2,"amount":"AfQ=","created_at":3}}}"#,
        #"{"status":"BEGIN","id":"571","event_count":null}"#,
        #"{"id":1,"user_id":2,"amount":{"scale":2,"value":"AfQ="},"created_at":"2026-11-21Z","__deleted":"false","__op":"c"}"#,
        #"{"op":"c","source":{"ts_ms":7},"after":{"ID":1,"USER_ID":2,"AMOUNT":"AfQ=","CREATED_AT":20778}}"#,
        #"{"ts_ms":1796029315127}"#,
        "null",
    ]
}
