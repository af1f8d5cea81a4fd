import KafkaWire

/// Which error codes brokers answer to which API, those that may pass and others: what is injected. Left out are codes that
/// say that something was done (DUPLICATE_SEQUENCE_NUMBER, TOPIC_ALREADY_EXISTS), since nothing is.
///
/// From the error tables in Apache Kafka's protocol guide and the handlers of its brokers, release 4.3.
enum Injections {
    /// An API, and what it may answer.
    struct Row: Sendable {
        var api: APIKey
        /// Those after which the same request may succeed, or another one in its place.
        var passing: [ErrorCode]
        var fatal: [ErrorCode]

        init(_ api: APIKey, _ passing: [ErrorCode], fatal: [ErrorCode] = []) {
            (self.api, self.passing, self.fatal) = (api, passing, fatal)
        }
    }

    static let rows: [Row] = [
        Row(
            .produce,
            [
                .corruptMessage, .unknownTopicOrPartition, .leaderNotAvailable, .notLeaderOrFollower, .requestTimedOut,
                .networkException, .notEnoughReplicas, .notEnoughReplicasAfterAppend, .kafkaStorageError,
                .unknownTopicId, .fencedLeaderEpoch, .throttlingQuotaExceeded,
            ],
            fatal: [
                .unknownServerError, .messageTooLarge, .recordListTooLarge, .invalidTopicException,
                .invalidRequiredAcks, .topicAuthorizationFailed, .clusterAuthorizationFailed, .invalidTimestamp,
                .invalidRecord, .policyViolation, .unsupportedForMessageFormat, .unsupportedCompressionType,
                .outOfOrderSequenceNumber, .unknownProducerId, .invalidProducerEpoch,
            ]),
        Row(
            .fetch,
            [
                .unknownTopicOrPartition, .leaderNotAvailable, .notLeaderOrFollower, .replicaNotAvailable,
                .kafkaStorageError, .fetchSessionIdNotFound, .invalidFetchSessionEpoch, .fencedLeaderEpoch,
                .unknownLeaderEpoch, .offsetNotAvailable, .unknownTopicId, .inconsistentTopicId,
                .fetchSessionTopicIdError, .corruptMessage, .unknownServerError, .requestTimedOut,
            ],
            fatal: [.topicAuthorizationFailed, .offsetOutOfRange, .unsupportedCompressionType, .invalidRequest]),
        Row(
            .listOffsets,
            [
                .unknownTopicOrPartition, .leaderNotAvailable, .notLeaderOrFollower, .replicaNotAvailable,
                .kafkaStorageError, .fencedLeaderEpoch, .unknownLeaderEpoch, .offsetNotAvailable, .requestTimedOut,
                .unknownServerError,
            ], fatal: [.topicAuthorizationFailed, .unsupportedForMessageFormat, .invalidRequest]),
        Row(
            .offsetForLeaderEpoch,
            [
                .unknownTopicOrPartition, .leaderNotAvailable, .notLeaderOrFollower, .fencedLeaderEpoch,
                .unknownLeaderEpoch, .kafkaStorageError, .unknownServerError,
            ], fatal: [.topicAuthorizationFailed]),
        Row(
            .metadata,
            [
                .unknownTopicOrPartition, .leaderNotAvailable, .listenerNotFound, .unknownTopicId, .requestTimedOut,
                .unknownServerError,
            ], fatal: [.invalidTopicException, .topicAuthorizationFailed]),
        Row(.apiVersions, [.requestTimedOut, .unknownServerError], fatal: [.unsupportedVersion, .invalidRequest]),
        Row(
            .initProducerId,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .requestTimedOut,
                .concurrentTransactions, .unknownServerError,
            ], fatal: [.clusterAuthorizationFailed, .invalidRequest]),
        Row(
            .findCoordinator,
            [.coordinatorLoadInProgress, .coordinatorNotAvailable, .requestTimedOut, .unknownServerError],
            fatal: [.groupAuthorizationFailed, .invalidGroupId, .invalidRequest]),
        Row(
            .joinGroup,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .unknownMemberId,
                .rebalanceInProgress, .illegalGeneration, .requestTimedOut, .unknownServerError,
            ],
            fatal: [
                .inconsistentGroupProtocol, .invalidSessionTimeout, .groupAuthorizationFailed, .groupMaxSizeReached,
                .fencedInstanceId, .invalidGroupId,
            ]),
        Row(
            .syncGroup,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .unknownMemberId,
                .rebalanceInProgress, .illegalGeneration, .requestTimedOut, .unknownServerError,
            ], fatal: [.groupAuthorizationFailed, .fencedInstanceId, .inconsistentGroupProtocol]),
        Row(
            .heartbeat,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .unknownMemberId,
                .rebalanceInProgress, .illegalGeneration, .requestTimedOut, .unknownServerError,
            ], fatal: [.groupAuthorizationFailed, .fencedInstanceId]),
        Row(
            .leaveGroup,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .unknownMemberId,
                .unknownServerError,
            ], fatal: [.groupAuthorizationFailed, .fencedInstanceId]),
        Row(
            .consumerGroupHeartbeat,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .unknownMemberId,
                .fencedMemberEpoch,
            ], fatal: [.groupAuthorizationFailed, .groupMaxSizeReached, .unsupportedAssignor, .invalidRequest]),
        Row(
            .offsetCommit,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .unknownMemberId,
                .rebalanceInProgress, .illegalGeneration, .requestTimedOut, .unknownTopicOrPartition,
                .unknownServerError, .offsetMetadataTooLarge, .invalidCommitOffsetSize,
            ], fatal: [.groupAuthorizationFailed, .topicAuthorizationFailed, .fencedInstanceId, .invalidGroupId]),
        Row(
            .offsetFetch,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .unstableOffsetCommit,
                .unknownTopicOrPartition, .requestTimedOut, .unknownServerError, .unknownMemberId, .staleMemberEpoch,
            ], fatal: [.groupAuthorizationFailed, .topicAuthorizationFailed]),
        // Not INVALID_PRODUCER_ID_MAPPING for EndTxn: behind a commit whose answer was lost that would be a lie.
        Row(
            .addPartitionsToTxn,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .concurrentTransactions,
                .operationNotAttempted, .transactionAbortable,
            ],
            fatal: [
                .transactionalIdAuthorizationFailed, .topicAuthorizationFailed, .invalidTxnState,
                .invalidProducerIdMapping, .producerFenced, .invalidProducerEpoch,
            ]),
        Row(
            .addOffsetsToTxn,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .concurrentTransactions,
                .transactionAbortable,
            ],
            fatal: [
                .transactionalIdAuthorizationFailed, .groupAuthorizationFailed, .invalidTxnState,
                .invalidProducerIdMapping, .producerFenced, .invalidProducerEpoch,
            ]),
        Row(
            .txnOffsetCommit,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .requestTimedOut,
                .unknownTopicOrPartition, .illegalGeneration, .unknownMemberId, .transactionAbortable,
            ],
            fatal: [
                .transactionalIdAuthorizationFailed, .groupAuthorizationFailed, .fencedInstanceId,
                .offsetMetadataTooLarge, .producerFenced, .invalidProducerEpoch,
            ]),
        Row(
            .endTxn,
            [
                .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .concurrentTransactions,
                .transactionAbortable,
            ],
            fatal: [
                .transactionalIdAuthorizationFailed, .invalidTxnState, .producerFenced, .invalidProducerEpoch,
            ]),
        Row(.createTopics, [.notController, .requestTimedOut, .throttlingQuotaExceeded], fatal: [.policyViolation]),
        Row(.deleteTopics, [.notController, .requestTimedOut, .throttlingQuotaExceeded], fatal: [.invalidRequest]),
        Row(.createPartitions, [.notController, .requestTimedOut], fatal: [.reassignmentInProgress]),
        Row(.incrementalAlterConfigs, [.notController, .requestTimedOut], fatal: [.invalidConfig]),
        Row(.describeCluster, [.requestTimedOut, .unknownServerError], fatal: [.clusterAuthorizationFailed]),
    ]

    /// What neither producers nor members ask.
    static let seldom: [APIKey] = [
        .createTopics, .deleteTopics, .createPartitions, .incrementalAlterConfigs, .describeCluster,
    ]

    /// What those ask who work in transactions.
    static let transactional: [APIKey] = [.addPartitionsToTxn, .addOffsetsToTxn, .txnOffsetCommit, .endTxn]

    /// Whether anybody of the plan may ask that API.
    static func isAsked(_ api: APIKey, in plan: ScenarioPlan) -> Bool {
        if transactional.contains(api) { return plan.hasTransactions }
        guard api == .consumerGroupHeartbeat else { return true }
        return plan.groupProtocol == .consumer || plan.groupProtocol == .changing
    }

    /// What a producer is told by these decides what becomes of its records.
    static let deciding: [APIKey] = [.produce, .metadata, .initProducerId, .apiVersions]

    /// Whether the code may have the client tell of a record that it is refused for good, though an earlier try of it,
    /// whose answer was lost, has arrived.
    static func mayRefuse(_ code: ErrorCode, by api: APIKey) -> Bool {
        deciding.contains(api) && rows.contains { $0.api == api && $0.fatal.contains(code) }
    }

    /// Whether the code says that what the broker knew of a producer's records is gone: they are numbered anew, and one
    /// that had arrived may come again.
    static func forgetsProducers(_ code: ErrorCode) -> Bool {
        [.outOfOrderSequenceNumber, .unknownProducerId, .invalidProducerEpoch].contains(code)
    }
}
