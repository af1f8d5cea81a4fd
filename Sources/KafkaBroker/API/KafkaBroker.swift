import KafkaWire

/// A Kafka broker in this process: one node, or several with one state behind them, in memory, each on a TCP port of its
/// own.
///
/// ```swift
/// let broker = try await KafkaBroker.start(.init(topics: ["orders": 4], brokers: 3))
/// // … any Kafka client: broker.bootstrapServers
/// broker.on(.fetch, times: 1) { _ in .fail(.notLeaderOrFollower) }
/// try await broker.moveLeader(of: "orders", partition: 0, to: 2)
/// try await broker.stopNode(3)
/// await broker.stop()
/// ```
///
/// What a test does to it: ``on(_:times:_:)``, ``moveLeader(of:partition:to:)``, ``moveCoordinator(ofGroup:to:)``,
/// ``stopNode(_:)``, ``startNode(_:)``, ``addNode(rack:)``, ``removeNode(_:)``, ``speak(as:)``, ``corruptBatch(_:_:_:)``,
/// ``holdReplication(of:partition:)``, ``electUncleanly(_:of:partition:losingFrom:)``, ``advance(by:)``; what it looks at:
/// ``topics``, ``groups``, ``transactions``, ``nodes``, ``connections``, ``requestCounts``, ``leftovers()``.
///
/// It speaks the versions that Kafka 4.3 speaks of the APIs in `Handlers/`; each file there says how its API behaves and
/// where it deviates. A broker that is forgotten stops itself.
public final class KafkaBroker: Sendable {
    /// How a broker is set up; see ``BrokerConfiguration``.
    public typealias Configuration = BrokerConfiguration
    /// Why a broker could not be started; see ``BrokerStartError``.
    public typealias StartError = BrokerStartError
    /// Why a command was not carried out; see ``BrokerCommandError``.
    public typealias CommandError = BrokerCommandError

    /// The port that the first node listens on.
    public let port: UInt16
    /// Where clients begin: `host:port` of each node, with commas between them; also of those that are stopped.
    public var bootstrapServers: String { server.bootstrapServers.withLock { $0 } }
    /// The same of the listener with that name; nil where there is none.
    public func bootstrapServers(of listener: String) async -> String? {
        await server.withNode { node in
            node.configuration.listenerNames.firstIndex(of: listener).map { node.cluster.addresses(at: $0) }
        }
    }

    let server: BrokerServer
    let hooks: HookRegistry
    let clock: Configuration.Clock

    /// Starts a broker. When the call returns, clients can connect.
    public static func start(_ configuration: Configuration = Configuration()) async throws(StartError) -> KafkaBroker {
        var configuration = configuration
        if configuration.advertisedHost == nil, ["0.0.0.0", "::", ""].contains(configuration.host) {
            // "Every address" is none that a client could connect to.
            configuration.advertisedHost = "localhost"
        }
        do throws(CommandError) {
            if let release = configuration.speaks { _ = try Self.release(release) }
        } catch {
            throw StartError(description: "The broker cannot start: \(error)")
        }
        let server = try await BrokerServer.listening(configuration)
        await server.start()
        return KafkaBroker(server, configuration)
    }

    private init(_ server: BrokerServer, _ configuration: Configuration) {
        self.server = server
        port = server.port
        hooks = server.hooks
        clock = configuration.clock
    }

    deinit {
        let server = server
        Task {
            await server.stop()
            server.endLoop()
        }
    }

    /// The loop that it is on.
    package var loop: any EventLoop { server.loop }

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

    /// What was cut off logs when the broker was started: after a clean stop nothing, after a crash torn batches.
    public var recoveryCuts: [LogCut] { get async { await server.withNode { $0.recoveryCuts } } }

    /// The consumer groups, in the order of their ids.
    public var groups: [GroupInfo] {
        get async {
            await server.withNode { node in
                node.groups.groups.values.map(GroupInfo.init).sorted { $0.id < $1.id }
            }
        }
    }

    /// The first groups in the order of their ids, and how many there are: for who looks again and again. With the group
    /// whose members and positions make it more than ten thousand, the list ends.
    package func groups(limit: Int) async -> (first: [GroupInfo], count: Int) {
        await server.withNode { node in
            var first: [GroupInfo] = []
            var rows = 0
            for id in Self.first(limit, of: node.groups.groups.keys) where rows <= 10_000 {
                guard let group = node.groups.groups[id] else { continue }
                first.append(GroupInfo(group))
                rows += (first.last?.members.count ?? 0) + (first.last?.committed.count ?? 0)
            }
            return (first, node.groups.groups.count)
        }
    }

    /// The first transactional ids in their order, and how many there are.
    package func transactions(limit: Int) async -> (first: [TransactionInfo], count: Int) {
        await server.withNode { node in
            let all = node.transactions.transactions
            return (Self.first(limit, of: all.keys).compactMap { all[$0].map(TransactionInfo.init) }, all.count)
        }
    }

    /// The least so many, without sorting all.
    private static func first(_ count: Int, of ids: some Collection<String>) -> [String] {
        var least: [String] = []
        for id in ids {
            least.append(id)
            guard least.count >= 2 * count else { continue }
            least = Array(least.sorted().prefix(count))
        }
        return Array(least.sorted().prefix(count))
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
    ///
    /// - Parameter replicas: How many nodes have each partition; nil is ``BrokerConfiguration/defaultReplicationFactor``.
    public func createTopic(_ name: String, partitions: Int, replicas: Int? = nil) async throws(StartError) {
        let refusal = await server.withNode { node -> String? in
            if let replicas, replicas < 1 { return "A topic has at least one replica, and not \(replicas)." }
            if let objection = node.objection(toReplicationFactor: replicas ?? 1) { return objection }
            do throws(TopicRegistry.Refusal) {
                try node.createTopic(name, partitions: Int32(clamping: partitions), replication: replicas)
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
