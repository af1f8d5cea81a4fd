import KafkaBroker
import KafkaWire

/// A broker without sockets that has what brokers have after a while: records in every codec, groups of both kinds with
/// members and positions, transactions that go on and that ended, fetch sessions, settings and quotas.
///
/// The same content is always the same to the byte, ids included: the requests that make it are put together once, and
/// repeated from then on.
package struct PopulatedBroker {
    /// What the broker has.
    package struct Content: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let records = Content(rawValue: 1)
        package static let groups = Content(rawValue: 2)
        package static let transactions = Content(rawValue: 4)
        package static let sessions = Content(rawValue: 8)
        package static let settings = Content(rawValue: 16)
        package static let all: Content = [.records, .groups, .transactions, .sessions, .settings]
    }

    package let server: OfflineServer
    /// What it has given out on the way.
    let known: KnownValues

    /// How many clients are connected, unless others are wanted.
    package static let connections = 3

    /// A broker with `content`, in memory, or in a data directory that is empty or not there. Clients are told that it
    /// listens on `port`.
    package init(
        _ content: Content = .all, directory: String? = nil, port: UInt16 = 9092, connections: Int = connections
    ) throws(KafkaBroker.StartError) {
        let key = Key(content: content, isOnDisk: directory != nil)
        server = try Self.server(directory: directory, port: port, connections: connections)
        if let recipe = Self.recipes.withLock({ $0[key] }) {
            known = recipe.known
            for step in recipe.steps {
                switch step {
                case .request(let frame, let connection): server.receive(frame, on: connection)
                case .pause(let duration): server.advance(duration)
                }
            }
            _ = server.takeEvents()
            return
        }
        var making = Population(server)
        making.make(content)
        let recipe = making.recipe
        known = recipe.known
        Self.recipes.withLock { $0[key] = recipe }
    }

    /// An empty broker, or what is in the data directory.
    package static func server(
        directory: String?, at start: Instant = Instant(nanoseconds: 1_000_000_000), port: UInt16 = 9092,
        connections: Int = connections
    ) throws(KafkaBroker.StartError) -> OfflineServer {
        var configuration = Self.configuration
        configuration.dataDirectory = directory
        configuration.advertisedPort = port
        return try OfflineServer(configuration, connections: connections, at: start)
    }

    private struct Key: Hashable {
        var content: Content
        var isOnDisk: Bool
    }

    private static let recipes = Locked<[Key: Population.Recipe]>([:])

    /// Small limits, so that a short script reaches them.
    private static let configuration: KafkaBroker.Configuration = {
        var configuration = KafkaBroker.Configuration(topics: ["t": 2, "u": 1])
        configuration.maximumPartitions = 48
        configuration.maximumGroupSize = 4
        configuration.fetchSessionLimit = 4
        configuration.memoryLimit = 1 << 20
        configuration.maximumMessageBytes = 64 << 10
        configuration.clusterId = "fuzzing"
        configuration.seed = 1
        return configuration
    }()
}
