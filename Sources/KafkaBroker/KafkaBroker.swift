import KafkaWire

/// A Kafka broker in this process: one node, in memory, on a TCP port of its own.
///
/// ```swift
/// let broker = try await KafkaBroker.start(.init(topics: ["orders": 4]))
/// // … any Kafka client: broker.bootstrapServers
/// await broker.stop()
/// ```
///
/// It speaks the versions that Kafka 4.3 speaks of the APIs in `Handlers/`; each file there says how its API behaves and
/// where it deviates. A broker that is forgotten stops itself.
public final class KafkaBroker: Sendable {
    /// Why a broker could not be started, in a sentence.
    public struct StartError: Error, CustomStringConvertible, Sendable {
        public let description: String
    }

    /// The port that it listens on.
    public let port: UInt16
    /// Where clients begin: `host:port`.
    public let bootstrapServers: String
    let server: BrokerServer
    private let loop: SocketLoop

    /// Starts a broker. When the call returns, clients can connect.
    public static func start(_ configuration: Configuration = Configuration()) async throws(StartError) -> KafkaBroker {
        var configuration = configuration
        if configuration.advertisedHost == nil, ["0.0.0.0", "::", ""].contains(configuration.host) {
            // "Every address" is none that a client could connect to.
            configuration.advertisedHost = "localhost"
        }
        let loop: SocketLoop
        let listener: TCPSocket
        do throws(NetError) {
            let host = configuration.host.isEmpty ? "0.0.0.0" : configuration.host
            let addresses = try await Resolver.resolve(host: host, port: configuration.port)
            guard let address = addresses.first else {
                throw NetError(.unresolved("the name has no address"), doing: "resolve \(host)")
            }
            listener = try TCPSocket.listening(on: address)
        } catch {
            throw StartError(
                description: "The broker cannot start: \(error). Choose another host or port; port 0 is any free one.")
        }
        do throws(NetError) {
            loop = try SocketLoop(name: "kafka-broker")
        } catch {
            listener.close()
            throw StartError(description: "The broker cannot start: \(error).")
        }
        let server: BrokerServer
        do throws(StartError) {
            server = try BrokerServer(configuration, loop: loop, listener: listener)
        } catch {
            listener.close()
            loop.stop()
            throw error
        }
        await server.start()
        return KafkaBroker(server, loop, configuration)
    }

    private init(_ server: BrokerServer, _ loop: SocketLoop, _ configuration: Configuration) {
        self.server = server
        self.loop = loop
        port = server.port
        let host = configuration.advertisedHost ?? configuration.host
        let advertisedPort = configuration.advertisedPort ?? server.port
        bootstrapServers = host.contains(":") ? "[\(host)]:\(advertisedPort)" : "\(host):\(advertisedPort)"
    }

    deinit {
        let server = server
        let loop = loop
        Task {
            await server.stop()
            loop.stop()
        }
    }

    /// Closes the port and every connection. Calling it again does nothing; what was stored can still be looked at.
    public func stop() async { await server.stop() }

    /// Does what is due by the configuration's clock now, for tests that move the clock.
    package func tick() async { await server.tick() }

    // MARK: - Looking inside

    /// The topics, in the order of their names.
    public var topics: [TopicInfo] {
        get async { await server.withNode { node in node.topics.sorted.map(TopicInfo.init) } }
    }

    /// The offset that the next record of each of the topic's partitions gets; nil where there is no such topic.
    public func endOffsets(of topic: String) async -> [Offset]? {
        await server.withNode { node in node.topics[topic]?.partitions.map(\.log.endOffset) }
    }

    /// The consumer groups, in the order of their ids.
    public var groups: [GroupInfo] {
        get async {
            await server.withNode { node in
                node.groups.groups.values.map(GroupInfo.init).sorted { $0.id < $1.id }
            }
        }
    }

    /// The consumer group with that id, or nil.
    public func group(_ id: String) async -> GroupInfo? {
        await server.withNode { node in node.groups.groups[id].map(GroupInfo.init) }
    }

    /// The transactional ids, in their order.
    public var transactions: [TransactionInfo] {
        get async {
            await server.withNode { node in
                node.transactions.transactions.values.map(TransactionInfo.init).sorted { $0.id < $1.id }
            }
        }
    }

    /// Creates a topic, as a client could; throws a sentence where that is not possible.
    public func createTopic(_ name: String, partitions: Int) async throws(StartError) {
        let refusal = await server.withNode { node -> String? in
            do throws(TopicRegistry.Refusal) {
                try node.createTopic(name, partitions: Int32(clamping: partitions))
                return nil
            } catch {
                return error.message
            }
        }
        if let refusal { throw StartError(description: refusal) }
    }
}

extension KafkaBroker {
    /// How many fetches wait for records.
    package var waitingFetches: Int { get async { await server.withNode { $0.waitingFetches.count } } }

    /// How many bytes of answers the clients have not taken yet.
    package var unsentBytes: Int { get async { await server.unsentBytes } }
}
