import KafkaBroker
import KafkaWire

/// Writes down what a consumer of a group tells its application.
final class ReaderNotes: Sendable {
    let group: String
    let consumer: KafkaConsumer
    let life: HistoryRecorder.Life
    private let run: ScenarioRun
    /// The generation that was written down last.
    private let generation = Locked<Int?>(nil)
    /// The partitions that it was told it has.
    private let held = Locked<Set<History.Partition>>([])

    init(_ group: String, _ consumer: KafkaConsumer, _ life: HistoryRecorder.Life, _ run: ScenarioRun) {
        (self.group, self.consumer, self.life, self.run) = (group, consumer, life, run)
    }

    static func place(_ partition: TopicPartition) -> History.Partition {
        History.Partition(partition.topic, partition.partition.index)
    }

    /// All that the event says; what is done with a batch is the application's.
    func note(_ event: ConsumerEvent) async {
        switch event {
        case .batch(let batch):
            // Who keeps what it has is not told of the generation in which it does.
            if run.plan.groupProtocol != .eager { await noteGeneration() }
            for record in batch {
                life.note(
                    .received(
                        Self.place(batch.source), at: record.offset.rawValue,
                        record.value.flatMap { History.Record($0.text) }))
            }
        case .assigned(let offsets):
            let positions = Dictionary(offsets.map { (Self.place($0.key), $0.value.rawValue) }) { first, _ in first }
            let now = await currentGeneration()
            generation.withLock { $0 = now }
            held.withLock { $0.formUnion(positions.keys) }
            life.note(.assigned(group: group, positions, generation: now))
        case .revoked(let revoked): noteRelease(of: revoked.partitions.map(Self.place), lost: false)
        case .lost(let partitions): noteRelease(of: partitions.map(Self.place), lost: true)
        case .reset(let partition, _, let to, let error):
            life.note(.moved(Self.place(partition), to: to.rawValue))
            life.note(.told("\(error)"))
        case .trouble(let error): life.note(trouble: "\(error)")
        case .recovered: life.note(trouble: nil)
        case .reachedEnd: break
        }
    }

    /// The task that read was cancelled: the consumer has left its group, and who reads on is told of partitions anew.
    func noteWithdrawal() {
        let all = held.withLock { $0.sorted() }
        if !all.isEmpty { noteRelease(of: all, lost: true) }
    }

    private func noteRelease(of partitions: [History.Partition], lost: Bool) {
        held.withLock { $0.subtract(partitions) }
        life.note(.released(group: group, partitions, lost: lost))
    }

    private func currentGeneration() async -> Int? {
        run.plan.keepsGenerations ? await consumer.generation.map(Int.init) : nil
    }

    private func noteGeneration() async {
        guard let now = await currentGeneration() else { return }
        let isNew = generation.withLock { known in
            defer { known = now }
            return known != now
        }
        if isNew { life.note(.joined(group: group, generation: now)) }
    }
}

extension KafkaConsumer.Configuration {
    /// How the member comes by its partitions.
    ///
    /// - Parameter isFirst: Whether this is its first life.
    mutating func apply(_ groups: ScenarioPlan.GroupProtocol, isFirst: Bool) {
        switch groups {
        case .eager: break
        case .cooperative: assignors = [.cooperativeSticky]
        case .consumer: groupProtocol = .consumer
        case .changing: if isFirst { assignors = [.cooperativeSticky] } else { groupProtocol = .consumer }
        }
    }
}
