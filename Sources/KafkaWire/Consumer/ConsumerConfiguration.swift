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
        /// ``ConsumerBatch/commit()``. Default 5 s, as in Java; a batch counts as processed when the next one is asked
        /// for, so that a crash repeats records and loses none.
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
        /// The group takes one that all members offer. Default: range, then round robin.
        public var assignors: [Assignor] = [.range, .roundRobin]
        /// The name of a static member, which keeps its partitions over a restart (`group.instance.id`, KIP-345).
        public var groupInstanceId: String?
        /// Which records of transactions are given out (`isolation.level`, KIP-98). Default: all, as in Java.
        public var isolationLevel = IsolationLevel.readUncommitted
        /// How long the broker waits for new records before it answers (`fetch.max.wait.ms`). Default 500 ms, as in
        /// Java; it answers at once when there are some.
        public var fetchMaximumWait: Duration = .milliseconds(500)
        /// How many bytes the broker should gather before it answers early (`fetch.min.bytes`). Default 1, as in Java.
        public var fetchMinimumBytes = 1
        /// About how many bytes a broker sends at once (`fetch.max.bytes`). Default 2 MiB: what was received is then
        /// still in the processor's cache when it is decoded, which costs a fifth less than with 8 MiB. Raise it for
        /// brokers that are far away: a connection gets this much per round trip.
        public var fetchMaximumBytes = 2 << 20
        /// About how many bytes of one partition a broker sends at once (`max.partition.fetch.bytes`). Default 1 MiB,
        /// as in Java; a larger batch still comes through, alone.
        public var partitionMaximumBytes = 1 << 20
        /// How many fetched bytes may wait for the application before fetching pauses (`queued.max.messages.kbytes` of
        /// librdkafka). Default 4 MiB: the fetch that is being worked on, and the next one. They wait as they came, packed:
        /// a ``ConsumerBatch`` holds four times ``fetchMaximumBytes`` unpacked at most, or one batch of its topic.
        public var maximumBuffered = 4 << 20
        /// Whether ``ConsumerEvent/reachedEnd(_:at:)`` is told (`enable.partition.eof` of librdkafka). Default false.
        public var tellsEnds = false
        /// How far one batch may unpack, in bytes (`max.unpacked.batch.bytes`, which other clients do not have): what is
        /// larger is refused, or passed over with ``CorruptBatches/skip``. Default 64 MiB.
        public var decompressionLimit = Compression.defaultLimit
        static let unpackedBatchSetting = "max.unpacked.batch.bytes"
        /// What to do with a batch whose checksum is wrong also when it is fetched again, or that is larger than
        /// ``decompressionLimit``. Default: stop with an error.
        public var corruptBatches = CorruptBatches.stop

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

        /// A reader of certain partitions, outside of any group.
        public init(bootstrapServers: [String], partitions: [TopicPartition: StartingOffset]) {
            client = ClientConfiguration(bootstrapServers: bootstrapServers)
            source = .partitions(partitions)
        }

        var groupId: String? { if case .group(let id, _) = source { id } else { nil } }

        func validated() throws(KafkaError) -> Configuration {
            func require(_ holds: Bool, _ message: String, _ setting: String) throws(KafkaError) {
                if !holds { throw KafkaError(.invalidConfiguration, message, setting: setting) }
            }
            if case .group(let id, _) = source {
                try require(!id.isEmpty, "the group has no name; set group.id", "group.id")
            }
            if case .named(let names) = source.topics {
                try require(!names.isEmpty, "no topic is named to read", "topics")
            }
            try require(!assignors.isEmpty, "no assignor is offered", "partition.assignment.strategy")
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
        /// These partitions, from these places on, without a group; nothing is committed.
        case partitions([TopicPartition: StartingOffset])

        /// The topics that are looked at from time to time, since they may come, go and grow.
        var topics: Topics? {
            switch self {
            case .group(_, let topics), .topics(let topics, _): topics
            case .partitions: nil
            }
        }
    }

    /// Which topics a consumer reads.
    public enum Topics: Sendable, Equatable, ExpressibleByArrayLiteral {
        /// These.
        case named([String])
        /// Those whose name the pattern matches, also ones that come later; internal topics are left out
        /// (`exclude.internal.topics`).
        case matching(TopicPattern)

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
        /// Nowhere: it is an error.
        case fail

        /// Where that is; nil for nowhere.
        var start: StartingOffset? {
            switch self {
            case .earliest: .earliest
            case .latest: .latest
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
