/// What may be asked of a topic: its name and its settings (Kafka's `Topic` and `TopicConfig`).
enum TopicRules {
    static let maximumNameLength = 249

    /// Why `name` cannot name a topic, or nil.
    static func objection(toName name: String) -> String? {
        if name.isEmpty { return "a topic's name cannot be empty" }
        if name == "." || name == ".." { return "a topic cannot be called \"\(name)\"" }
        if name.utf8.count > maximumNameLength {
            return "a topic's name has at most \(maximumNameLength) characters; this one has \(name.utf8.count)"
        }
        let legal = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
            default: false
            }
        }
        return legal ? nil : "the name \"\(name)\" holds characters other than ASCII letters, digits, '.', '_' and '-'"
    }

    /// Two names that differ only in '.' and '_' would share the names of their metrics: Kafka refuses the second.
    static func collisionKey(_ name: String) -> String {
        String(decoding: name.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }

    /// Topics that belong to Kafka itself.
    static func isInternal(_ name: String) -> Bool {
        name == "__consumer_offsets" || name == "__transaction_state" || name == "__share_group_state"
    }

    /// The settings that Kafka 4.3 knows. All are kept; what has an effect is said at ``Topic/configs``.
    static let configNames: Set<String> = [
        "cleanup.policy", "compression.gzip.level", "compression.lz4.level", "compression.type",
        "compression.zstd.level", "delete.retention.ms", "errors.deadletterqueue.group.enable", "file.delete.delay.ms",
        "flush.messages", "flush.ms", "follower.replication.throttled.replicas", "index.interval.bytes",
        "internal.segment.bytes", "leader.replication.throttled.replicas", "local.retention.bytes",
        "local.retention.ms", "max.compaction.lag.ms", "max.message.bytes", "message.timestamp.after.max.ms",
        "message.timestamp.before.max.ms", "message.timestamp.type", "min.cleanable.dirty.ratio",
        "min.compaction.lag.ms", "min.insync.replicas", "preallocate", "remote.log.copy.disable",
        "remote.log.delete.on.disable", "remote.storage.enable", "retention.bytes", "retention.ms", "segment.bytes",
        "segment.index.bytes", "segment.jitter.ms", "segment.ms", "unclean.leader.election.enable",
    ]

    /// Why a topic cannot have that setting, or nil.
    static func objection(toConfig name: String, value: String?) -> String? {
        guard configNames.contains(name) else { return "Unknown topic config name: \(name)" }
        guard let value else { return "Null value not supported for topic configs: \(name)" }
        let minimum: Int? =
            switch name {
            case "max.message.bytes": 0
            case "retention.bytes", "retention.ms": -1
            default: nil
            }
        if let minimum {
            guard let number = Int(value), number >= minimum else {
                return
                    "Invalid value \(value) for configuration \(name): a whole number of at least \(minimum) is wanted"
            }
        }
        return nil
    }
}
