import KafkaBroker
import KafkaWire
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// No answer of a broker ends a program with a trap: numbers at the ends of their types in every field, everything named twice.
/// What a program then prints or refuses is its matter; that it does is what counts here.
@Suite(.serialized, .turn(minutes: 5)) struct HostileBrokerTests {
    private static let commands = [
        "topics --list", "topics --describe", "topics --describe --json", "groups --list",
        "groups --describe --all-groups",
        "groups --describe --all-groups --members", "groups --describe --group g --json",
        "groups --reset-offsets --group g --topic t --by-duration PT1M --dry-run",
        "groups --reset-offsets --group g --topic t --shift-by 9223372036854775807 --dry-run", "offsets --topic t",
        "offsets --topic t --time max-timestamp", "metadata-quorum describe --status",
        "metadata-quorum describe --replication",
        "metadata-quorum describe --replication --human-readable", "transactions list",
        "transactions describe --transactional-id x",
        "transactions describe-producers --topic t --partition 0", "transactions find-hanging --topic t",
        "log-dirs --describe",
        "configs --describe --entity-type topics --entity-name t", "cluster list-endpoints", "cluster cluster-id",
        "top --once --json --interval 200ms", "top --once --no-rates", "doctor", "doctor --json",
        "doctor --group g --for 1s",
        "consume --topic t --from-beginning --timeout-ms 1000",
        "consume --topic t --group h --from-beginning --timeout-ms 1000",
        "consume --topic t --offset -1 --timeout-ms 1000", "bench consume --topic t --num-records 5 --timeout 1000",
        "bench produce --topic t --num-records 5", "bench latency --topic t --num-records 5",
    ]

    /// Signals that no user sends.
    private static let deaths: Set<Int32> = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

    @Test(arguments: Hostility.allCases) func noAnswerTrapsInATool(hostility: Hostility) async throws {
        let proxy = try await FaultProxy.start()
        var configuration = KafkaBroker.Configuration(topics: ["t": 2])
        configuration.advertisedPort = proxy.port
        let broker = try await KafkaBroker.start(configuration)
        try await proxy.setBroker(port: broker.port)
        let admin = try KafkaAdmin(.init(bootstrapServers: [proxy.address]))
        let producer = try KafkaProducer(.init(bootstrapServers: [proxy.address]))
        for index in 0..<10 { _ = try await producer.enqueue(ProducerRecord(topic: "t", key: "\(index)", value: "v")) }
        try await producer.close()
        _ = try await admin.alterGroupOffsets(of: "g", [TopicPartition("t", 0): .init(offset: 3)]).get()
        await admin.close()
        await proxy.setRule { passing in
            guard !passing.isRequest, let frame = hostility.apply(to: passing.frame, passing.api, passing.version)
            else {
                return .pass
            }
            return .replace(frame)
        }
        await Self.all(Self.commands, mayBeRefused: false) { _ in ["--bootstrap-server", proxy.address] }
        await proxy.stop()
        await broker.stop()
    }

    /// Numbers at the ends of their types on the command line, before a broker that is none of that.
    private static let numbers = [
        "groups --list --timeout 9223372036854775807", "groups --describe --group g --timeout -9223372036854775808",
        "groups --reset-offsets --group g --topic t --to-offset -9223372036854775808 --dry-run",
        "groups --reset-offsets --group g --topic t --by-duration -P106751991167D --dry-run",
        "groups --validate-regex [[:alpha:", "groups --validate-regex a{99999999999999999999}",
        "consume --topic t --offset -9223372036854775808 --max-messages 1 --timeout-ms 500",
        "consume --topic t --offset 9223372036854775807 --timeout-ms 500",
        "consume --topic t --from-beginning --to-offset -9223372036854775808 --timeout-ms 500",
        "consume --topic t --from-beginning --max-messages 1 --timeout-ms 9223372036854775807",
        "consume --topic t --partition 2147483647 --timeout-ms 500",
        "transactions find-hanging --topic t --max-transaction-timeout 9223372036854775807",
        "transactions find-hanging --topic t --max-transaction-timeout -9223372036854775808",
        "bench produce --topic t --num-records 3 --throughput 1e-300",
        "bench produce --topic t --num-records 9223372036854775807 --throughput 10 --reporting-interval 9223372036854775807",
        "bench consume --topic t --num-records 1 --timeout 9223372036854775807 --reporting-interval 9223372036854775807",
        "bench consume --topic t --num-records 1 --fetch-size 9223372036854775807",
        "topics --create --topic u --partitions 2147483647", "topics --create --topic u --partitions -2147483648",
        "offsets --topic t --time -9223372036854775808", "offsets --topic t --time 9223372036854775807",
        "doctor --for 106751d", "top --once --no-rates --interval 106751d",
        "consume --topic t --from-beginning -e --consumer-property retry.backoff.ms=9223372036854775807 --timeout-ms 500",
        "conformance --failures -9223372036854775808", "explain --depth 9223372036854775807 00000000",
        "broker --default-partitions 9223372036854775807 --listen 127.0.0.1:0",
        "broker --topic t:9223372036854775807 --listen 127.0.0.1:0", "broker --brokers 9223372036854775807",
    ]

    @Test func noNumberOnACommandLineTraps() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for index in 0..<10 { _ = try await producer.enqueue(ProducerRecord(topic: "t", key: "\(index)", value: "v")) }
        try await producer.close()
        let local = ["broker", "explain", "conformance"]
        await Self.all(Self.numbers) { command in
            let isLocal = local.contains { command.hasPrefix($0) } || command.contains("--validate-regex")
            return isLocal ? [] : ["--bootstrap-server", broker.bootstrapServers]
        }
        await broker.stop()
    }

    /// Runs the commands, four at a time, none longer than a few seconds.
    private static func all(
        _ commands: [String], mayBeRefused: Bool = true, _ more: @escaping @Sendable (String) -> [String]
    ) async {
        await withTaskGroup(of: Void.self) { group in
            for (index, command) in commands.enumerated() {
                if index >= 4 { await group.next() }
                group.addTask { await run(command, more(command), mayBeRefused: mayBeRefused) }
            }
        }
    }

    /// Runs a command, and ends it where it waits for what such a broker will never say.
    private static func run(_ command: String, _ more: [String], mayBeRefused: Bool) async {
        do {
            let run = try Program.start(command.split(separator: " ").map(String.init) + more)
            let impatience = Task.detached {
                try await Task.sleep(for: .seconds(5))
                kill(run.id, SIGTERM)
                try await Task.sleep(for: .seconds(5))
                kill(run.id, SIGKILL)
            }
            let outcome = try await elsewhere { try run.wait() }
            impatience.cancel()
            #expect(!deaths.contains(-outcome.status), "kw \(command): \(outcome)")
            #expect(mayBeRefused || outcome.status != 64, "kw \(command) is no command: \(outcome.error)")
        } catch { Issue.record(error, "kw \(command)") }
    }
}
