/// What a code means in an answer to Fetch or ListOffsets. What is not in the table may pass: Java's consumer, too, warns of
/// a code that it does not expect, waits and asks again.
///
/// The sources are Apache Kafka's `FetchCollector.handleInitializeErrors` (Fetch) and
/// `OffsetFetcherUtils.handleListOffsetResponse` (ListOffsets), release 4.3. The group's APIs are in
/// ``GroupFaults``.
enum ErrorVerdicts {
    enum Verdict: Equatable, Sendable {
        /// Ask again after a pause, and tell of it.
        case again
        /// The leader has moved, or is about to: look it up. It belongs to every election, and is told of where it lasts.
        case moved
        /// What is known of the topic is out of date: look it up, and tell of it.
        case outOfDate
        /// Go on elsewhere, as `auto.offset.reset` says.
        case reset
        /// The same request can never succeed.
        case fatal
    }

    static func fetch(_ code: ErrorCode) -> Verdict { table[code]?.fetch ?? unexpected(code) }
    static func listOffsets(_ code: ErrorCode) -> Verdict { table[code]?.listOffsets ?? unexpected(code) }

    private static func unexpected(_ code: ErrorCode) -> Verdict { code.invalidatesMetadata ? .outOfDate : .again }

    /// Whether a look-up of offsets that failed so may succeed later. What names no code says so itself.
    static func mayPass(_ error: KafkaError) -> Bool {
        !error.isOfLogin && (error.code.broker.map { listOffsets($0) != .fatal } ?? error.isRetriable)
    }

    /// What the cluster says of a topic, or of who asks, that no waiting changes: Java's consumer throws it from `poll`
    /// (`Metadata.maybeThrowAnyException`).
    private static let denials: Set<ErrorCode> = [
        .topicAuthorizationFailed, .groupAuthorizationFailed, .clusterAuthorizationFailed, .securityDisabled,
        .invalidTopicException,
    ]

    /// Whether a code of metadata ends a consumer that names the topic.
    static func isDenial(_ code: ErrorCode) -> Bool { denials.contains(code) }

    /// Whether the consumer cannot go on, whatever it asked for: it may not, or the brokers do not let it in any more.
    static func isFinal(_ error: KafkaError) -> Bool {
        error.isOfLogin || error.code.broker.map(isDenial) ?? false
    }

    private struct Row {
        var fetch: Verdict
        var listOffsets: Verdict

        init(_ both: Verdict) { (fetch, listOffsets) = (both, both) }

        init(fetch: Verdict, listOffsets: Verdict) { (self.fetch, self.listOffsets) = (fetch, listOffsets) }
    }

    private static let table: [ErrorCode: Row] = [
        // Fetch: the position is reset, or an OffsetOutOfRangeException. ListOffsets does not answer it.
        .offsetOutOfRange: Row(fetch: .reset, listOffsets: .again),
        // Both: metadata is updated, and nothing said.
        .notLeaderOrFollower: Row(.moved),
        .leaderNotAvailable: Row(.moved),
        .replicaNotAvailable: Row(.moved),
        .kafkaStorageError: Row(.moved),
        .fencedLeaderEpoch: Row(.moved),
        .unknownLeaderEpoch: Row(.moved),
        .offsetNotAvailable: Row(.moved),
        // Both: metadata is updated, with a warning.
        .unknownTopicOrPartition: Row(.outOfDate),
        .unknownTopicId: Row(.outOfDate),
        .inconsistentTopicId: Row(.outOfDate),
        .networkException: Row(.outOfDate),
        // Both: TopicAuthorizationException. The others say the same of the group, the cluster, the client.
        .topicAuthorizationFailed: Row(.fatal),
        .groupAuthorizationFailed: Row(.fatal),
        .clusterAuthorizationFailed: Row(.fatal),
        .saslAuthenticationFailed: Row(.fatal),
        .securityDisabled: Row(.fatal),
        // The broker cannot do what this version of the request asks for. Java raises an UnsupportedVersionException.
        .unsupportedVersion: Row(.fatal),
        .invalidRequest: Row(.fatal),
        // No topic can have such a name: an InvalidTopicException, from metadata.
        .invalidTopicException: Row(.fatal),
        // Fetch: batches that a client of this version cannot unpack (KIP-110). ListOffsets: times in a log of old, of which
        // Java says that there is none; a start that was asked for is not to be found then.
        .unsupportedCompressionType: Row(fetch: .fatal, listOffsets: .again),
        .unsupportedForMessageFormat: Row(fetch: .again, listOffsets: .fatal),
    ]
}
