import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw transactions`: transactional ids and producers, and what hangs, as `kafka-transactions` has it.
struct TransactionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transactions", abstract: "List and describe transactions, find those that hang, and end them.",
        subcommands: [
            ListTransactionsCommand.self, DescribeTransactionsCommand.self, DescribeProducersCommand.self,
            AbortTransactionCommand.self, FindHangingCommand.self, ForceTerminateCommand.self,
        ])

    // Kafka's tool takes these in front of the subcommand.
    @OptionGroup var options: TransactionOptions
}

/// What all of them take, in front of the subcommand or behind it.
struct TransactionOptions: ParsableArguments {
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions
}

struct ListTransactionsCommand: ToolCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the transactional ids.")
    static let toolName = "kw transactions list"

    @OptionGroup var options: TransactionOptions
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only those whose transaction runs longer (Kafka 3.8 and later).", valueName: "milliseconds")
    )
    var durationFilter: Int64?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only ids that match that regular expression (Kafka 4.1 and later).", valueName: "pattern"))
    var transactionalIdPattern: String?

    func perform(_ tool: Tool) async throws {
        let admin = try await tool.admin(options.cluster)
        let longer = durationFilter.flatMap { $0 < 0 ? nil : Duration.milliseconds($0) }
        let pattern = transactionalIdPattern.flatMap { $0.isEmpty ? nil : $0 }
        let gathered = try await admin.listTransactions(longerThan: longer, pattern: pattern)
        let sorted = gathered.elements.sorted { ($0.coordinator, $0.id) < ($1.coordinator, $1.id) }
        if options.output.json {
            tool.console.line(
                JSONText.array(
                    sorted.map {
                        JSONText.object([
                            ("transactionalId", JSONText.string($0.id)), ("coordinator", "\($0.coordinator)"),
                            ("producerId", "\($0.producerId)"), ("state", JSONText.string($0.state.rawValue)),
                        ])
                    }))
        } else {
            var table = KafkaTable.tabbed(["TransactionalId", "Coordinator", "ProducerId", "TransactionState"])
            table.rows = sorted.map { [$0.id, "\($0.coordinator)", "\($0.producerId)", $0.state.rawValue] }
            table.print(tool, spaced: false)
        }
        var failures = Failures()
        for (_, error) in gathered.failures.sorted(by: { $0.key < $1.key }) { failures.add(error) }
        try failures.finish()
    }
}

struct DescribeTransactionsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Describe the transaction of a transactional id.")
    static let toolName = "kw transactions describe"

    @OptionGroup var options: TransactionOptions
    @Option(parsing: .unconditional, help: ArgumentHelp("The id.", valueName: "id"))
    var transactionalId: String

    func perform(_ tool: Tool) async throws {
        let admin = try await tool.admin(options.cluster)
        guard let found = try await admin.describeTransactions([transactionalId]).get()[transactionalId] else { return }
        let age = found.startTime.map { admin.loop.wallMilliseconds - $0 }
        let timeout = found.timeout / .milliseconds(1)
        if options.output.json {
            return tool.console.line(
                JSONText.object([
                    ("transactionalId", JSONText.string(found.id)), ("coordinator", "\(found.coordinator)"),
                    ("producerId", "\(found.producerId)"), ("producerEpoch", "\(found.producerEpoch)"),
                    ("state", JSONText.string(found.state.rawValue)), ("timeoutMs", "\(Int64(timeout))"),
                    ("startTimeMs", TopicJSON.number(found.startTime)), ("durationMs", TopicJSON.number(age)),
                    (
                        "partitions",
                        JSONText.array(
                            found.partitions.map {
                                JSONText.object([
                                    ("topic", JSONText.string($0.topic)), ("partition", "\($0.partition)"),
                                ])
                            })
                    ),
                ]))
        }
        var table = KafkaTable.tabbed([
            "CoordinatorId", "TransactionalId", "ProducerId", "ProducerEpoch", "TransactionState",
            "TransactionTimeoutMs", "CurrentTransactionStartTimeMs", "TransactionDurationMs", "TopicPartitions",
        ])
        table.rows = [
            [
                "\(found.coordinator)", found.id, "\(found.producerId)", "\(found.producerEpoch)",
                found.state.rawValue, "\(Int64(timeout))", found.startTime.map { "\($0)" } ?? "None",
                age.map { "\($0)" } ?? "None", found.partitions.map { "\($0)" }.joined(separator: ","),
            ]
        ]
        table.printOne(tool)
    }
}

struct DescribeProducersCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe-producers", abstract: "Describe the producers that a partition remembers.")
    static let toolName = "kw transactions describe-producers"

    @OptionGroup var options: TransactionOptions
    @Option(help: ArgumentHelp("The replica to ask (default: the leader).", valueName: "number")) var brokerId: Int32?
    @Option(parsing: .unconditional, help: ArgumentHelp("The topic.", valueName: "topic"), completion: .topicNames)
    var topic: String
    @Option(help: ArgumentHelp("The partition.", valueName: "number")) var partition: Int32

    func perform(_ tool: Tool) async throws {
        let admin = try await tool.admin(options.cluster)
        let place = TopicPartition(topic, PartitionID(partition))
        let producers =
            try await admin.describeProducers(of: [place], at: brokerId.map { BrokerID($0) }).get()[place] ?? []
        if options.output.json { return tool.console.line(JSONText.array(producers.map(Self.json))) }
        var table = KafkaTable.tabbed([
            "ProducerId", "ProducerEpoch", "LatestCoordinatorEpoch", "LastSequence", "LastTimestamp",
            "CurrentTransactionStartOffset",
        ])
        table.rows = producers.map {
            [
                "\($0.producerId)", "\($0.producerEpoch)", "\($0.coordinatorEpoch ?? -1)", "\($0.lastSequence)",
                "\($0.lastTimestamp ?? -1)", $0.transactionStart.map { "\($0)" } ?? "None",
            ]
        }
        table.print(tool, spaced: false)
    }

    private static func json(_ producer: KafkaAdmin.ProducerState) -> String {
        JSONText.object([
            ("producerId", "\(producer.producerId)"), ("producerEpoch", "\(producer.producerEpoch)"),
            ("coordinatorEpoch", TopicJSON.number(producer.coordinatorEpoch)),
            ("lastSequence", "\(producer.lastSequence)"), ("lastTimestamp", TopicJSON.number(producer.lastTimestamp)),
            ("transactionStartOffset", TopicJSON.number(producer.transactionStart)),
        ])
    }
}

struct AbortTransactionCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "Abort a transaction that hangs in a partition.",
        discussion: "find-hanging tells where such a transaction starts.")
    static let toolName = "kw transactions abort"

    @OptionGroup var options: TransactionOptions
    @Option(parsing: .unconditional, help: ArgumentHelp("The topic.", valueName: "topic"), completion: .topicNames)
    var topic: String
    @Option(help: ArgumentHelp("The partition.", valueName: "number")) var partition: Int32
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Where the transaction starts; all that brokers since 3.0 need.", valueName: "offset"))
    var startOffset: Int64?
    @Option(parsing: .unconditional, help: ArgumentHelp("For older brokers: its producer.", valueName: "number"))
    var producerId: Int64?
    @Option(
        parsing: .unconditional, help: ArgumentHelp("For older brokers: the producer's epoch.", valueName: "number"))
    var producerEpoch: Int16?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("For older brokers: the coordinator's epoch; -1 where it has none.", valueName: "number"))
    var coordinatorEpoch: Int32?

    func perform(_ tool: Tool) async throws {
        let place = TopicPartition(topic, PartitionID(partition))
        var transaction: KafkaAdmin.OpenTransaction?
        if startOffset == nil {
            guard let producerId, let producerEpoch, let coordinatorEpoch else {
                throw ValidationError(
                    "say which transaction: --start-offset, or for brokers before 3.0 --producer-id, --producer-epoch and "
                        + "--coordinator-epoch")
            }
            transaction = .init(
                place, producerId: ProducerID(producerId), producerEpoch: ProducerEpoch(producerEpoch),
                coordinatorEpoch: coordinatorEpoch)
        }
        let admin = try await tool.admin(options.cluster)
        if let startOffset {
            let producers = try await admin.describeProducers(of: [place]).get()[place] ?? []
            guard let producer = producers.first(where: { $0.transactionStart == Offset(startOffset) }) else {
                let open = producers.compactMap(\.transactionStart).sorted().map { "\($0)" }
                throw ToolFailure(
                    "no open transaction starts at offset \(startOffset) of \(place); "
                        + (open.isEmpty ? "there is none" : "there are some at \(open.joined(separator: ", "))"))
            }
            transaction = .init(
                place, producerId: producer.producerId, producerEpoch: producer.producerEpoch,
                coordinatorEpoch: producer.coordinatorEpoch ?? 0)
        }
        guard let transaction else { return }
        try await admin.abortTransaction(transaction)
        if options.output.json {
            tool.console.line(
                JSONText.object([
                    ("topic", JSONText.string(topic)), ("partition", "\(partition)"),
                    ("producerId", "\(transaction.producerId)"), ("producerEpoch", "\(transaction.producerEpoch)"),
                ]))
        }
    }
}

struct ForceTerminateCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "forceTerminateTransaction",
        abstract: "Abort the transaction of a transactional id, and shut its producer out.")
    static let toolName = "kw transactions forceTerminateTransaction"

    @OptionGroup var options: TransactionOptions
    @Option(
        name: [.customLong("transactionalId"), .customLong("transactional-id")], parsing: .unconditional,
        help: ArgumentHelp("The id.", valueName: "id"))
    var transactionalId: String

    func perform(_ tool: Tool) async throws {
        let admin = try await tool.admin(options.cluster)
        // Whoever asks for the id's next epoch ends what the last one has begun (KIP-939).
        let fenced = try await admin.fenceProducers([transactionalId]).get()
        if options.output.json, let producer = fenced[transactionalId] {
            tool.console.line(
                JSONText.object([
                    ("transactionalId", JSONText.string(transactionalId)), ("producerId", "\(producer.producerId)"),
                    ("producerEpoch", "\(producer.producerEpoch)"),
                ]))
        }
    }
}
