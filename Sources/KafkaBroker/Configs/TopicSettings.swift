import KafkaWire

/// What a topic's settings come to, as far as they take effect.
struct TopicSettings: Equatable {
    /// `max.message.bytes`.
    var maximumMessageBytes: Int
    /// `retention.bytes`; nil is without limit, as it is where `cleanup.policy` does not contain delete.
    var retentionBytes: Int?
    /// `retention.ms`; nil as above.
    var retentionMilliseconds: Int64?
    /// `segment.bytes`.
    var segmentBytes: Int
    /// `segment.ms`.
    var segmentMilliseconds: Int64
    /// Whether `message.timestamp.type` is LogAppendTime.
    var stampsArrival: Bool
    /// Whether `cleanup.policy` contains delete.
    var allowsDeletion: Bool

    /// How the log is compacted; nil where `cleanup.policy` does not contain compact.
    var compaction: CompactionRules?
    /// `message.timestamp.before.max.ms`: how far a record's time may lie behind the broker's.
    var earliest: Int64
    /// `message.timestamp.after.max.ms`: how far it may lie ahead.
    var latest: Int64
    /// `compression.type`; nil leaves records as they were packed.
    var codec: Compression?
    /// `compression.gzip.level` and its like; nil is the codec's own.
    var codecLevel: Int?

    /// Whether packed batches have to be unpacked before they are stored.
    var unpacks: Bool { compaction != nil || codec != nil }

    /// When a segment in a file is full.
    var rolling: SegmentRolling { SegmentRolling(bytes: segmentBytes, milliseconds: segmentMilliseconds) }

    /// When a segment in memory is full. Retention removes whole segments: an eighth of what is kept, so that little
    /// more than that is held.
    var rollingInMemory: SegmentRolling {
        SegmentRolling(
            bytes: min(4 << 20, segmentBytes, max(16 << 10, (retentionBytes ?? .max) / 8)),
            milliseconds: segmentMilliseconds)
    }
}

/// When a partition's log begins a new segment.
struct SegmentRolling: Equatable {
    /// The size that a segment does not exceed, unless one batch does (`segment.bytes`).
    var bytes = 4 << 20
    /// The span of its batches' times, in milliseconds (`segment.ms`).
    var milliseconds = Int64.max
}

/// How a topic's log is compacted; times in milliseconds.
struct CompactionRules: Equatable {
    /// `min.cleanable.dirty.ratio`: what share of the log has to be uncleaned before it is worth cleaning.
    var dirtyRatio = 0.5
    /// `min.compaction.lag.ms`.
    var minimumLag: Int64 = 0
    /// `max.compaction.lag.ms`: from this age on, records are cleaned whatever the share.
    var maximumLag = Int64.max
    /// `delete.retention.ms`.
    var deleteRetention: Int64 = 86_400_000
}
