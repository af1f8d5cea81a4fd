import AppSupport
import ArgumentParser
import Benching
import JSONLines
import KafkaWire
import Screens
import ToolKit

/// `kw bench produce`: what `kafka-producer-perf-test` measures.
struct BenchProduceCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "produce",
        abstract: "Send records at full speed, or at a rate, and measure.",
        discussion: """
            The flags are those of kafka-producer-perf-test. At full speed latencies are taken of every 16th record, \
            since looking at the clock for each would slow down what is measured; with --throughput, of every record. \
            Several sizes or codecs are measured one after the other, with a table at the end.
            """)
    static let endsItself = true
    static let leavesUndone = "the measurement"
    static let toolName = "kw bench produce"

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var options: BenchOptions

    @Option(help: "How many records are sent.")
    var numRecords: Int = 1_000_000

    @Option(
        help: ArgumentHelp("The size of a value (default: 100); several with commas.", valueName: "bytes"),
        transform: { text in
            try ListOption(text, wrong: "no size in bytes, 0 to 1073741824") { part in
                Int(part).flatMap { (0...(1 << 30)).contains($0) ? $0 : nil }
            }
        })
    var recordSize: ListOption<Int>?

    @Option(help: ArgumentHelp("Values of this file instead, in random order.", valueName: "file"))
    var payloadFile: String?

    @Option(help: "What parts the values of --payload-file; \\n is a line feed.")
    var payloadDelimiter: String = "\\n"

    @Option(parsing: .unconditional, help: ArgumentHelp("Records a second; -1 is as many as go.", valueName: "number"))
    var throughput: Double = -1

    @Option(help: "So many records are sent first and not counted.")
    var warmupRecords: Int = 0

    @Option(
        help: ArgumentHelp(
            "none, gzip, snappy, lz4 or zstd, over the settings; several with commas.", valueName: "codec"),
        transform: { text in
            try ListOption(text, wrong: "no codec; choose none, gzip, snappy, lz4 or zstd") { part in
                Compression.allCases.first { $0.name == part.lowercased() }
            }
        })
    var compressionType: ListOption<Compression>?

    @Option(help: ArgumentHelp("Send with keys, of so many different ones.", valueName: "number"))
    var keys: Int?

    @Option(help: "What the random values begin with.")
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp(
            "Send in transactions under this id; without it one is made up where they are asked for.", valueName: "id"))
    var transactionalId: String?

    @Option(
        help: ArgumentHelp(
            "Commit after so long; 3000, as in Kafka, where nothing says when.", valueName: "ms"))
    var transactionDurationMs: Int?

    @Option(help: ArgumentHelp("Commit after so many records.", valueName: "number"))
    var transactionRecords: Int?

    @Flag(help: .hidden)
    var printMetrics = false

    func validate() throws {
        guard numRecords > 0 else { throw ValidationError("--num-records is at least 1") }
        guard (0..<numRecords).contains(warmupRecords) else {
            throw ValidationError("--warmup-records is 0 or more, and below --num-records")
        }
        guard throughput == -1 || throughput > 0, throughput.isFinite else {
            throw ValidationError("--throughput is a number of records a second, or -1 for as many as go")
        }
        guard keys ?? 1 > 0 else { throw ValidationError("--keys is at least 1") }
        guard payloadFile == nil || recordSize == nil else {
            throw ValidationError("give one of --record-size and --payload-file")
        }
        guard transactionalId != "" else { throw ValidationError("--transactional-id is empty; name one") }
        guard transactionDurationMs ?? 1 > 0 else {
            throw ValidationError("--transaction-duration-ms is above 0, in milliseconds")
        }
        guard transactionRecords ?? 1 > 0 else { throw ValidationError("--transaction-records is at least 1") }
    }

    /// A measurement: of one size and one codec.
    private struct Case {
        var size: Int?
        var payloads: Payloads
        var configuration: KafkaProducer.Configuration
    }

    func perform(_ tool: Tool) async throws {
        if printMetrics { tool.complain("there are no metrics to print; --print-metrics has no effect") }
        let cases = try self.cases(tool)
        try await options.requireTopic(tool, cases[0].configuration.client)
        var outcomes: [(Case, ProduceOutcome)] = []
        for one in cases {
            outcomes.append((one, try await measure(one, of: cases.count, tool)))
            if tool.shutdown.isRequested { break }
        }
        if cases.count > 1, !options.json { table(outcomes, tool).forEach(tool.console.line) }
        let failures = outcomes.compactMap { _, outcome in
            outcome.firstFailure.map {
                "\(Figures.grouped(outcome.failed)) of \(Figures.counted(numRecords, "record")) failed: \($0.message)"
            }
        }
        if !failures.isEmpty { throw ToolFailure(failures) }
    }

    private func cases(_ tool: Tool) throws -> [Case] {
        var settings = try options.settings(cluster)
        if let transactionalId {
            settings.set("transactional.id", transactionalId, place: "--transactional-id")
        } else if transactionDurationMs != nil || transactionRecords != nil,
            settings.value("transactional.id") ?? "" == ""
        {
            let id = try "performance-producer-\(tool.loop.random() % 100_000)"
            settings.set("transactional.id", id, place: "--transactional-id")
        }
        var configuration = KafkaProducer.Configuration(bootstrapServers: cluster.bootstrap(settings))
        configuration.client = tool.client(cluster.bootstrap(settings))
        try settings.apply(to: &configuration, tool)
        var payloads: [(Int?, Payloads)] = []
        if let payloadFile {
            let delimiter = payloadDelimiter == "\\n" ? "\n" : payloadDelimiter
            let content = try FileContent.bytes(payloadFile)
            guard let values = Payloads(content: content, delimiter: Array(delimiter.utf8)) else {
                throw ToolFailure("\(payloadFile) holds no value; look at it, and at --payload-delimiter")
            }
            payloads = [(nil, values)]
        } else {
            payloads = (recordSize?.elements ?? [100]).map { ($0, Payloads(size: $0, seed: seed)) }
        }
        let codecs = compressionType?.elements ?? [configuration.compression]
        return payloads.flatMap { size, values in
            codecs.map { codec in
                var configuration = configuration
                if codec != configuration.compression { configuration.compressionLevel = nil }
                configuration.compression = codec
                // A record of that size is meant to be sent.
                configuration.maximumRequestSize = max(configuration.maximumRequestSize, (size ?? 0) + 4096)
                return Case(size: size, payloads: values, configuration: configuration)
            }
        }
    }

    private func measure(_ one: Case, of cases: Int, _ tool: Tool) async throws -> ProduceOutcome {
        var benchmark = ProduceBenchmark(topic: options.topic, records: numRecords, payloads: one.payloads)
        benchmark.warmup = warmupRecords
        benchmark.throughput = throughput == -1 ? nil : throughput
        benchmark.keys = keys
        benchmark.seed = seed
        benchmark.reportingInterval = .milliseconds(options.reportingInterval)
        benchmark.transactions = span(one.configuration)
        let name = cases > 1 ? self.name(one) : ""
        let wanted = numRecords
        let json = options.json
        let outcome = try await benchmark.run(
            one.configuration, shouldStop: { tool.shutdown.isRequested },
            progress: { sent in
                tool.console.progress("\(name)\(Figures.grouped(sent)) of \(Figures.counted(wanted, "record")) sent")
            },
            report: { window in
                if json || window.records == 0 { return }
                tool.console.line(window.line)
                tool.console.flush()
            })
        tool.console.endProgress()
        if json {
            tool.console.line(
                outcome.json([
                    ("topic", JSONText.string(options.topic)), ("recordSize", one.size.map { "\($0)" } ?? "null"),
                    ("compressionType", JSONText.string(one.configuration.compression.name)),
                ]))
        } else {
            tool.console.line(name + outcome.line)
            tool.console.note(outcome.more)
        }
        tool.console.flush()
        if outcome.wasInterrupted {
            tool.complain(
                "stopped after \(Figures.grouped(outcome.records)) of \(Figures.counted(numRecords, "record"))")
        }
        return outcome
    }

    /// When transactions are committed; nil where the producer has none.
    private func span(_ configuration: KafkaProducer.Configuration) -> TransactionSpan? {
        guard configuration.transactionalId != nil else { return nil }
        let duration = transactionDurationMs ?? (transactionRecords == nil ? 3000 : nil)
        return TransactionSpan(records: transactionRecords, duration: duration.map { .milliseconds($0) })
    }

    private func name(_ one: Case) -> String {
        "\(one.size.map { "\($0) bytes" } ?? payloadFile ?? ""), \(one.configuration.compression.name): "
    }

    private func table(_ outcomes: [(Case, ProduceOutcome)], _ tool: Tool) -> [String] {
        var table = TextTable([
            .number("SIZE"), .text("CODEC"), .number("RECORDS/S"), .number("MB/S"), .number("CPU/RECORD"),
            .number("P50"), .number("P99"), .number("MAX"),
        ])
        for (one, outcome) in outcomes {
            table.add([one.size.map { "\($0)" } ?? "file", one.configuration.compression.name] + outcome.cells)
        }
        return [""] + table.lines(width: tool.width) { tool.console.paint($0, .bold) }
    }
}
