import KafkaBroker
import KafkaWire

/// Requests to a broker with small limits, over three connections, and the time between them: a ``BrokerScript``.
///
/// Whatever comes, each request is answered in its version, at once or when its time has come, or its connection is
/// closed with a reason; memory stays in proportion; and what always holds of a broker's state holds afterwards.
enum BrokerCheck {
    static let connections = 3
    /// How often an input may ask for something.
    private static let stepLimit = 96

    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard let server = try? OfflineServer(configuration, connections: connections) else {
            throw Finding("the broker does not start")
        }
        var script = BrokerScript(input)
        for _ in 0..<stepLimit {
            guard let step = script.next() else { break }
            // A request may concern every topic, group and setting that there is.
            try memory.bound("\(step)", 64, perByte: 1 << 10, base: 48 << 20) {
                switch step {
                case .request(let frame, let connection): server.receive(frame, on: connection)
                case .pause(let duration): server.advance(duration)
                case .disconnect(let connection): server.disconnect(connection)
                }
            }
            try judge(server, &script)
            try hold(server)
        }
        // What waits has its time: at most that of an Int32 in milliseconds, and then what follows from it.
        for _ in 0..<16 where server.waiting > 0 {
            server.advance(.seconds(30 * 86_400))
            try judge(server, &script)
        }
        try claim(server.waiting == 0, "\(server.waiting) requests are never answered")
        server.advance(.seconds(30 * 86_400))
        try judge(server, &script)
        try hold(server)
    }

    private static func hold(_ server: OfflineServer) throws(Finding) {
        let objections = server.objections
        try claim(objections.isEmpty, objections.joined(separator: "; "))
    }

    private static func judge(_ server: OfflineServer, _ script: inout BrokerScript) throws(Finding) {
        for event in server.takeEvents() {
            switch event {
            case .answer(_, let key, let version, let correlationId, let frame):
                try check(frame, key, version, correlationId, &script)
            case .silence(_, let key):
                try claim(key == .produce, "\(key) is not answered, and only Produce may be")
            case .hangUp(_, let reason):
                try claim(!reason.isEmpty, "a connection is closed without a reason")
                try claim(!reason.hasPrefix("an answer could not be written"), reason)
            case .stray: throw Finding("an answer comes to a request that nobody waits for")
            }
        }
    }

    /// The answer is one frame; its body reads in its version, and writes to the same bytes.
    private static func check(
        _ frame: [UInt8], _ key: APIKey, _ version: Int16, _ correlationId: Int32, _ script: inout BrokerScript
    ) throws(Finding) {
        guard let api = API.of(key) else { throw Finding("an unknown API \(key) is answered") }
        let whole = Bytes(frame)
        let size = frame.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        try claim(size == frame.count - 4, "\(api.name) v\(version): a frame of \(frame.count) bytes says \(size)")
        let rest = whole[4..<whole.count]
        switch outcome({ () throws(WireError) in try decode(rest, api.response, version) }) {
        case .failure(let error): throw Finding("\(api.name) v\(version): the answer \(rest) cannot be read: \(error)")
        case .success(let answer):
            try claim(answer.correlationId == correlationId, "\(api.name) v\(version): another request is answered")
            try claim(answer.again == answer.body, "\(api.name) v\(version): the answer \(answer.body) is written anew")
            script.learn(answer.values)
        }
    }

    private struct Answer {
        var correlationId: Int32
        var body: Bytes
        /// The body, decoded and encoded.
        var again: Bytes
        var values: WireValue
    }

    private static func decode<R: WireMessage>(_ bytes: Bytes, _ type: R.Type, _ version: Int16) throws(WireError)
        -> Answer
    {
        let headerVersion = ResponseHeader.version(for: type, version)
        let (header, size) = try ResponseHeader.decodePrefix(bytes, version: headerVersion)
        let body = bytes[size..<bytes.count]
        let message = try type.decode(body, version: version)
        return Answer(
            correlationId: header.correlationId, body: body, again: Bytes(try message.encode(version: version)),
            values: BrokerScript.learnsFrom(type.api) ? try message.values(version: version) : .null)
    }

    private static let configuration: KafkaBroker.Configuration = {
        var configuration = KafkaBroker.Configuration(topics: ["t": 2, "u": 1])
        configuration.maximumPartitions = 48
        configuration.maximumGroupSize = 4
        configuration.fetchSessionLimit = 4
        configuration.memoryLimit = 1 << 20
        configuration.maximumMessageBytes = 64 << 10
        configuration.clusterId = "fuzzing"
        configuration.seed = 1
        return configuration
    }()
}
