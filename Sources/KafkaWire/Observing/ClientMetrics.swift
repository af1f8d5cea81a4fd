/// What a client has done since it was made, as a value: what librdkafka tells as `statistics` and Java as JMX beans.
///
/// ``KafkaConsumer/metrics()``, ``KafkaProducer/metrics()`` and ``KafkaAdmin/metrics()`` give one; the difference of two tells
/// what was between. The same goes to swift-metrics through `MetricsObserver`.
public struct ClientMetrics: Equatable, Sendable {
    /// Connections to brokers.
    public struct Connections: Equatable, Sendable {
        /// How many were opened.
        public internal(set) var opened = 0
        /// How many could not be.
        public internal(set) var failed = 0
        /// How many have ended, by either side.
        public internal(set) var ended = 0
        /// How many are open.
        public var open: Int { max(0, opened - ended) }
        /// How long opening took, negotiation of versions included.
        public internal(set) var opening = DurationSummary()
    }

    /// Requests of one API to one broker.
    public struct Requests: Equatable, Sendable {
        /// The API.
        public var api: APIKey
        /// The broker, as `host:port`; empty for all those beyond the first thousand pairs.
        public var broker: String
        /// How many were sent.
        public internal(set) var sent = 0
        /// How many were not answered.
        public internal(set) var failed = 0
        /// The bytes of the requests.
        public internal(set) var bytesSent = 0
        /// The bytes of the answers.
        public internal(set) var bytesReceived = 0
        /// How long answers took.
        public internal(set) var latency = DurationSummary()
        /// How many wait for their answer.
        public var waiting: Int { max(0, sent - latency.count) }

        init(_ api: APIKey, _ broker: String) {
            self.api = api
            self.broker = broker
        }
    }

    /// What a producer has sent.
    public struct Produced: Equatable, Sendable {
        /// Batches that were sent, retries included.
        public internal(set) var batches = 0
        /// Records in acknowledged batches.
        public internal(set) var records = 0
        /// Bytes of records in acknowledged batches, before packing.
        public internal(set) var bytes = 0
        /// Records that did not arrive.
        public internal(set) var failedRecords = 0
        /// Batches that were sent again.
        public internal(set) var retriedBatches = 0
        /// Batches that were too large and were sent in parts.
        public internal(set) var dividedBatches = 0
        /// How long batches waited from their first record to their first sending.
        public internal(set) var queueTime = DurationSummary()
        /// How long it took from a batch's first record to its acknowledgement.
        public internal(set) var latency = DurationSummary()
        /// Bytes of records that wait to be acknowledged, when a batch was last settled.
        public internal(set) var bufferedBytes = 0
    }

    /// What a consumer has read.
    public struct Consumed: Equatable, Sendable {
        /// Answers with records of a partition.
        public internal(set) var fetches = 0
        /// Records fetched, as the headers of their batches say.
        public internal(set) var records = 0
        /// Bytes fetched, as they came.
        public internal(set) var bytes = 0
        /// Commits that worked.
        public internal(set) var commits = 0
        /// Commits that did not.
        public internal(set) var failedCommits = 0
        /// Positions that the log did not have, and that were reset.
        public internal(set) var resets = 0
        /// Damaged batches that were passed over.
        public internal(set) var skippedBatches = 0
        /// How often a partition stood still (``ClientEvent/stalled(_:)``).
        public internal(set) var stalls = 0
        /// Fetched bytes that wait for the application, when records last came.
        public internal(set) var bufferedBytes = 0
        /// How far the end of each assigned partition was ahead of its position when records last came from it.
        public internal(set) var lag: [TopicPartition: Int64] = [:]
    }

    /// What the group has done with this member.
    public struct Rebalances: Equatable, Sendable {
        /// How many have ended with a share for this member.
        public internal(set) var count = 0
        /// How long this member was without its share.
        public internal(set) var time = DurationSummary()
        /// How many partitions it has now.
        public internal(set) var assigned = 0
        /// How many were lost: taken by others before it could let go.
        public internal(set) var lost = 0
    }

    /// Connections to brokers.
    public internal(set) var connections = Connections()
    /// Requests by API and broker, in that order.
    public internal(set) var requests: [Requests] = []
    /// How often brokers have throttled this client.
    public internal(set) var throttles = 0
    /// For how long in all.
    public internal(set) var throttledTime: Duration = .zero
    /// How often calls were tried again.
    public internal(set) var retries = 0
    /// How often another leader was learnt of.
    public internal(set) var leaderChanges = 0
    /// What a producer has sent.
    public internal(set) var produced = Produced()
    /// What a consumer has read.
    public internal(set) var consumed = Consumed()
    /// What the group has done with this member.
    public internal(set) var rebalances = Rebalances()

    /// Nothing yet.
    public init() {}
}
