import KafkaWire

/// Who is held to which quota, what was spent, and for how long who spends too much is held back: Kafka's
/// `ClientQuotaManager` and its kinds. Told the time; what is held back is the server's business.
///
/// Only clients for which a quota holds are counted, so that without quotas nothing is. Kafka counts all of them as soon as
/// there is one quota of a kind; a quota that is set later looks back there, and here it does not.
struct QuotaLedger {
    /// What is counted of clients, under the names of the quotas.
    enum Kind: String, CaseIterable {
        case produced = "producer_byte_rate"
        case fetched = "consumer_byte_rate"
        case requestTime = "request_percentage"
        case mutations = "controller_mutation_rate"
    }

    /// The quota of addresses.
    static let connections = "connection_creation_rate"

    /// Kafka's bounds are from the number of the handler's threads on; this broker has one thread, which is all that
    /// there is: 100 percent.
    private let window: QuotaWindow
    private let mutationWindow: QuotaWindow
    private var bounds: [Kind: QuotaBounds] = [:]
    private var rates: [Kind: QuotaSensors<QuotaClient, SampledRate>] = [:]
    private var buckets = QuotaSensors<QuotaClient, TokenBucket>()
    /// Connections in a second, by address; nil is everybody's.
    private var addresses: [String?: Double] = [:]
    /// Whether any client is held to anything: the one thing that is looked at where there are no quotas.
    private(set) var isInForce = false

    init(window: QuotaWindow = QuotaWindow(), mutationWindow: QuotaWindow = QuotaWindow()) {
        self.window = window.bounded
        self.mutationWindow = mutationWindow.bounded
    }

    // MARK: - Who is held to what

    /// Holds `entity` to exactly these quotas from now on.
    mutating func set(_ values: [String: Double], of entity: ClientQuotas.Entity) {
        if let address = entity["ip"] {
            let names: [String?] = address.map { NumericAddress.all($0) ?? [$0] } ?? [nil]
            for name in names { addresses[name] = values[Self.connections] }
            return
        }
        for kind in Kind.allCases { bounds[kind, default: QuotaBounds()].set(values[kind.rawValue], of: entity) }
        isInForce = bounds.values.contains { !$0.isEmpty }
        for kind in Kind.allCases where bounds[kind]?.isEmpty == true {
            rates[kind] = nil
            if kind == .mutations { buckets = QuotaSensors() }
        }
    }

    /// The quota of a kind that holds for a client.
    func bound(_ kind: Kind, of client: QuotaClient) -> (bound: Double, shared: QuotaClient)? {
        isInForce ? bounds[kind]?.bound(of: client) : nil
    }

    /// How many connections an address may open in a second; nil is without limit.
    func connectionRate(of address: String) -> Double? {
        addresses.isEmpty ? nil : addresses[address] ?? addresses[nil as String?]
    }

    // MARK: - What is spent

    /// A client has sent so many bytes of records; for how many milliseconds it is held back.
    mutating func produced(_ bytes: Int, _ client: QuotaClient, _ now: Instant) -> Int {
        spend(.produced, Double(bytes), client, now)
    }

    /// A client would be answered with so many bytes; for how many milliseconds it is held back, with an answer that is empty
    /// then. What is not sent is not counted. `isHeldBack` is whether something else holds the client back already.
    mutating func fetched(_ bytes: Int, _ client: QuotaClient, isHeldBack: Bool, _ now: Instant) -> Int {
        let time = spend(.fetched, Double(bytes), client, now)
        if time > 0 || isHeldBack { spend(.fetched, -Double(bytes), client, now) }
        return time
    }

    /// How many bytes a client can be sent at once at most: all that its quota gives in a window. A larger answer would be
    /// held back however long the client has had nothing. Nil where no quota holds.
    func largestFetch(_ client: QuotaClient) -> Int? {
        bound(.fetched, of: client).map {
            Int(rounding: ($0.bound * Double((window.samples - 1) * window.lengthMs) / 1000).rounded(.down))
        }
    }

    /// So long was worked for a client; for how many milliseconds it is held back, a sample's length at most.
    @discardableResult
    mutating func worked(_ time: Duration, _ client: QuotaClient, _ now: Instant) -> Int {
        // Percent of a second.
        min(spend(.requestTime, time / .seconds(1) * 100, client, now), window.lengthMs)
    }

    /// For how long a client is held back that is not worked for meanwhile.
    mutating func workThrottle(_ client: QuotaClient, _ now: Instant) -> Int {
        guard let (bound, shared) = bound(.requestTime, of: client) else { return 0 }
        let (at, window) = (Self.milliseconds(now), window)
        let time = rates[.requestTime]?.look(shared) { $0.throttleTime(over: bound, at: at, window) }
        return min(time ?? 0, window.lengthMs)
    }

    /// Counts what a client changes of topics, in partitions; false where it may not be changed now. With `isStrict` nothing
    /// may while something is owed; otherwise all may, and the client is held back.
    mutating func mutate(
        _ partitions: Int, _ client: QuotaClient, isStrict: Bool, _ now: Instant
    ) -> (isAllowed: Bool, throttle: Int) {
        guard let (bound, shared) = bound(.mutations, of: client) else { return (true, 0) }
        let (at, window) = (Self.milliseconds(now), mutationWindow)
        return buckets.change(shared, now: now, new: TokenBucket()) { bucket in
            if isStrict {
                let owed = bucket.throttleTime(bound, at: at, window)
                if owed == 0 { bucket.take(Double(partitions), bound, at: at, window) }
                return (owed == 0, owed)
            }
            bucket.take(Double(partitions), bound, at: at, window)
            return (true, bucket.throttleTime(bound, at: at, window))
        }
    }

    @discardableResult
    private mutating func spend(_ kind: Kind, _ amount: Double, _ client: QuotaClient, _ now: Instant) -> Int {
        guard let (bound, shared) = bound(kind, of: client) else { return 0 }
        let (at, window) = (Self.milliseconds(now), window)
        return rates[kind, default: QuotaSensors()].change(shared, now: now, new: SampledRate()) { rate in
            rate.record(amount, at: at, window)
            return rate.throttleTime(over: bound, at: at, window)
        }
    }

    private static func milliseconds(_ now: Instant) -> Int { Int(now.nanoseconds / 1_000_000) }
}

/// What one request changes of topics, in partitions (KIP-599).
struct MutationCharge {
    private let client: QuotaClient
    private let isStrict: Bool
    private var until: Instant?

    /// A request of a client, which is strict where its version can be told THROTTLING_QUOTA_EXCEEDED. All nodes have one
    /// controller.
    init(_ context: RequestContext, strictFrom version: Int16) {
        var client = context.quotaClient
        client.node = .none
        self.client = client
        isStrict = context.version >= version
    }

    /// So many partitions are to be made or removed; false where they may not be now.
    mutating func allows(_ partitions: Int, _ ledger: inout QuotaLedger, _ now: Instant) -> Bool {
        guard ledger.isInForce else { return true }
        let (isAllowed, time) = ledger.mutate(partitions, client, isStrict: isStrict, now)
        if time > 0 { until = now + .milliseconds(time) }
        return isAllowed
    }

    /// For how long the client is held back; what has passed since does not count again.
    func throttle(_ now: Instant) -> Milliseconds { Milliseconds(max(.zero, (until ?? now) - now)) }
}
