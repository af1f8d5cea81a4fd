import AppSupport
import ArgumentParser
import ClientSetup
import KafkaWire
import RecordText
import ToolKit

/// `kw produce`: lines of standard input become records, as with kafka-console-producer.
struct ProduceCommand: ToolCommand {
    static let endsItself = true
    static let leavesUndone = "records that were not acknowledged yet, which may have arrived or not"

    static let configuration = CommandConfiguration(
        commandName: "produce",
        abstract: "Send the lines of standard input as records (kafka-console-producer).",
        discussion: """
            Each line is a record's value, or, with parse.key, a key and a value, in front of which parse.headers expects \
            headers. Lines are bytes, and need not be UTF-8. At the end of the input, and at Ctrl-C, everything is sent. \
            Where no option says otherwise, the producer works with this library's defaults: all replicas acknowledge, no \
            retry makes a duplicate, batches wait 5 ms.

            With --json-input each line is a record as kw consume --json prints it: key, value, headers, time and \
            partition. --json is about what is written, here a report in the end; --json-input about what is read.

            With --transactional-id all of the input is one transaction, which is committed at its end, or with \
            --transaction-records one for every so many records. At Ctrl-C, and where a line cannot be read or sent, the one \
            that is open is aborted: consumers with read_committed see nothing of it.

            kw produce --topic orders
            kw produce --topic orders --property parse.key=true
            kw produce --topic orders --file orders.txt --compression-codec zstd --json
            kw produce --topic orders --file orders.jsonl --json-input
            kw produce --topic orders --file orders.txt --transactional-id import-7
            """)

    @OptionGroup var cluster: ClusterOptions

    @Option(help: ArgumentHelp("The topic.", valueName: "topic"), completion: .topicNames)
    var topic: String

    @Option(
        name: [.customLong("partition"), .customShort("p")],
        help: ArgumentHelp("Send to this partition, whatever the key.", valueName: "number"))
    var partition: Int32?

    @Option(
        name: [.long, .customShort("f")],
        help: ArgumentHelp("Read this file instead of standard input.", valueName: "file"))
    var file: String?

    @Option(
        name: [.customLong("reader-property"), .customLong("property")],
        help: ArgumentHelp(
            "parse.key, key.separator (a tab), parse.headers, headers.delimiter (a tab), headers.separator (,), "
                + "headers.key.separator (:), null.marker, ignore.error. May be repeated.", valueName: "name=value"))
    var property: [String] = []

    @Option(help: ArgumentHelp("A file with such properties.", valueName: "file"))
    var readerConfig: String?

    @Option(help: ArgumentHelp("Kafka's class; there is LineMessageReader.", valueName: "class"))
    var lineReader: String?

    @Flag(
        help: "Each line is a JSON object as kw consume --json prints it: key, value, headers, timestamp, partition.")
    var jsonInput = false

    @Flag(help: "With --json-input: choose partitions anew, by the keys, and not as the lines say.")
    var repartition = false

    @OptionGroup(title: "How it is sent") var sending: ProduceSettings

    @Flag(help: "Print a report as JSON in the end.")
    var json = false

    func validate() throws {
        guard partition ?? 0 >= 0 else { throw ValidationError("partitions count from 0") }
        if sending.producerConfig != nil, cluster.commandConfig != nil {
            throw ValidationError("--producer.config and --command-config are one thing; give one")
        }
        if jsonInput, !property.isEmpty || readerConfig != nil || lineReader != nil {
            throw ValidationError(
                "--json-input says what a line is; leave out --reader-property, --reader-config, --line-reader")
        }
        if repartition, !jsonInput { throw ValidationError("--repartition goes with --json-input") }
        if repartition, partition != nil {
            throw ValidationError("--repartition and --partition both say where records go; give one")
        }
        if let lineReader,
            !["LineMessageReader", "ConsoleProducer$LineMessageReader"].contains(
                lineReader.split(separator: ".").last ?? "")
        {
            throw ValidationError("there is no reader \(SafeText.line(lineReader)) here but LineMessageReader")
        }
    }

    func perform(_ tool: Tool) async throws {
        let parser = try parser(tool)
        var settings = try cluster.settings()
        try sending.add(to: &settings)
        var configuration = KafkaProducer.Configuration(bootstrapServers: cluster.bootstrap(settings))
        configuration.client.clientId = "console-producer"
        configuration.client.connectTimeout = .seconds(4)
        try settings.apply(to: &configuration, tool)
        let isTransactional = configuration.transactionalId != nil
        if !isTransactional, sending.transactionRecords != nil {
            throw ValidationError("--transaction-records goes with --transactional-id")
        }
        let cuts = isTransactional ? TransactionCuts(size: sending.transactionRecords) : nil
        let input = try InputFile(file)
        var run = try ProduceRun(self, parser, input, cuts: cuts, tool)
        do throws(KafkaError) { try await run.perform(configuration) } catch { throw settings.located(error) }
        try run.finish()
    }

    private func parser(_ tool: Tool) throws -> LineParser {
        var settings = NamedSettings()
        try settings.add(file: readerConfig)
        settings.add(property, option: "--reader-property")
        var parser = LineParser()
        for entry in settings.entries where !parser.apply(entry.name, entry.value) {
            let near = NearestName.suggestions(for: entry.name, among: LineParser.propertyNames)
            let question = near.isEmpty ? "it has no effect" : "did you mean \(near.joined(separator: " or "))?"
            tool.complain("\(entry.place): the reader has no property \(SafeText.line(entry.name)); \(question)")
        }
        do throws(RenderFailure) { try parser.check() } catch { throw ToolFailure("\(error)") }
        return parser
    }
}

/// The producer's settings, under the names that kafka-console-producer gives them.
struct ProduceSettings: ParsableArguments {
    @Flag(help: "Send a line when the one before has been acknowledged.")
    var sync = false

    @Option(
        defaultAsFlag: "gzip",
        help: ArgumentHelp("none, gzip, snappy, lz4 or zstd; gzip where none is named.", valueName: "codec"))
    var compressionCodec: String?

    @Option(help: ArgumentHelp("As batch.size.", valueName: "bytes"))
    var batchSize: String?

    @Option(help: ArgumentHelp("As batch.size, over --batch-size.", valueName: "bytes"))
    var maxPartitionMemoryBytes: String?

    @Option(help: ArgumentHelp("As retries.", valueName: "number"))
    var messageSendMaxRetries: String?

    @Option(help: ArgumentHelp("As retry.backoff.ms.", valueName: "milliseconds"))
    var retryBackoffMs: String?

    @Option(help: ArgumentHelp("As linger.ms.", valueName: "milliseconds"))
    var timeout: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("As acks: all, -1, 0 or 1.", valueName: "acks"))
    var requestRequiredAcks: String?

    @Option(help: ArgumentHelp("As request.timeout.ms.", valueName: "milliseconds"))
    var requestTimeoutMs: String?

    @Option(help: ArgumentHelp("As metadata.max.age.ms.", valueName: "milliseconds"))
    var metadataExpiryMs: String?

    @Option(help: ArgumentHelp("As max.block.ms.", valueName: "milliseconds"))
    var maxBlockMs: String?

    @Option(help: ArgumentHelp("As buffer.memory.", valueName: "bytes"))
    var maxMemoryBytes: String?

    @Option(help: ArgumentHelp("As send.buffer.bytes, which has no effect here.", valueName: "bytes"))
    var socketBufferSize: String?

    @Option(help: ArgumentHelp("As transactional.id: send in transactions.", valueName: "id"))
    var transactionalId: String?

    @Option(help: ArgumentHelp("So many records in a transaction, and not all of the input.", valueName: "number"))
    var transactionRecords: Int?

    @Option(help: ArgumentHelp("As transaction.timeout.ms.", valueName: "milliseconds"))
    var transactionTimeout: String?

    @Option(
        name: [.customLong("command-property"), .customLong("producer-property")],
        help: ArgumentHelp("A setting of the producer; may be repeated.", valueName: "name=value"),
        completion: .settings(of: [.client, .producer]))
    var property: [String] = []

    @Option(
        name: .customLong("producer.config"), help: ArgumentHelp("The same as --command-config.", valueName: "file"))
    var producerConfig: String?

    func validate() throws {
        guard transactionRecords ?? 1 > 0 else { throw ValidationError("--transaction-records is at least 1") }
        guard transactionalId != "" else { throw ValidationError("--transactional-id is empty; name one") }
    }

    /// Puts the settings over those of the file; options of their own stand over `--command-property`, as in Kafka.
    func add(to settings: inout NamedSettings) throws {
        try settings.add(file: producerConfig)
        settings.add(property, option: "--command-property")
        let options: [(name: String, value: String?, option: String)] = [
            ("compression.type", compressionCodec, "--compression-codec"), ("batch.size", batchSize, "--batch-size"),
            ("batch.size", maxPartitionMemoryBytes, "--max-partition-memory-bytes"),
            ("retries", messageSendMaxRetries, "--message-send-max-retries"),
            ("retry.backoff.ms", retryBackoffMs, "--retry-backoff-ms"), ("linger.ms", timeout, "--timeout"),
            ("acks", requestRequiredAcks, "--request-required-acks"),
            ("request.timeout.ms", requestTimeoutMs, "--request-timeout-ms"),
            ("metadata.max.age.ms", metadataExpiryMs, "--metadata-expiry-ms"),
            ("max.block.ms", maxBlockMs, "--max-block-ms"), ("buffer.memory", maxMemoryBytes, "--max-memory-bytes"),
            ("send.buffer.bytes", socketBufferSize, "--socket-buffer-size"),
            ("transactional.id", transactionalId, "--transactional-id"),
            ("transaction.timeout.ms", transactionTimeout, "--transaction-timeout"),
        ]
        for option in options {
            if let value = option.value { settings.set(option.name, value, place: option.option) }
        }
    }
}
