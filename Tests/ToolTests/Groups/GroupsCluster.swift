import JSONLines
import KafkaBroker
import KafkaWire
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A broker with groups, and `kw` run against it.
///
/// `orders` has 10 and 4 records, `payments` 3, `empty` none; the records of a partition are a second apart, from the
/// beginning of 2026. `idle` has committed orders-0: 3, orders-1: 2, payments-0: 1.
final class GroupsCluster: Sendable {
    let broker: KafkaBroker
    let admin: KafkaAdmin

    /// The time of the first records: 2026-01-01T00:00:00Z.
    static let start: Int64 = 1_767_225_600_000

    init() async throws {
        broker = try await KafkaBroker.start(.init(topics: ["orders": 2, "payments": 1, "empty": 1]))
        let configuration = ClientConfiguration(bootstrapServers: [broker.bootstrapServers])
        admin = try KafkaAdmin(configuration)
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for (partition, count) in [
            (TopicPartition("orders", 0), 10), (TopicPartition("orders", 1), 4), (TopicPartition("payments", 0), 3),
        ] {
            for index in 0..<count {
                var record = ProducerRecord(topic: partition.topic, value: "\(index)")
                record.partition = partition.partition
                record.timestamp = Self.start + Int64(index) * 1000
                _ = try await producer.enqueue(record)
            }
        }
        try await producer.close()
        _ = try await admin.alterGroupOffsets(
            of: "idle",
            [
                TopicPartition("orders", 0): .init(offset: 3), TopicPartition("orders", 1): .init(offset: 2),
                TopicPartition("payments", 0): .init(offset: 1),
            ]
        ).get()
    }

    func stop() async {
        await admin.close()
        await broker.stop()
    }

    /// Runs `kw groups` against the broker.
    func groups(_ line: String, _ more: [String] = []) async throws -> Program.Outcome {
        let words = line.split(separator: " ").map(String.init)
        return try await Program.run(["groups", "--bootstrap-server", broker.bootstrapServers] + words + more)
    }

    /// What `kw groups … --json` prints.
    func json(_ line: String) async throws -> JSON {
        let outcome = try await groups(line + " --json")
        #expect(outcome.status == 0 && outcome.output.split(separator: "\n").count == 1, "\(outcome)")
        return try #require(JSON(outcome.output))
    }

    /// What a group has committed, as `orders-0=3`.
    func committed(_ group: String) async throws -> [String] {
        try await admin.committedOffsets(of: group).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.offset)" }
    }

    /// Runs `body` while a member of `billing` has read and committed everything in `orders` and `payments`.
    func withMember(_ body: () async throws -> Void) async throws {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], group: "billing", topics: ["orders", "payments"])
        configuration.client.clientId = "reader"
        let consumer = try KafkaConsumer(configuration)
        let reading = Task {
            for try await batch in consumer.batches { try await batch.commit() }
        }
        let deadline = ContinuousClock.now + .seconds(20)
        while try await committed("billing") != ["orders-0=10", "orders-1=4", "payments-0=3"] {
            guard ContinuousClock.now < deadline else {
                Issue.record("the member did not read everything in 20 s")
                break
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        do { try await body() } catch { Issue.record(error) }
        await consumer.close()
        try await reading.value
    }
}

extension Program {
    /// Runs `kw` without holding one of the few threads on which a broker in this process works. It is killed after 30 s.
    static func run(_ arguments: [String]) async throws -> Outcome {
        let run = try start(arguments)
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            var info = siginfo_t()
            waitid(P_PID, id_t(run.id), &info, WEXITED | WNOHANG | WNOWAIT)
            if info.si_signo == SIGCHLD { break }
            if ContinuousClock.now > deadline {
                Issue.record("kw \(arguments.joined(separator: " ")) did not end in 30 s")
                kill(run.id, SIGKILL)
                break
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return try run.wait()
    }
}
