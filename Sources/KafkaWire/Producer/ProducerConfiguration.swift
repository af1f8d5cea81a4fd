extension KafkaProducer {
    /// How a producer works. Only the bootstrap servers must be said.
    public struct Configuration: Sendable {
        /// Brokers, names, time-outs.
        public var client: ClientConfiguration
        /// Whose copy a record must be in before it counts as sent (`acks`). Default: all in-sync replicas.
        public var acks = Acknowledgements.all
        /// Whether retries can leave no duplicates and change no order within a partition
        /// (`enable.idempotence`, KIP-98). Default true, as in Java; it asks for `acks` all.
        public var isIdempotent = true
        /// How long a batch that is not full waits for more records (`linger.ms`). Default 5 ms, as in Java since 4.0.
        public var linger: Duration = .milliseconds(5)
        /// At how many bytes a batch is full (`batch.size`). Default 256 KiB: Java's 16 KiB makes a request of every
        /// 160 records of 100 bytes. Memory is taken only as records come.
        public var batchSize = 256 << 10
        /// The largest record, and about the largest request (`max.request.size`). Default 1 MiB, as in Java and as
        /// brokers take it (`message.max.bytes`).
        public var maximumRequestSize = 1 << 20
        /// How many bytes of records may wait to be sent before ``KafkaProducer/enqueue(_:)`` waits too
        /// (`buffer.memory`). Default 32 MiB, as in Java.
        public var bufferMemory = 32 << 20
        /// How long `enqueue` waits for room, or for the topic to be known (`max.block.ms`). Default 15 s; Java's 60 s
        /// make a misspelt topic look like a hang.
        public var maximumBlock: Duration = .seconds(15)
        /// How long a record may take from `enqueue` to its acknowledgement, retries included (`delivery.timeout.ms`).
        /// Default 2 minutes, as in Java, which refuses less than `request.timeout.ms` and `linger.ms` together: here it
        /// is kept, and what is on its way then has failed, though it may arrive.
        public var deliveryTimeout: Duration = .seconds(120)
        /// How often a batch is sent again after an error that may pass (`retries`). Default nil: as often as
        /// ``deliveryTimeout`` allows, as in Java.
        public var maximumRetries: Int?
        /// How batches are packed (`compression.type`). Default: not at all.
        public var compression = Compression.none
        /// How thoroughly they are packed: one of the codec's ``Compression/levels`` (`compression.gzip.level`,
        /// `compression.lz4.level`, `compression.zstd.level`, KIP-390). Default nil: the codec's own default.
        public var compressionLevel: Int?
        /// How many requests may be on their way to one broker (`max.in.flight.requests.per.connection`). Default 5;
        /// without idempotence the order in a partition is kept by sending one batch of it at a time.
        public var maximumInFlight = 5
        /// Chooses the partitions of records that name none (`partitioner.class`, `partitioner`). Default nil: the key's hash
        /// as in Java, and records without a key stay together for a batch.
        public var partitioner: (any Partitioner)?
        /// Whether records with a key are spread as those without one (`partitioner.ignore.keys`). Default false. Without
        /// effect where there is a ``partitioner``.
        public var ignoresKeys = false
        /// Whether partitions for which many batches wait, since their broker is slow, get fewer of the records that are
        /// spread (`partitioner.adaptive.partitioning.enable`, KIP-794). Default true, as in Java.
        public var isAdaptive = true
        /// After how long the partitions of a broker that takes nothing get none of the records that are spread
        /// (`partitioner.availability.timeout.ms`, KIP-794). Default 0, as in Java: never.
        public var availabilityTimeout: Duration = .zero
        /// At how many bytes batches of single topics are full, in place of ``batchSize``: for topics whose
        /// `max.message.bytes` differs from the others'. Default: none.
        public var topicBatchSizes: [String: Int] = [:]
        /// Whether a topic that is not there is created by sending to it, where the brokers allow that
        /// (`allow.auto.create.topics`). Default true, as all producers do; with false a record for it fails after
        /// ``maximumBlock``.
        public var mayCreateTopics = true
        /// How long a topic that nothing is sent to is still looked up (`metadata.max.idle.ms`, KIP-526). Default 5 minutes,
        /// as in Java.
        public var topicIdleTime: Duration = .seconds(300)
        /// Who sees each record and what becomes of it, in their order (KIP-42). Default: nobody.
        public var interceptors: [any ProducerInterceptor] = []

        /// Who this producer is, over restarts, to the coordinator of its transactions (`transactional.id`, KIP-98). Default
        /// nil: no transactions. One producer at a time has an id: another one that takes it shuts this one out. Asks for
        /// idempotence and `acks` all.
        public var transactionalId: String?
        /// After how long the coordinator aborts a transaction that was neither committed nor aborted
        /// (`transaction.timeout.ms`). Default 1 minute, as in Java; brokers allow 15 (`transaction.max.timeout.ms`).
        public var transactionTimeout: Duration = .seconds(60)

        /// The defaults, and these brokers.
        public init(bootstrapServers: [String]) { client = ClientConfiguration(bootstrapServers: bootstrapServers) }

        func validated() throws(KafkaError) -> Configuration {
            func require(_ holds: Bool, _ message: String, _ setting: String) throws(KafkaError) {
                if !holds { throw KafkaError(.invalidConfiguration, message, setting: setting) }
            }
            try require(batchSize > 0, "batch.size is \(batchSize); it must be above 0", "batch.size")
            try require(
                maximumRequestSize > 0, "max.request.size is \(maximumRequestSize); it must be above 0",
                "max.request.size")
            try require(
                bufferMemory >= min(batchSize, maximumRequestSize),
                "buffer.memory is \(bufferMemory), less than one batch; raise it or lower batch.size", "buffer.memory")
            try require(
                (1...5).contains(maximumInFlight) || !isIdempotent,
                "an idempotent producer has 1 to 5 requests in flight, not \(maximumInFlight)",
                "max.in.flight.requests.per.connection")
            try require(
                maximumInFlight > 0, "at least one request must be in flight", "max.in.flight.requests.per.connection")
            if let level = compressionLevel {
                let setting = "compression.\(compression).level"
                guard let levels = compression.levels else {
                    throw KafkaError(
                        .invalidConfiguration,
                        "compression.type \(compression) has no levels; leave the level out, or choose gzip, lz4 or zstd",
                        setting: "compression.type")
                }
                try require(
                    levels.contains(level),
                    "\(setting) is \(level); it must be from \(levels.lowerBound) to \(levels.upperBound)", setting)
            }
            try require(
                maximumRetries ?? 1 >= 0, "retries is \(maximumRetries ?? 0); it must be 0 or above", "retries")
            for (topic, size) in topicBatchSizes.sorted(by: { $0.key < $1.key }) {
                try require(
                    size > 0, "the batch size of topic \(topic) is \(size); it must be above 0", "batch.size")
            }
            try require(
                availabilityTimeout >= .zero, "partitioner.availability.timeout.ms is below 0",
                "partitioner.availability.timeout.ms")
            try require(topicIdleTime > .zero, "metadata.max.idle.ms must be above 0", "metadata.max.idle.ms")
            try require(linger >= .zero, "linger.ms is below 0", "linger.ms")
            try require(
                !isIdempotent || acks == .all,
                "an idempotent producer needs acks=all; set acks to all or enable.idempotence to false", "acks")
            try require(
                transactionalId == nil || isIdempotent,
                "a producer with a transactional.id has to be idempotent; leave enable.idempotence, acks, retries and "
                    + "max.in.flight.requests.per.connection at their defaults, or leave transactional.id out",
                "transactional.id")
            try require(
                transactionalId != "", "transactional.id is empty; name one, or leave it out", "transactional.id")
            try require(
                transactionTimeout > .zero, "transaction.timeout.ms must be above 0", "transaction.timeout.ms")
            return self
        }
    }

    /// Whose copy a record must be in before it counts as sent.
    public enum Acknowledgements: Int16, Sendable {
        /// Nobody's: what is written to the socket counts as sent, and nobody hears of what is lost.
        case none = 0
        /// The leader's.
        case leader = 1
        /// That of all in-sync replicas.
        case all = -1
    }
}
