import AppSupport
import JSONLines
import KafkaBroker
import KafkaOIDC
import KafkaWire
import Logging

/// The broker's configuration from the command line: a properties file first, `--config` over it, and the options of
/// their own over both.
struct BrokerSettings {
    /// Why there is no configuration, as a sentence that says where.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var configuration: KafkaBroker.Configuration
    /// What `--secure` keeps in the data directory; nil without.
    private(set) var secured: SecureFolder?

    init(_ command: BrokerCommand, _ console: Console = Console()) throws(Failure) {
        var logger = Logger(label: "kw.broker") {
            StreamLogHandler(label: $0, stream: LogStream(console: console), metadataProvider: nil)
        }
        logger.logLevel = .warning
        for case .level(let level) in command.log { logger.logLevel = level }
        configuration = KafkaBroker.Configuration(host: "127.0.0.1", port: 9092, logger: logger)
        configuration.tokenKeySource = { try OIDCKeySource($0) }
        let file = try Self.file(command.properties ?? command.propertiesFile)
        let options = Dictionary(command.config.map { ($0.name, $0.value) }) { $1 }
        do throws(KafkaBroker.Configuration.PropertyError) {
            let report = try configuration.apply((file?.values ?? [:]).merging(options) { $1 })
            for remark in report.remarks { logger.info("\(remark)") }
            if !report.withoutEffect.isEmpty {
                logger.info("Settings without effect here: \(report.withoutEffect.joined(separator: ", "))")
            }
        } catch {
            throw Self.located(error, file, options)
        }
        takeOptions(of: command)
        if command.secure { try secure((file?.values ?? [:]).merging(options) { $1 }.keys) }
    }

    private mutating func secure(_ names: some Sequence<String>) throws(Failure) {
        if let name = SecureSettings.conflict(among: names) {
            throw Failure(
                description:
                    "--secure says itself who is let in, and by which listener: leave out \(name), or --secure "
                    + "(--listen and --advertise say where it listens)")
        }
        guard let directory = configuration.dataDirectory else {
            throw Failure(
                description: "--secure needs --data-dir DIRECTORY: it keeps certificates and passwords there")
        }
        do {
            let hosts = [configuration.host, configuration.advertisedHost].compactMap(\.self)
            let loop = try SocketLoop.common()
            var chance = LoopChance(loop)
            let now = loop.wallMilliseconds / 1000
            let folder = try SecureFolder(in: directory, hosts: hosts, now: now, chance: &chance)
            SecureSettings.apply(folder, to: &configuration)
            secured = folder
        } catch {
            throw Failure(description: "--secure: \(error)")
        }
    }

    private mutating func takeOptions(of command: BrokerCommand) {
        if let listen = command.listen {
            configuration.host = listen.host
            configuration.port = listen.port
        }
        if let advertise = command.advertise {
            configuration.advertisedHost = advertise.host
            configuration.advertisedPort = advertise.port
        }
        if let partitions = command.defaultPartitions { configuration.defaultPartitions = partitions }
        if let autoCreate = command.autoCreate { configuration.autoCreateTopics = autoCreate }
        if let brokers = command.brokers { configuration.brokers = brokers }
        if let racks = command.racks { configuration.racks = racks.names }
        if let directory = command.dataDir { configuration.dataDirectory = directory }
        configuration.salvagesDamage = command.salvage
        configuration.flush = command.flush.policy
        for topic in command.topic {
            configuration.topics[topic.name] = topic.partitions ?? configuration.defaultPartitions
        }
    }

    private static func file(_ path: String?) throws(Failure) -> PropertiesFile? {
        guard let path else { return nil }
        let content: [UInt8]
        do throws(FileError) { content = try FileContent.bytes(path) } catch {
            throw Failure(description: "\(error)")
        }
        do throws(PropertiesFile.Failure) { return try PropertiesFile(content, path: path) } catch {
            throw Failure(description: "\(error)")
        }
    }

    private static func located(
        _ error: KafkaBroker.Configuration.PropertyError, _ file: PropertiesFile?, _ options: [String: String]
    ) -> Failure {
        if options[error.name] != nil {
            return Failure(description: "--config \(error.name): \(error)")
        }
        guard let file, let line = file.line(of: error.name) else { return Failure(description: "\(error)") }
        return Failure(description: "\(PropertiesFile.Failure(path: file.path, line: line, text: "\(error)"))")
    }
}

/// The broker's log on standard error. What clients say stands in it: a line stays one line.
private struct LogStream: TextOutputStream, Sendable {
    let console: Console

    mutating func write(_ line: String) {
        console.note(SafeText.line(line.hasSuffix("\n") ? String(line.dropLast()) : line))
    }
}
