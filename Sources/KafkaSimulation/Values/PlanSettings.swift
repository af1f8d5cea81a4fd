import KafkaWire

extension ScenarioPlan {
    /// When what a broker has written is made safe against a loss of power.
    public enum Flush: Sendable, Equatable {
        case never
        case everyProduce
        case interval(Duration)
    }

    /// How the brokers are set up.
    public struct ClusterSettings: Sendable, Equatable {
        /// Whether they keep their data on a disk also where no fault needs that.
        public var hasDisk = false
        public var flush = Flush.never
        /// As which release they speak from the beginning; nil is all that they know.
        public var speaks: String?

        public init() {}
    }

    /// How a producer is set up.
    public struct ProducerSettings: Sendable, Equatable {
        public var acks = KafkaProducer.Acknowledgements.all
        public var isIdempotent = true
        public var linger: Duration = .milliseconds(5)
        public var batchSize = 256 << 10
        public var maximumInFlight = 5
        public var requestTimeout: Duration = .seconds(30)
        public var deliveryTimeout: Duration = .seconds(120)
        /// Counts only where the library has the codecs.
        public var compression = Compression.none
        /// How many keys there are; with none the producer chooses the partition.
        public var keys = 16
        /// By how many bytes each record is larger than it has to be.
        public var padding = 0
        /// After how many records it waits until all have arrived; nil is never.
        public var flushEvery: Int?

        public init() {}

        /// Whether its configuration promises that each record is there once, and in its place.
        var isExact: Bool { isIdempotent && acks == .all }
    }

    /// How a member is set up.
    public struct MemberSettings: Sendable, Equatable {
        /// Whether it keeps its name in the group over a restart.
        public var isStatic = false
        public var sessionTimeout: Duration = .seconds(45)
        public var heartbeatInterval: Duration = .seconds(3)
        public var maximumPollInterval: Duration = .seconds(300)
        public var requestTimeout: Duration = .seconds(30)
        public var metadataMaximumAge: Duration = .seconds(300)
        public var fetchMaximumWait: Duration = .milliseconds(500)
        public var fetchMinimumBytes = 1
        public var fetchMaximumBytes = 2 << 20
        public var partitionMaximumBytes = 1 << 20
        /// How often it commits by itself; nil commits each batch.
        public var autoCommit: Duration?
        public var prefersRoundRobin = false
        public var beginsAtEnd = false
        public var readsCommitted = false

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
