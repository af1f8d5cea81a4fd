import AppSupport
import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw transactions find-hanging`: open transactions in partitions that their coordinators know nothing of any more, so
/// that nobody will ever end them (KIP-664).
struct FindHangingCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "find-hanging", abstract: "Find transactions that nobody will end.")
    static let toolName = "kw transactions find-hanging"

    @OptionGroup var options: TransactionOptions
    @Option(help: ArgumentHelp("Search the partitions of that broker, and ask it.", valueName: "number"))
    var brokerId: Int32?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Pass over transactions that have been written to within so many minutes.", valueName: "minutes"))
    var maxTransactionTimeout: Int64 = 15
    @Option(
        parsing: .unconditional, help: ArgumentHelp("Search that topic.", valueName: "topic"), completion: .topicNames)
    var topic: String?
    @Option(help: ArgumentHelp("Search that partition of the topic.", valueName: "number")) var partition: Int32?

    private struct Open {
        var partition: TopicPartition
        var producer: KafkaAdmin.ProducerState
    }

    /// So many partitions are asked about at a time.
    private static let batch = 500

    func perform(_ tool: Tool) async throws {
        if topic == nil, brokerId == nil {
            throw ValidationError("find-hanging needs --topic or --broker-id, so that it does not search everything")
        }
        if topic == nil, partition != nil { throw ValidationError("--partition goes with --topic") }
        let admin = try await tool.admin(options.cluster)
        var failures = Failures()
        let now = admin.loop.wallMilliseconds
        var candidates: [Open] = []
        let partitions = try await partitions(with: admin, &failures)
        for start in stride(from: 0, to: partitions.count, by: Self.batch) {
            tool.console.progress("searched \(start) of \(partitions.count) partitions")
            let some = Array(partitions[start..<min(start + Self.batch, partitions.count)])
            let results = await admin.describeProducers(of: some, at: brokerId.map { BrokerID($0) })
            for partition in some {
                for producer in failures.take(results[partition]) ?? []
                where producer.transactionStart != nil
                    && now - (producer.lastTimestamp ?? -1) > maxTransactionTimeout.multipliedSaturated(by: 60_000)
                {
                    candidates.append(Open(partition: partition, producer: producer))
                }
            }
        }
        tool.console.endProgress()
        write(try await hanging(candidates, with: admin), now, tool)
        try failures.finish()
    }

    private func partitions(with admin: KafkaAdmin, _ failures: inout Failures) async throws -> [TopicPartition] {
        if let topic, let partition { return [TopicPartition(topic, PartitionID(partition))] }
        var topics = try await admin.listTopics()
        if let topic {
            topics = topics.filter { $0.name == topic }
            if topics.isEmpty { throw ToolFailure("there is no topic \(SafeText.line(topic))") }
        }
        return topics.flatMap { topic in
            topic.partitions.filter { partition in
                brokerId.map { partition.replicas.contains(BrokerID($0)) } ?? true
            }.map { TopicPartition(topic.name, $0.partition) }
        }
    }

    /// Those whose coordinator does not count the partition to an open transaction of the producer.
    private func hanging(_ candidates: [Open], with admin: KafkaAdmin) async throws -> [Open] {
        guard !candidates.isEmpty else { return [] }
        let producers = Set(candidates.map(\.producer.producerId))
        let listings = try await admin.listTransactions(producerIds: producers).get()
        let ids = Dictionary(listings.map { ($0.producerId, $0.id) }, uniquingKeysWith: { first, _ in first })
        let described = await admin.describeTransactions(Array(Set(ids.values)))
        return try candidates.filter { open in
            guard let id = ids[open.producer.producerId], let result = described[id] else { return true }
            switch result {
            case .success(let transaction): return !transaction.partitions.contains(open.partition)
            case .failure(let error):
                guard error.code.broker == .transactionalIdNotFound else { throw error }
                return true
            }
        }
    }

    private func write(_ hanging: [Open], _ now: Int64, _ tool: Tool) {
        let sorted = hanging.sorted { $0.partition < $1.partition }
        if options.output.json {
            let documents = sorted.map { open in
                JSONText.object([
                    ("topic", JSONText.string(open.partition.topic)), ("partition", "\(open.partition.partition)"),
                    ("producerId", "\(open.producer.producerId)"), ("producerEpoch", "\(open.producer.producerEpoch)"),
                    ("coordinatorEpoch", TopicJSON.number(open.producer.coordinatorEpoch)),
                    ("startOffset", TopicJSON.number(open.producer.transactionStart)),
                    ("lastTimestamp", TopicJSON.number(open.producer.lastTimestamp)),
                    ("durationMs", TopicJSON.number(open.producer.lastTimestamp.map { now - $0 })),
                ])
            }
            return tool.console.line(JSONText.array(documents))
        }
        var table = KafkaTable.tabbed([
            "Topic", "Partition", "ProducerId", "ProducerEpoch", "CoordinatorEpoch", "StartOffset", "LastTimestamp",
            "Duration(min)",
        ])
        table.rows = sorted.map { open in
            let last = open.producer.lastTimestamp ?? -1
            return [
                open.partition.topic, "\(open.partition.partition)", "\(open.producer.producerId)",
                "\(open.producer.producerEpoch)", "\(open.producer.coordinatorEpoch ?? -1)",
                open.producer.transactionStart.map { "\($0)" } ?? "-1", "\(last)", "\((now - last) / 60_000)",
            ]
        }
        table.print(tool, spaced: false)
    }
}
