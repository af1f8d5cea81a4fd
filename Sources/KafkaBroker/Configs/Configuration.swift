import KafkaWire
import Logging

/// How an embedded broker is set up. The defaults are those of Kafka unless a property says otherwise; Kafka's own
/// name stands with each.
public struct BrokerConfiguration: Sendable {
    /// The address to listen on: a numeric address or a name of this machine. Only this machine can connect by
    /// default; there is no authentication.
    public var host: String
    /// The port to listen on; 0 takes any free one. Further nodes listen on the ports after it.
    public var port: UInt16
    /// The host that clients are told to connect to (`advertised.listeners`); nil is ``host``. A client must be
    /// able to resolve and reach it.
    public var advertisedHost: String?
    /// The port that clients are told to connect to; nil is the port that is listened on. Further nodes are told with
    /// the ports after it.
    public var advertisedPort: UInt16?
    /// What the listener of ``host`` and ``port`` asks of clients. Default: nothing, and no TLS.
    public var security = ListenerSecurity()
    /// Further listeners of each node, beside that of ``host`` and ``port``. Clients are told the addresses of the listener
    /// that they came in by.
    public var furtherListeners: [BrokerListener] = []
    /// Users of SCRAM and their passwords that there are from the beginning, for both hashes; whom the broker knows already,
    /// from its data directory, keeps the password that it has.
    public var scramUsers: [String: Secret] = [:]
    /// How long a client may take until it has said who it is: TLS and SASL together. Default 30 s.
    public var loginTimeout: Duration = .seconds(30)
    /// How large what it says until then may be, in bytes (`sasl.server.max.receive.size`, KIP-742). Default 512 KiB.
    public var maximumLoginBytes = 512 << 10
    /// Who asks for the keys of tokens at an address (``TokenRules/Keys/address(_:)``): HTTP is not the library's business.
    /// The product KafkaOIDC has one: `{ try OIDCKeySource($0) }`. Default nil: then keys are in files.
    public var tokenKeySource: (@Sendable (_ address: String) throws -> any JSONWebKeySource)?
    /// Topics that exist from the beginning: name to number of partitions.
    public var topics: [String: Int]
    /// How many nodes the cluster has: 1 to 100, all in this process, with one state behind them. Each has a listener
    /// of its own: on any free port where ``port`` is 0, and on consecutive ones from ``port`` on otherwise.
    public var brokers = 1
    /// The id of the first node (`node.id`); further ones count on from there.
    public var nodeId: BrokerID = 1
    /// How many replicas the partitions of topics have that are created without a number of them
    /// (`default.replication.factor`); no more than there are nodes. Nil is as many as there are nodes, and 3 at
    /// most, so that a node can be stopped; Kafka's default is 1.
    public var defaultReplicationFactor: Int?
    /// The rack of every node for which ``racks`` has none (`broker.rack`); nil is none.
    public var rack: String?
    /// The racks of the nodes, in the order of their ids, also of those that are added later; the empty name is no rack.
    /// Replicas are spread over racks, and clients are told of them.
    public var racks: [String] = []
    /// Which replica consumers that say in which rack they are (`client.rack`) are sent to (`replica.selector.class`,
    /// KIP-392): the leader by default, or the one in their rack.
    public var replicaSelector = ReplicaSelector.leader
    /// Whether clients are held to rules of access (`authorizer.class.name`): by default everybody may do everything.
    public var authorization = Authorization.off
    /// Rules that there are from the beginning, where ``authorization`` is on. Where the broker knows rules already, from
    /// its data directory, these are left out: what was changed since stays so.
    public var acls: [KafkaAdmin.Acl] = []
    /// The release of Apache Kafka whose versions of the APIs are spoken at most, such as `2.8`; nil is all that the
    /// broker knows. See ``KafkaBroker/speak(as:)``.
    public var speaks: String?
    /// The cluster's id; nil makes one up.
    public var clusterId: String?
    /// Whether asking for the metadata of an unknown topic creates it, where the client allows that
    /// (`auto.create.topics.enable`).
    public var autoCreateTopics = true
    /// The number of partitions of topics that are created without one (`num.partitions`).
    public var defaultPartitions = 1
    /// How many partitions the broker takes at most. Kafka has no such limit; here each costs memory of the
    /// process.
    public var maximumPartitions = 10_000
    /// The largest record batch, in bytes (`message.max.bytes`); a topic's `max.message.bytes` overrides it.
    public var maximumMessageBytes = 1_048_588
    /// The largest request, in bytes (`socket.request.max.bytes`). A larger one closes its connection.
    public var maximumRequestBytes = Frame.defaultLimit
    /// How many bytes of answers may wait in a connection whose client does not read; beyond, no further request
    /// of that connection is handled until it does.
    public var maximumUnsentBytes = 8 << 20
    /// How many bytes all connections may hold together: of requests that have not arrived whole or are not handled
    /// yet, and of answers that were not taken yet, without what is sent from files and shared with the log. Beyond,
    /// connections are closed, those first that have made no progress for longest. 1 GiB.
    public var maximumHeldBytes = 1 << 30
    /// How many bytes a partition keeps at least (`log.retention.bytes`); nil is without limit. Beyond, the oldest
    /// batches go and the partition's first offset rises. A topic's `retention.bytes` overrides it.
    public var retentionBytes: Int?
    /// Where the broker keeps its data (`log.dirs`), in Kafka's own form; made where it is missing. Nil keeps
    /// everything in memory. What was acknowledged is there again when a broker is started on the directory, also
    /// after one was killed; see ``flush`` for losses of power.
    public var dataDirectory: String?
    /// Whether the broker starts although its own state in ``dataDirectory`` is damaged: topics, settings, commits,
    /// transactions, the cluster's id. What cannot be read is set aside and told, and is lost. Otherwise it refuses.
    public var salvagesDamage = false
    /// When what was written is made safe against a loss of power.
    public var flush = FlushPolicy.never
    /// How many bytes all partitions hold together, since the log is in memory: 4 GiB by default. Beyond, the
    /// oldest batches of the largest partition go. Kafka has no such limit. Not looked at with a
    /// ``dataDirectory``.
    public var memoryLimit = 4 << 30
    /// How long a new group waits for further members (`group.initial.rebalance.delay.ms`): 50 ms. Kafka waits 3 s,
    /// which every test would have to wait too.
    public var initialRebalanceDelay: Duration = .milliseconds(50)
    /// The session timeouts that members may ask for (`group.min.session.timeout.ms`,
    /// `group.max.session.timeout.ms`). Kafka's shortest is 6 s; here 10 ms, for tests.
    public var sessionTimeouts: ClosedRange<Duration> = .milliseconds(10) ... .seconds(1800)
    /// How many members a group may have (`group.max.size`).
    public var maximumGroupSize = 10_000
    /// How often members of groups under the newer protocol (KIP-848) show that they live
    /// (`group.consumer.heartbeat.interval.ms`): 5 s as in Kafka, of which each step of a rebalance may take one. A
    /// group's own `consumer.heartbeat.interval.ms` overrides it.
    public var consumerHeartbeatInterval: Duration = .seconds(5)
    /// After what silence such a member is removed (`group.consumer.session.timeout.ms`): 45 s. A group's own
    /// `consumer.session.timeout.ms` overrides it.
    public var consumerSessionTimeout: Duration = .seconds(45)
    /// How far apart two assignments of such a group are at least (`group.consumer.assignment.interval.ms`,
    /// KIP-1263): 0. Kafka waits 1 s, with which a member that joins may learn its partitions a heartbeat later.
    public var consumerAssignmentInterval: Duration = .zero
    /// How long committed positions are kept that nobody needs (`offsets.retention.minutes`, KIP-211): 7 days.
    public var offsetsRetention: Duration = .seconds(10_080 * 60)
    /// How many fetch sessions are kept (`max.incremental.fetch.session.cache.slots`).
    public var fetchSessionLimit = 1000
    /// How many partitions all fetch sessions name together; a fetch of more than that has no session.
    public var fetchSessionPartitionLimit = 200_000
    /// The version of transactions that clients are told to use (the feature `transaction.version`, KIP-890): 2 as
    /// in Kafka 4, or 0 and 1 for the protocol of before, which the Java client then speaks.
    public var transactionVersion: Int16 = 2
    /// The longest time that a transaction may take (`transaction.max.timeout.ms`).
    public var maximumTransactionTimeout: Duration = .seconds(900)
    /// After how long without a transaction a transactional id is forgotten (`transactional.id.expiration.ms`).
    public var transactionalIdExpiration: Duration = .seconds(7 * 86_400)
    /// After how long without a batch, and outside of transactions, a partition forgets an idempotent producer
    /// (`producer.id.expiration.ms`): a day. What it sends again later than that is appended anew. Looked at every ten minutes,
    /// as in Kafka (`producer.id.expiration.check.interval.ms`), and where the time is shorter as often as that.
    public var producerIdExpiration: Duration = .seconds(86_400)
    /// Over which time the rates of clients' quotas, and of new connections, are measured (`quota.window.num`,
    /// `quota.window.size.seconds`).
    public var quotaWindow = QuotaWindow()
    /// The same of quotas for what changes topics (`controller.quota.window.num`,
    /// `controller.quota.window.size.seconds`): all that comes in that time can be spent at once.
    public var controllerQuotaWindow = QuotaWindow()
    /// How many connections are taken from whom.
    public var connectionBounds = ConnectionBounds()
    /// Delegation tokens (`delegation.token.secret.key` and what belongs to it, KIP-48); nil is none, as in Kafka.
    public var delegationTokens: DelegationTokenPolicy?
    /// Further settings under Kafka's names, as `server.properties` has them: DescribeConfigs tells them as
    /// `STATIC_BROKER_CONFIG`, and topics fall back to those that are defaults of topics (`log.retention.ms`). For
    /// what a property of this type says too, the property counts. ``apply(_:)`` checks and fills it.
    public var properties: [String: String] = [:]
    /// Makes the ids that the broker makes up the same in every run; nil makes them differ.
    public var seed: UInt64?
    /// Where the broker says what it does. Keys, values and offsets of records are never logged.
    public var logger: Logger
    /// Is told of every request that was handled. It runs on the broker's loop, which waits for it.
    package var observer: (@Sendable (RequestObservation) -> Void)?
    /// What ``dataDirectory`` is on.
    package var disk: any Disk = SystemDisk()
    /// The loop that the broker is on; nil is one of its own.
    package var loop: (any EventLoop)?
    /// Where the broker has its time from: the system's clocks, or one that a test moves.
    public var clock = Clock.system
    /// The clock that deadlines are held against, where it is not ``clock``'s.
    package var now: (@Sendable () -> Instant)?
    /// The time of day that records and the markers of transactions carry, in milliseconds since 1970, where it is not
    /// ``clock``'s.
    package var timestamp: (@Sendable () -> Int64)?

    /// The time of a broker of this configuration.
    func time(on loop: (any EventLoop)?) -> BrokerTime {
        let time = clock.time(on: loop)
        return BrokerTime(now: now ?? time.now, timestamp: timestamp ?? time.timestamp)
    }

    /// Where a broker has its time from; see ``BrokerClock``.
    public typealias Clock = BrokerClock

    /// What clients may do.
    public enum Authorization: Sendable, Equatable {
        /// Everything, whoever they are; requests about ACLs answer SECURITY_DISABLED.
        case off
        /// What ACLs allow, as Kafka's `StandardAuthorizer` decides. `superUsers` may do everything (`super.users`).
        /// `allowsWithoutAcl` says whether everybody may use a resource that no ACL is about
        /// (`allow.everyone.if.no.acl.found`).
        case on(superUsers: Set<KafkaPrincipal> = [], allowsWithoutAcl: Bool = false)

        /// The class that decides in Kafka, and whose rules are followed here.
        static let className = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
    }

    /// When what was written is handed on from the system's memory to the disk itself.
    public enum FlushPolicy: Sendable, Equatable {
        /// Before each answer: nothing acknowledged is lost even when the machine loses power.
        case everyProduce
        /// Every so often (`log.flush.interval.ms`): a loss of power takes what came since.
        case interval(Duration)
        /// When the system sees fit, as in Kafka, which counts on replicas: what was acknowledged survives a broker
        /// that is killed, and not a machine that loses power.
        case never
    }

    /// Listens on `host` and `port`, with `topics` to begin with.
    public init(
        host: String = "127.0.0.1", port: UInt16 = 0, topics: [String: Int] = [:], brokers: Int = 1,
        advertisedHost: String? = nil,
        logger: Logger = Logger(label: "kafka-broker", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.host = host
        self.port = port
        self.topics = topics
        self.brokers = brokers
        self.advertisedHost = advertisedHost
        self.logger = logger
    }
}
