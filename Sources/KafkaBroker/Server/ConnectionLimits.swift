import KafkaWire

/// Who may connect: Kafka's `ConnectionQuotas`. Each node counts for itself. Told the time; listeners and sockets are the
/// server's.
struct ConnectionLimits {
    /// What becomes of a connection that has arrived.
    enum Verdict: Equatable {
        /// It is taken, and counted until it has left.
        case taken
        /// It is taken and counted, when that time has passed; no other is accepted there before.
        case takenAfter(Duration)
        /// It is closed: its address has so many.
        case tooMany(Int)
        /// Its address connects too often. It is closed when that time has passed, so that who tries again at once has to
        /// wait; others are accepted meanwhile.
        case closedAfter(Duration)
        /// The same, where too many are waiting for that: it is closed.
        case refused
    }

    /// How many connections wait at once for being closed.
    static let heldLimit = 1000

    private struct Node {
        var count = 0
        var ofAddresses: [String: Int] = [:]
        var rate = SampledRate()
    }

    private struct Place: Hashable {
        var node: BrokerID
        var address: String
    }

    private let window: QuotaWindow
    private var nodes: [BrokerID: Node] = [:]
    private var rates = QuotaSensors<Place, SampledRate>()
    /// How many wait for being closed.
    private(set) var held = 0

    init(window: QuotaWindow) { self.window = window.bounded }

    /// How many connections a node has.
    func count(_ node: BrokerID) -> Int { nodes[node]?.count ?? 0 }

    /// Whether a node accepts another connection (`max.connections`).
    func hasRoom(_ node: BrokerID, _ bounds: ConnectionBounds) -> Bool {
        bounds.maximum.map { count(node) < $0 } ?? true
    }

    /// A connection from `address`, in its canonical form, has arrived. `rate` is how many the address may open in a second,
    /// where a quota says so (KIP-612).
    mutating func arrive(
        from address: String, at node: BrokerID, _ bounds: ConnectionBounds, rate: Double?, _ now: Instant
    ) -> Verdict {
        let (at, window) = (Int(now.nanoseconds / 1_000_000), window)
        var state = nodes.removeValue(forKey: node) ?? Node()
        defer { nodes[node] = state }
        var wait = 0
        if let limit = bounds.creationRate {
            state.rate.record(1, at: at, window)
            wait = min(state.rate.throttleTime(over: Double(limit), at: at, window), window.lengthMs)
        }
        if let rate {
            let over = rates.change(Place(node: node, address: address), now: now, new: SampledRate()) { meter in
                meter.record(1, at: at, window)
                let time = meter.throttleTime(over: rate, at: at, window)
                if time > 0 { meter.record(-1, at: at, window) }
                return min(time, window.lengthMs)
            }
            if over > 0 {
                if bounds.creationRate != nil { state.rate.record(-1, at: at, window) }
                guard held < Self.heldLimit else { return .refused }
                held += 1
                return .closedAfter(.milliseconds(over))
            }
        }
        let count = state.ofAddresses[address] ?? 0
        if let limit = bounds.limit(of: address), count >= limit { return .tooMany(limit) }
        state.ofAddresses[address] = count + 1
        state.count += 1
        return wait > 0 ? .takenAfter(.milliseconds(wait)) : .taken
    }

    /// One that waited for being closed is closed.
    mutating func release() { held = max(0, held - 1) }

    /// A connection that was taken has left.
    mutating func leave(_ address: String, _ node: BrokerID) {
        guard var state = nodes.removeValue(forKey: node) else { return }
        let count = (state.ofAddresses[address] ?? 0) - 1
        state.ofAddresses[address] = count > 0 ? count : nil
        state.count = max(0, state.count - 1)
        nodes[node] = state
    }
}
