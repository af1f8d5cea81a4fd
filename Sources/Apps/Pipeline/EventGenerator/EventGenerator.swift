/// Makes Debezium change events of `transactions` in exactly the form that a real connector writes
/// (`message.key.columns=…:user_id`, decimals as base64), without a database: for demonstrations and load.
///
/// The same options give the same events, byte for byte, as long as the same `now` is passed in.
public struct EventGenerator: Sendable {
    /// Which events carry their schema.
    public enum Schemas: Equatable, Sendable {
        /// `schemas.enable=true`: 3.5 KB an event.
        case embedded
        /// `schemas.enable=false`: 0.55 KB an event.
        case none
        /// This share (0 to 1) of the events, drawn at random.
        case mixed(share: Double)
    }

    /// What is generated.
    public struct Options: Equatable, Sendable {
        /// Decides everything random. Default 1.
        public var seed: UInt64 = 1
        /// The connector's `topic.prefix`. Default `dbserver1`.
        public var topicPrefix = "dbserver1"
        /// Which events carry their schema. Default all.
        public var schemas = Schemas.embedded
        /// The part of the events that belongs to spikes, bursts and cards that are tried out, a third each; 0 to 0.5.
        /// Default 0.01.
        public var suspiciousShare = 0.01
        /// The first row's id. Default 1.
        public var firstID: Int64 = 1
        /// Before the first row's `created_at`, in microseconds since the epoch. Default 2026-11-21T00:00:00Z.
        public var startMicroseconds: Int64 = 1_795_219_200_000_000
        /// The mean distance of two rows in event time, in microseconds. Default 10 ms, at which an ordinary user
        /// has less than one transaction a minute; up to 2 s bursts stay within the rule's 60 seconds.
        public var intervalMicroseconds: Int64 = 10_000
        /// How many users there are, 1 to 10,000,000. Default 9000.
        public var users = 9000

        /// The defaults.
        public init() {}
    }

    private var source: TransactionSource
    private var choices: RandomNumbers
    private let schemaShare: UInt64
    private let valuePrefix: [UInt8]
    private let keyPrefix: [UInt8]
    private let sourceStart: [UInt8]
    private var transactionID: UInt64 = 758
    private var position: UInt64 = 26_378_336
    private var lastCommit: UInt64 = 26_378_136
    private var scratch = [UInt8](repeating: 0, count: 1024)  // a payload is at most about 700 bytes and the prefix

    /// A generator at its first event.
    public init(_ options: Options = Options()) {
        source = TransactionSource(
            seed: options.seed, firstID: options.firstID, start: options.startMicroseconds,
            interval: min(options.intervalMicroseconds, 1 << 40), suspiciousShare: options.suspiciousShare,
            users: min(max(options.users, 1), 10_000_000))
        choices = RandomNumbers(seed: ~options.seed)
        switch options.schemas {
        case .embedded: schemaShare = 1_000_000
        case .none: schemaShare = 0
        case .mixed(let share): schemaShare = share > 0 ? UInt64(min(share, 1) * 1_000_000) : 0
        }
        let topic = "\(options.topicPrefix).public.transactions"
        valuePrefix = Array(SchemaText.value(topic: topic).utf8)
        keyPrefix = Array(SchemaText.key(topic: topic).utf8)
        sourceStart = Array(
            #"},"source":{"version":"3.6.3.Final","connector":"postgresql","name":"\#(options.topicPrefix)","ts_ms":"#
                .utf8)
        scratch = [UInt8](repeating: 0, count: 1024 + sourceStart.count)
    }

    /// Writes the next event's key and value in place of what the buffers hold, and gives the row.
    ///
    /// - Parameter nowMicroseconds: when the connector handles the event (`ts_ms`, `ts_us`, `ts_ns`); nil for 100 ms
    ///   after the row. Pass the present moment to measure latency.
    public mutating func next(
        key: inout [UInt8], value: inout [UInt8], nowMicroseconds: Int64? = nil
    ) -> GeneratedTransaction {
        let row = source.next()
        let hasSchema = schemaShare == 1_000_000 || (schemaShare > 0 && choices.happens(schemaShare))
        let now = nowMicroseconds ?? row.createdAt + 100_000
        let count = writePayload(row, now: now)
        value.removeAll(keepingCapacity: true)
        if hasSchema { value.append(contentsOf: valuePrefix) }
        value.append(contentsOf: scratch[..<count])
        if hasSchema { value.append(UInt8(ascii: "}")) }
        writeKey(row, hasSchema: hasSchema, to: &key)
        return row
    }

    private mutating func writeKey(_ row: GeneratedTransaction, hasSchema: Bool, to key: inout [UInt8]) {
        let count = scratch.withUnsafeMutableBytes { bytes in
            var writer = TextWriter(bytes)
            writer.text("{\"user_id\":")
            writer.number(row.userID)
            writer.text(hasSchema ? "}}" : "}")
            return writer.count
        }
        key.removeAll(keepingCapacity: true)
        if hasSchema { key.append(contentsOf: keyPrefix) }
        key.append(contentsOf: scratch[..<count])
    }

    private mutating func writePayload(_ row: GeneratedTransaction, now: Int64) -> Int {
        transactionID += 1
        lastCommit = position
        position += 200
        let (transactionID, position, lastCommit) = (transactionID, position, lastCommit)
        let commit = row.createdAt + 500
        return scratch.withUnsafeMutableBytes { bytes in
            var writer = TextWriter(bytes)
            writer.text("{\"before\":null,\"after\":{\"id\":")
            writer.number(row.id)
            writer.text(",\"user_id\":")
            writer.number(row.userID)
            writer.text(",\"amount\":\"")
            writer.base64(row.cents)
            writer.text("\",\"card_type\":\"")
            switch row.card {
            case 0: writer.text("VISA")
            case 1: writer.text("MASTERCARD")
            default: writer.text("AMEX")
            }
            writer.text("\",\"merchant_id\":")
            writer.number(row.merchantID)
            writer.text(",\"created_at\":")
            writer.number(row.createdAt)
            writer.bytes(sourceStart)
            writer.number(commit / 1000)
            writer.text(",\"snapshot\":\"false\",\"db\":\"mydb\",\"sequence\":\"[\\\"")
            writer.number(Int64(lastCommit))
            writer.text("\\\",\\\"")
            writer.number(Int64(position))
            writer.text("\\\"]\",\"ts_us\":")
            writer.number(commit)
            writer.text(",\"ts_ns\":")
            writer.number(commit)
            writer.text("000,\"schema\":\"public\",\"table\":\"transactions\",\"txId\":")
            writer.number(Int64(transactionID))
            writer.text(",\"lsn\":")
            writer.number(Int64(position))
            writer.text(
                ",\"xmin\":null,\"origin\":null,\"origin_lsn\":null},\"transaction\":null,\"op\":\"c\",\"ts_ms\":")
            writer.number(now / 1000)
            writer.text(",\"ts_us\":")
            writer.number(now)
            writer.text(",\"ts_ns\":")
            writer.number(now)
            writer.text("000}")
            return writer.count
        }
    }
}
