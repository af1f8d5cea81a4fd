import KafkaBroker
import KafkaWire

/// Does what a plan wants to go wrong, and undoes it when its time is over.
struct FaultPart: Sendable {
    private let run: ScenarioRun
    private let broker: KafkaBroker
    private let members: MemberCrew

    init(_ run: ScenarioRun, _ broker: KafkaBroker, _ members: MemberCrew) {
        (self.run, self.broker, self.members) = (run, broker, members)
    }

    func perform(_ fault: ScenarioPlan.Fault) async {
        let network = run.simulation.network
        switch fault {
        case .partition(let one, let other, let isOneWay, let time):
            change(one, other, isOneWay: isOneWay, for: time) {
                $0.isBlocked = true
            } undo: {
                $0.isBlocked = false
            }
        case .cut(let one, let other, let cut): network.cut(one, other, CutKind(cut))
        case .cutLater(let one, let other, let bytes, let cut):
            network.cut(one, other, afterBytes: bytes, CutKind(cut))
        case .slowLink(let one, let other, let latency, let time):
            let usual = network.usual.latency
            change(one, other, for: time) {
                $0.latency = .constant(latency)
            } undo: {
                $0.latency = usual
            }
        case .pieces(let one, let other, let size, let time):
            change(one, other, for: time) {
                $0.pieces = size
            } undo: {
                $0.pieces = nil
            }
        case .refusedConnects(let one, let other, let time):
            change(one, other, for: time) {
                $0.connects = .refused
            } undo: {
                $0.connects = .pass
            }
        case .stopNode(let node, let time):
            let id = BrokerID(Int32(node))
            try? await broker.stopNode(id)
            later(time) { try? await broker.startNode(id) }
        case .moveLeader(let partition, let node):
            try? await broker.moveLeader(
                of: ScenarioRun.topic, partition: PartitionID(index: partition), to: BrokerID(Int32(node)))
        case .moveCoordinator(let node):
            try? await broker.moveCoordinator(ofGroup: ScenarioRun.group, to: BrokerID(Int32(node)))
        case .pause(let name, let time):
            let host = run.simulation.host(name)
            host.pause()
            later(time) { host.resume() }
        case .killMember(let number, let time):
            let name = "member-\(number)"
            members.kill(name)
            later(time) { members.start(name) }
        case .slowMember(let number, let pause, let time):
            run.slowness.withLock { $0["member-\(number)"] = pause }
            later(time) { [run] in run.slowness.withLock { $0["member-\(number)"] = nil } }
        case .wrongClock(let name, let offset): run.simulation.host(name).clockOffset = offset
        }
    }

    private func change(
        _ one: String, _ other: String, isOneWay: Bool = false, for time: Duration,
        _ body: @escaping @Sendable (inout LinkConditions) -> Void,
        undo: @escaping @Sendable (inout LinkConditions) -> Void
    ) {
        let network = run.simulation.network
        network.change(from: one, to: other, body)
        if !isOneWay { network.change(from: other, to: one, body) }
        later(time) {
            network.change(from: one, to: other, undo)
            network.change(from: other, to: one, undo)
        }
    }

    /// Undone after its time, or when all is mended.
    private func later(_ time: Duration, _ undo: @escaping @Sendable () async -> Void) {
        let simulation = run.simulation
        run.undoing.withLock { tasks in
            tasks.append(
                simulation.host("test").start("the end of a fault") {
                    try? await simulation.sleep(for: time)
                    await undo()
                })
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
