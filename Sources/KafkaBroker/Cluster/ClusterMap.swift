import KafkaWire

/// What a coordinator is asked about: a consumer group or a transactional id.
enum CoordinatorKey: Hashable {
    case group(String)
    case transaction(String)

    var id: String {
        switch self {
        case .group(let id), .transaction(let id): id
        }
    }
}

/// The nodes of the cluster: which there are, which run, where clients reach them, and who coordinates what.
///
/// A value. With one node, which is the usual case, every question has the same answer.
struct ClusterMap {
    struct Node: Equatable {
        let id: BrokerID
        /// Where clients are told to connect to.
        var host: String
        var port: UInt16
        /// The port that is listened on, also while the node is stopped: it comes back there.
        var listenedPort: UInt16
        /// The same of further listeners, in the order of ``BrokerConfiguration/furtherListeners``.
        var further: [Endpoint] = []
        /// Where it stands; nil where that is not said.
        var rack: String?
        var isRunning = true
    }

    /// Where a listener is reached.
    struct Endpoint: Equatable {
        var host: String
        var port: UInt16
        var listenedPort: UInt16
    }

    /// All that are registered, in the order of their ids.
    private(set) var nodes: [Node]
    /// The ids of those that run, in their order.
    private(set) var running: [BrokerID]
    /// Where nodes stand, of those that say so.
    private var racks: [BrokerID: String] = [:]
    /// Coordinators that were moved on command.
    private var moved: [CoordinatorKey: BrokerID] = [:]
    /// How many partitions were placed: the next one begins at the next node.
    private var placed = 0
    /// The highest id that there was: ids are not given twice.
    private(set) var highestId: BrokerID

    /// At least one node.
    init(_ nodes: [Node]) {
        self.nodes = nodes
        running = []
        highestId = nodes.last?.id ?? 0
        refresh()
    }

    /// Whether requests can reach the wrong node at all.
    var hasSeveralNodes: Bool { nodes.count > 1 }

    subscript(id: BrokerID) -> Node? { nodes.first { $0.id == id } }

    func isRunning(_ id: BrokerID) -> Bool { running.contains(id) }

    /// The nodes that run, as clients are told of them who came in by a listener.
    func runningNodes(at listener: Int) -> [Node] { nodes(at: listener).filter(\.isRunning) }

    /// All nodes, with the addresses of a listener: 0, or one more than its place among the further ones.
    func nodes(at listener: Int) -> [Node] { listener == 0 ? nodes : nodes.map { $0.seen(at: listener) } }

    /// Who is told to be the controller: the first node that runs.
    var controller: BrokerID { running.first ?? .none }

    /// `host:port` of all nodes, also of those that are stopped.
    var addresses: String { addresses(at: 0) }

    /// The same of a listener; see ``nodes(at:)``.
    func addresses(at listener: Int) -> String {
        nodes(at: listener).map { $0.host.contains(":") ? "[\($0.host)]:\($0.port)" : "\($0.host):\($0.port)" }.joined(
            separator: ",")
    }

    // MARK: - Nodes that come and go

    mutating func add(_ node: Node) {
        nodes.append(node)
        highestId = max(highestId, node.id)
        refresh()
    }

    mutating func remove(_ id: BrokerID) {
        nodes.removeAll { $0.id == id }
        moved = moved.filter { $0.value != id }
        refresh()
    }

    mutating func setRunning(_ id: BrokerID, _ isRunning: Bool) {
        guard let index = nodes.firstIndex(where: { $0.id == id }) else { return }
        nodes[index].isRunning = isRunning
        refresh()
    }

    private mutating func refresh() {
        running = nodes.filter(\.isRunning).map(\.id)
        racks = nodes.reduce(into: [:]) { $0[$1.id] = $1.rack }
    }

    // MARK: - Partitions

    /// The replicas of the next partition, the preferred leader first: nodes in turn, as Kafka stripes them, but from
    /// the first one on, so that a test can rely on it. No more than there are nodes running. No rack has two more of them
    /// than another one that has nodes left.
    mutating func place(_ factor: Int) -> [BrokerID] {
        guard !running.isEmpty else { return [] }
        let first = placed
        placed = (placed + 1) % running.count
        let order = (0..<running.count).map { running[(first + $0) % running.count] }
        let count = min(max(1, factor), running.count)
        guard !racks.isEmpty else { return Array(order.prefix(count)) }
        var chosen: [BrokerID] = []
        var taken: [String?: Int] = [:]
        while chosen.count < count,
            let next = order.filter({ !chosen.contains($0) })
                .min(by: { taken[racks[$0], default: 0] < taken[racks[$1], default: 0] })
        {
            chosen.append(next)
            taken[racks[next], default: 0] += 1
        }
        return chosen
    }

    /// The replica that a consumer in `rack` is to read in the leader's place; -1 where the leader is as close, or nobody
    /// closer: the rule of Kafka's `RackAwareReplicaSelector`, by which of several that have as much the one with the
    /// highest id is taken. Only who runs and is in sync counts.
    func closest(to rack: String, of leadership: Leadership) -> BrokerID {
        var found = BrokerID.none
        for node in nodes where node.rack == rack && node.isRunning {
            if node.id == leadership.leader { return .none }
            if leadership.inSync.contains(node.id) { found = max(found, node.id) }
        }
        return found
    }

    // MARK: - Coordinators

    /// Who coordinates a group or a transactional id. By Kafka's hash, over the nodes in the order of their ids: the
    /// first one that runs from there on, so that a node that stops hands over what it had, and nothing else moves.
    func coordinator(of key: CoordinatorKey) -> BrokerID {
        if let node = moved[key], isRunning(node) { return node }
        guard nodes.count > 1 else { return controller }
        let first = Int(Self.slot(of: key.id)) % nodes.count
        for step in 0..<nodes.count {
            let node = nodes[(first + step) % nodes.count]
            if node.isRunning { return node.id }
        }
        return .none
    }

    /// From now on `node` coordinates it, as long as it runs.
    mutating func move(_ key: CoordinatorKey, to node: BrokerID) { moved[key] = node }

    /// The partition, of Kafka's 50, that keeps what belongs to an id: Java's hash of it.
    static func slot(of id: String) -> Int32 {
        let hash = id.utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
        return hash == .min ? 0 : Int32(hash.magnitude % 50)
    }
}

extension BrokerConfiguration {
    /// How clients are told of the node at that place, which listens on `port`. It is in `rack`, or where the configuration
    /// has it.
    func node(_ index: Int, port: UInt16, rack: String? = nil) -> ClusterMap.Node {
        let advertised = advertisedPort.map { UInt16(clamping: Int($0) + index) } ?? port
        return ClusterMap.Node(
            id: BrokerID(Int32(clamping: Int(nodeId.rawValue) + index)), host: advertisedHost ?? host, port: advertised,
            listenedPort: port, rack: self.rack(of: index, given: rack))
    }

    /// The same of the listeners beside, which listen on `ports`.
    func endpoints(_ index: Int, ports: [UInt16]) -> [ClusterMap.Endpoint] {
        zip(furtherListeners, ports).map { listener, port in
            ClusterMap.Endpoint(
                host: listener.advertisedHost ?? listener.host,
                port: listener.advertisedPort.map { UInt16(clamping: Int($0) + index) } ?? port, listenedPort: port)
        }
    }
}

extension BrokerConfiguration {
    /// What this configuration says of a node under Kafka's names.
    func settings(of node: ClusterMap.Node) -> [String: String] {
        settings(
            host: node.host, port: node.port, rack: node.rack, further: node.further.map { ($0.host, $0.port) })
    }
}

extension ClusterMap.Node {
    /// The node with the address of a listener; see ``ClusterMap/nodes(at:)``.
    func seen(at listener: Int) -> Self {
        guard further.indices.contains(listener - 1) else { return self }
        var seen = self
        seen.host = further[listener - 1].host
        seen.port = further[listener - 1].port
        return seen
    }
}
