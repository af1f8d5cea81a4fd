import AppSupport
import ArgumentParser
import ClientSetup
import JSONLines
import KafkaWire
import RecordText
import ToolKit

/// `kw consume`: records on standard output, as kafka-console-consumer prints them, and in other forms.
struct ConsumeCommand: ToolCommand {
    static let endsItself = true
    static let leavesUndone = "the last commit; a group reads again what was printed since the one before"

    static let configuration = CommandConfiguration(
        commandName: "consume",
        abstract: "Print the records of topics (kafka-console-consumer).",
        discussion: """
            Without --from-beginning, --offset or --from-time, printing begins with what is written from now on, or, in a \
            group, behind what the group has committed. Ctrl-C ends it.

            kw consume --topic orders --from-beginning --property print.key=true
            kw consume --topic orders --group billing
            kw consume --topic orders --partition 0 --offset -10 -e
            kw consume --topic orders --from-time 2026-01-07T22:00:00Z --json
            kw consume --topic dbserver1.public.activity --from-beginning --debezium
            kw consume --topic orders --schema-registry http://localhost:8081
            kw consume --include 'orders-.*' --format '%t[%p]@%o %k=%s\\n'
            """)

    @OptionGroup var cluster: ClusterOptions

    @Option(help: ArgumentHelp("The topic to read.", valueName: "topic"), completion: .topicNames)
    var topic: String?

    @Option(help: ArgumentHelp("Read all topics whose whole name this regular expression matches.", valueName: "regex"))
    var include: String?

    @Option(
        help: ArgumentHelp("Read as a member of this group, and commit what was printed.", valueName: "group"),
        completion: .groupNames)
    var group: String?

    @Flag(help: "Begin with the first record where there is no committed offset.")
    var fromBeginning = false

    @Option(
        name: [.customLong("partition"), .customShort("p")],
        help: ArgumentHelp("Read this partition alone.", valueName: "number"))
    var partition: Int32?

    @Option(
        name: [.customLong("offset"), .customShort("o")], parsing: .unconditional,
        help: ArgumentHelp(
            "Where to begin: a number, earliest, latest, -10 for the last ten, or a time as in --from-time.",
            valueName: "offset"))
    var offset: String?

    @Option(
        help: ArgumentHelp(
            "Begin with the first record that is not older: 2026-01-07T22:00:00Z (UTC without a zone), @ and milliseconds "
                + "since 1970, or a span such as 15m for a quarter of an hour ago.", valueName: "time"))
    var fromTime: String?

    @Option(help: ArgumentHelp("End in front of this offset, in each partition.", valueName: "offset"))
    var toOffset: Int64?

    @Flag(name: [.customLong("exit-at-end"), .customShort("e")], help: "End when all that is there was printed.")
    var exitAtEnd = false

    @Option(
        name: [.customLong("max-messages"), .customShort("c")], parsing: .unconditional,
        help: ArgumentHelp("End after so many records.", valueName: "number"))
    var maxMessages: Int = -1

    @Option(
        parsing: .unconditional, help: ArgumentHelp("End when no record came for so long.", valueName: "milliseconds"))
    var timeoutMs: Int64?

    @Flag(help: "Say which record cannot be printed, and go on.")
    var skipMessageOnError = false

    @Option(help: ArgumentHelp("read_committed leaves out what aborted transactions wrote.", valueName: "level"))
    var isolationLevel: String?

    @Option(
        name: [.customLong("command-property"), .customLong("consumer-property")],
        help: ArgumentHelp("A setting of the consumer; may be repeated.", valueName: "name=value"),
        completion: .settings(of: [.client, .consumer]))
    var property: [String] = []

    @Option(
        name: .customLong("consumer.config"), help: ArgumentHelp("The same as --command-config.", valueName: "file"))
    var consumerConfig: String?

    @OptionGroup(title: "What is printed") var form: ConsumeForm

    @OptionGroup(title: "What is written by schemas") var registry: RegistryOptions

    @Flag(help: "Print shutdown_complete in the end, as Kafka's system tests want it.")
    var enableSystestEvents = false

    func validate() throws {
        guard (topic == nil) != (include == nil) else {
            throw ValidationError("one of --topic and --include must be given")
        }
        if partition != nil, topic == nil { throw ValidationError("--partition needs --topic") }
        guard partition ?? 0 >= 0 else { throw ValidationError("partitions count from 0") }
        let starts = [
            fromBeginning ? "--from-beginning" : nil, offset != nil ? "--offset" : nil,
            fromTime != nil ? "--from-time" : nil,
        ].compactMap { $0 }
        if starts.count > 1 { throw ValidationError("\(starts[0]) and \(starts[1]) both say where to begin; give one") }
        guard maxMessages >= -1 else { throw ValidationError("--max-messages is a number of records, or -1 for all") }
        if consumerConfig != nil, cluster.commandConfig != nil {
            throw ValidationError("--consumer.config and --command-config are one thing; give one")
        }
        try form.check()
    }

    func perform(_ tool: Tool) async throws {
        let renderer = try form.renderer(tool)
        let plan = try ConsumePlan(self, tool)
        let desk = try registry.client(tell: tool.complain).map {
            try SchemaDesk($0, form.debezium ? .connect : .plain, for: renderer, tool)
        }
        var run = ConsumeRun(renderer, desk, tool, self)
        try await run.perform(plan)
    }
}

/// How records are printed.
struct ConsumeForm: ParsableArguments {
    @Option(help: ArgumentHelp("Kafka's class: Default-, Logging- or NoOpMessageFormatter.", valueName: "class"))
    var formatter: String?

    @Option(
        name: [.customLong("formatter-property"), .customLong("property")],
        help: ArgumentHelp(
            "print.timestamp, print.key, print.offset, print.partition, print.headers, print.value, print.epoch, "
                + "print.delivery (true or false); key.separator, line.separator, headers.separator, null.literal; "
                + "key.deserializer, value.deserializer, headers.deserializer. May be repeated.",
            valueName: "name=value"))
    var property: [String] = []

    @Option(help: ArgumentHelp("A file with such properties.", valueName: "file"))
    var formatterConfig: String?

    @Option(help: ArgumentHelp("As --formatter-property key.deserializer=…", valueName: "class"))
    var keyDeserializer: String?

    @Option(help: ArgumentHelp("As --formatter-property value.deserializer=…", valueName: "class"))
    var valueDeserializer: String?

    @Option(
        name: [.customLong("format"), .customShort("f")],
        help: ArgumentHelp(
            "As kcat: %s value, %S its length, %k key, %K its length, %t topic, %p partition, %o offset, %T timestamp, "
                + "%h headers; \\n, \\t, \\xNN.", valueName: "form"))
    var format: String?

    @Flag(help: "Print each record as a JSON object on a line of its own; what is no UTF-8 stands in base 64.")
    var json = false

    @Flag(
        help: "Print Debezium's change events as people read them: what changed from what to what. Also with --json.")
    var debezium = false

    @Flag(help: "With --debezium: also where each event comes from.")
    var verbose = false

    func check() throws {
        if verbose, !debezium { throw ValidationError("--verbose goes with --debezium") }
        if debezium, formatter != nil || format != nil {
            throw ValidationError("--debezium says what to print; leave out --formatter and --format")
        }
        let forms = [formatter != nil ? "--formatter" : nil, format != nil ? "--format" : nil, json ? "--json" : nil]
        let given = forms.compactMap { $0 }
        if given.count > 1 { throw ValidationError("\(given[0]) and \(given[1]) both say what to print; give one") }
    }

    /// What prints the records.
    func renderer(_ tool: Tool) throws -> any RecordRenderer {
        if debezium { return ChangeOutput(tool, isVerbose: verbose, isJSON: json) }
        let isSafe = tool.console.outputIsTerminal
        do throws(RenderFailure) {
            if json { return JSONRecord() }
            if let format { return try FormatString(format, isSafe: isSafe) }
        } catch {
            throw ValidationError(error.description)
        }
        let format = try consoleFormat(tool, isSafe: isSafe)
        switch formatter?.split(separator: ".").last ?? "DefaultMessageFormatter" {
        case "DefaultMessageFormatter": return format
        case "LoggingMessageFormatter": return LoggedFormat(format: format, console: tool.console)
        case "NoOpMessageFormatter": return NoOutput()
        default:
            throw ToolFailure(
                "there is no formatter \(SafeText.line(formatter ?? "")) here; choose DefaultMessageFormatter, "
                    + "LoggingMessageFormatter or NoOpMessageFormatter, or print raw records with --json")
        }
    }

    private func consoleFormat(_ tool: Tool, isSafe: Bool) throws -> ConsoleFormat {
        var settings = NamedSettings()
        try settings.add(file: formatterConfig)
        if let keyDeserializer { settings.set("key.deserializer", keyDeserializer, place: "--key-deserializer") }
        if let valueDeserializer {
            settings.set("value.deserializer", valueDeserializer, place: "--value-deserializer")
        }
        settings.add(property, option: "--formatter-property")
        var format = ConsoleFormat()
        format.isSafe = isSafe
        for entry in settings.entries {
            do throws(RenderFailure) {
                guard try !format.apply([(entry.name, entry.value)]).isEmpty else { continue }
            } catch { throw ToolFailure("\(entry.place): \(error)") }
            let near = NearestName.suggestions(for: entry.name, among: ConsoleFormat.propertyNames)
            let question = near.isEmpty ? "it has no effect" : "did you mean \(near.joined(separator: " or "))?"
            tool.complain("\(entry.place): no formatter has the property \(SafeText.line(entry.name)); \(question)")
        }
        return format
    }
}

/// Kafka's `LoggingMessageFormatter`: prints as the default does, and says the same on standard error.
private struct LoggedFormat: RecordRenderer {
    let format: ConsoleFormat
    let console: Console

    /// Both stand on standard error, whatever the format prints.
    func shows(_ side: RecordSide) -> Bool { true }

    func render(_ record: ShownRecord, of source: TopicPartition, into out: inout [UInt8]) throws(RenderFailure) {
        try format.render(record, of: source, into: &out)
        let time = "\(record.isAppendTime ? "LogAppendTime" : "CreateTime"):\(record.timestamp), "
        let key = record.key.map { SafeText.line($0.copy()) + ", " } ?? "null "
        console.note(time + "key:\(key)value:\(record.value.map { SafeText.line($0.copy()) } ?? "null")")
    }
}
