/// Which errors of a group's requests can never pass: the group, the member or the right to be one would have to be another.
/// All others are asked again after a pause, and told: a coordinator that fails in an unexpected way may be well a moment
/// later, or be another one.
///
/// The sources are the handlers of Apache Kafka's `AbstractCoordinator` (JoinGroup, SyncGroup, Heartbeat) and
/// `ConsumerCoordinator` (OffsetFetch) and of `AbstractHeartbeatRequestManager` (ConsumerGroupHeartbeat), release
/// 4.3, which name these; they also end with every code that they do not name,
/// such as UNKNOWN_SERVER_ERROR, which is not followed here.
enum GroupFaults {
    static let final: Set<ErrorCode> = [
        // Who asks may not, or not so.
        .groupAuthorizationFailed, .topicAuthorizationFailed, .clusterAuthorizationFailed, .saslAuthenticationFailed,
        .securityDisabled,
        // The configuration does not fit the group or the broker.
        .invalidGroupId, .inconsistentGroupProtocol, .invalidSessionTimeout, .groupMaxSizeReached,
        .invalidTopicException, .unsupportedAssignor, .invalidRegularExpression,
        // Somebody else has this member's name.
        .fencedInstanceId, .unreleasedInstanceId,
        // The same request will be refused again.
        .unsupportedVersion, .invalidRequest,
    ]

    /// The application works for too long: the member leaves, which gives its partitions to others at once.
    static func worksTooLong(_ group: String, _ limit: Duration) -> KafkaError {
        KafkaError(
            .timedOut,
            "group \(group) was left, since its records were worked on for more than \(limit); ask for fewer at once, or raise "
                + "max.poll.interval.ms", setting: "max.poll.interval.ms")
    }

    /// Whether a request may succeed later. What a broker did not say itself says so of itself.
    static func mayPass(_ error: KafkaError) -> Bool {
        error.code.broker.map { !final.contains($0) } ?? error.isRetriable
    }
}
