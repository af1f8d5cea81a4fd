import AppSupport
import ArgumentParser
import BrokerUI
import JSONLines
import KafkaBroker
import KafkaWire
import Logging
import ShutdownSignal

/// `kw broker`: the embedded broker as a program of its own.
struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Run the embedded broker for any Kafka client.",
        discussion: """
            Prints one line when clients can connect, and stops on Ctrl-C or SIGTERM; a second Ctrl-C ends it at once. \
            What was produced is gone then, unless --data-dir names a place for it. It listens on this machine alone \
            unless told otherwise, and asks nobody who he is, unless settings or --secure say so.

            kw broker --listen 127.0.0.1:9092 --topic orders:4 --ui 8080
            kw broker --secure --data-dir /tmp/kafka
            kw broker server.properties --config log.retention.hours=1
            """)

    @Argument(
        help: ArgumentHelp(
            "Settings under Kafka's names, as kafka-server-start takes them.", valueName: "server.properties"))
    var propertiesFile: String?

    @Option(name: .customLong("properties"), help: ArgumentHelp("The same.", valueName: "file"))
    var properties: String?

    @Option(
        // kafka-server-start calls it --override.
        name: [.customLong("config"), .customLong("override")],
        help: ArgumentHelp(
            "One setting under Kafka's name, over the file's; may be repeated.", valueName: "name=value"),
        transform: NamedSetting.init)
    var config: [NamedSetting] = []

    @Option(
        help: ArgumentHelp(
            "Where to listen; port 0 takes any free one (default: 127.0.0.1:9092).", valueName: "host:port"),
        transform: Endpoint.init)
    var listen: Endpoint?

    @Option(
        help: ArgumentHelp(
            "What clients are told to connect to, where that is not --listen.", valueName: "host:port"),
        transform: Endpoint.init)
    var advertise: Endpoint?

    @Option(
        help: ArgumentHelp("A topic that exists from the beginning; may be repeated.", valueName: "name:partitions"),
        transform: NamedTopic.init)
    var topic: [NamedTopic] = []

    @Option(
        help: ArgumentHelp("Partitions of topics that are created without a number (default: 1).", valueName: "number"))
    var defaultPartitions: Int?

    @Flag(inversion: .prefixedNo, help: "Create unknown topics when a client asks for them (default: yes).")
    var autoCreate: Bool?

    @Option(help: ArgumentHelp("How many brokers the cluster has, all in this process.", valueName: "number"))
    var brokers: Int?

    @Option(
        help: ArgumentHelp(
            "The racks of the brokers, in their order (broker.rack); an empty name is none. With --config "
                + "replica.selector.class=RackAwareReplicaSelector consumers read from the replica in their rack.",
            valueName: "rack,rack,…"),
        transform: NamedRacks.init)
    var racks: NamedRacks?

    @Option(
        help: ArgumentHelp("Where records are kept, in Kafka's format; without it in memory.", valueName: "directory"))
    var dataDir: String?

    @Flag(
        help: """
            Speak TLS, and let in only who has a password (SASL_SSL): makes certificates and the users admin and alice in \
            the folder secure of --data-dir, where they stay, and files with which clients log in.
            """)
    var secure = false

    @Flag(
        help: """
            Start although the broker's own files in --data-dir are damaged: what cannot be read of topics, settings, \
            commits and transactions is set aside and lost.
            """)
    var salvage = false

    @Option(
        help: ArgumentHelp(
            "When data is flushed to the disk: each (before every acknowledgement), never (when the system likes), "
                + "or every so often, as in 500ms.", valueName: "each|never|duration"),
        transform: FlushOption.init)
    var flush = FlushOption(policy: .never)

    @Option(
        help: ArgumentHelp(
            "A web page of topics, messages and groups on 127.0.0.1; port 0 takes any free one. On an address that other "
                + "machines reach it needs a broker with TLS and users (--secure), and asks for one.",
            valueName: "[host:]port"),
        transform: Endpoint.page)
    var ui: Endpoint?

    @Option(
        help: ArgumentHelp(
            "What to log to standard error: requests (a line for each), or trace, debug, info, notice, warning, error, "
                + "critical (default: warning); may be repeated.", valueName: "level"),
        transform: LogChoice.init)
    var log: [LogChoice] = []

    @Flag(help: "The same as --log requests.")
    var logRequests = false

    @Flag(help: "Print the ready line, the last line and requests as JSON, one object a line.")
    var json = false

    func validate() throws {
        guard (1...Int(Int32.max)).contains(defaultPartitions ?? 1) else {
            throw ValidationError("--default-partitions is 1 to \(Int32.max)")
        }
        guard (1...100).contains(brokers ?? 1) else { throw ValidationError("--brokers is 1 to 100") }
        if let count = racks?.names.count, count > brokers ?? 1 {
            throw ValidationError("--racks names \(count), and there are \(brokers ?? 1) brokers (--brokers)")
        }
        guard properties == nil || propertiesFile == nil else {
            throw ValidationError("the properties file is given twice: \(propertiesFile ?? "") and --properties")
        }
        for (index, one) in topic.enumerated() where topic[..<index].contains(where: { $0.name == one.name }) {
            throw ValidationError("--topic \(one.name) is given twice")
        }
    }

    func run() async throws {
        let shutdown = ShutdownSignal.install(
            lastWords:
                "kw broker: ended before it was done; left undone: its files were not closed in order, and are looked "
                + "through when it starts again")
        let console = Console(whenClosed: shutdown.request)
        let lines = BrokerLines(isJSON: json)
        let broker: KafkaBroker
        let directory: String?
        let logger: Logger
        let listening: (host: String, advertised: String?)
        let secured: SecureFolder?
        do {
            let made = try BrokerSettings(self, console)
            secured = made.secured
            secured?.remarks.forEach { console.note("kw broker: \($0)") }
            var settings = made.configuration
            directory = settings.dataDirectory
            logger = settings.logger
            listening = (settings.host, settings.advertisedHost)
            if logRequests || log.contains(.requests) {
                settings.observer = { console.note(lines.request($0, console)) }
            }
            broker = try await KafkaBroker.start(settings)
        } catch {
            console.note("kw broker: \(BrokerLines.startFailure("\(error)"))")
            throw ExitCode(1)
        }
        let began = broker.loop.now
        let page: BrokerUI?
        let clients = secured.map { SecureClients(folder: $0, bootstrap: broker.bootstrapServers) }
        do {
            try clients?.write()
            page =
                if let ui { try await BrokerUI.start(broker, host: ui.host, port: ui.port, logger: logger) } else {
                    nil
                }
        } catch {
            await broker.stop()
            console.note("kw broker: \(BrokerLines.startFailure("\(error)"))")
            throw ExitCode(1)
        }
        for line in await lines.ready(broker, directory: directory, page: page?.url, clients) { console.line(line) }
        console.flush()
        if let page, secured != nil, !page.asksForUser {
            console.note(
                "kw broker: the page at \(page.url) asks for no password: every user of this machine can read there what is in "
                    + "the broker")
        }
        let advice = BrokerLines.advice(
            host: listening.host, advertised: listening.advertised, bootstrap: broker.bootstrapServers)
        if let advice { console.note("kw broker: \(advice)") }
        await shutdown.wait()
        async let closed: Void? = page?.stop()
        await broker.stop()
        _ = await closed
        console.line(await lines.stopped(broker, after: broker.loop.now - began))
        console.flush()
    }
}

/// A host and a port, as in `localhost:9092` or `[::1]:9092`.
struct Endpoint: Equatable {
    var host: String
    var port: UInt16

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Where the page is: a port alone is one of 127.0.0.1.
    static func page(_ text: String) throws -> Endpoint {
        try Endpoint(text.contains(":") ? text : "127.0.0.1:\(text)")
    }

    init(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw ValidationError("\"\(text)\" is no host:port, such as 127.0.0.1:9092")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw ValidationError("\"\(text)\" is not clear; write an IPv6 address in brackets, as in [::1]:9092")
        }
        self.init(host: String(host), port: port)
    }
}

/// A topic and its partitions, as in `orders:4`; without a number, the broker's default.
struct NamedTopic: Equatable {
    var name: String
    var partitions: Int?

    init(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(parts[0])
        guard parts.count == 2 else { return }
        guard let count = Int32(parts[1]), count > 0 else {
            throw ValidationError("\"\(text)\" is no name:partitions, such as orders:4")
        }
        partitions = Int(count)
    }
}

/// Racks, one for each broker, as in `a,b,c`.
struct NamedRacks: Equatable {
    var names: [String]

    init(_ text: String) throws {
        names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.contains(where: { !$0.isEmpty }) else {
            throw ValidationError("\"\(text)\" names no rack; write one for each broker, as in a,b,c")
        }
    }
}

/// A setting under Kafka's name, as in `num.partitions=3`.
struct NamedSetting: Equatable {
    var name: String
    var value: String

    init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw ValidationError("\"\(text)\" is no name=value, such as num.partitions=3")
        }
        name = String(parts[0])
        value = String(parts[1])
    }
}

/// What `--flush` says.
struct FlushOption: Equatable {
    var policy: KafkaBroker.Configuration.FlushPolicy

    init(policy: KafkaBroker.Configuration.FlushPolicy) { self.policy = policy }

    init(_ text: String) throws {
        switch text {
        case "each": policy = .everyProduce
        case "never": policy = .never
        default:
            guard let span = TimeSpan(text), span.duration > .zero else {
                throw ValidationError("\"\(text)\" is none of each, never, or a duration such as 500ms")
            }
            policy = .interval(span.duration)
        }
    }
}

/// What `--log` says.
enum LogChoice: Equatable {
    case level(Logger.Level)
    case requests

    init(_ text: String) throws {
        if text == "requests" {
            self = .requests
        } else if let level = Logger.Level(rawValue: text.lowercased()) {
            self = .level(level)
        } else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\"\(text)\" is no log level; choose requests or one of \(levels)")
        }
    }
}
