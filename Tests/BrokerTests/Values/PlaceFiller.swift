import KafkaWire

@testable import KafkaBroker

/// The visitor that fills a request with what the broker knows, except for one place: that takes a value at an end of
/// what it can hold, beside one, in the middle, or a name with a meaning; an array is null, empty, or names its first
/// element twice.
struct PlaceFiller: MessageWalk {
    let version: Int16
    var flexible: Bool
    /// The place that is filled with its value number `choice`.
    private let target: Int
    private let choice: Int
    private let known: Known
    /// How many places the request has, and how many values there are for the one that was filled.
    private(set) var places = 0
    private(set) var choices = 0
    /// What the place is called.
    private(set) var name = ""
    private var field = ""
    private var isNullable = false

    /// What the broker has, and requests name.
    struct Known {
        var topicId = Uuid(high: 0, low: 0)
        var memberId = ""
        var transactionalId = "ty"
        var producerId: Int64 = 0
        var producerEpoch: Int64 = 0
        var records = Bytes()
    }

    init(version: Int16, flexible: Bool, target: Int, choice: Int, _ known: Known) {
        self.version = version
        self.flexible = flexible
        self.target = target
        self.choice = choice
        self.known = known
    }

    // MARK: Fields

    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
        self.field = "\(field.name)"
        isNullable = field.nullable.contains(version)
        return field.versions.contains(version)
    }

    /// Whether this is the place to be filled; gives its value.
    private mutating func take<T>(_ values: [T], otherwise: T) -> T {
        defer { places += 1 }
        guard places == target else { return otherwise }
        choices = values.count
        name = field
        return values[choice % values.count]
    }

    // MARK: Values

    mutating func visit(_ value: inout Bool) { value = take([false, true], otherwise: value) }
    mutating func visit(_ value: inout Int8) { value = integer(value) }
    mutating func visit(_ value: inout Int16) { value = integer(value) }
    mutating func visit(_ value: inout UInt16) { value = take([0, 1, .max / 2, .max], otherwise: value) }
    mutating func visit(_ value: inout Int32) { value = integer(value) }
    mutating func visit(_ value: inout UInt32) { value = take([0, 1, .max / 2, .max], otherwise: value) }
    mutating func visit(_ value: inout Int64) { value = integer(value) }

    mutating func visit(_ value: inout Double) {
        value = take(
            [0, -0.0, 1, -1, .infinity, -.infinity, .nan, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 0x1p63],
            otherwise: 1)
    }

    mutating func visit(_ value: inout Uuid) {
        value = take(
            [Uuid(high: 0, low: 0), Uuid(high: 0, low: 1), Uuid(high: .max, low: .max)], otherwise: known.topicId)
    }

    mutating func visit(_ value: inout String?) {
        let texts = Self.texts.map { Optional($0) } + (isNullable ? [nil] : [])
        value = take(texts, otherwise: usual(value ?? ""))
    }

    mutating func visit(_ value: inout Bytes?) {
        let nothing: [Bytes?] = isNullable ? [nil] : []
        value = take(
            [Bytes(), Bytes([0]), Bytes([UInt8](repeating: 0xFF, count: 40_000))] + nothing,
            otherwise: usual(value))
    }

    mutating func visit(_ value: inout Records?) {
        value = take(
            [nil, Records(Bytes()), Records(Bytes([0])), Records(known.records)], otherwise: Records(known.records))
    }

    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        let counts: [Int?] = [0, 2] + (isNullable ? [nil] : [])
        guard let count = take(counts, otherwise: 1) else { return value = nil }
        let name = field
        var array: [E] = []
        if count > 0 {
            var element = E.zero
            isNullable = false
            try element.accept(&self)
            array = Array(repeating: element, count: count)
        }
        field = name
        value = array
    }

    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        guard !isNullable || take([false, true], otherwise: true) else { return value = nil }
        var structure = S()
        try visit(&structure)
        value = structure
    }

    // MARK: What places hold

    private static let subscription: Bytes = [0, 1, 0, 0, 0, 1, 0, 1, 0x74, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]

    private static let texts = [
        "", ".", "__consumer_offsets", "\u{202E}\u{0}é", "9223372036854775807", "-9223372036854775808",
        String(repeating: "a", count: 249), String(repeating: "a", count: 250), String(repeating: "é", count: 16_383),
        String(repeating: "a", count: 32_767),
    ]

    private mutating func integer<N: FixedWidthInteger & SignedInteger>(_ value: N) -> N {
        let values: [N] = [.min, .min + 1, .min / 2, -2, -1, 0, 1, .max / 2, .max - 1, .max]
        return take(values, otherwise: usual(value))
    }

    private func usual<N: FixedWidthInteger & SignedInteger>(_ value: N) -> N {
        switch field {
        case "producerId", "v3AndBelowProducerId": N(clamping: known.producerId)
        case "producerEpoch", "v3AndBelowProducerEpoch": N(clamping: known.producerEpoch)
        case "acks", "numPartitions", "replicationFactor", "replicaId", "currentLeaderEpoch": -1
        case "resourceType": 2
        case "count": 5
        case "mechanism": 1
        case "iterations": 4096
        case "maxBytes", "partitionMaxBytes", "timeoutMs", "sessionTimeoutMs", "rebalanceTimeoutMs",
            "transactionTimeoutMs", "responsePartitionLimit":
            N(clamping: 10_000)
        default: value
        }
    }

    private func usual(_ value: Bytes?) -> Bytes? {
        switch field {
        case "metadata", "assignment": Self.subscription
        case "saltedPassword": [1]
        default: value
        }
    }

    private func usual(_ value: String) -> String {
        let name = field.lowercased()
        if name.contains("transactional") { return known.transactionalId }
        if name.contains("member") { return known.memberId }
        if name.contains("group") || name == "key" || name == "coordinatorkeys" { return "g" }
        if name == "protocoltype" { return "consumer" }
        if name == "entitytype" { return "user" }
        if name.contains("config") { return "retention.ms" }
        if name == "value" { return "1000" }
        if name.contains("instance") || name.contains("rack") { return value }
        return "t"
    }
}
