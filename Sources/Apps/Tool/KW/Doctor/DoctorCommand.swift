import AppSupport
import ArgumentParser
import KafkaWire
import ToolKit

/// `kw doctor`: why a client cannot reach or use a cluster, and what to change.
struct DoctorCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say why a client cannot reach or use a cluster, and what to change.",
        discussion: """
            Goes a client's way: names, connections, TLS and its certificates, what speaks at the port, SASL, the addresses \
            that brokers advertise, their versions, topics, groups, permissions, clocks. It asks, and writes nothing to the \
            cluster, ever. In the file of --command-config, which has the client's settings of TLS and SASL, a name that \
            nobody knows is told, and a value that a setting cannot have is the end. unix:/path is a Unix socket.

            Exit codes: 0 where nothing stands in the way (warnings may), 1 where something does; with --strict also for \
            warnings.
            """)
    static var endsItself: Bool { true }

    @OptionGroup var cluster: ClusterOptions

    @Option(
        name: .customLong("topic"), help: "A topic to look at; may be repeated (default: all).", completion: .topicNames
    )
    var topics: [String] = []

    @Option(name: .customLong("group"), help: "A group to watch; may be repeated.", completion: .groupNames)
    var groups: [String] = []

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "How long groups are watched. Consumers commit every 5 s: less cannot tell for sure that one does not.",
            valueName: "time"))
    var watch = TimeSpan(.seconds(10))

    @Option(help: ArgumentHelp("How long a name, a connection or an answer is waited for.", valueName: "time"))
    var timeout = TimeSpan(.seconds(3))

    @Flag(help: "Exit with 1 for warnings too.")
    var strict = false

    @Flag(help: "Show what is as it should be, too.")
    var verbose = false

    @Flag(help: "One JSON document instead of text.")
    var json = false

    func validate() throws {
        if timeout.duration <= .zero { throw ValidationError("--timeout has to be longer than 0") }
    }

    func perform(_ tool: Tool) async throws {
        let settings = try cluster.settings()
        var client = ClientConfiguration(bootstrapServers: cluster.bootstrap(settings))
        try settings.apply(to: &client, tool)
        client.clientId = "kw-doctor"
        var configuration = KafkaDoctor.Configuration(client)
        configuration.topics = topics
        configuration.groups = groups
        configuration.watch = watch.duration
        configuration.timeout = timeout.duration
        if let file = cluster.commandConfig, settings.entries.contains(where: \.holdsSecret) {
            configuration.secretFiles = [file]
        }
        let text = DoctorText(
            paint: { [console = tool.console] in console.paint($0, $1) }, width: tool.width, isVerbose: verbose)
        let (console, json) = (tool.console, json)
        let doctor = KafkaDoctor(configuration)
        let work = Task {
            await doctor.examine { stage in
                console.progress("\(DoctorText.question(stage)) …")
            } end: { step in
                guard !json else { return }
                for line in text.lines(step) { console.line(line) }
                console.flush()
            }
        }
        // Ctrl-C ends the watch; what was seen until then is judged.
        let watcher = Task { [shutdown = tool.shutdown] in
            await shutdown.wait()
            work.cancel()
        }
        let report = await work.value
        watcher.cancel()
        console.endProgress()
        if json {
            console.line(DoctorJSON.text(report, servers: client.bootstrapServers))
        } else {
            for line in text.summary(report) { console.line(line) }
        }
        let limit: DiagnosisFinding.Severity = strict ? .warning : .problem
        if report.severity >= limit { throw ExitCode(1) }
    }
}
