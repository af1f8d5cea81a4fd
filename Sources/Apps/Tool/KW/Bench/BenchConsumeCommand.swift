import AppSupport
import ArgumentParser
import Benching
import JSONLines
import KafkaWire
import ToolKit

/// `kw bench consume`: what `kafka-consumer-perf-test` measures.
struct BenchConsumeCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "consume",
        abstract: "Read records at full speed, and measure.",
        discussion: "The flags are those of kafka-consumer-perf-test.")
    static let endsItself = true
    static let leavesUndone = "the measurement"
    static let toolName = "kw bench consume"

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var options: BenchOptions

    @Option(name: [.customLong("num-records"), .customLong("messages")], help: "How many records are read.")
    var numRecords: Int = 1_000_000

    @Option(help: "The consumer group (default: a new one, which is deleted in the end).", completion: .groupNames)
    var group: String?

    @Option(help: ArgumentHelp("About how much of a partition is fetched at once.", valueName: "bytes"))
    var fetchSize: Int?

    @Option(help: .hidden)
    var socketBufferSize: Int?

    @Flag(help: "Begin behind the last record, where the group has committed nothing.")
    var fromLatest = false

    @Flag(help: "A line for each --reporting-interval instead of one at the end.")
    var showDetailedStats = false

    @Flag(help: "No line with the columns' names.")
    var hideHeader = false

    @Option(help: ArgumentHelp("The end, when so long no record comes.", valueName: "ms"))
    var timeout: Int = 10_000

    @Flag(help: .hidden)
    var printMetrics = false

    func validate() throws {
        guard numRecords > 0 else { throw ValidationError("--num-records is at least 1") }
        guard timeout > 0 else { throw ValidationError("--timeout is above 0, in milliseconds") }
        guard fetchSize ?? 1 > 0 else { throw ValidationError("--fetch-size is above 0") }
    }

    func perform(_ tool: Tool) async throws {
        if printMetrics { tool.complain("there are no metrics to print; --print-metrics has no effect") }
        if socketBufferSize != nil {
            tool.complain("the system sizes the sockets' buffers; --socket-buffer-size has no effect")
        }
        let configuration = try self.consumer(tool)
        try await options.requireTopic(tool, configuration.client)
        var benchmark = ConsumeBenchmark(records: numRecords)
        benchmark.timeout = .milliseconds(timeout)
        benchmark.reportingInterval = .milliseconds(options.reportingInterval)
        let prints = !options.json
        let isDetailed = showDetailedStats
        let wanted = numRecords
        if prints, !hideHeader {
            tool.console.line(isDetailed ? ConsumeOutcome.detailHeader : ConsumeOutcome.header)
            tool.console.flush()
        }
        let outcome = try await benchmark.run(configuration, shouldStop: { tool.shutdown.isRequested }) { progress in
            tool.console.progress("\(Figures.grouped(progress.records)) of \(Figures.counted(wanted, "record")) read")
            guard prints, isDetailed else { return }
            tool.console.line(ConsumeOutcome.detail(progress))
            tool.console.flush()
        }
        tool.console.endProgress()
        if outcome.hasTimedOut {
            tool.console.note(
                "WARNING: \(Figures.grouped(outcome.records)) of \(Figures.counted(numRecords, "record")) came, and no "
                    + "more for \(timeout) ms; raise --timeout, or ask for fewer with --num-records")
        }
        if try isNew, outcome.records > 0 { await deleteGroup(configuration, tool) }
        if options.json {
            let group = JSONText.string(configuration.group)
            tool.console.line(outcome.json([("topic", JSONText.string(options.topic)), ("group", group)]))
        } else {
            if !isDetailed { tool.console.line(outcome.line) }
            tool.console.note(outcome.more)
        }
        tool.console.flush()
        if let failure = outcome.failure { throw failure }
        if tool.shutdown.isRequested, outcome.records < numRecords {
            tool.complain(
                "stopped after \(Figures.grouped(outcome.records)) of \(Figures.counted(numRecords, "record"))")
        }
    }

    /// Whether the group is one that this measurement has made up.
    private var isNew: Bool {
        get throws { try group == nil && options.settings(cluster).value("group.id") == nil }
    }

    /// A group that nobody asked for leaves nothing behind.
    private func deleteGroup(_ configuration: KafkaConsumer.Configuration, _ tool: Tool) async {
        var client = configuration.client
        // After a Ctrl-C there is not more time.
        (client.reachTimeout, client.requestTimeout, client.apiTimeout) = (.seconds(1), .seconds(1), .seconds(1))
        guard let name = configuration.group, let admin = try? await tool.admin(client) else { return }
        if case .failure(let error)? = await admin.deleteGroups([name])[name], error.code.broker != .groupIdNotFound {
            tool.complain("the group \(name) of this measurement is left behind: \(error.message)")
        }
        await admin.close()
    }

    private func consumer(_ tool: Tool) throws -> KafkaConsumer.Configuration {
        let settings = try options.settings(cluster)
        let name = try group ?? settings.value("group.id") ?? "perf-consumer-\(tool.loop.random() % 100_000)"
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: cluster.bootstrap(settings), group: name, topics: [options.topic])
        configuration.client = tool.client(cluster.bootstrap(settings))
        configuration.offsetReset = fromLatest ? .latest : .earliest
        try settings.apply(to: &configuration, tool)
        if let fetchSize { configuration.partitionMaximumBytes = fetchSize }
        return configuration
    }
}

extension KafkaConsumer.Configuration {
    /// The name of the group.
    fileprivate var group: String? { if case .group(let name, _) = source { name } else { nil } }
}
