import AppSupport
import ArgumentParser
import KafkaBroker
import Logging

/// `kw broker`: the embedded broker as a program of its own.
struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Run the embedded broker: one node, in memory, for any Kafka client.",
        discussion: """
            Prints one line when clients can connect, and stops on Ctrl-C or SIGTERM; what was produced is gone then. \
            There is no authentication: it listens on this machine alone unless --listen says otherwise.

            kw broker --listen 127.0.0.1:9092 --topic orders:4 --topic payments:1
            """)

    @Option(
        help: ArgumentHelp("Where to listen; port 0 takes any free one.", valueName: "host:port"),
        transform: Endpoint.init)
    var listen = Endpoint(host: "127.0.0.1", port: 9092)

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
        help: ArgumentHelp(
            "Keep everything in this directory, in Kafka's own form; made where it is missing.", valueName: "path"))
    var dataDir: String?

    @Option(help: ArgumentHelp("Partitions of topics that are created without a number.", valueName: "number"))
    var defaultPartitions = 1

    @Flag(inversion: .prefixedNo, help: "Create unknown topics when a client asks for them.")
    var autoCreate = true

    @Option(
        help: ArgumentHelp(
            "What to log to standard error: trace, debug, info, notice, warning, error, critical.", valueName: "level"),
        transform: Self.level)
    var log = Logger.Level.warning

    func validate() throws {
        guard defaultPartitions > 0 else { throw ValidationError("--default-partitions is at least 1") }
        for (index, one) in topic.enumerated() where topic[..<index].contains(where: { $0.name == one.name }) {
            throw ValidationError("--topic \(one.name) is given twice")
        }
    }

    func run() async throws {
        let shutdown = ShutdownSignal.install()
        let console = Console(whenClosed: shutdown.request)
        let broker: KafkaBroker
        do { broker = try await KafkaBroker.start(settings()) } catch {
            console.note("kw broker: \(error)")
            throw ExitCode(1)
        }
        let names = topic.map { "\($0.name):\($0.partitions ?? defaultPartitions)" }
        let topics = names.isEmpty ? "no topics yet" : "topics " + names.joined(separator: ", ")
        console.line("kw broker is ready on \(broker.bootstrapServers) (\(topics))")
        console.flush()
        await shutdown.wait()
        await broker.stop()
    }

    private func settings() -> KafkaBroker.Configuration {
        var logger = Logger(label: "kw.broker", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = log
        let partitions = topic.map { ($0.name, $0.partitions ?? defaultPartitions) }
        var settings = KafkaBroker.Configuration(
            host: listen.host, port: listen.port, topics: Dictionary(uniqueKeysWithValues: partitions),
            advertisedHost: advertise?.host, logger: logger)
        settings.advertisedPort = advertise?.port
        settings.dataDirectory = dataDir
        settings.autoCreateTopics = autoCreate
        settings.defaultPartitions = defaultPartitions
        return settings
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text.lowercased()) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\"\(text)\" is no log level; choose one of \(levels)")
        }
        return level
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
        guard let count = Int(parts[1]), count > 0 else {
            throw ValidationError("\"\(text)\" is no name:partitions, such as orders:4")
        }
        partitions = count
    }
}
