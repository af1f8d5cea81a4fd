import KafkaWire

extension ScenarioPlan {
    /// When what a broker has written is made safe against a loss of power.
    public enum Flush: Sendable, Equatable {
        /// It is left to the system, as Kafka does it.
        case never
        /// Before each request of a producer is answered.
        case everyProduce
        /// Each time so long has passed.
        case interval(Duration)
    }

    /// How the brokers are set up.
    public struct ClusterSettings: Sendable, Equatable {
        /// Whether they keep their data on a disk also where no fault needs that.
        public var hasDisk = false
        /// When they make safe what they have written; counts only where they have a disk.
        public var flush = Flush.never
        /// As which release they speak from the beginning; nil is all that they know.
        public var speaks: String?

        /// Brokers in memory that speak all they know.
        public init() {}
    }

    /// How a producer is set up.
    public struct ProducerSettings: Sendable, Equatable {
        /// Who must have a record before it is acknowledged (`acks`).
        public var acks = KafkaProducer.Acknowledgements.all
        /// Whether the brokers leave out what is sent twice (`enable.idempotence`).
        public var isIdempotent = true
        /// How long it waits for more records before it sends a batch (`linger.ms`).
        public var linger: Duration = .milliseconds(5)
        /// How many bytes a batch has at most (`batch.size`).
        public var batchSize = 256 << 10
        /// How many requests a connection carries at once (`max.in.flight.requests.per.connection`).
        public var maximumInFlight = 5
        /// How long it waits for an answer (`request.timeout.ms`).
        public var requestTimeout: Duration = .seconds(30)
        /// How long it tries to deliver a record (`delivery.timeout.ms`).
        public var deliveryTimeout: Duration = .seconds(120)
        /// Counts only where the library has the codecs.
        public var compression = Compression.none
        /// How many keys there are; with none the producer chooses the partition.
        public var keys = 16
        /// By how many bytes each record is larger than it has to be.
        public var padding = 0
        /// After how many records it waits until all have arrived; nil is never.
        public var flushEvery: Int?

        /// A producer as a careful application sets it up: idempotent, all in-sync replicas.
        public init() {}

        /// Whether its configuration promises that each record is there once, and in its place.
        var isExact: Bool { isIdempotent && acks == .all }
    }

    /// How a member is set up.
    public struct MemberSettings: Sendable, Equatable {
        /// Whether it keeps its name in the group over a restart.
        public var isStatic = false
        /// After how long without a heartbeat the group takes it for dead (`session.timeout.ms`).
        public var sessionTimeout: Duration = .seconds(45)
        /// How often it tells the group that it is there (`heartbeat.interval.ms`).
        public var heartbeatInterval: Duration = .seconds(3)
        /// How long it may process before it loses its partitions (`max.poll.interval.ms`).
        public var maximumPollInterval: Duration = .seconds(300)
        /// How long it waits for an answer (`request.timeout.ms`).
        public var requestTimeout: Duration = .seconds(30)
        /// After how long it asks for the metadata anew (`metadata.max.age.ms`).
        public var metadataMaximumAge: Duration = .seconds(300)
        /// How long a broker may wait for records before it answers a fetch (`fetch.max.wait.ms`).
        public var fetchMaximumWait: Duration = .milliseconds(500)
        /// For how many bytes a broker waits before it answers a fetch (`fetch.min.bytes`).
        public var fetchMinimumBytes = 1
        /// How many bytes it fetches at once (`fetch.max.bytes`).
        public var fetchMaximumBytes = 2 << 20
        /// How many bytes it fetches of one partition (`max.partition.fetch.bytes`).
        public var partitionMaximumBytes = 1 << 20
        /// How often it commits by itself; nil commits each batch.
        public var autoCommit: Duration?
        /// Whether it prefers Kafka's round-robin assignor to the range assignor (`partition.assignment.strategy`).
        public var prefersRoundRobin = false
        /// Whether it begins at the logs' end where nothing is committed (`auto.offset.reset`); else at their
        /// beginning.
        public var beginsAtEnd = false
        /// Whether it reads what is committed alone (`isolation.level`).
        public var readsCommitted = false

        /// A dynamic member that begins at the beginning and commits each batch.
        public init() {}
    }

    /// How members of groups come by their partitions.
    public enum GroupProtocol: String, Sendable, CaseIterable {
        /// They give up all of them in each rebalance.
        case eager
        /// They go on reading what they keep (KIP-429).
        case cooperative
        /// The coordinator assigns them (KIP-848).
        case consumer
        /// Each member is cooperative in its first life, and with those that follow goes over to KIP-848.
        case changing
    }

    /// How transactions are made, by transactors and by copiers.
    public struct TransactionSettings: Sendable, Equatable {
        /// How many records one of a transactor's has at most.
        public var maximumRecords = 5
        /// One in so many is aborted by its application; nil is none.
        public var abortsOneIn: Int? = 4
        /// After how long the coordinator aborts it.
        public var timeout: Duration = .seconds(60)
        /// For how long it is left open behind its last record.
        public var hold: Duration = .zero
        /// Whether all transactors go by one transactional id, so that each shuts out the one before.
        public var sharesIdentity = false
        /// Whether copiers see what was committed, and nothing else.
        public var copiesCommitted = true

        /// The usual ones.
        public init() {}
    }

    /// How that producer is set up; they count from 1.
    public func producer(_ number: Int) -> ProducerSettings {
        producerSettings.indices.contains(number - 1) ? producerSettings[number - 1] : ProducerSettings()
    }

    /// How that member is set up; they count from 1.
    public func member(_ number: Int) -> MemberSettings {
        memberSettings.indices.contains(number - 1) ? memberSettings[number - 1] : MemberSettings()
    }
}
