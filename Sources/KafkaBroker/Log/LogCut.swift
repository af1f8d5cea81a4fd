import KafkaWire

/// What was cut off a log, or out of it, when the broker was started on its data directory.
public struct BrokerLogCut: Sendable, Equatable {
    /// The segment's file.
    public let file: String
    /// The offset at which the log goes on.
    public let offset: Offset
    /// How many bytes were cut off.
    public let bytes: Int
    /// What was wrong.
    public let reason: String
    /// Where the bytes are now.
    public let keptAs: String
    /// Whether the log ends there, and does not go on behind what was cut out.
    let isEnd: Bool
}
