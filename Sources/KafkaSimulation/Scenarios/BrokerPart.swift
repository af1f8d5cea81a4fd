import KafkaBroker
import KafkaWire

/// The broker of a plan, over all its lives.
final class BrokerPart: Sendable {
    private struct State {
        var broker: KafkaBroker?
        var firstPort = ScenarioRun.firstPort
    }

    private let run: ScenarioRun
    private let state = Locked(State())

    init(_ run: ScenarioRun) { self.run = run }

    /// The ports that the nodes may have, with which one the first node begins.
    private static let firstPorts: [UInt16] = [ScenarioRun.firstPort, ScenarioRun.firstPort + 100]

    var host: SimulatedHost { run.simulation.host("kafka") }

    /// The broker, while there is one.
    var current: KafkaBroker? { state.withLock { $0.broker } }

    /// Where clients begin: on every port that a node may ever have.
    var servers: [String] {
        let moves = run.plan.faults.contains { if case .killBroker(_, _, true) = $0.fault { true } else { false } }
        return Self.firstPorts.prefix(moves ? 2 : 1).flatMap { first in
            run.plan.allNodeNames.indices.map { "kafka:\(first &+ UInt16(clamping: $0))" }
        }
    }

    /// What listens on the ports of a node is known by the node's name.
    func nameNodes() {
        for first in Self.firstPorts {
            for (place, name) in run.plan.allNodeNames.enumerated() {
                run.simulation.network.name(name, port: first &+ UInt16(clamping: place), of: host)
            }
        }
    }

    /// Starts it, where it does not run.
    func start() async throws {
        guard current == nil else { return }
        let plan = run.plan
        var configuration = KafkaBroker.Configuration(
            port: state.withLock { $0.firstPort },
            topics: Dictionary(run.topics.map { ($0, plan.partitions) }) { first, _ in first }, brokers: plan.nodes)
        configuration.autoCreateTopics = false
        configuration.speaks = plan.cluster.speaks
        if plan.hasDisk {
            configuration.dataDirectory = "/data"
            configuration.flush =
                switch plan.cluster.flush {
                case .never: .never
                case .everyProduce: .everyProduce
                case .interval(let time): .interval(time)
                }
        }
        configuration.run(on: host)
        run.credentials.secure(&configuration)
        let broker = try await KafkaBroker.start(configuration)
        state.withLock { $0.broker = broker }
        run.witnesses.add(broker.worker, of: "kafka")
        await noteEnds()
    }

    /// Its process is killed, or its machine loses its power; does nothing where it does not run.
    func kill(_ loss: ScenarioPlan.PowerLoss?, onOtherPort: Bool) async {
        let broker = state.withLock { state in
            if onOtherPort { state.firstPort = Self.firstPorts.first { $0 != state.firstPort } ?? state.firstPort }
            return state.broker.take()
        }
        guard let broker else { return }
        // What stands still would never end.
        host.resume()
        host.kill(isSilent: loss != nil)
        switch loss {
        case .all?: host.disk.losePower(.all)
        case .nothing?: host.disk.losePower(.none)
        case .torn?: host.disk.losePower(.torn)
        case nil: break
        }
        await broker.stop()
        await run.noteLeftovers(in: broker)
    }

    /// Tries until it runs: its disk may refuse what it has to write.
    func restart() async {
        while current == nil {
            if (try? await start()) != nil { return }
            do { try await run.simulation.sleep(for: .seconds(1)) } catch { return }
        }
    }

    func stop() async { await current?.stop() }

    /// The disk has room, and takes what it is given.
    func mendDisk() {
        host.disk.setCapacity(ScenarioRun.diskCapacity)
        host.disk.refuse(nil)
    }

    /// The brokers are of another release: since they were started anew for that, connections end, of which each goes on in the
    /// versions that it has begun with otherwise.
    func speak(as release: String?) async throws {
        guard let broker = current else { return }
        try await broker.speak(as: release)
        let network = run.simulation.network
        for node in run.plan.allNodeNames {
            for client in run.plan.clientNames + [ScenarioRun.operatorHost] { network.cut(node, client) }
        }
    }

    /// All nodes run, and the topic is there.
    func mend() async throws {
        try await start()
        guard let broker = current else { return }
        if run.plan.faults.contains(where: { if case .speak = $0.fault { true } else { false } }) {
            try await speak(as: run.plan.cluster.speaks)
        }
        for node in await broker.nodes where !node.isRunning { try await broker.startNode(node.id) }
        if await topic == nil {
            try await broker.createTopic(ScenarioRun.topic, partitions: run.plan.partitions)
        }
        let hasLimit = run.plan.faults.contains { if case .lowerLimit = $0.fault { true } else { false } }
        if hasLimit { await OperatorPart(run, self).setLimit(nil) }
    }

    /// The topic, as long as there is a broker and it has it.
    var topic: KafkaBroker.TopicInfo? {
        get async { await current?.topics.first { $0.name == ScenarioRun.topic } }
    }

    /// Where a node of the beginning listens now.
    func port(of node: Int) -> UInt16 { state.withLock { $0.firstPort } &+ UInt16(truncatingIfNeeded: node - 1) }

    /// The members have read no further than the logs go.
    func noteEnds() async {
        for topic in await current?.topics ?? [] where run.topics.contains(topic.name) {
            for (number, partition) in topic.partitions.enumerated() {
                run.recorder.setEnd(partition.endOffset.rawValue, of: History.Partition(topic.name, number))
            }
        }
    }
}
