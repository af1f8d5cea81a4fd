extension SettingName {
    private static let anyCount = 0...Int(Int32.max)
    private static let someCount = 1...Int(Int32.max)

    /// The settings of producers.
    static let ofProducers: [SettingName] =
        [
            .init(
                "acks", .producer, "acks", .choice(["all", "-1", "0", "1"]), "all", .alias("request.required.acks"),
                "whose copy a record must be in before it counts as sent"),
            .init(
                "enable.idempotence", .producer, "isIdempotent", .flag, "true",
                "whether retries leave no duplicates and keep the order"),
            .init(
                "retries", .producer, "maximumRetries", .number(anyCount), "", .alias("message.send.max.retries"),
                "how often a batch is sent again; by default as often as delivery.timeout.ms allows"),
            .init(
                "linger.ms", .producer, "linger", .milliseconds(atLeast: 0), "5", .alias("queue.buffering.max.ms"),
                "how long a batch that is not full waits for more records"),
            .init(
                "batch.size", .producer, "batchSize", .bytes(anyCount), "262144", "at how many bytes a batch is full"),
            .init(
                "max.request.size", .producer, "maximumRequestSize", .bytes(someCount), "1048576",
                .alias("message.max.bytes"), "the largest record, and about the largest request"),
            .init(
                "buffer.memory", .producer, "bufferMemory", .bytes(1...Int.max), "33554432",
                .differs("queue.buffering.max.kbytes", "in KiB"), "how many bytes of records may wait to be sent"),
            .init(
                "max.block.ms", .producer, "maximumBlock", .milliseconds(atLeast: 0), "15000", .none,
                "how long enqueue waits for room, or for the topic to be known"),
            .init(
                "delivery.timeout.ms", .producer, "deliveryTimeout", .milliseconds(atLeast: 0), "120000",
                .alias("message.timeout.ms"), "how long a record may take until it is acknowledged, retries included"),
            .init(
                "compression.type", .producer, "compression", .choice(["none", "gzip", "snappy", "lz4", "zstd"]),
                "none",
                .alias("compression.codec"), "how batches are packed"),
            .init(
                "compression.gzip.level", .producer, "compressionLevel", .number(1...9), "",
                .differs("compression.level", "one for all codecs"), "how thoroughly, where compression.type is gzip"),
            .init(
                "compression.lz4.level", .producer, "compressionLevel", .number(1...17), "",
                .differs("compression.level", "one for all codecs"), "how thoroughly, where compression.type is lz4"),
            .init(
                "compression.zstd.level", .producer, "compressionLevel", .number(-131_072...22), "",
                .differs("compression.level", "one for all codecs"), "how thoroughly, where compression.type is zstd"),
            .init(
                "max.in.flight.requests.per.connection", .producer, "maximumInFlight", .number(someCount), "5",
                .alias("max.in.flight"), "how many requests may be on their way to one broker; 1 to 5 with idempotence"),
            .init(
                "transactional.id", .producer, "transactionalId", .text, "",
                "the name under which a producer has transactions, and is fenced by the next one of that name"),
            .init(
                "transaction.timeout.ms", .producer, "transactionTimeout", .milliseconds(atLeast: 1), "60000",
                "after how long the cluster aborts a transaction that has not ended"),
        ] + ofPartitioning

    /// The settings of where records go.
    private static let ofPartitioning: [SettingName] = [
        .init(
            "partitioner.class", .producer, "partitioner", .text, "",
            .differs("partitioner", "by other names, taken as well"),
            "which partition a record goes to: empty, or org.apache.kafka.clients.producer.RoundRobinPartitioner"),
        .init(
            "partitioner", .producer, "partitioner",
            .choice([
                "random", "consistent", "consistent_random", "murmur2", "murmur2_random", "fnv1a", "fnv1a_random",
            ]), "",
            "the same by librdkafka's names"),
        .init(
            "partitioner.ignore.keys", .producer, "ignoresKeys", .flag, "false", .none,
            "whether records with a key are spread as those without one"),
        .init(
            "partitioner.adaptive.partitioning.enable", .producer, "isAdaptive", .flag, "true", .none,
            "whether partitions of slow brokers get fewer of the records that are spread (KIP-794)"),
        .init(
            "partitioner.availability.timeout.ms", .producer, "availabilityTimeout", .milliseconds(atLeast: 0), "0",
            .none,
            "after how long a broker that takes nothing gets none of them; 0 never looks"),
        .init(
            "allow.auto.create.topics", .producer, "mayCreateTopics", .flag, "true",
            "whether brokers may create topics that are missing"),
        .init(
            "metadata.max.idle.ms", .producer, "topicIdleTime", .milliseconds(atLeast: 5000), "300000", .none,
            "after how long a topic that nothing is sent to is no longer asked for (KIP-526)"),
    ]
}
