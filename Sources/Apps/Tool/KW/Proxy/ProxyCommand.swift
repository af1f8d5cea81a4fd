import AppSupport
import ArgumentParser
import ClientSetup
import KafkaWire
import Proxying
import ToolKit

/// `kw proxy`: stands between any client and any broker, shows what they say, and disturbs it on demand.
struct ProxyCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy",
        abstract: "Stand between clients and brokers: show, record and disturb what they say.",
        discussion: """
            Every byte passes as it came, except that the addresses of brokers in answers lead back to the proxy, with \
            a listener for each broker, and that no newer versions of just those answers are offered than can be read. \
            To brokers that want TLS it is spoken as security.protocol and ssl.* of --command-config say; clients come \
            in without. SASL passes, or is the proxy's business with --upstream-login. Ctrl-C ends it with a count for \
            each API.

            Faults name an API or concern all, and have a share: --delay Produce=50ms@10%, --drop Fetch@5%, \
            --error Produce=NOT_LEADER_OR_FOLLOWER@10%, --truncate Metadata@1%. The same --seed gives the same faults.

            kw proxy --listen 127.0.0.1:19092 --bootstrap-server broker:9092
            kw proxy -b broker:9092 --api Produce,Fetch --depth 3
            kw proxy -b broker:9092 --record session.jsonl --quiet
            kw proxy -b broker:9092 --delay 10ms-50ms@20% --seed 7
            """)
    static let endsItself = true
    static let leavesUndone = "open connections were cut; a capture may lack its last frames"

    @OptionGroup var cluster: ClusterOptions

    @Option(help: ArgumentHelp("Where clients begin; port 0 takes any free one.", valueName: "host:port"))
    var listen = "127.0.0.1:19092"

    @Option(
        help: ArgumentHelp(
            "The host that clients are told to connect to (default: that of --listen).", valueName: "host"))
    var advertise: String?

    @Option(help: "How many clients may be connected at once.")
    var maxConnections = 1000

    @Flag(help: "Show no exchanges.")
    var quiet = false

    @Flag(help: "JSON for programs: an object for each exchange, on a line each.")
    var json = false

    @Option(help: "Show the fields of messages, so many levels deep, and the record batches in numbers.")
    var depth = 0

    @OptionGroup(title: "What is shown") var filter: FilterOptions

    @Option(help: ArgumentHelp("Write all that passes to a capture, for kw explain and kw replay.", valueName: "file"))
    var record: String?

    @Flag(
        help: """
            Write also what is secret to the capture: the messages of SASL, tokens, salted passwords. Otherwise there \
            are zeros in their place.
            """)
    var showSecrets = false

    @Flag(
        help: """
            Say to the brokers who the proxy is, by sasl.* of --command-config: clients then need no credentials, and \
            all are one user.
            """)
    var upstreamLogin = false

    @OptionGroup(title: "Faults") var faults: FaultOptions

    func validate() throws {
        if maxConnections < 1 { throw ValidationError("--max-connections must be 1 or more") }
        if showSecrets, record == nil { throw ValidationError("--show-secrets is about the capture of --record") }
        if depth < 0 { throw ValidationError("--depth must be 0 or more") }
        if quiet, depth > 0 || filter.isGiven { throw ValidationError("--quiet shows nothing that could be chosen") }
        _ = try filter.filter()
        _ = try faults.plan(randomSeed: 0)
        _ = try Self.address(listen, "--listen")
    }

    func perform(_ tool: Tool) async throws {
        let settings = try cluster.settings()
        let servers = try cluster.bootstrap(settings).map { try Self.address($0, "--bootstrap-server") }
        let loop = try tool.loop
        let security = try security(settings, tool)
        let plan = try faults.plan(randomSeed: loop.random() % 1_000_000)
        let report = ProxyReport(
            on: loop, tool: tool, filter: quiet ? nil : try filter.filter(), depth: depth, isJSON: json,
            recorder: try record.map { try CaptureRecorder(path: $0, note: "kw proxy, \(servers[0])") })
        var configuration = Proxy.Configuration(listen: try Self.address(listen, "--listen"), bootstrap: servers)
        configuration.advertisedHost = advertise
        configuration.connectionLimit = maxConnections
        configuration.faults = plan
        configuration.probes = true
        configuration.complain = tool.complain
        configuration.announce = { listener, broker in report.announce(listener, broker) }
        let feed = ExchangeFeed()
        configuration.feed = feed
        configuration.tellsErrors = true
        configuration.keepsAnswers = depth > 0 || !filter.topic.isEmpty
        configuration.keepsRequests = depth > 0 || !filter.topic.isEmpty
        let apis = try filter.filter().apis
        configuration.keptRequests = apis.isEmpty ? nil : apis
        configuration.tellsFrames = record != nil
        configuration.showsSecrets = showSecrets
        configuration.security = security
        configuration.logsIn = upstreamLogin
        let proxy: Proxy
        do throws(NetError) { proxy = try await Proxy.start(configuration) } catch {
            throw ToolFailure("\(error)\(Self.advice(error))")
        }
        report.ready(await proxy.address, servers, faults: plan)
        let watching = Task { await report.watch(feed) }
        await tool.shutdown.wait()
        await proxy.stop()
        await watching.value
        report.totals()
    }

    /// How the brokers are reached, by what the settings say of that; of clients' other settings none matters here.
    private func security(_ settings: NamedSettings, _ tool: Tool) throws -> ConnectionSecurity {
        var client = ClientConfiguration(bootstrapServers: [])
        try settings.keeping { entry in ["security.", "ssl.", "sasl."].contains { entry.name.hasPrefix($0) } }
            .apply(to: &client, tool)
        var options = client.security
        if upstreamLogin {
            guard options.securityProtocol.hasSASL else {
                throw ToolFailure(
                    "--upstream-login needs the brokers' security.protocol (SASL_SSL, say), sasl.mechanism and "
                        + "sasl.jaas.config in the file of --command-config")
            }
        } else if options.securityProtocol.hasSASL {
            // Clients say who they are themselves.
            options.securityProtocol = options.securityProtocol.hasTLS ? .ssl : .plaintext
        }
        do throws(KafkaError) { return try ConnectionSecurity(options) } catch { throw settings.located(error) }
    }

    static func address(_ text: String, _ option: String) throws -> HostPort {
        guard let address = HostPort(text, standardPort: option == "--listen" ? nil : 9092) else {
            throw ValidationError("\(option): \"\(text)\" is no host:port, such as 127.0.0.1:9092 or [::1]:9092")
        }
        return address
    }

    private static func advice(_ error: NetError) -> String {
        "\(error)".contains("in use") ? "; the command ss -ltnp tells which program has it, --listen names another" : ""
    }
}

/// The options that choose what is shown.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only these APIs, with commas between them.", valueName: "names"))
    var api: [String] = []

    @Option(
        help: ArgumentHelp("Only clients with that client id or address; * and ? stand for any.", valueName: "name"))
    var client: [String] = []

    @Option(help: ArgumentHelp("Only what speaks of this topic.", valueName: "name"), completion: .topicNames)
    var topic: [String] = []

    @Flag(help: "Only answers with error codes, and requests that got no answer.")
    var errors = false

    @Option(help: ArgumentHelp("Only what took so long or longer, such as 100ms.", valueName: "duration"))
    var slow: TimeSpan?

    var isGiven: Bool { !api.isEmpty || !client.isEmpty || !topic.isEmpty || errors || slow != nil }

    func filter() throws -> ExchangeFilter {
        var filter = ExchangeFilter()
        for name in api.flatMap({ $0.split(separator: ",") }) {
            do throws(FaultText) { filter.apis.insert(try FaultText.api(name)) } catch {
                throw ValidationError("--api: \(error)")
            }
        }
        filter.clients = client
        filter.topics = Set(topic)
        filter.onlyErrors = errors
        filter.slowerThan = slow?.duration
        return filter
    }
}

/// The options that make things go wrong.
struct FaultOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Hold answers back: 50ms, 10ms-50ms, Produce=50ms@10%.", valueName: "[api=]time[@share]"))
    var delay: [String] = []

    @Option(
        help: ArgumentHelp("Swallow requests; the connection then stays silent: Fetch@5%.", valueName: "[api@]share"))
    var drop: [String] = []

    @Option(
        help: ArgumentHelp(
            "Answer with an error in the broker's place: Produce=NOT_LEADER_OR_FOLLOWER@10%.",
            valueName: "api=code[@share]"))
    var error: [String] = []

    @Option(help: ArgumentHelp("Send half of an answer and close: Metadata@1%.", valueName: "[api@]share"))
    var truncate: [String] = []

    @Option(help: ArgumentHelp("Close each connection after so many bytes of both sides.", valueName: "bytes"))
    var cutAfter: String?

    @Option(help: ArgumentHelp("What a connection carries a second, in each direction: 1MB/s.", valueName: "bytes"))
    var throttle: String?

    @Option(help: ArgumentHelp("Refuse that share of connections.", valueName: "share"))
    var refuse: String?

    @Option(
        help: ArgumentHelp(
            "Makes the faults the same in every run (default: a random one, which is said).", valueName: "number"))
    var seed: UInt64?

    func plan(randomSeed: UInt64) throws -> FaultPlan {
        var plan = FaultPlan(seed: seed ?? randomSeed)
        plan.rules += try delay.map { try Self.read("--delay", FaultText.delay)($0) }
        plan.rules += try drop.map { try Self.read("--drop", FaultText.drop)($0) }
        plan.rules += try error.map { try Self.read("--error", FaultText.error)($0) }
        plan.rules += try truncate.map { try Self.read("--truncate", FaultText.truncate)($0) }
        plan.cutAfter = try cutAfter.map { try Self.read("--cut-after", FaultText.bytes)($0) }
        plan.bytesPerSecond = try throttle.map { try Self.read("--throttle", FaultText.bytes)($0) }
        plan.refusedPerMillion = try refuse.map { try Self.read("--refuse", FaultText.share)($0) } ?? 0
        return plan
    }

    private static func read<T>(
        _ option: String, _ body: @escaping (String) throws(FaultText) -> T
    ) -> (String) throws -> T {
        { text in
            do throws(FaultText) { return try body(text) } catch { throw ValidationError("\(option): \(error)") }
        }
    }
}
