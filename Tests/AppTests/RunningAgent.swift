import AppSupport
import ArgumentParser
import Detectors
import Foundation
import KafkaBroker
import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

/// An agent that runs in this process; what it prints lands in a file.
final class RunningAgent: Sendable {
    private let path: String
    private let descriptor: Int32
    private let stop: AsyncStream<Void>.Continuation
    private let task: Task<Int32, Never>

    /// An anomaly agent of the topic `changes` in group `g`, unless `options` say otherwise.
    init(
        _ broker: KafkaBroker, at address: String? = nil, name: String = "agent", _ options: [String] = [],
        change: @escaping @Sendable (inout KafkaConsumer.Configuration) -> Void = { _ in }
    ) throws {
        path = NSTemporaryDirectory() + "agent-\(UUID().uuidString)"
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        try #require(descriptor >= 0)
        let words = [
            "-b", address ?? broker.bootstrapServers, "-t", "changes", "-g", "g", "--commit-interval", "100ms",
        ]
        let options = try AgentOptions.parse(words + ["--session-timeout", "6s"] + options)
        let (ending, stop) = AsyncStream.makeStream(of: Void.self)
        self.stop = stop
        let console = Console(output: descriptor, error: descriptor, whenClosed: {})
        let sheet = try RuleSheet(AnomalyDetector.Rule(), AnomalyDetector.numbers)
        let agent = Agent(name, group: "g", rule: AnomalyDetector(), sheet: sheet, options: options)
        task = Task {
            await agent.run(on: console) { configuration in
                configuration.client.requestTimeout = .seconds(2)
                configuration.client.retryBackoff = .milliseconds(20)
                configuration.client.maximumRetryBackoff = .milliseconds(200)
                configuration.fetchMaximumWait = .milliseconds(100)
                change(&configuration)
            } until: {
                for await _ in ending {}
            }
        }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// All that it has printed so far, both streams in their order.
    var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    /// Waits until it has said that.
    func says(_ words: String) async throws { try await eventually { self.text.contains(words) } }

    /// Ends it as Ctrl-C does; gives its exit status.
    func end() async throws -> Int32 {
        stop.finish()
        return try await within { await self.task.value }
    }

    /// The number in front of a word of the totals; -1 where there is none.
    func total(_ word: String) -> Int {
        let found = text.split(separator: "\n").last { $0.contains(" events, ") && $0.contains("users known") }
        let words = (found ?? "").split { $0 == " " || $0 == "," }
        guard let place = words.firstIndex(of: Substring(word)), place > 0 else { return -1 }
        return Int(words[place - 1]) ?? -1
    }

    /// How many rows it told to be repeats.
    var repeated: Int {
        let words = text.split { $0 == " " || $0 == "," || $0 == "\n" }
        guard let place = words.lastIndex(of: "repeated"), place > 0 else { return 0 }
        return Int(words[place - 1]) ?? 0
    }
}

/// Events of the exercise, without a schema.
enum Change {
    /// A row; its time is `id` seconds.
    static func row(_ id: Int, user: Int, _ amount: String = "10.5", op: String = "c") -> String {
        #"{"before":null,"after":{"id":\#(id),"user_id":\#(user),"amount":\#(amount),"card_type":"VISA","#
            + #""merchant_id":1,"created_at":\#(1_795_234_901_000_000 + id * 1_000_000)},"#
            + #""source":{"table":"transactions"},"op":"\#(op)"}"#
    }

    /// Three small rows of a user, and as many that are alarming: each four times the one before it.
    static func alarming(user: Int, from id: Int, alerts: Int = 1) -> [String] {
        (0..<3).map { row(id + $0, user: user) }
            + (0..<alerts).map { row(id + 3 + $0, user: user, "\(10_000 * (1 << (2 * $0)))") }
    }
}

extension KafkaBroker {
    /// Writes values into a partition, in their order, with its number as the key.
    func write(_ values: [String], _ partition: PartitionID = 0, of topic: String = "changes") async throws {
        let producer = try KafkaProducer(.init(bootstrapServers: [bootstrapServers]))
        for value in values {
            var record = ProducerRecord(topic: topic, value: value)
            record.partition = partition
            try await producer.enqueue(record)
        }
        try await producer.close()
    }

    /// The committed positions of group `g`.
    var committed: [Offset] { get async { await group("g")?.committed.map(\.offset) ?? [] } }

    /// The values of a topic's partition.
    func values(of topic: String, _ partition: PartitionID) async throws -> [String] {
        try await batches(topic: topic, partition: partition, from: 0, maxBytes: 1 << 22).filter {
            !$0.attributes.isControl
        }.flatMap {
            try $0.records().map { $0.value?.text ?? "null" }
        }
    }
}

/// Two brokers, of which the second leads what can be away: `changes-1`, and one of the two partitions of `alerts`.
struct TwoNodes {
    let broker: KafkaBroker
    /// The address of the one that stays.
    let address: String
    let away: BrokerID

    /// Topics with a partition on each node, and no other replica.
    static func start(changes: Int = 2) async throws -> TwoNodes {
        let broker = try await KafkaBroker.start(.init(brokers: 2))
        try await broker.createTopic("changes", partitions: changes, replicas: 1)
        try await broker.createTopic("alerts", partitions: 2, replicas: 1)
        let stays = try #require(await broker.topics.first { $0.name == "changes" }).partitions[0].leader
        let nodes = await broker.nodes
        let (one, other) = (try #require(nodes.first { $0.id == stays }), try #require(nodes.first { $0.id != stays }))
        return TwoNodes(broker: broker, address: "127.0.0.1:\(one.port)", away: other.id)
    }

    /// The partition of `topic` that is away when its leader is.
    func partition(of topic: String) async throws -> PartitionID {
        let partitions = try #require(await broker.topics.first { $0.name == topic }).partitions
        return PartitionID(index: try #require(partitions.firstIndex { $0.leader == away }))
    }

    /// Users whose alerts land in that partition of `alerts`, or in the other one.
    func users(alertsIn partition: PartitionID) -> [Int] {
        (1...200).filter { user in
            let hash = Array("\(user)".utf8).withUnsafeBytes { Murmur2.hash($0) }
            return PartitionID(index: Int(hash & 0x7FFF_FFFF) % 2) == partition
        }
    }
}

/// A writer of transactions, as Connect's exactly-once has one; made by hand, since the library has none yet.
struct TransactionalWriter {
    private let cluster: Cluster
    private let producerId: ProducerID
    private let producerEpoch: ProducerEpoch
    private var sequence: Int32 = 0
    private static let id = "connect"

    init(_ broker: KafkaBroker) async throws {
        let cluster = try Cluster(ClientConfiguration(bootstrapServers: [broker.bootstrapServers]))
        let answer = try await cluster.send(InitProducerIdRequest.self, to: .any) { _ in
            .with {
                $0.transactionalId = Self.id
                $0.transactionTimeoutMs = 60_000
            }
        }
        try #require(answer.response.errorCode == ErrorCode.none)
        self.cluster = cluster
        (producerId, producerEpoch) = (answer.response.producerId, answer.response.producerEpoch)
    }

    /// Writes values into partition 0 of `changes` in a transaction; nil leaves it open.
    mutating func write(_ values: [String], commit: Bool?) async throws {
        let (id, epoch, first) = (producerId, producerEpoch, sequence)
        var code = ErrorCode.concurrentTransactions
        try await eventually {
            code =
                try await cluster.send(AddPartitionsToTxnRequest.self, to: .any, atMost: 3) { _ in
                    .with {
                        $0.v3AndBelowTransactionalId = Self.id
                        $0.v3AndBelowProducerId = id
                        $0.v3AndBelowProducerEpoch = epoch
                        $0.v3AndBelowTopics = [
                            .with {
                                $0.name = "changes"
                                $0.partitions = [0]
                            }
                        ]
                    }
                }.response.resultsByTopicV3AndBelow.first?.resultsByPartition.first?.partitionErrorCode ?? .none
            return code != .concurrentTransactions
        }
        try #require(code == .none)
        var builder = RecordBatchBuilder()
        for value in values {
            Array(value.utf8).withUnsafeBytes { builder.append(key: nil, value: $0, timestamp: 1000) }
        }
        var options = RecordBatchBuilder.Options()
        options.producerId = id
        options.producerEpoch = epoch
        options.baseSequence = first
        options.marks = .init(rawValue: 1 << 4)
        let records = Records(Bytes(try builder.finish(options)))
        sequence += Int32(values.count)
        let stored = try await cluster.send(ProduceRequest.self, to: .any, atMost: 11) { _ in
            .with {
                $0.transactionalId = Self.id
                $0.acks = -1
                $0.timeoutMs = 1000
                $0.topicData = [
                    .with {
                        $0.name = "changes"
                        $0.partitionData = [.with { $0.records = records }]
                    }
                ]
            }
        }
        try #require(stored.response.responses.first?.partitionResponses.first?.errorCode == ErrorCode.none)
        guard let commit else { return }
        let ended = try await cluster.send(EndTxnRequest.self, to: .any, atMost: 4) { _ in
            .with {
                $0.transactionalId = Self.id
                $0.producerId = id
                $0.producerEpoch = epoch
                $0.committed = commit
            }
        }
        try #require(ended.response.errorCode == ErrorCode.none)
    }

    func close() async { await cluster.close() }
}
