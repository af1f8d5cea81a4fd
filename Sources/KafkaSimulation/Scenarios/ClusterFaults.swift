import KafkaBroker
import KafkaWire

// What is done to the brokers and their machine, by faults and by an operator. A broker that is dead is not done anything to.

extension FaultPart {
    /// Whether the fault is one of those.
    func performOnCluster(_ fault: ScenarioPlan.Fault) async -> Bool {
        let current = broker.current
        switch fault {
        case .stopNode(let node, let time):
            let id = BrokerID(Int32(clamping: node))
            try? await current?.stopNode(id)
            later(time) { [broker] in try? await broker.current?.startNode(id) }
        case .addNode: _ = try? await current?.addNode()
        case .removeNode(let node): try? await current?.removeNode(BrokerID(Int32(clamping: node)))
        case .moveLeader(let partition, let node):
            try? await current?.moveLeader(
                of: ScenarioRun.topic, partition: PartitionID(index: partition), to: BrokerID(Int32(clamping: node)))
        case .moveCoordinator(let node):
            try? await current?.moveCoordinator(ofGroup: ScenarioRun.group, to: BrokerID(Int32(clamping: node)))
            if run.plan.copiers > 0 {
                try? await current?.moveCoordinator(
                    ofGroup: ScenarioRun.copyGroup, to: BrokerID(Int32(clamping: node)))
            }
        case .moveTransactionCoordinator(let name, let node):
            try? await current?.moveCoordinator(
                ofTransaction: run.plan.transactionalId(of: name), to: BrokerID(Int32(clamping: node)))
        case .lagReplicas(let partition, let time):
            let partition = PartitionID(index: partition)
            try? await current?.holdReplication(of: ScenarioRun.topic, partition: partition)
            later(time) { [broker] in
                try? await broker.current?.resumeReplication(of: ScenarioRun.topic, partition: partition)
            }
        case .electUncleanly(let partition, let node, let count):
            guard let ends = await current?.endOffsets(of: ScenarioRun.topic), ends.indices.contains(partition) else {
                return true
            }
            let offset = Offset(rawValue: max(0, ends[partition].rawValue - Int64(max(0, count))))
            try? await current?.electUncleanly(
                BrokerID(Int32(clamping: node)), of: ScenarioRun.topic, partition: PartitionID(index: partition),
                losingFrom: offset)
            await broker.noteEnds()
        case .killBroker(let loss, let time, let onOtherPort):
            await broker.kill(loss, onOtherPort: onOtherPort)
            later(time) { [broker] in await broker.restart() }
        case .answers(let api, let answer, let times, let time):
            let verdict = KafkaBroker.Verdict(answer)
            let hook = current?.on(api, times: times) { _ in verdict }
            later(time) { hook?.remove() }
        case .speak(let release, let time):
            try? await broker.speak(as: release)
            later(time) { [run, broker] in try? await broker.speak(as: run.plan.cluster.speaks) }
        case .diskFull, .diskRefuses, .slowDisk, .pause, .slowMachine, .wrongClock: performOnMachine(fault)
        case .deleteTopic, .addPartitions, .lowerLimit, .expireProducers: operate(fault)
        default: return false
        }
        return true
    }

    private func performOnMachine(_ fault: ScenarioPlan.Fault) {
        let disk = broker.host.disk
        switch fault {
        case .diskFull(let room, let time):
            disk.setCapacity(disk.used + min(max(0, room), ScenarioRun.diskCapacity))
            later(time) { disk.setCapacity(ScenarioRun.diskCapacity) }
        case .diskRefuses(let error, let time):
            disk.refuse(error.rawValue)
            later(time) { disk.refuse(nil) }
        case .slowDisk(let sync, let bytes, let time):
            disk.slowDown(
                sync: .tailed(usual: sync, rare: sync * 10, oneIn: 100), bandwidth: bytes)
            later(time) { disk.slowDown(sync: nil) }
        case .pause(let name, let time):
            let host = run.simulation.host(name)
            host.pause()
            later(time) { host.resume() }
        case .slowMachine(let name, let pace, let time):
            let host = run.simulation.host(name)
            host.slowDown(to: pace)
            later(time) { host.slowDown(to: .zero) }
        case .wrongClock(let name, let offset): run.simulation.host(name).clockOffset = offset
        default: break
        }
    }

    // MARK: - The operator

    /// An administrator does it, over the network, from a host of their own.
    private func operate(_ fault: ScenarioPlan.Fault) {
        let task = run.simulation.host(ScenarioRun.operatorHost).start("the operator's work") { [run, broker] in
            let work = OperatorPart(run, broker)
            switch fault {
            case .deleteTopic(let time, let partitions): await work.recreate(after: time, partitions)
            case .addPartitions(let count): await work.addPartitions(count)
            case .lowerLimit(let bytes, let time):
                await work.setLimit("\(bytes)")
                try? await run.simulation.host(ScenarioRun.operatorHost).sleep(for: time)
                await work.setLimit(nil)
            case .expireProducers(let time):
                await work.setExpiration("1000")
                try? await run.simulation.host(ScenarioRun.operatorHost).sleep(for: time)
                await work.setExpiration(nil)
            default: break
            }
        }
        keep(task)
    }
}

/// An administrator's work on the topic. What fails is left: the topic is looked at when all is mended.
struct OperatorPart: Sendable {
    private let run: ScenarioRun
    private let broker: BrokerPart

    init(_ run: ScenarioRun, _ broker: BrokerPart) { (self.run, self.broker) = (run, broker) }

    private func with(_ body: (KafkaAdmin) async -> Void) async {
        var configuration = ClientConfiguration(bootstrapServers: broker.servers)
        configuration.run(on: run.simulation.host(ScenarioRun.operatorHost))
        run.credentials.secure(&configuration)
        guard let admin = try? KafkaAdmin(configuration) else { return }
        await body(admin)
        await admin.close()
    }

    func recreate(after time: Duration, _ partitions: Int) async {
        await with { admin in
            _ = await admin.deleteTopics([ScenarioRun.topic])
            run.recorder.forgetEnds(of: ScenarioRun.topic)
            try? await run.simulation.host(ScenarioRun.operatorHost).sleep(for: time)
            _ = await admin.createTopics([.init(ScenarioRun.topic, partitions: Int32(clamping: partitions))])
        }
    }

    func addPartitions(_ count: Int) async {
        guard let known = await broker.topic?.partitions.count else { return }
        await with { admin in
            _ = await admin.addPartitions([ScenarioRun.topic: .init(total: Int32(clamping: known &+ count))])
        }
    }

    /// After how many milliseconds producers are forgotten; with nil, as usual.
    func setExpiration(_ time: String?) async {
        await with { admin in
            _ = await admin.alterConfigs([
                .allBrokers: ["producer.id.expiration.ms": time.map { .set($0) } ?? .delete]
            ])
        }
    }

    func setLimit(_ bytes: String?) async {
        await with { admin in
            _ = await admin.alterConfigs([
                .topic(ScenarioRun.topic): ["max.message.bytes": bytes.map { .set($0) } ?? .delete]
            ])
        }
    }
}

extension BrokerVerdict {
    init(_ answer: ScenarioPlan.Answer) {
        self =
            switch answer {
            case .error(let code): .fail(code)
            case .throttle(let time): .throttle(time)
            case .late(let time): .delay(time)
            case .silence: .drop
            case .hangUp: .disconnect
            case .lost: .disconnectAfterwards
            }
    }
}
