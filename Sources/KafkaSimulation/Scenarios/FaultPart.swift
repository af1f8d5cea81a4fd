import KafkaBroker
import KafkaWire

/// Does what a plan wants to go wrong, and undoes it when its time is over. The network is here; what is done to the
/// cluster and to applications is in files of its own.
final class FaultPart: Sendable {
    let run: ScenarioRun
    let broker: BrokerPart
    let members: MemberCrew
    let producers: ProducerCrew
    let transactions: TransactionCrew
    private let troubles = Locked(LinkTroubles())
    /// What ends the faults that last.
    private let undoing = Locked<[Task<Void, Never>]>([])

    init(
        _ run: ScenarioRun, _ broker: BrokerPart, _ members: MemberCrew, _ producers: ProducerCrew,
        _ transactions: TransactionCrew
    ) {
        (self.run, self.broker, self.members, self.producers) = (run, broker, members, producers)
        self.transactions = transactions
    }

    var network: SimulatedNetwork { run.simulation.network }

    func perform(_ fault: ScenarioPlan.Fault) async {
        switch fault {
        case .partition(let one, let other, let isOneWay, let time):
            change(isOneWay ? links(one, other) : bothWays(one, other), for: time) { $0.isBlocked = true }
        case .zoneLoss(let zone, let time):
            let others = run.parties.filter { !zone.contains($0) }
            let crossing = zone.reduce(into: Set()) { all, one in
                for other in others { all.formUnion(bothWays(one, other)) }
            }
            change(crossing, for: time) { $0.isBlocked = true }
        case .cut(let one, let other, let cut): network.cut(one, other, CutKind(cut))
        case .cutLater(let one, let other, let bytes, let cut):
            network.cut(one, other, afterBytes: bytes, CutKind(cut))
        case .brittleLink(let from, let to, let oneIn, let bytes, let cut, let time):
            change(links(from, to), for: time) { $0.cuts = .init(oneIn: oneIn, bytes: bytes, kind: CutKind(cut)) }
        case .slowLink(let one, let other, let latency, let time):
            change(bothWays(one, other), for: time) { $0.latency = .about(latency) }
        case .narrowLink(let one, let other, let bytes, let time):
            change(bothWays(one, other), for: time) { $0.bandwidth = bytes }
        case .pieces(let one, let other, let size, let time):
            change(bothWays(one, other), for: time) { $0.pieces = size }
        case .refusedConnects(let one, let other, let time):
            change(bothWays(one, other), for: time) { $0.connects = .refused }
        case .droppedConnects(let one, let other, let time):
            change(bothWays(one, other), for: time) { $0.connects = .dropped }
        case .deaf(let name, let time):
            let host = run.simulation.host(name)
            host.setDeaf(true)
            later(time) { host.setDeaf(false) }
        case .crowd(let node, let time): crowd(node, for: time)
        case .wrongName(let name, let wrong, let time):
            let host = run.simulation.host(name)
            network.setName("kafka", for: host, to: NameAnswer(wrong))
            later(time) { [network] in network.setName("kafka", for: host, to: nil) }
        case .movedName(let name, let node, let other, let time):
            let host = run.simulation.host(name)
            network.lead("node-\(node)", to: "node-\(other)", for: host)
            later(time) { [network] in network.lead("node-\(node)", to: nil, for: host) }
        default:
            guard await !performOnCluster(fault) else { return }
            performOnApplication(fault)
        }
    }

    /// All that lasts ends now.
    func endAll() async {
        let open = undoing.withLock { $0 }
        for task in open { task.cancel() }
        for task in open { await task.value }
        troubles.withLock { $0.endAll() }
        network.heal()
        noteReach()
    }

    /// Undone after its time, or when all is mended.
    func later(_ time: Duration, _ undo: @escaping @Sendable () async -> Void) {
        let simulation = run.simulation
        keep(
            simulation.host("test").start("the end of a fault") {
                try? await simulation.sleep(for: time)
                await undo()
            })
    }

    /// What goes on by itself, until all is mended.
    func keep(_ task: Task<Void, Never>) { undoing.withLock { $0.append(task) } }

    // MARK: - Links

    private func links(_ from: String, _ to: String) -> Set<LinkTroubles.Link> {
        func names(_ party: String) -> [String] { party == "kafka" ? run.plan.allNodeNames : [party] }
        return Set(names(from).flatMap { from in names(to).map { LinkTroubles.Link(from: from, to: $0) } })
    }

    private func bothWays(_ one: String, _ other: String) -> Set<LinkTroubles.Link> {
        links(one, other).union(links(other, one))
    }

    private func change(
        _ links: Set<LinkTroubles.Link>, for time: Duration, _ body: @escaping LinkTroubles.Change
    ) {
        let number = troubles.withLock { $0.begin(on: links, body) }
        update(links)
        later(time) { [self] in update(troubles.withLock { $0.end(number) }) }
    }

    private func update(_ links: Set<LinkTroubles.Link>) {
        let usual = network.usual
        for link in links.sorted(by: { ($0.from, $0.to) < ($1.from, $1.to) }) {
            let conditions = troubles.withLock { $0.conditions(link, usual: usual) }
            network.change(from: link.from, to: link.to) { $0 = conditions }
        }
        noteReach()
    }

    /// Notes who is cut off from all nodes now.
    private func noteReach() {
        let usual = network.usual
        for name in run.plan.producerNames + run.plan.memberNames where run.plan.isTold(name) {
            let isCutOff = troubles.withLock { $0.isCutOff(name, from: run.plan.allNodeNames, usual: usual) }
            run.recorder.setCutOff(name, isCutOff)
        }
    }

    /// As many connections wait to be accepted as can, of a stranger who wants nothing.
    private func crowd(_ node: Int, for time: Duration) {
        let host = broker.host
        host.setDeaf(true)
        let loop = run.simulation.host(ScenarioRun.stranger).loop
        let address = SocketAddress.ipv4(host.address, port: broker.port(of: node))
        // More than a broker has places for.
        let sockets = (0..<1100).compactMap { _ in try? loop.connect(to: address) }
        later(time) {
            for socket in sockets { socket.close() }
            host.setDeaf(false)
        }
    }
}

extension CutKind {
    init(_ cut: ScenarioPlan.Cut) {
        self =
            switch cut {
            case .reset: .reset
            case .closed: .closed
            case .silent: .silent
            }
    }
}

extension NameAnswer {
    init(_ wrong: ScenarioPlan.WrongName) {
        self =
            switch wrong {
            case .unknown: .fails("Name or service not known")
            case .unanswered: .silent
            case .stranger: .hosts([ScenarioRun.stranger])
            case .nobody: .hosts(["10.255.255.254"])
            }
    }
}
