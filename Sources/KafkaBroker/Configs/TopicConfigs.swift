/// A topic's settings: the 34 of Kafka 4.3's `LogConfig`. (The Java client's `TopicConfig` names one more,
/// `message.downconversion.enable`, which brokers have refused since 4.0.)
///
/// In force here are `cleanup.policy` with `delete.retention.ms`, `min.cleanable.dirty.ratio`, `min.compaction.lag.ms`
/// and `max.compaction.lag.ms`; `retention.bytes` and `retention.ms`; `segment.bytes` (in memory up to 4 MiB) and
/// `segment.ms`; `max.message.bytes`; `message.timestamp.type`, `message.timestamp.before.max.ms` and
/// `message.timestamp.after.max.ms`; `compression.type` and its levels. `min.insync.replicas` is met by the one replica
/// whatever it says: Kafka asks for no more replicas than a partition has. The others are checked, kept and described,
/// and do nothing. A change counts from the next batch on.
enum TopicConfigs {
    private typealias Definition = ConfigDefinition

    /// Every setting of a topic; the broker's settings that one falls back to may be in other units
    /// (``BrokerConfigs/unit(of:)``).
    static let table = ConfigTable([
        Definition(
            "cleanup.policy", .list, "delete", .listOf(["compact", "delete"]), server: ["log.cleanup.policy"],
            "What happens to old segments: they are removed (delete), thinned out by key (compact), or both."),
        Definition(
            "compression.gzip.level", .int, "-1", .gzipLevel, server: ["compression.gzip.level"],
            "The level that gzip packs with where compression.type is gzip."),
        Definition(
            "compression.lz4.level", .int, "9", .between(1, 17), server: ["compression.lz4.level"],
            "The level that lz4 packs with where compression.type is lz4."),
        Definition(
            "compression.type", .string, "producer",
            .oneOf(["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), server: ["compression.type"],
            "The codec in which records are stored; producer leaves them as they were sent."),
        Definition(
            "compression.zstd.level", .int, "3", .between(-131_072, 22), server: ["compression.zstd.level"],
            "The level that zstd packs with where compression.type is zstd."),
        Definition(
            "delete.retention.ms", .long, "86400000", .atLeast(0), server: ["log.cleaner.delete.retention.ms"],
            "How long a compacted topic keeps the tombstones of removed keys."),
        Definition(
            "file.delete.delay.ms", .long, "60000", .atLeast(0), server: ["log.segment.delete.delay.ms"],
            "How long a removed file stays on the disk."),
        Definition(
            "flush.messages", .long, "9223372036854775807", .atLeast(1), server: ["log.flush.interval.messages"],
            "After how many records the log is written through to the disk."),
        Definition(
            "flush.ms", .long, "9223372036854775807", .atLeast(0),
            server: ["log.flush.interval.ms", "log.flush.scheduler.interval.ms"],
            "After what time the log is written through to the disk."),
        Definition(
            "follower.replication.throttled.replicas", .list, "", .throttledReplicas,
            "The replicas whose followers are held back while partitions move."),
        Definition(
            "index.interval.bytes", .int, "4096", .atLeast(0), server: ["log.index.interval.bytes"],
            "How many bytes of records share an entry of the offset index."),
        Definition(
            "internal.segment.bytes", .int, nil, .atLeast(0), isInternal: true,
            "A segment's size below the limit of segment.bytes, for Kafka's own tests."),
        Definition(
            "leader.replication.throttled.replicas", .list, "", .throttledReplicas,
            "The replicas whose leaders are held back while partitions move."),
        Definition(
            "local.retention.bytes", .long, "-2", .atLeast(-2), server: ["log.local.retention.bytes"],
            "How many bytes stay on the broker where the rest is in remote storage; -2 is retention.bytes."),
        Definition(
            "local.retention.ms", .long, "-2", .atLeast(-2), server: ["log.local.retention.ms"],
            "How long records stay on the broker where the rest is in remote storage; -2 is retention.ms."),
        Definition(
            "max.compaction.lag.ms", .long, "9223372036854775807", .atLeast(1),
            server: ["log.cleaner.max.compaction.lag.ms"], "After what time a record has to be compacted."),
        Definition(
            "max.message.bytes", .int, "1048588", .atLeast(0), server: ["message.max.bytes"],
            "The largest record batch that is taken, in bytes."),
        Definition(
            "message.timestamp.after.max.ms", .long, "3600000", .atLeast(0),
            server: ["log.message.timestamp.after.max.ms"],
            "How far a record's time may lie ahead of the broker's."),
        Definition(
            "message.timestamp.before.max.ms", .long, "9223372036854775807", .atLeast(0),
            server: ["log.message.timestamp.before.max.ms"],
            "How far a record's time may lie behind the broker's."),
        Definition(
            "message.timestamp.type", .string, "CreateTime", .oneOf(["CreateTime", "LogAppendTime"]),
            server: ["log.message.timestamp.type"],
            "Whether a record's time is the producer's, or that of its arrival."),
        Definition(
            "min.cleanable.dirty.ratio", .double, "0.5", .fraction, server: ["log.cleaner.min.cleanable.ratio"],
            "What share of the log has to be uncompacted before it is compacted again."),
        Definition(
            "min.compaction.lag.ms", .long, "0", .atLeast(0), server: ["log.cleaner.min.compaction.lag.ms"],
            "How long a record stays uncompacted at least."),
        Definition(
            "min.insync.replicas", .int, "1", .atLeast(1), server: ["min.insync.replicas"],
            "How many replicas must have a record before acks=all is answered."),
        Definition(
            "preallocate", .boolean, "false", server: ["log.preallocate"],
            "Whether a segment's file gets its full size when it is created."),
        Definition(
            "remote.log.copy.disable", .boolean, "false", .any,
            "Whether a topic in remote storage stops sending new segments there."),
        Definition(
            "remote.log.delete.on.disable", .boolean, "false", .any,
            "Whether what lies in remote storage goes when remote storage is switched off."),
        Definition(
            "remote.storage.enable", .boolean, "false", .any, "Whether old segments move to remote storage (KIP-405)."),
        Definition(
            "retention.bytes", .long, "-1", server: ["log.retention.bytes"],
            "How many bytes a partition keeps; -1 is without limit."),
        Definition(
            "retention.ms", .long, "604800000", .atLeast(-1),
            server: ["log.retention.ms", "log.retention.minutes", "log.retention.hours"],
            "How long records are kept; -1 is for ever."),
        Definition(
            "segment.bytes", .int, "1073741824", .atLeast(1_048_576), server: ["log.segment.bytes"],
            "The size after which a new segment begins; retention works on whole segments."),
        Definition(
            "segment.index.bytes", .int, "10485760", .atLeast(4), server: ["log.index.size.max.bytes"],
            "The largest index of a segment."),
        Definition(
            "segment.jitter.ms", .long, "0", .atLeast(0), server: ["log.roll.jitter.ms", "log.roll.jitter.hours"],
            "By how much the start of a new segment is moved at random, so that not all begin at once."),
        Definition(
            "segment.ms", .long, "604800000", .atLeast(1), server: ["log.roll.ms", "log.roll.hours"],
            "After what time a new segment begins even if the last is not full."),
        Definition(
            "unclean.leader.election.enable", .boolean, "false", server: ["unclean.leader.election.enable"],
            "Whether a replica that lags may become leader, at the price of lost records."),
    ])

    /// Why a topic cannot have these settings together, or nil. Names and values come first, in the order of the names.
    static func objection(to configs: [String: String]) -> String? {
        for (name, value) in configs.sorted(by: { $0.key < $1.key }) {
            guard let definition = table[name] else { return "Unknown topic config name: \(name)" }
            if let objection = definition.objection(to: value) { return objection }
        }
        func number(_ name: String) -> Int64 {
            (configs[name] ?? table[name]?.initial).flatMap { Int64($0.trimmed) } ?? 0
        }
        if number("min.compaction.lag.ms") > number("max.compaction.lag.ms") {
            return "conflict topic config setting min.compaction.lag.ms (\(number("min.compaction.lag.ms"))) > "
                + "max.compaction.lag.ms (\(number("max.compaction.lag.ms")))"
        }
        if configs["remote.storage.enable"]?.trimmed.lowercased() == "true" {
            return "this broker has no remote storage (remote.log.storage.system.enable is false), "
                + "so that remote.storage.enable cannot be true"
        }
        return nil
    }
}

/// The names of topics' settings, for tools that say which one somebody may have meant.
package enum TopicConfigNames {
    /// In their order.
    package static var all: [String] { TopicConfigs.table.definitions.map(\.name) }
}
