import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Values seen, in their order, by whoever looks.
final class Seen: Sendable {
    private let state = Locked<[String]>([])
    func add(_ value: String) { state.withLock { $0.append(value) } }
    func add(_ batch: ConsumerBatch) { for record in batch { add(record.value?.text ?? "null") } }
    var all: [String] { state.withLock { $0 } }
    var count: Int { state.withLock { $0.count } }

    /// Waits until that many values, or that many different ones, are there.
    func wait(for count: Int, different: Bool = false, within limit: Duration = .seconds(10)) async throws {
        try await eventually(within: limit) { (different ? Set(all).count : self.count) >= count }
    }
}

/// A broker behind a proxy; clients know only the proxy.
struct ProxiedBroker {
    let broker: KafkaBroker
    let proxy: FaultProxy

    static func start(topics: [String: Int]) async throws -> ProxiedBroker {
        let proxy = try await FaultProxy.start()
        var configuration = KafkaBroker.Configuration(topics: topics)
        configuration.advertisedPort = proxy.port
        let broker = try await KafkaBroker.start(configuration)
        try await proxy.setBroker(port: broker.port)
        return ProxiedBroker(broker: broker, proxy: proxy)
    }

    func stop() async {
        await broker.stop()
        await proxy.stop()
    }
}

extension KafkaBroker {
    /// Sends records whose keys and values are numbered.
    func produce(
        _ numbers: Range<Int>, to topic: String, prefix: String = "v",
        _ change: (inout KafkaProducer.Configuration) -> Void = { _ in }
    ) async throws {
        let producer = try KafkaProducer.quick("127.0.0.1:\(port)", change)
        for number in numbers {
            try await producer.enqueue(ProducerRecord(topic: topic, key: "k\(number)", value: "\(prefix)\(number)"))
        }
        try await producer.close()
    }
}

extension ClientConfiguration {
    /// As the defaults, with time-outs that a test can wait for.
    static func quick(_ servers: [String]) -> ClientConfiguration {
        var configuration = ClientConfiguration(bootstrapServers: servers)
        configuration.connectTimeout = .seconds(1)
        configuration.requestTimeout = .seconds(2)
        configuration.apiTimeout = .seconds(3)
        configuration.retryBackoff = .milliseconds(20)
        configuration.maximumRetryBackoff = .milliseconds(100)
        return configuration
    }

    /// Sends three records to `t`, and gives what a group reads there.
    func produceAndRead() async throws -> [String] {
        let producer = try KafkaProducer.quick("") { $0.client = self }
        for number in 0..<3 { try await producer.enqueue(ProducerRecord(topic: "t", value: "v\(number)")) }
        try await producer.close()
        let consumer = try KafkaConsumer.quick("", group: "g", topics: ["t"]) { $0.client = self }
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await seen.wait(for: 3)
        await consumer.close()
        try await task.value
        return seen.all
    }
}

extension KafkaProducer {
    /// A producer with the time-outs of a test.
    static func quick(_ server: String, _ change: (inout Configuration) -> Void = { _ in }) throws -> KafkaProducer {
        var configuration = Configuration(bootstrapServers: [server])
        configuration.client = .quick([server])
        change(&configuration)
        return try KafkaProducer(configuration)
    }
}

extension KafkaConsumer {
    /// A member of a group with the time-outs of a test, but for its session: a machine that is busy for a second has put
    /// nobody out.
    static func quick(
        _ server: String, group: String, topics: [String], _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> KafkaConsumer {
        var configuration = Configuration(bootstrapServers: [server], group: group, topics: topics)
        configuration.client = .quick([server])
        configuration.sessionTimeout = .seconds(30)
        configuration.heartbeatInterval = .milliseconds(50)
        configuration.fetchMaximumWait = .milliseconds(100)
        change(&configuration)
        return try KafkaConsumer(configuration)
    }

    /// Reads in a task of its own, commits each batch, and notes what came.
    func read(into seen: Seen, commit: Bool = true) -> Task<Void, any Error> {
        Task {
            for try await batch in self.batches {
                seen.add(batch)
                if commit { try? await batch.commit() }
            }
        }
    }

    /// Reads in a task of its own, and notes what came, and what was told of partitions.
    func follow(into seen: Seen, noting events: Seen = Seen()) -> Task<Void, any Error> {
        Task {
            for try await event in self.events {
                switch event {
                case .batch(let batch): seen.add(batch)
                case .assigned(let offsets):
                    for (partition, offset) in offsets.inOrder { events.add("\(partition) \(offset)") }
                case .lost(let partitions): events.add("lost \(partitions)")
                case .reset(let partition, let from, let to, let error):
                    events.add("reset \(partition) \(from) \(to) \(error.code)")
                case .revoked: events.add("revoked")
                case .trouble, .recovered, .reachedEnd: break
                }
            }
        }
    }
}
