import AppSupport
import ArgumentParser
import Benching
import JSONLines
import KafkaWire
import ToolKit

/// `kw bench latency`: what `kafka-e2e-latency` measures.
struct BenchLatencyCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract: "Send records one at a time, and measure until a consumer has them.",
        discussion: """
            The flags are those of kafka-e2e-latency. The topic must be used by nobody else meanwhile; it is created \
            where it is missing.
            """)
    static let endsItself = true
    static let leavesUndone = "the measurement"
    static let toolName = "kw bench latency"

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var options: BenchOptions

    @Option(help: "How many records are sent.")
    var numRecords: Int = 10_000

    @Option(
        parsing: .unconditional, help: ArgumentHelp("1 (the leader) or all (all in-sync replicas).", valueName: "acks"))
    var producerAcks: String = "all"

    @Option(help: ArgumentHelp("The size of a value.", valueName: "bytes"))
    var recordSize: Int = 100

    @Option(help: ArgumentHelp("The size of a key; without it there is none.", valueName: "bytes"))
    var recordKeySize: Int?

    @Option(help: "What the random values begin with.")
    var seed: UInt64 = 0

    func validate() throws {
        guard numRecords > 0 else { throw ValidationError("--num-records is at least 1") }
        guard ["1", "all", "-1"].contains(producerAcks) else {
            throw ValidationError(
                "--producer-acks is 1 or all: without an acknowledgement there is nothing to wait for")
        }
        guard (0...(1 << 20)).contains(recordSize), (0...(1 << 20)).contains(recordKeySize ?? 0) else {
            throw ValidationError("--record-size and --record-key-size are 0 to 1048576")
        }
    }

    func perform(_ tool: Tool) async throws {
        let settings = try options.settings(cluster)
        var producer = KafkaProducer.Configuration(bootstrapServers: cluster.bootstrap(settings))
        producer.client = tool.client(cluster.bootstrap(settings))
        // A record leaves at once.
        producer.linger = .zero
        producer.maximumRequestSize = max(producer.maximumRequestSize, recordSize + (recordKeySize ?? 0) + 4096)
        let leaderOnly = producerAcks == "1"
        try settings.apply(to: &producer, tool)
        producer.acks = leaderOnly ? .leader : .all
        if leaderOnly { producer.isIdempotent = false }
        let ends = try await options.ends(tool, producer.client)
        var consumer = KafkaConsumer.Configuration(
            bootstrapServers: producer.client.bootstrapServers,
            partitions: ends.mapValues(KafkaConsumer.StartingOffset.offset))
        consumer.client = producer.client
        var benchmark = LatencyBenchmark(topic: options.topic, records: numRecords, size: recordSize)
        benchmark.keySize = recordKeySize
        benchmark.seed = seed
        let prints = !options.json
        let outcome = try await benchmark.run(
            producer: producer, consumer: consumer, shouldStop: { tool.shutdown.isRequested }
        ) { number, milliseconds in
            guard prints else { return }
            tool.console.line("\(number)\t\(Figures.fixed(milliseconds, decimals: 4))")
            tool.console.flush()
        }
        if options.json {
            tool.console.line(
                outcome.json([
                    ("topic", JSONText.string(options.topic)), ("acks", JSONText.string(leaderOnly ? "1" : "all")),
                    ("recordSize", "\(recordSize)"),
                ]))
        } else {
            outcome.lines.forEach(tool.console.line)
            tool.console.note(outcome.more)
        }
        if outcome.latencies.count < numRecords {
            tool.complain(
                "stopped after \(Figures.grouped(outcome.latencies.count)) of \(Figures.counted(numRecords, "record"))")
        }
    }
}
