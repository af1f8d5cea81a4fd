/// An error code of Kafka's protocol. Open: a newer broker may send codes that this library does not know.
///
/// Names and marks are those of Kafka 4.3; a test holds them against `Fixtures/protocol/errors.tsv`.
@frozen
public struct ErrorCode: WireScalar {
    /// The number on the wire.
    public let rawValue: Int16

    @inlinable
    @inline(__always)
    public init(rawValue: Int16) { self.rawValue = rawValue }

    /// Kafka's name, such as `NOT_LEADER_OR_FOLLOWER`.
    public var name: String { Self.known[rawValue]?.name ?? "UNKNOWN_ERROR_CODE_\(rawValue)" }
    /// The code of that name, whatever its case; nil where Kafka has none.
    package static func named(_ name: String) -> ErrorCode? {
        let wanted = name.uppercased()
        return known.first { $0.value.name == wanted }.map { ErrorCode(rawValue: $0.key) }
    }
    /// The names of all codes.
    package static var names: [String] { known.sorted { $0.key < $1.key }.map(\.value.name) }
    /// Whether the same request may succeed later.
    public var isRetriable: Bool { Self.known[rawValue]?.isRetriable ?? false }
    /// Whether the code means that the client's view of topics and leaders is out of date.
    public var invalidatesMetadata: Bool { Self.known[rawValue]?.invalidatesMetadata ?? false }

    private struct Entry {
        let name: String
        let isRetriable: Bool
        let invalidatesMetadata: Bool
    }

    private static func retry(_ name: String) -> Entry {
        Entry(name: name, isRetriable: true, invalidatesMetadata: false)
    }
    private static func stale(_ name: String, retry: Bool = true) -> Entry {
        Entry(name: name, isRetriable: retry, invalidatesMetadata: true)
    }
    private static func fatal(_ name: String) -> Entry {
        Entry(name: name, isRetriable: false, invalidatesMetadata: false)
    }

    private static let known: [Int16: Entry] = [
        -1: fatal("UNKNOWN_SERVER_ERROR"),
        0: fatal("NONE"),
        1: fatal("OFFSET_OUT_OF_RANGE"),
        2: retry("CORRUPT_MESSAGE"),
        3: stale("UNKNOWN_TOPIC_OR_PARTITION"),
        4: fatal("INVALID_FETCH_SIZE"),
        5: stale("LEADER_NOT_AVAILABLE"),
        6: stale("NOT_LEADER_OR_FOLLOWER"),
        7: retry("REQUEST_TIMED_OUT"),
        8: fatal("BROKER_NOT_AVAILABLE"),
        9: stale("REPLICA_NOT_AVAILABLE"),
        10: fatal("MESSAGE_TOO_LARGE"),
        11: fatal("STALE_CONTROLLER_EPOCH"),
        12: fatal("OFFSET_METADATA_TOO_LARGE"),
        13: stale("NETWORK_EXCEPTION"),
        14: retry("COORDINATOR_LOAD_IN_PROGRESS"),
        15: retry("COORDINATOR_NOT_AVAILABLE"),
        16: retry("NOT_COORDINATOR"),
        17: fatal("INVALID_TOPIC_EXCEPTION"),
        18: fatal("RECORD_LIST_TOO_LARGE"),
        19: retry("NOT_ENOUGH_REPLICAS"),
        20: retry("NOT_ENOUGH_REPLICAS_AFTER_APPEND"),
        21: fatal("INVALID_REQUIRED_ACKS"),
        22: fatal("ILLEGAL_GENERATION"),
        23: fatal("INCONSISTENT_GROUP_PROTOCOL"),
        24: fatal("INVALID_GROUP_ID"),
        25: fatal("UNKNOWN_MEMBER_ID"),
        26: fatal("INVALID_SESSION_TIMEOUT"),
        27: fatal("REBALANCE_IN_PROGRESS"),
        28: fatal("INVALID_COMMIT_OFFSET_SIZE"),
        29: fatal("TOPIC_AUTHORIZATION_FAILED"),
        30: fatal("GROUP_AUTHORIZATION_FAILED"),
        31: fatal("CLUSTER_AUTHORIZATION_FAILED"),
        32: fatal("INVALID_TIMESTAMP"),
        33: fatal("UNSUPPORTED_SASL_MECHANISM"),
        34: fatal("ILLEGAL_SASL_STATE"),
        35: fatal("UNSUPPORTED_VERSION"),
        36: fatal("TOPIC_ALREADY_EXISTS"),
        37: fatal("INVALID_PARTITIONS"),
        38: fatal("INVALID_REPLICATION_FACTOR"),
        39: fatal("INVALID_REPLICA_ASSIGNMENT"),
        40: fatal("INVALID_CONFIG"),
        41: retry("NOT_CONTROLLER"),
        42: fatal("INVALID_REQUEST"),
        43: fatal("UNSUPPORTED_FOR_MESSAGE_FORMAT"),
        44: fatal("POLICY_VIOLATION"),
        45: fatal("OUT_OF_ORDER_SEQUENCE_NUMBER"),
        46: fatal("DUPLICATE_SEQUENCE_NUMBER"),
        47: fatal("INVALID_PRODUCER_EPOCH"),
        48: fatal("INVALID_TXN_STATE"),
        49: fatal("INVALID_PRODUCER_ID_MAPPING"),
        50: fatal("INVALID_TRANSACTION_TIMEOUT"),
        51: retry("CONCURRENT_TRANSACTIONS"),
        52: fatal("TRANSACTION_COORDINATOR_FENCED"),
        53: fatal("TRANSACTIONAL_ID_AUTHORIZATION_FAILED"),
        54: fatal("SECURITY_DISABLED"),
        55: fatal("OPERATION_NOT_ATTEMPTED"),
        56: stale("KAFKA_STORAGE_ERROR"),
        57: fatal("LOG_DIR_NOT_FOUND"),
        58: fatal("SASL_AUTHENTICATION_FAILED"),
        59: fatal("UNKNOWN_PRODUCER_ID"),
        60: fatal("REASSIGNMENT_IN_PROGRESS"),
        61: fatal("DELEGATION_TOKEN_AUTH_DISABLED"),
        62: fatal("DELEGATION_TOKEN_NOT_FOUND"),
        63: fatal("DELEGATION_TOKEN_OWNER_MISMATCH"),
        64: fatal("DELEGATION_TOKEN_REQUEST_NOT_ALLOWED"),
        65: fatal("DELEGATION_TOKEN_AUTHORIZATION_FAILED"),
        66: fatal("DELEGATION_TOKEN_EXPIRED"),
        67: fatal("INVALID_PRINCIPAL_TYPE"),
        68: fatal("NON_EMPTY_GROUP"),
        69: fatal("GROUP_ID_NOT_FOUND"),
        70: retry("FETCH_SESSION_ID_NOT_FOUND"),
        71: retry("INVALID_FETCH_SESSION_EPOCH"),
        72: stale("LISTENER_NOT_FOUND"),
        73: fatal("TOPIC_DELETION_DISABLED"),
        74: stale("FENCED_LEADER_EPOCH"),
        75: retry("UNKNOWN_LEADER_EPOCH"),
        76: fatal("UNSUPPORTED_COMPRESSION_TYPE"),
        77: fatal("STALE_BROKER_EPOCH"),
        78: retry("OFFSET_NOT_AVAILABLE"),
        79: fatal("MEMBER_ID_REQUIRED"),
        80: stale("PREFERRED_LEADER_NOT_AVAILABLE"),
        81: fatal("GROUP_MAX_SIZE_REACHED"),
        82: fatal("FENCED_INSTANCE_ID"),
        83: stale("ELIGIBLE_LEADERS_NOT_AVAILABLE"),
        84: stale("ELECTION_NOT_NEEDED"),
        85: fatal("NO_REASSIGNMENT_IN_PROGRESS"),
        86: fatal("GROUP_SUBSCRIBED_TO_TOPIC"),
        87: fatal("INVALID_RECORD"),
        88: retry("UNSTABLE_OFFSET_COMMIT"),
        89: retry("THROTTLING_QUOTA_EXCEEDED"),
        90: fatal("PRODUCER_FENCED"),
        91: fatal("RESOURCE_NOT_FOUND"),
        92: fatal("DUPLICATE_RESOURCE"),
        93: fatal("UNACCEPTABLE_CREDENTIAL"),
        94: fatal("INCONSISTENT_VOTER_SET"),
        95: fatal("INVALID_UPDATE_VERSION"),
        96: fatal("FEATURE_UPDATE_FAILED"),
        97: fatal("PRINCIPAL_DESERIALIZATION_FAILURE"),
        98: fatal("SNAPSHOT_NOT_FOUND"),
        99: fatal("POSITION_OUT_OF_RANGE"),
        100: stale("UNKNOWN_TOPIC_ID"),
        101: fatal("DUPLICATE_BROKER_REGISTRATION"),
        102: fatal("BROKER_ID_NOT_REGISTERED"),
        103: stale("INCONSISTENT_TOPIC_ID"),
        104: fatal("INCONSISTENT_CLUSTER_ID"),
        105: fatal("TRANSACTIONAL_ID_NOT_FOUND"),
        106: retry("FETCH_SESSION_TOPIC_ID_ERROR"),
        107: fatal("INELIGIBLE_REPLICA"),
        108: fatal("NEW_LEADER_ELECTED"),
        109: fatal("OFFSET_MOVED_TO_TIERED_STORAGE"),
        110: fatal("FENCED_MEMBER_EPOCH"),
        111: fatal("UNRELEASED_INSTANCE_ID"),
        112: fatal("UNSUPPORTED_ASSIGNOR"),
        113: fatal("STALE_MEMBER_EPOCH"),
        114: fatal("MISMATCHED_ENDPOINT_TYPE"),
        115: fatal("UNSUPPORTED_ENDPOINT_TYPE"),
        116: fatal("UNKNOWN_CONTROLLER_ID"),
        117: fatal("UNKNOWN_SUBSCRIPTION_ID"),
        118: fatal("TELEMETRY_TOO_LARGE"),
        119: fatal("INVALID_REGISTRATION"),
        120: fatal("TRANSACTION_ABORTABLE"),
        121: fatal("INVALID_RECORD_STATE"),
        122: retry("SHARE_SESSION_NOT_FOUND"),
        123: retry("INVALID_SHARE_SESSION_EPOCH"),
        124: fatal("FENCED_STATE_EPOCH"),
        125: fatal("INVALID_VOTER_KEY"),
        126: fatal("DUPLICATE_VOTER"),
        127: fatal("VOTER_NOT_FOUND"),
        128: fatal("INVALID_REGULAR_EXPRESSION"),
        129: fatal("REBOOTSTRAP_REQUIRED"),
        130: fatal("STREAMS_INVALID_TOPOLOGY"),
        131: fatal("STREAMS_INVALID_TOPOLOGY_EPOCH"),
        132: fatal("STREAMS_TOPOLOGY_FENCED"),
        133: retry("SHARE_SESSION_LIMIT_REACHED"),
    ]
}

extension ErrorCode: CustomStringConvertible {
    public var description: String { name }
}

extension ErrorCode {
    public static let unknownServerError = ErrorCode(rawValue: -1)
    public static let none = ErrorCode(rawValue: 0)
    public static let offsetOutOfRange = ErrorCode(rawValue: 1)
    public static let corruptMessage = ErrorCode(rawValue: 2)
    public static let unknownTopicOrPartition = ErrorCode(rawValue: 3)
    public static let invalidFetchSize = ErrorCode(rawValue: 4)
    public static let leaderNotAvailable = ErrorCode(rawValue: 5)
    public static let notLeaderOrFollower = ErrorCode(rawValue: 6)
    public static let requestTimedOut = ErrorCode(rawValue: 7)
    public static let brokerNotAvailable = ErrorCode(rawValue: 8)
    public static let replicaNotAvailable = ErrorCode(rawValue: 9)
    public static let messageTooLarge = ErrorCode(rawValue: 10)
    public static let staleControllerEpoch = ErrorCode(rawValue: 11)
    public static let offsetMetadataTooLarge = ErrorCode(rawValue: 12)
    public static let networkException = ErrorCode(rawValue: 13)
    public static let coordinatorLoadInProgress = ErrorCode(rawValue: 14)
    public static let coordinatorNotAvailable = ErrorCode(rawValue: 15)
    public static let notCoordinator = ErrorCode(rawValue: 16)
    public static let invalidTopicException = ErrorCode(rawValue: 17)
    public static let recordListTooLarge = ErrorCode(rawValue: 18)
    public static let notEnoughReplicas = ErrorCode(rawValue: 19)
    public static let notEnoughReplicasAfterAppend = ErrorCode(rawValue: 20)
    public static let invalidRequiredAcks = ErrorCode(rawValue: 21)
    public static let illegalGeneration = ErrorCode(rawValue: 22)
    public static let inconsistentGroupProtocol = ErrorCode(rawValue: 23)
    public static let invalidGroupId = ErrorCode(rawValue: 24)
    public static let unknownMemberId = ErrorCode(rawValue: 25)
    public static let invalidSessionTimeout = ErrorCode(rawValue: 26)
    public static let rebalanceInProgress = ErrorCode(rawValue: 27)
    public static let invalidCommitOffsetSize = ErrorCode(rawValue: 28)
    public static let topicAuthorizationFailed = ErrorCode(rawValue: 29)
    public static let groupAuthorizationFailed = ErrorCode(rawValue: 30)
    public static let clusterAuthorizationFailed = ErrorCode(rawValue: 31)
    public static let invalidTimestamp = ErrorCode(rawValue: 32)
    public static let unsupportedSaslMechanism = ErrorCode(rawValue: 33)
    public static let illegalSaslState = ErrorCode(rawValue: 34)
    public static let unsupportedVersion = ErrorCode(rawValue: 35)
    public static let topicAlreadyExists = ErrorCode(rawValue: 36)
    public static let invalidPartitions = ErrorCode(rawValue: 37)
    public static let invalidReplicationFactor = ErrorCode(rawValue: 38)
    public static let invalidReplicaAssignment = ErrorCode(rawValue: 39)
    public static let invalidConfig = ErrorCode(rawValue: 40)
    public static let notController = ErrorCode(rawValue: 41)
    public static let invalidRequest = ErrorCode(rawValue: 42)
    public static let unsupportedForMessageFormat = ErrorCode(rawValue: 43)
    public static let policyViolation = ErrorCode(rawValue: 44)
    public static let outOfOrderSequenceNumber = ErrorCode(rawValue: 45)
    public static let duplicateSequenceNumber = ErrorCode(rawValue: 46)
    public static let invalidProducerEpoch = ErrorCode(rawValue: 47)
    public static let invalidTxnState = ErrorCode(rawValue: 48)
    public static let invalidProducerIdMapping = ErrorCode(rawValue: 49)
    public static let invalidTransactionTimeout = ErrorCode(rawValue: 50)
    public static let concurrentTransactions = ErrorCode(rawValue: 51)
    public static let transactionCoordinatorFenced = ErrorCode(rawValue: 52)
    public static let transactionalIdAuthorizationFailed = ErrorCode(rawValue: 53)
    public static let securityDisabled = ErrorCode(rawValue: 54)
    public static let operationNotAttempted = ErrorCode(rawValue: 55)
    public static let kafkaStorageError = ErrorCode(rawValue: 56)
    public static let logDirNotFound = ErrorCode(rawValue: 57)
    public static let saslAuthenticationFailed = ErrorCode(rawValue: 58)
    public static let unknownProducerId = ErrorCode(rawValue: 59)
    public static let reassignmentInProgress = ErrorCode(rawValue: 60)
    public static let delegationTokenAuthDisabled = ErrorCode(rawValue: 61)
    public static let delegationTokenNotFound = ErrorCode(rawValue: 62)
    public static let delegationTokenOwnerMismatch = ErrorCode(rawValue: 63)
    public static let delegationTokenRequestNotAllowed = ErrorCode(rawValue: 64)
    public static let delegationTokenAuthorizationFailed = ErrorCode(rawValue: 65)
    public static let delegationTokenExpired = ErrorCode(rawValue: 66)
    public static let invalidPrincipalType = ErrorCode(rawValue: 67)
    public static let nonEmptyGroup = ErrorCode(rawValue: 68)
    public static let groupIdNotFound = ErrorCode(rawValue: 69)
    public static let fetchSessionIdNotFound = ErrorCode(rawValue: 70)
    public static let invalidFetchSessionEpoch = ErrorCode(rawValue: 71)
    public static let listenerNotFound = ErrorCode(rawValue: 72)
    public static let topicDeletionDisabled = ErrorCode(rawValue: 73)
    public static let fencedLeaderEpoch = ErrorCode(rawValue: 74)
    public static let unknownLeaderEpoch = ErrorCode(rawValue: 75)
    public static let unsupportedCompressionType = ErrorCode(rawValue: 76)
    public static let staleBrokerEpoch = ErrorCode(rawValue: 77)
    public static let offsetNotAvailable = ErrorCode(rawValue: 78)
    public static let memberIdRequired = ErrorCode(rawValue: 79)
    public static let preferredLeaderNotAvailable = ErrorCode(rawValue: 80)
    public static let groupMaxSizeReached = ErrorCode(rawValue: 81)
    public static let fencedInstanceId = ErrorCode(rawValue: 82)
    public static let eligibleLeadersNotAvailable = ErrorCode(rawValue: 83)
    public static let electionNotNeeded = ErrorCode(rawValue: 84)
    public static let noReassignmentInProgress = ErrorCode(rawValue: 85)
    public static let groupSubscribedToTopic = ErrorCode(rawValue: 86)
    public static let invalidRecord = ErrorCode(rawValue: 87)
    public static let unstableOffsetCommit = ErrorCode(rawValue: 88)
    public static let throttlingQuotaExceeded = ErrorCode(rawValue: 89)
    public static let producerFenced = ErrorCode(rawValue: 90)
    public static let resourceNotFound = ErrorCode(rawValue: 91)
    public static let duplicateResource = ErrorCode(rawValue: 92)
    public static let unacceptableCredential = ErrorCode(rawValue: 93)
    public static let inconsistentVoterSet = ErrorCode(rawValue: 94)
    public static let invalidUpdateVersion = ErrorCode(rawValue: 95)
    public static let featureUpdateFailed = ErrorCode(rawValue: 96)
    public static let principalDeserializationFailure = ErrorCode(rawValue: 97)
    public static let snapshotNotFound = ErrorCode(rawValue: 98)
    public static let positionOutOfRange = ErrorCode(rawValue: 99)
    public static let unknownTopicId = ErrorCode(rawValue: 100)
    public static let duplicateBrokerRegistration = ErrorCode(rawValue: 101)
    public static let brokerIdNotRegistered = ErrorCode(rawValue: 102)
    public static let inconsistentTopicId = ErrorCode(rawValue: 103)
    public static let inconsistentClusterId = ErrorCode(rawValue: 104)
    public static let transactionalIdNotFound = ErrorCode(rawValue: 105)
    public static let fetchSessionTopicIdError = ErrorCode(rawValue: 106)
    public static let ineligibleReplica = ErrorCode(rawValue: 107)
    public static let newLeaderElected = ErrorCode(rawValue: 108)
    public static let offsetMovedToTieredStorage = ErrorCode(rawValue: 109)
    public static let fencedMemberEpoch = ErrorCode(rawValue: 110)
    public static let unreleasedInstanceId = ErrorCode(rawValue: 111)
    public static let unsupportedAssignor = ErrorCode(rawValue: 112)
    public static let staleMemberEpoch = ErrorCode(rawValue: 113)
    public static let mismatchedEndpointType = ErrorCode(rawValue: 114)
    public static let unsupportedEndpointType = ErrorCode(rawValue: 115)
    public static let unknownControllerId = ErrorCode(rawValue: 116)
    public static let unknownSubscriptionId = ErrorCode(rawValue: 117)
    public static let telemetryTooLarge = ErrorCode(rawValue: 118)
    public static let invalidRegistration = ErrorCode(rawValue: 119)
    public static let transactionAbortable = ErrorCode(rawValue: 120)
    public static let invalidRecordState = ErrorCode(rawValue: 121)
    public static let shareSessionNotFound = ErrorCode(rawValue: 122)
    public static let invalidShareSessionEpoch = ErrorCode(rawValue: 123)
    public static let fencedStateEpoch = ErrorCode(rawValue: 124)
    public static let invalidVoterKey = ErrorCode(rawValue: 125)
    public static let duplicateVoter = ErrorCode(rawValue: 126)
    public static let voterNotFound = ErrorCode(rawValue: 127)
    public static let invalidRegularExpression = ErrorCode(rawValue: 128)
    public static let rebootstrapRequired = ErrorCode(rawValue: 129)
    public static let streamsInvalidTopology = ErrorCode(rawValue: 130)
    public static let streamsInvalidTopologyEpoch = ErrorCode(rawValue: 131)
    public static let streamsTopologyFenced = ErrorCode(rawValue: 132)
    public static let shareSessionLimitReached = ErrorCode(rawValue: 133)
}
