import KafkaWire

/// Who may connect: Kafka's `ConnectionQuotas`. Each node counts for itself, and in it each listener. Told the time;
/// listeners and sockets are the server's.
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

    private struct Listener {
        var count = 0
        var rate = SampledRate()
    }

    private struct Node {
        var count = 0
        var ofAddresses: [String: Int] = [:]
        var rate = SampledRate()
        var listeners: [Int: Listener] = [:]
    }

    private struct Place: Hashable {
        var node: BrokerID
        var address: String
    }

    private let window: QuotaWindow
    /// The names of each node's listeners, in their order.
    private let names: [String]
    private var nodes: [BrokerID: Node] = [:]
    private var rates = QuotaSensors<Place, SampledRate>()
    /// How many wait for being closed.
    private(set) var held = 0

    init(window: QuotaWindow, listeners names: [String] = ["PLAINTEXT"]) {
        self.window = window.bounded
        self.names = names
    }

    /// How many connections a node has.
    func count(_ node: BrokerID) -> Int { nodes[node]?.count ?? 0 }

    private func name(_ place: ListenerPlace) -> String {
        names.indices.contains(place.listener) ? names[place.listener] : ""
    }

    /// Whether what the other listeners have does not count for this one: that of the brokers, where there are others.
    func isProtected(_ place: ListenerPlace, _ bounds: ConnectionBounds) -> Bool {
        names.count > 1 && name(place) == bounds.interBrokerListener
    }

    /// Why a listener accepts no other connection for now, in a sentence; nil where it does.
    func objection(at place: ListenerPlace, _ bounds: ConnectionBounds) -> String? {
        let own = nodes[place.node]?.listeners[place.listener]?.count ?? 0
        let isProtected = isProtected(place, bounds)
        if let limit = bounds.listeners[name(place)]?.maximum ?? (isProtected ? bounds.maximum : nil), own >= limit {
            let isOwn = bounds.listeners[name(place)]?.maximum != nil
            let setting = (isOwn ? "listener.name.\(name(place).lowercased())." : "") + "max.connections"
            return "Listener \(name(place)) of node \(place.node) has \(own) connections, which is all (\(setting))"
        }
        let count = count(place.node)
        guard let limit = bounds.maximum, count >= limit, !isProtected else { return nil }
        return "Node \(place.node) has \(count) connections, which is all (max.connections)"
    }

    /// How many connections the nodes have beyond what they may, by node: where a bound was lowered, or the protected
    /// listener has taken some.
    func excess(_ bounds: ConnectionBounds) -> [(node: BrokerID, count: Int)] {
        guard let limit = bounds.maximum else { return [] }
        return nodes.filter { $0.value.count > limit }.inOrder.map { ($0.key, $0.value.count - limit) }
    }

    /// A connection from `address`, in its canonical form, has arrived. `rate` is how many the address may open in a second,
    /// where a quota says so (KIP-612).
    mutating func arrive(
        from address: String, at place: ListenerPlace, _ bounds: ConnectionBounds, rate: Double?, _ now: Instant
    ) -> Verdict {
        let (at, window) = (Int(now.nanoseconds / 1_000_000), window)
        var state = nodes.removeValue(forKey: place.node) ?? Node()
        var listener = state.listeners[place.listener] ?? Listener()
        defer {
            state.listeners[place.listener] = listener
            nodes[place.node] = state
        }
        // As in Kafka the longer of both times counts, and where the brokers' listener is the node's does not.
        let ofNode = isProtected(place, bounds) ? nil : bounds.creationRate
        let ofListener = bounds.creationRate(of: name(place))
        var wait = 0
        if let ofNode {
            state.rate.record(1, at: at, window)
            wait = min(state.rate.throttleTime(over: Double(ofNode), at: at, window), window.lengthMs)
        }
        if let ofListener {
            listener.rate.record(1, at: at, window)
            let time = min(listener.rate.throttleTime(over: Double(ofListener), at: at, window), window.lengthMs)
            wait = max(wait, time)
        }
        if let rate {
            let over = rates.change(Place(node: place.node, address: address), now: now, new: SampledRate()) { meter in
                meter.record(1, at: at, window)
                let time = meter.throttleTime(over: rate, at: at, window)
                if time > 0 { meter.record(-1, at: at, window) }
                return min(time, window.lengthMs)
            }
            if over > 0 {
                if ofNode != nil { state.rate.record(-1, at: at, window) }
                if ofListener != nil { listener.rate.record(-1, at: at, window) }
                guard held < Self.heldLimit else { return .refused }
                held += 1
                return .closedAfter(.milliseconds(over))
            }
        }
        let count = state.ofAddresses[address] ?? 0
        if let limit = bounds.limit(of: address), count >= limit { return .tooMany(limit) }
        state.ofAddresses[address] = count + 1
        state.count += 1
        listener.count += 1
        return wait > 0 ? .takenAfter(.milliseconds(wait)) : .taken
    }

    /// One that waited for being closed is closed.
    mutating func release() { held = max(0, held - 1) }

    /// A connection that was taken has left.
    mutating func leave(_ address: String, _ place: ListenerPlace) {
        guard var state = nodes.removeValue(forKey: place.node) else { return }
        let count = (state.ofAddresses[address] ?? 0) - 1
        state.ofAddresses[address] = count > 0 ? count : nil
        state.count = max(0, state.count - 1)
        if let count = state.listeners[place.listener]?.count, count > 0 {
            state.listeners[place.listener]?.count = count - 1
        }
        nodes[place.node] = state
    }
}
