extension SettingName {
    private static let anyCount = 0...Int(Int32.max)
    private static let someCount = 1...Int(Int32.max)

    /// The settings of consumers.
    static let ofConsumers: [SettingName] = [
        .init("group.id", .consumer, "source", .text, "", "the group of a consumer that is in one"),
        .init(
            "auto.offset.reset", .consumer, "offsetReset", .choice(["earliest", "latest", "none"]), "earliest",
            "where to begin where nothing was committed, or what was is gone; by_duration:PT1H begins an hour ago (KIP-1106)"
        ),
        .init(
            "enable.auto.commit", .consumer, "autoCommit", .flag, "true",
            "whether positions behind processed batches are committed by themselves"),
        .init(
            "auto.commit.interval.ms", .consumer, "autoCommit", .milliseconds(atLeast: 0), "5000",
            "how often they are"),
        .init(
            "session.timeout.ms", .consumer, "sessionTimeout", .milliseconds(atLeast: 1), "45000",
            "after how long without a heartbeat the group takes the member for dead; with group.protocol=classic only"),
        .init(
            "heartbeat.interval.ms", .consumer, "heartbeatInterval", .milliseconds(atLeast: 1), "3000",
            "how often a heartbeat is sent; below session.timeout.ms; with group.protocol=classic only"),
        .init(
            "max.poll.interval.ms", .consumer, "maximumPollInterval", .milliseconds(atLeast: 1), "300000",
            "how long the application may work on a batch"),
        .init(
            "partition.assignment.strategy", .consumer, "assignors", .list, "range,roundrobin",
            "how partitions may be spread over the members, by Java's classes or by name, the preferred way first; with "
                + "group.protocol=classic only"
        ),
        .init(
            "group.instance.id", .consumer, "groupInstanceId", .text, "",
            "the name of a static member, which keeps its partitions over a restart"),
        .init(
            "allow.auto.create.topics", .consumer, "mayCreateTopics", .flag, "false",
            "whether brokers may create topics that are read by name and missing; in Java true"),
        .init(
            "isolation.level", .consumer, "isolationLevel", .choice(["read_uncommitted", "read_committed"]),
            "read_uncommitted", "which records of transactions are given out"),
        .init(
            "fetch.max.wait.ms", .consumer, "fetchMaximumWait", .milliseconds(atLeast: 0), "500",
            .alias("fetch.wait.max.ms"), "how long the broker waits for new records before it answers"),
        .init(
            "fetch.min.bytes", .consumer, "fetchMinimumBytes", .bytes(anyCount), "1",
            "how many bytes the broker should gather before it answers early"),
        .init(
            "fetch.max.bytes", .consumer, "fetchMaximumBytes", .bytes(someCount), "2097152",
            "about how many bytes a broker sends at once"),
        .init(
            "max.partition.fetch.bytes", .consumer, "partitionMaximumBytes", .bytes(someCount), "1048576",
            .alias("fetch.message.max.bytes"), "about how many bytes of one partition a broker sends at once"),
        .init(
            "queued.max.messages.kbytes", .consumer, "maximumBuffered", .kibibytes(someCount), "4096",
            "how much may be fetched for the application, or on its way, from all brokers together"),
        .init(
            "enable.partition.eof", .consumer, "tellsEnds", .flag, "false",
            "whether the application is told of the ends of partitions"),
        .init(
            "max.unpacked.batch.bytes", .consumer, "decompressionLimit", .bytes(someCount), "67108864", .none,
            "how far one batch may unpack"),
        .init(
            "group.protocol", .consumer, "groupProtocol", .choice(["classic", "consumer"]), "classic",
            "who assigns partitions: the members, or the coordinator (KIP-848)"),
        .init(
            "group.remote.assignor", .consumer, "groupRemoteAssignor", .text, "",
            "how the coordinator assigns with group.protocol=consumer, without which it is refused: uniform or range; by "
                + "default as it chooses"
        ),
        .init(
            "exclude.internal.topics", .consumer, "excludesInternalTopics", .flag, "true", .none,
            "whether a pattern passes over Kafka's own topics, such as __consumer_offsets"),
        .init(
            "client.rack", .consumer, "clientRack", .text, "", "where the client is, for the closest replica (KIP-392)"),
        .init(
            "max.poll.records", .consumer, "maximumRecords", .number(1...Int(Int32.max)), "", .none,
            "how many records a batch has at most; by default as many as a fetch brought of a partition"),
    ]
}
