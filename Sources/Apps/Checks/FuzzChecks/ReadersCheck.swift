import AppSupport
import Captures
import ChangeText
import ClusterView
import ConnectREST
import JSONLines
import KafkaBroker
import KafkaWire
import Proxying
import RecordText
import Screens

/// What the tool reads of files, of its command line and of others' services, and records as it prints them: the first
/// byte chooses the reader, the second its options, the rest is the text.
///
/// Everything is read or refused with a sentence; what is printed for a terminal does not steer it; what is JSON reads
/// as such; what is written reads as the same again.
enum ReadersCheck {
    private typealias Reader = @Sendable ([UInt8], UInt8) throws(Finding) -> Void

    /// In an order that stays, since inputs name them by number.
    private static let readers: [(name: String, read: Reader)] = [
        ("properties", { (bytes, _) throws(Finding) in try properties(bytes) }),
        ("settings", { (bytes, _) throws(Finding) in try settings(bytes) }),
        ("server properties", { (bytes, _) throws(Finding) in try serverProperties(bytes) }),
        ("JSON", { (bytes, option) throws(Finding) in try json(bytes, isStrict: option & 1 == 1) }),
        ("spans", { (bytes, _) throws(Finding) in try span(String(decoding: bytes, as: UTF8.self)) }),
        ("moments", { (bytes, option) throws(Finding) in moment(String(decoding: bytes, as: UTF8.self), option) }),
        ("lines", { (bytes, option) throws(Finding) in try lines(bytes, option) }),
        ("records", { (bytes, option) throws(Finding) in try RecordPrinting.check(bytes, option) }),
        ("changes", { (bytes, option) throws(Finding) in try RecordPrinting.changes(bytes, option) }),
        ("captures", { (bytes, _) throws(Finding) in try capture(bytes) }),
        ("Connect", { (bytes, _) throws(Finding) in try connect(bytes) }),
        ("addresses", { (bytes, _) throws(Finding) in try addresses(String(decoding: bytes, as: UTF8.self)) }),
        ("faults", { (bytes, option) throws(Finding) in try faults(String(decoding: bytes, as: UTF8.self), option) }),
        ("keys", { (bytes, option) throws(Finding) in try keys(bytes, option) }),
        ("patterns", { (bytes, _) throws(Finding) in pattern(String(decoding: bytes, as: UTF8.self)) }),
    ]

    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard input.count >= 2, Int(input[0]) < readers.count else { return }
        let reader = readers[Int(input[0])]
        let text = input[2..<input.count].copy()
        let option = input[1]
        try memory.bound(reader.name, text.count, perByte: 8 << 10, base: 4 << 20) {
            Result { () throws(Finding) in try reader.read(text, option) }
        }.get()
    }

    static let dictionary = [
        "=", ":", "\\\\u", "\\n", "#", "!", "\\t", "%s", "%k", "%t", "%h", "%T", "\\\\x", "ms", "1h30m",
        "9223372036854775807",
        "-9223372036854775808", "2147483648", "@", "T00:00:00Z", "+18:59", "9999-12-31", "1970-01-01", "\u{1B}[",
        "\u{E2}\u{80}\u{AE}", "{\"", "\":", "null", "retention.ms", "key.separator", "print.headers=true", "listeners",
        "PLAINTEXT://", "http://", "kafkawire-capture", "\"hex\":\"", "\"connector\":", "\"tasks\":[", "%", "=Produce",
        "Infinity", "\"op\":\"u\"", "\"before\":", "\"after\":", "\"schema\":", "io.debezium.time.Timestamp",
    ]

    static let seeds: [Bytes] = {
        let texts: [(UInt8, String)] = [
            (0, "bootstrap.servers = a:1,b:2\n# no\nclient.id: x\\u0041\\\n  y\n"), (0, "a\\"), (0, "\\u12"),
            (1, "retry.backoff.ms=9223372036854775807\nlinger.ms=1\ncompression.type=zstd\nauto.offset.reset=latest\n"),
            (2, "listeners=PLAINTEXT://127.0.0.1:0\nlog.retention.hours=2147483647\nlog.retention.ms=-1\n"),
            (2, "log.roll.hours=2147483647\noffsets.retention.minutes=2147483647\nnum.partitions=2147483647\n"),
            (3, #"{"a":[1,2.5e-3,"x\u00e9\ud83d\ude00",null,true,{}],"b":-0}"#), (4, "1h30m"), (4, "9223372036s"),
            (4, "0.000001ms"), (5, "2026-01-07T22:00:00.123+01:00"), (5, "@1767823200000"), (5, "15m"),
            (6, "h:v,w:x\tk\tv"), (6, "k\tv"), (7, "%t %p %o %T %k %s %h %K %S %R\n"), (7, "key\u{0}value"),
            (8, #"{"before":null,"after":{"id":1,"amount":"AfQ=","at":1},"op":"c","ts_ms":9223372036854775807}"#),
            (8, #"{"before":{"id":1},"after":{"id":1,"n":"x"},"op":"u","source":{"table":"t","schema":"public"}}"#),
            (
                9,
                #"{"format":"kafkawire-capture","version":1}"# + "\n"
                    + #"{"time":0,"connection":0,"from":"client","hex":"0000000400120000"}"#
            ),
            (
                10,
                #"{"name":"c","connector":{"state":"RUNNING","worker_id":"w"},"tasks":[{"id":0,"state":"FAILED","#
                    + #""worker_id":"w","trace":"java.lang.X: y\n\tat z"}],"type":"source"}"#
            ),
            (10, #"{"name":"c","config":{"connector.class":"x","tasks.max":1,"database.password":"p"}}"#),
            (11, "localhost:9092"), (11, "[::1]:1"), (11, "http://u:p@h:8083/x"),
            (12, "Produce=NOT_LEADER_OR_FOLLOWER@10%"),
            (12, "10ms-50ms@0.0001%"), (12, "9223372036854775807KiB"), (13, "\u{1B}[A\u{1B}[1;5C\u{1B}OPq"),
            (14, "^t.*[0-9]+$"),
        ]
        return texts.flatMap { kind, text in [UInt8(0), 1, 0xFF].map { Bytes([kind, $0] + Array(text.utf8)) } }
    }()

    // MARK: - Files

    private static func properties(_ bytes: [UInt8]) throws(Finding) {
        let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 1
        switch Result(catching: { () throws(PropertiesFile.Failure) in try PropertiesFile(bytes, path: "f") }) {
        case .success(let file):
            for entry in file.entries {
                try hold(!entry.name.isEmpty && 1...lines ~= entry.line, "line \(entry.line) of \(lines): \(entry)")
            }
        case .failure(let error): try hold(1...lines ~= error.line && !error.text.isEmpty, "\(error)")
        }
    }

    private static func pairs(_ bytes: [UInt8]) -> [(name: String, value: String)] {
        ((try? PropertiesFile(bytes, path: "f"))?.entries ?? []).map { ($0.name, $0.value) }
    }

    private static func settings(_ bytes: [UInt8]) throws(Finding) {
        let pairs = pairs(bytes)
        var client = ClientConfiguration(bootstrapServers: ["b:1"])
        var producer = KafkaProducer.Configuration(bootstrapServers: ["b:1"])
        var consumer = KafkaConsumer.Configuration(bootstrapServers: ["b:1"], group: "g", topics: ["t"])
        for refusal in [
            failure { () throws(KafkaError) in try client.apply(pairs) },
            failure { () throws(KafkaError) in try producer.apply(pairs) },
            failure { () throws(KafkaError) in try consumer.apply(pairs) },
        ] {
            guard let refusal else { continue }
            try hold(refusal.code == .invalidConfiguration && refusal.setting != nil, "\(refusal)")
        }
    }

    private static func failure<R>(_ body: () throws(KafkaError) -> R) -> KafkaError? {
        do throws(KafkaError) {
            _ = try body()
            return nil
        } catch { return error }
    }

    private static func serverProperties(_ bytes: [UInt8]) throws(Finding) {
        var configuration = KafkaBroker.Configuration()
        let values = Dictionary(pairs(bytes)) { $1 }
        guard (try? configuration.apply(values)) != nil else { return }
        // What was taken can be started with, except for the network and the disk.
        configuration.dataDirectory = nil
        configuration.topics = [:]
        guard let server = try? OfflineServer(configuration, connections: 1) else { return }
        server.advance(.seconds(86_400))
        try hold(server.objections.isEmpty, "\(server.objections)")
    }

    private static func capture(_ bytes: [UInt8]) throws(Finding) {
        _ = Capture.isCapture(bytes)
        switch Result(catching: { () throws(FileError) in try Capture(bytes, name: "f") }) {
        case .success(let capture):
            let text = capture.lines.joined(separator: "\n") + "\n"
            let again = try? Capture(Array(text.utf8), name: "f")
            try hold(again == capture, "a capture is read as another one when it is written: \(text)")
        case .failure(let error): try hold(error.description.hasPrefix("f"), "\(error) names no file")
        }
    }

    // MARK: - Texts

    private static func json(_ bytes: [UInt8], isStrict: Bool) throws(Finding) {
        guard let document = Document(bytes, isStrict: isStrict) else { return }
        try hold(Document(Array(document.compact.utf8)) == document, "\(document.compact) reads as something else")
        try hold(
            Document(Array(document.indented().utf8)) == document, "\(document.indented()) reads as something else")
    }

    private static func span(_ text: String) throws(Finding) {
        guard let span = TimeSpan(text) else { return }
        _ = span.words
        let whole = span.duration.components.attoseconds % 1_000_000_000_000 == 0
        try hold(!whole || TimeSpan("\(span)") == span || span.duration < .zero, "\(text) is written as \(span)")
    }

    private static func moment(_ text: String, _ option: UInt8) {
        let nows = Boundaries.integers(Int64.self)
        guard let moment = Moment(text, now: nows[Int(option) % nows.count]) else { return }
        _ = "\(Timestamp(microseconds: moment.milliseconds.multipliedReportingOverflow(by: 1000).partialValue))"
    }

    private static func lines(_ bytes: [UInt8], _ option: UInt8) throws(Finding) {
        var parser = LineParser()
        if option & 1 != 0 { _ = parser.apply("parse.key", "true") }
        if option & 2 != 0 { _ = parser.apply("parse.headers", "true") }
        if option & 4 != 0 { _ = parser.apply("ignore.error", "true") }
        if option & 8 != 0 { _ = parser.apply("null.marker", "NULL") }
        if option & 16 != 0 { _ = parser.apply("key.separator", "::") }
        if option & 32 != 0 { _ = parser.apply("headers.separator", String(decoding: bytes.prefix(1), as: UTF8.self)) }
        guard (try? parser.check()) != nil else { return }
        let outcome = bytes.withUnsafeBytes { line in
            Result { () throws(RenderFailure) in
                let parts = try parser.parse(line, number: 7)
                return (parts.key?.count ?? 0) + (parts.value?.count ?? 0)
            }
        }
        switch outcome {
        case .success(let size): try hold(size <= bytes.count, "\(size) bytes of \(bytes.count)")
        case .failure(let error): try hold("\(error)".contains("7"), "\(error) names no line")
        }
    }

    private static func connect(_ bytes: [UInt8]) throws(Finding) {
        _ = try? ConnectorConfig.document(bytes, source: "f")
        guard let document = Document(bytes), let status = ConnectorStatus(document) else { return }
        _ = (status.summary, status.reasons)
        try hold(Document(Array(status.json.utf8)) != nil, "no JSON: \(status.json)")
        var wait = ConnectorWait(.running, before: status)
        _ = wait.judge(status, after: .seconds(1))
    }

    private static func addresses(_ text: String) throws(Finding) {
        // A host with a scheme in it is none that could be reached; it is not read again as it is written.
        if let address = try? BrokerAddress(text), !address.host.contains("://") {
            try hold((try? BrokerAddress("\(address)")) == address, "\(text) is written as \(address)")
        }
        if let address = HostPort(text) {
            try hold(HostPort("\(address)") == address, "\(text) is written as \(address)")
        }
        _ = try? ConnectAddress.list(text)
    }

    private static func faults(_ text: String, _ option: UInt8) throws(Finding) {
        let outcome = Result { () throws(FaultText) in
            switch option % 6 {
            case 0:
                var faults = FaultPlan(rules: [try FaultText.delay(text)]).connection(1)
                return faults.next(.produce).count
            case 1: return try FaultText.drop(text).perMillion
            case 2: return try FaultText.truncate(text).perMillion
            case 3: return try FaultText.error(text).perMillion
            case 4: return try FaultText.share(text)
            default: return min(1, try FaultText.bytes(text))
            }
        }
        switch outcome {
        case .success(let number): try hold(0...1_000_000 ~= number, "\(text) is \(number)")
        case .failure(let error): try hold(!error.description.isEmpty, "no sentence")
        }
    }

    private static func keys(_ bytes: [UInt8], _ option: UInt8) throws(Finding) {
        var decoder = KeyDecoder()
        var keys: [Key] = []
        let size = Int(option & 7) + 1
        for start in stride(from: 0, to: bytes.count, by: size) {
            keys += decoder.feed(bytes[start..<min(bytes.count, start + size)])
        }
        keys += decoder.flush()
        try hold(keys.count <= bytes.count, "\(keys.count) keys of \(bytes.count) bytes")
        var state = TopState(size: (columns: Int(option), rows: Int(option & 31)))
        for key in keys.prefix(64) { _ = state.press(key) }
        for line in TopScreen.lines(state, clock: "12:00") { try TerminalCheck.isHarmless(line.text) }
    }

    private static func pattern(_ text: String) {
        guard let pattern = try? TopicPattern(text) else { return }
        _ = pattern.matches(among: ["t", "orders.eu-1", "", text])
    }

    /// A claim inside of a reader.
    private static func hold(_ holds: Bool, _ otherwise: @autoclosure () -> String) throws(Finding) {
        try claim(holds, otherwise())
    }
}
