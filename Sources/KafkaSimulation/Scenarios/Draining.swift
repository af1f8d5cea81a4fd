import KafkaBroker
import KafkaWire

// The end of a run: what was sent is read, and the logs are looked at.

extension ScenarioRun {
    /// Waits until the groups have read what is there, or have had their time for it; copiers are closed as soon as they have.
    func drain(_ broker: BrokerPart, _ transactions: TransactionCrew) async throws {
        // What waited in the network may come late, behind what is there now; what was slow stays so.
        try await simulation.sleep(for: simulation.network.timeOnTheWay + .seconds(5))
        guard plan.hasTransactions else { return try await waitUntil { await self.hasReadToTheEnd(broker) } }
        let ends = LogEnds(self)
        if plan.copiers > 0 { try await waitUntil { await self.hasCopied(ends, broker) } }
        await transactions.closeAll()
        try await waitUntil { await self.hasRead(ends, broker) }
    }

    /// Members may be set up to be slow: one whose fetches want more than a partition gives them waits with each. They have more time,
    /// as long as they read on; nobody else, or what is slow by mistake would not be seen.
    private func waitUntil(_ isDone: () async -> Bool) async throws {
        // Where nothing is promised a while is enough.
        let patience = plan.promises.isDrained ? 600 : 60
        let isSlow = plan.memberNames.indices.map { plan.member($0 + 1) }.contains {
            $0.fetchMinimumBytes > $0.partitionMaximumBytes
        }
        let most = plan.promises.isDrained && isSlow ? 1600 : patience
        var read: [History.Partition: Int64] = [:]
        var idle = 0
        for _ in 0..<most where idle < patience {
            if await isDone() { return }
            try await simulation.sleep(for: .seconds(1))
            let now = recorder.lastRead(by: Self.group)
            idle = now == read ? idle + 1 : 0
            read = now
        }
    }

    private func hasReadToTheEnd(_ broker: BrokerPart) async -> Bool {
        let ends = await broker.topic?.partitions.map(\.endOffset) ?? []
        let read = recorder.lastRead(by: Self.group)
        return ends.enumerated().allSatisfy { number, end in
            (read[History.Partition(Self.topic, number)] ?? -1) + 1 >= end.rawValue
        }
    }

    /// Whether all that members will be shown they have read.
    private func hasRead(_ ends: LogEnds, _ broker: BrokerPart) async -> Bool {
        let isStrict = plan.memberNames.indices.contains { plan.member($0 + 1).readsCommitted }
        guard let due = await ends.due(in: topics, ofCommitted: isStrict, broker) else { return false }
        let read = recorder.lastRead(by: Self.group)
        return due.allSatisfy { (read[$0.key] ?? -1) >= $0.value }
    }

    /// Whether copiers have committed that they have come to the end.
    private func hasCopied(_ ends: LogEnds, _ broker: BrokerPart) async -> Bool {
        guard let due = await ends.due(in: [Self.topic], ofCommitted: plan.transactions.copiesCommitted, broker) else {
            return false
        }
        let reached = recorder.reached(by: Self.copyGroup)
        return due.allSatisfy { (reached[$0.key] ?? 0) > $0.value }
    }

    func readLogs(of broker: BrokerPart) async {
        for topic in await broker.current?.topics ?? [] where topics.contains(topic.name) {
            for number in topic.partitions.indices { await readLog(of: History.Partition(topic.name, number), broker) }
        }
    }

    private func readLog(of partition: History.Partition, _ broker: BrokerPart) async {
        guard let broker = broker.current else { return }
        var logged: [History.Logged] = []
        var offset = Offset(0)
        while true {
            let batches = await broker.batches(
                topic: partition.topic, partition: PartitionID(index: partition.number), from: offset)
            guard let last = batches.last else { break }
            for batch in batches where !batch.attributes.isControl {
                guard let records = try? batch.records() else { continue }
                for record in records {
                    logged.append(.init(record.offset.rawValue, record.value.flatMap { History.Record($0.text) }))
                }
            }
            offset = last.lastOffset.next
        }
        recorder.setLog(logged, of: partition)
    }
}

/// How far readers have to come, where the last batches of a log may be the ends of transactions, which nobody is shown.
private final class LogEnds: Sendable {
    private let ends = Locked<[History.Partition: LogEnd]>([:])
    private let run: ScenarioRun

    init(_ run: ScenarioRun) { self.run = run }

    /// The last offset of each partition that is to be read; nil while transactions are open.
    func due(
        in topics: [String], ofCommitted isStrict: Bool, _ broker: BrokerPart
    ) async -> [History.Partition: Int64]? {
        guard let broker = broker.current else { return nil }
        var due: [History.Partition: Int64] = [:]
        for topic in await broker.topics where topics.contains(topic.name) {
            for (number, info) in topic.partitions.enumerated() {
                let name = History.Partition(topic.name, number)
                var end = ends.withLock { $0[name] } ?? LogEnd()
                // It is another log.
                if info.endOffset < end.next { end = LogEnd() }
                while end.next < info.endOffset {
                    let batches = await broker.batches(
                        topic: topic.name, partition: PartitionID(index: number), from: end.next)
                    if batches.isEmpty { break }
                    for batch in batches { end.add(batch) }
                }
                ends.withLock { $0[name] = end }
                if end.isOpen { return nil }
                if let last = isStrict ? end.lastCommitted : end.lastRecord { due[name] = last.rawValue }
            }
        }
        return due
    }
}

/// Where a log's last record is, and its last one that was committed. A value: batches go in, in their order.
struct LogEnd {
    /// Behind what was looked at.
    private(set) var next = Offset(0)
    private(set) var lastRecord: Offset?
    /// Of those that belong to no transaction, or to one that was committed.
    private(set) var lastCommitted: Offset?
    /// Where each open transaction was last written to.
    private var open: [ProducerID: Offset] = [:]

    var isOpen: Bool { !open.isEmpty }

    mutating func add(_ batch: RecordBatch) {
        next = max(next, batch.lastOffset.next)
        guard batch.attributes.isControl else {
            lastRecord = batch.lastOffset
            if batch.attributes.isTransactional {
                open[batch.producerId] = batch.lastOffset
            } else {
                lastCommitted = batch.lastOffset
            }
            return
        }
        guard let last = open.removeValue(forKey: batch.producerId), Self.commits(batch) else { return }
        lastCommitted = max(lastCommitted ?? last, last)
    }

    private static func commits(_ batch: RecordBatch) -> Bool {
        guard let key = (try? batch.records())?.first?.key,
            let type = try? ControlRecordTypeSchema.decodeVersioned(key)
        else { return false }
        return type.type == ControlBatch.End.commit.rawValue
    }
}
