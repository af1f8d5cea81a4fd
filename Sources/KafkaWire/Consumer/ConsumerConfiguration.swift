extension KafkaConsumer {
    /// How a consumer works. Only the brokers and what to read must be said.
    public struct Configuration: Sendable {
        /// Brokers, names, time-outs.
        public var client: ClientConfiguration
        /// What to read.
        public var source: Source
        /// Where to begin in a partition for which nothing was committed, or whose committed offset is gone
        /// (`auto.offset.reset`). Default: the earliest record. Java's `latest` silently passes over what was written
        /// before the first assignment.
        public var offsetReset = OffsetReset.earliest
        /// How often the positions behind processed batches are committed (`auto.commit.interval.ms`); nil leaves it to
        /// ``ConsumerBatch/commit(metadata:)``. Default 5 s, as in Java; a batch counts as processed when the next one is
        /// asked for, so that a crash repeats records and loses none.
        public var autoCommit: Duration? = .seconds(5)
        /// After how long without a heartbeat the group takes the member for dead (`session.timeout.ms`). Default
        /// 45 s, as in Java.
        public var sessionTimeout: Duration = .seconds(45)
        /// How often a heartbeat is sent, also while the application works (`heartbeat.interval.ms`). Default 3 s, as
        /// in Java.
        public var heartbeatInterval: Duration = .seconds(3)
        /// How long the application may work on a batch, and how long a rebalance waits for it
        /// (`max.poll.interval.ms`). Default 5 minutes, as in Java. A member that takes longer leaves the group, and
        /// joins again when it asks for the next batch.
        public var maximumPollInterval: Duration = .seconds(300)
        /// How partitions may be spread over the members, the preferred way first (`partition.assignment.strategy`).
        /// The group takes one that all members offer. Default: range, then round robin. Where all of them can rebalance
        /// cooperatively (``GroupAssignor/cooperativeSticky``), members go on reading what they keep (KIP-429).
        public var assignors: [any GroupAssignor] = [.range, .roundRobin]
        /// How the group is formed (`group.protocol`): by its members, or by the coordinator (KIP-848). Default: classic, as in
        /// Java. A group changes from one to the other while its members are exchanged one by one.
        public var groupProtocol = GroupProtocol.classic
        /// The assignor that the coordinator is to use (`group.remote.assignor`, `uniform` or `range`), where it forms the
        /// group: with ``groupProtocol`` `.consumer` only. Default: the broker's choice.
        public var groupRemoteAssignor: String?
        /// The settings of one group protocol alone that were given by name.
        var groupProtocolSettings = GroupProtocolSettings()
        /// Whether a pattern passes over Kafka's own topics, such as `__consumer_offsets`, whatever it says
        /// (`exclude.internal.topics`). Default true. One that the coordinator matches is the coordinator's matter.
        public var excludesInternalTopics = true
        /// The name of a static member, which keeps its partitions over a restart (`group.instance.id`, KIP-345).
        public var groupInstanceId: String?
        /// The rack, or zone, that the consumer is in (`client.rack`): the rack-aware assignors (KIP-881) give it partitions with
        /// a replica there, and with brokers that choose replicas by it (`replica.selector.class`) records are fetched from the
        /// closest one (KIP-392). Default: nowhere in particular, and from leaders.
        public var clientRack: String?
        /// Called, on the consumer's loop, as soon as a rebalance waits for the application (which
        /// ``ConsumerEvent/revoked(_:)`` tells in line, when it asks for more). It must not block.
        public var onRevocation: (@Sendable (PendingRevocation) -> Void)?
        /// Whether a topic that is named and not there is created by reading it, where the brokers allow that
        /// (`allow.auto.create.topics`, `auto.create.topics.enable`). Default false, as in librdkafka: a misspelt topic is told
        /// of, not made. Java's default is true. What a pattern matches is there.
        public var mayCreateTopics = false
        /// Which records of transactions are given out (`isolation.level`, KIP-98). Default: all, as in Java.
        public var isolationLevel = IsolationLevel.readUncommitted
        /// How long the broker waits for new records before it answers (`fetch.max.wait.ms`). Default 500 ms, as in
        /// Java; it answers at once when there are some.
        public var fetchMaximumWait: Duration = .milliseconds(500)
        /// How many bytes the broker should gather before it answers early (`fetch.min.bytes`). Default 1, as in Java.
        public var fetchMinimumBytes = 1
        /// About how many bytes a broker sends at once (`fetch.max.bytes`). Default 2 MiB: what was received is then
        /// still in the processor's cache when it is decoded, which costs a fifth less than with 8 MiB. Raise it, and
        /// ``maximumBuffered`` with it, for brokers that are far away: a connection gets this much per round trip, or that
        /// limit's part of a broker, where it is less.
        public var fetchMaximumBytes = 2 << 20
        /// About how many bytes of one partition a broker sends at once (`max.partition.fetch.bytes`). Default 1 MiB,
        /// as in Java; a larger batch still comes through, alone.
        public var partitionMaximumBytes = 1 << 20
        /// How many bytes may be fetched, and wait for the application, or be on their way (`queued.max.messages.kbytes` of
        /// librdkafka). Default 4 MiB: the fetch that is being worked on, and the next one. Of several brokers each is asked for
        /// its part (a fourth of it with three), but for 16 KiB, or ``fetchMinimumBytes``, at least; a batch that is larger
        /// comes all the same, alone. Half of it may be of paused partitions. Records wait as they came, packed: a
        /// ``ConsumerBatch`` holds four times ``fetchMaximumBytes`` unpacked at most, or one batch of its topic.
        public var maximumBuffered = 4 << 20
        /// How many bytes a ``ConsumerBatch`` holds unpacked at most, or one batch of its topic. Records unpack to about four
        /// times their size, seldom more: what goes beyond is handed out in parts. No broker can be asked for more than 32 bits.
        var unpackedAtOnce: Int { min(fetchMaximumBytes, Int(Int32.max)) * 4 }
        /// Whether ``ConsumerEvent/reachedEnd(_:at:)`` is told (`enable.partition.eof` of librdkafka). Default false.
        public var tellsEnds = false
        /// How far one batch may unpack, in bytes (`max.unpacked.batch.bytes`, which other clients do not have): what is
        /// larger is refused, or passed over with ``CorruptBatches/skip``. Default 64 MiB.
        public var decompressionLimit = Compression.defaultLimit
        static let unpackedBatchSetting = "max.unpacked.batch.bytes"
        /// How many records a ``ConsumerBatch`` has at most (`max.poll.records`). Default nil: what a fetch has brought of
        /// one partition. Java's default is 500; there each record is an object.
        public var maximumRecords: Int?
        /// Whether only what was marked as done is committed (``ConsumerBatch/mark(_:)``), up to the first record that is
        /// not: by ``KafkaConsumer/commitMarked()``, and with ``autoCommit`` by itself. Default false: a batch counts as
        /// processed when the next one is asked for.
        public var commitsMarked = false
        /// What to do with a batch whose checksum is wrong also when it is fetched again, or that is larger than
        /// ``decompressionLimit``. Default: stop with an error.
        public var corruptBatches = CorruptBatches.stop

        /// Who sees records before the application does, may change them, and hears of commits (`interceptor.classes`,
        /// KIP-42). Default: nobody.
        public var interceptors: [any ConsumerInterceptor] = []

        /// A member of `group` that reads `topics`.
        public init(bootstrapServers: [String], group: String, topics: [String]) {
            client = ClientConfiguration(bootstrapServers: bootstrapServers)
            source = .group(group, topics: .named(topics))
        }

        /// A reader of all partitions of topics, outside of any group.
        public init(bootstrapServers: [String], topics: Topics, from start: StartingOffset) {
            client = ClientConfiguration(bootstrapServers: bootstrapServers)
            source = .topics(topics, from: start)
        }

        /// A reader of certain partitions, which it takes itself, with the positions kept by `group`; see
        /// ``KafkaConsumer/Source/taken(_:by:)``.
        public init(bootstrapServers: [String], group: String, partitions: [TopicPartition]) {
            client = ClientConfiguration(bootstrapServers: bootstrapServers)
            source = .taken(partitions, by: group)
        }

        /// A reader of certain partitions, outside of any group.
        public init(bootstrapServers: [String], partitions: [TopicPartition: StartingOffset]) {
            client = ClientConfiguration(bootstrapServers: bootstrapServers)
            source = .partitions(partitions)
        }

        /// The group that positions are committed to.
        var groupId: String? {
            switch source {
            case .group(let id, _), .taken(_, let id): id
            case .topics, .partitions: nil
            }
        }

        func validated() throws(KafkaError) -> Configuration {
            func require(_ holds: Bool, _ message: String, _ setting: String) throws(KafkaError) {
                if !holds { throw KafkaError(.invalidConfiguration, message, setting: setting) }
            }
            if let id = groupId { try require(!id.isEmpty, "the group has no name; set group.id", "group.id") }
            if let maximumRecords { try require(maximumRecords > 0, "max.poll.records is below 1", "max.poll.records") }
            if case .byDuration(let time) = offsetReset {
                try require(time >= .zero, "auto.offset.reset goes into the future", "auto.offset.reset")
            }
            if case .named(let names) = source.topics {
                try require(!names.isEmpty, "no topic is named to read", "topics")
            }
            if let flaw = groupProtocolSettings.flaw(with: groupProtocol) { throw flaw }
            try require(
                groupRemoteAssignor == nil || groupProtocol == .consumer,
                "the coordinator assigns with group.protocol=consumer only; leave out group.remote.assignor, or change the "
                    + "protocol", "group.remote.assignor")
            try require(!assignors.isEmpty, "no assignor is offered", "partition.assignment.strategy")
            if case .matchedByCoordinator = source.topics, groupId == nil || groupProtocol == .classic {
                try require(
                    false, "a pattern that the coordinator matches is for groups with group.protocol=consumer",
                    "group.protocol")
            }
            try require(
                heartbeatInterval > .zero && heartbeatInterval < sessionTimeout,
                "heartbeat.interval.ms must be above 0 and below session.timeout.ms (a third of it is usual)",
                "heartbeat.interval.ms")
            try require(fetchMaximumBytes > 0 && partitionMaximumBytes > 0, "a fetch must have room", "fetch.max.bytes")
            try require(
                decompressionLimit > 0, "a batch must have room to be unpacked", Self.unpackedBatchSetting)
            switch source {
            case .partitions(let starts):
                for (partition, start) in starts.sorted(by: { $0.key < $1.key }) {
                    let flaw = start.flaw ?? ""
                    try require(flaw.isEmpty, "could not begin to read \(partition): \(flaw)", "partitions")
                }
            case .topics(_, let start):
                let flaw = start.flaw ?? ""
                try require(flaw.isEmpty, "could not begin to read topics: \(flaw)", "topics")
            case .taken(let partitions, _):
                try require(!partitions.isEmpty, "no partition is named to read", "partitions")
            case .group: break
            }
            try require(fetchMaximumWait >= .zero, "fetch.max.wait.ms is below 0", "fetch.max.wait.ms")
            return self
        }
    }

    /// What a consumer reads.
    public enum Source: Sendable, Equatable {
        /// The partitions that the group assigns.
        case group(String, topics: Topics)
        /// All partitions of these topics, without a group; nothing is committed. A partition, or a topic, that comes
        /// later is noticed within `metadata.max.age.ms` and read from its first record on.
        case topics(Topics, from: StartingOffset)
        /// These partitions, from these places on, without a group; nothing is committed. They may change while the consumer
        /// reads (`assign`).
        case partitions([TopicPartition: StartingOffset])
        /// These partitions, which the application itself takes, from where the group has come to, or where it has committed
        /// nothing as ``Configuration/offsetReset`` says; positions are committed to the group, of which nobody is a member
        /// (`assign` with a `group.id` in Java). A group that has members refuses such commits. The partitions may change
        /// while the consumer reads (`assign`).
        case taken([TopicPartition], by: String)

        /// The topics that are looked at from time to time, since they may come, go and grow.
        var topics: Topics? {
            switch self {
            case .group(_, let topics), .topics(let topics, _): topics
            case .partitions, .taken: nil
            }
        }
    }

    /// Who forms a group and assigns its partitions (`group.protocol`).
    public enum GroupProtocol: Sendable, Equatable {
        /// Its members, one of which assigns (JoinGroup, SyncGroup).
        case classic
        /// The coordinator (ConsumerGroupHeartbeat, KIP-848), in Kafka 4.0 and later. ``Configuration/assignors``,
        /// ``Configuration/sessionTimeout`` and ``Configuration/heartbeatInterval`` are the broker's matter then.
        case consumer
    }

    /// Which topics a consumer reads.
    public enum Topics: Sendable, Equatable, ExpressibleByArrayLiteral {
        /// These.
        case named([String])
        /// Those whose name the pattern matches, also ones that come later; internal topics are left out unless
        /// ``Configuration/excludesInternalTopics`` is false.
        case matching(TopicPattern)
        /// Those whose name this expression matches, which the coordinator does, in RE2's language (Java's
        /// `SubscriptionPattern`); for members with ``GroupProtocol/consumer``.
        case matchedByCoordinator(String)

        /// The topics of these names.
        public init(arrayLiteral elements: String...) { self = .named(elements) }
    }

    /// Where to begin to read a partition.
    public enum StartingOffset: Sendable, Hashable {
        /// The first record that is still there.
        case earliest
        /// Behind the last record.
        case latest
        /// This offset.
        case offset(Offset)
        /// The first record that is not older, in milliseconds since 1970.
        case time(Int64)
        /// So many offsets before the end, or the first record where there are not as many.
        case last(Int64)

        /// What is wrong with it; nil where there may be such a place.
        var flaw: String? {
            switch self {
            case .offset(let offset) where offset < 0: "there is no offset \(offset); the first is 0"
            case .time(let time) where time < 0: "there is no time \(time); it is milliseconds since 1970"
            case .last(let count) where count < 0: "\(count) offsets before the end are none"
            case .earliest, .latest, .offset, .time, .last: nil
            }
        }
    }

    /// Where to begin where no position is known.
    public enum OffsetReset: Sendable, Equatable {
        /// The first record that is still there.
        case earliest
        /// Behind the last record.
        case latest
        /// The first record that is not older than so long before now (`by_duration:PT1H`, KIP-1106); behind the last
        /// record where none is that new.
        case byDuration(Duration)
        /// Nowhere: it is an error.
        case fail

        /// Where that is at this time, in milliseconds since 1970; nil for nowhere.
        func start(at now: Int64) -> StartingOffset? {
            switch self {
            case .earliest: .earliest
            case .latest: .latest
            case .byDuration(let time): .time(max(0, now) - min(max(0, now), max(0, LongMilliseconds(time).rawValue)))
            case .fail: nil
            }
        }
    }

    /// What to do with damaged batches.
    public enum CorruptBatches: Sendable, Equatable {
        /// End the sequence with an error that names the place.
        case stop
        /// Tell of it (``ConsumerEvent/trouble(_:)``) and go on behind it.
        case skip
    }
}
