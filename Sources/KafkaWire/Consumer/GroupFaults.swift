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

    /// What kind of groups consumers form.
    static let protocolType = "consumer"

    /// What is wrong with the protocol that an answer names (KIP-559), as Java's `JoinGroupResponseHandler` and
    /// `SyncGroupResponseHandler` compare it: a group of another kind, or an assignor other than `chosen`, where that is told.
    /// Nil where all is well, or nothing is said, as before JoinGroup v7 and SyncGroup v5. It can never pass: the partitions
    /// would be those of something else.
    static func mismatch(
        _ what: String, type: String?, name: String? = nil, chosen: String? = nil, api: APIKey
    ) -> KafkaError? {
        let flaw: String
        if let type, type != protocolType {
            flaw = "it is a group of type \"\(type)\", not \"\(protocolType)\"; give consumers a group of their own"
        } else if let chosen, let name, name != chosen {
            flaw = "its assignor is \"\(name)\", and was \"\(chosen)\" when this member joined"
        } else {
            return nil
        }
        return KafkaError(
            .broker(.inconsistentGroupProtocol), "could not \(what): \(flaw)", api: api, isRetriable: false)
    }

    /// The application works for too long: the member leaves, which gives its partitions to others at once.
    static func worksTooLong(_ group: String, _ limit: Duration) -> KafkaError {
        KafkaError(
            .timedOut,
            "group \(group) was left, since its records were worked on for more than \(limit); ask for fewer at once, or raise "
                + "max.poll.interval.ms", setting: "max.poll.interval.ms")
    }

    /// Whether a request may succeed later. What a broker did not say itself says so of itself.
    static func mayPass(_ error: KafkaError) -> Bool {
        !error.isOfLogin && (error.code.broker.map { !final.contains($0) } ?? error.isRetriable)
    }
}
