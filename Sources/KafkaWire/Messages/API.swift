/// An API of Kafka's protocol: its number, its name, and how it is spoken. One table, in the order of the numbers; the
/// list of what Kafka 4.3 has is checked against `Fixtures/protocol/apis.tsv`.
public struct API: Sendable {
    /// The number in request headers.
    public let key: APIKey
    /// The name, as in Kafka's documentation.
    public let name: String
    /// The highest version that is stable; the messages may know a later, unstable one.
    public let latestStable: Int16
    /// The type of the request.
    public let request: any WireRequest.Type
    /// The type of the response.
    public let response: any WireMessage.Type

    init<R: WireRequest>(_ name: String, _ request: R.Type, latestStable: Int16? = nil) {
        key = R.api
        self.name = name
        self.latestStable = latestStable ?? R.versions.upperBound
        self.request = request
        response = R.Response.self
    }

    /// The versions that this library speaks and Kafka calls stable.
    public var stableVersions: ClosedRange<Int16> { request.versions.lowerBound...latestStable }

    /// The API with that number, or nil where this library does not know it.
    public static func of(_ key: APIKey) -> API? { byKey[key] }
    /// The API with that name, whatever its case, or nil.
    public static func named(_ name: String) -> API? { all.first { $0.name.lowercased() == name.lowercased() } }

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    /// Every API that this library knows.
    public static let all: [API] = [
        API("Produce", ProduceRequest.self),
        API("Fetch", FetchRequest.self),
        API("ListOffsets", ListOffsetsRequest.self),
        API("Metadata", MetadataRequest.self),
        API("OffsetCommit", OffsetCommitRequest.self),
        API("OffsetFetch", OffsetFetchRequest.self),
        API("FindCoordinator", FindCoordinatorRequest.self),
        API("JoinGroup", JoinGroupRequest.self),
        API("Heartbeat", HeartbeatRequest.self),
        API("LeaveGroup", LeaveGroupRequest.self),
        API("SyncGroup", SyncGroupRequest.self),
        API("DescribeGroups", DescribeGroupsRequest.self),
        API("ListGroups", ListGroupsRequest.self),
        API("SaslHandshake", SaslHandshakeRequest.self),
        API("ApiVersions", ApiVersionsRequest.self),
        API("CreateTopics", CreateTopicsRequest.self),
        API("DeleteTopics", DeleteTopicsRequest.self),
        API("DeleteRecords", DeleteRecordsRequest.self),
        API("InitProducerId", InitProducerIdRequest.self, latestStable: 5),
        API("OffsetForLeaderEpoch", OffsetForLeaderEpochRequest.self),
        API("AddPartitionsToTxn", AddPartitionsToTxnRequest.self),
        API("AddOffsetsToTxn", AddOffsetsToTxnRequest.self),
        API("EndTxn", EndTxnRequest.self),
        API("WriteTxnMarkers", WriteTxnMarkersRequest.self),
        API("TxnOffsetCommit", TxnOffsetCommitRequest.self),
        API("DescribeAcls", DescribeAclsRequest.self),
        API("CreateAcls", CreateAclsRequest.self),
        API("DeleteAcls", DeleteAclsRequest.self),
        API("DescribeConfigs", DescribeConfigsRequest.self),
        API("AlterConfigs", AlterConfigsRequest.self),
        API("AlterReplicaLogDirs", AlterReplicaLogDirsRequest.self),
        API("DescribeLogDirs", DescribeLogDirsRequest.self),
        API("SaslAuthenticate", SaslAuthenticateRequest.self),
        API("CreatePartitions", CreatePartitionsRequest.self),
        API("CreateDelegationToken", CreateDelegationTokenRequest.self),
        API("RenewDelegationToken", RenewDelegationTokenRequest.self),
        API("ExpireDelegationToken", ExpireDelegationTokenRequest.self),
        API("DescribeDelegationToken", DescribeDelegationTokenRequest.self),
        API("DeleteGroups", DeleteGroupsRequest.self),
        API("ElectLeaders", ElectLeadersRequest.self),
        API("IncrementalAlterConfigs", IncrementalAlterConfigsRequest.self),
        API("AlterPartitionReassignments", AlterPartitionReassignmentsRequest.self),
        API("ListPartitionReassignments", ListPartitionReassignmentsRequest.self),
        API("OffsetDelete", OffsetDeleteRequest.self),
        API("DescribeClientQuotas", DescribeClientQuotasRequest.self),
        API("AlterClientQuotas", AlterClientQuotasRequest.self),
        API("DescribeUserScramCredentials", DescribeUserScramCredentialsRequest.self),
        API("AlterUserScramCredentials", AlterUserScramCredentialsRequest.self),
        API("DescribeQuorum", DescribeQuorumRequest.self),
        API("UpdateFeatures", UpdateFeaturesRequest.self),
        API("DescribeCluster", DescribeClusterRequest.self),
        API("DescribeProducers", DescribeProducersRequest.self),
        API("UnregisterBroker", UnregisterBrokerRequest.self),
        API("DescribeTransactions", DescribeTransactionsRequest.self),
        API("ListTransactions", ListTransactionsRequest.self),
        API("ConsumerGroupHeartbeat", ConsumerGroupHeartbeatRequest.self),
        API("ConsumerGroupDescribe", ConsumerGroupDescribeRequest.self),
        API("GetTelemetrySubscriptions", GetTelemetrySubscriptionsRequest.self),
        API("PushTelemetry", PushTelemetryRequest.self),
        API("ListConfigResources", ListConfigResourcesRequest.self),
        API("DescribeTopicPartitions", DescribeTopicPartitionsRequest.self),
        API("ShareGroupHeartbeat", ShareGroupHeartbeatRequest.self),
        API("ShareGroupDescribe", ShareGroupDescribeRequest.self),
        API("ShareFetch", ShareFetchRequest.self),
        API("ShareAcknowledge", ShareAcknowledgeRequest.self),
        API("AddRaftVoter", AddRaftVoterRequest.self),
        API("RemoveRaftVoter", RemoveRaftVoterRequest.self),
        API("InitializeShareGroupState", InitializeShareGroupStateRequest.self),
        API("ReadShareGroupState", ReadShareGroupStateRequest.self),
        API("WriteShareGroupState", WriteShareGroupStateRequest.self),
        API("DeleteShareGroupState", DeleteShareGroupStateRequest.self),
        API("ReadShareGroupStateSummary", ReadShareGroupStateSummaryRequest.self),
        API("StreamsGroupHeartbeat", StreamsGroupHeartbeatRequest.self),
        API("StreamsGroupDescribe", StreamsGroupDescribeRequest.self),
        API("DescribeShareGroupOffsets", DescribeShareGroupOffsetsRequest.self),
        API("AlterShareGroupOffsets", AlterShareGroupOffsetsRequest.self),
        API("DeleteShareGroupOffsets", DeleteShareGroupOffsetsRequest.self),
    ]
}

extension APIKey {
    public static let produce = APIKey(0)
    public static let fetch = APIKey(1)
    public static let listOffsets = APIKey(2)
    public static let metadata = APIKey(3)
    public static let offsetCommit = APIKey(8)
    public static let offsetFetch = APIKey(9)
    public static let findCoordinator = APIKey(10)
    public static let joinGroup = APIKey(11)
    public static let heartbeat = APIKey(12)
    public static let leaveGroup = APIKey(13)
    public static let syncGroup = APIKey(14)
    public static let describeGroups = APIKey(15)
    public static let listGroups = APIKey(16)
    public static let saslHandshake = APIKey(17)
    public static let apiVersions = APIKey(18)
    public static let createTopics = APIKey(19)
    public static let deleteTopics = APIKey(20)
    public static let deleteRecords = APIKey(21)
    public static let initProducerId = APIKey(22)
    public static let offsetForLeaderEpoch = APIKey(23)
    public static let addPartitionsToTxn = APIKey(24)
    public static let addOffsetsToTxn = APIKey(25)
    public static let endTxn = APIKey(26)
    public static let writeTxnMarkers = APIKey(27)
    public static let txnOffsetCommit = APIKey(28)
    public static let describeAcls = APIKey(29)
    public static let createAcls = APIKey(30)
    public static let deleteAcls = APIKey(31)
    public static let describeConfigs = APIKey(32)
    public static let alterConfigs = APIKey(33)
    public static let alterReplicaLogDirs = APIKey(34)
    public static let describeLogDirs = APIKey(35)
    public static let saslAuthenticate = APIKey(36)
    public static let createPartitions = APIKey(37)
    public static let createDelegationToken = APIKey(38)
    public static let renewDelegationToken = APIKey(39)
    public static let expireDelegationToken = APIKey(40)
    public static let describeDelegationToken = APIKey(41)
    public static let deleteGroups = APIKey(42)
    public static let electLeaders = APIKey(43)
    public static let incrementalAlterConfigs = APIKey(44)
    public static let alterPartitionReassignments = APIKey(45)
    public static let listPartitionReassignments = APIKey(46)
    public static let offsetDelete = APIKey(47)
    public static let describeClientQuotas = APIKey(48)
    public static let alterClientQuotas = APIKey(49)
    public static let describeUserScramCredentials = APIKey(50)
    public static let alterUserScramCredentials = APIKey(51)
    public static let describeQuorum = APIKey(55)
    public static let updateFeatures = APIKey(57)
    public static let describeCluster = APIKey(60)
    public static let describeProducers = APIKey(61)
    public static let unregisterBroker = APIKey(64)
    public static let describeTransactions = APIKey(65)
    public static let listTransactions = APIKey(66)
    public static let consumerGroupHeartbeat = APIKey(68)
    public static let consumerGroupDescribe = APIKey(69)
    public static let getTelemetrySubscriptions = APIKey(71)
    public static let pushTelemetry = APIKey(72)
    public static let listConfigResources = APIKey(74)
    public static let describeTopicPartitions = APIKey(75)
    public static let shareGroupHeartbeat = APIKey(76)
    public static let shareGroupDescribe = APIKey(77)
    public static let shareFetch = APIKey(78)
    public static let shareAcknowledge = APIKey(79)
    public static let addRaftVoter = APIKey(80)
    public static let removeRaftVoter = APIKey(81)
    public static let initializeShareGroupState = APIKey(83)
    public static let readShareGroupState = APIKey(84)
    public static let writeShareGroupState = APIKey(85)
    public static let deleteShareGroupState = APIKey(86)
    public static let readShareGroupStateSummary = APIKey(87)
    public static let streamsGroupHeartbeat = APIKey(88)
    public static let streamsGroupDescribe = APIKey(89)
    public static let describeShareGroupOffsets = APIKey(90)
    public static let alterShareGroupOffsets = APIKey(91)
    public static let deleteShareGroupOffsets = APIKey(92)
}

extension APIKey: CustomStringConvertible {
    /// The API's name, or `API 123` where it is not known.
    public var description: String { API.of(self)?.name ?? "API \(rawValue)" }
}
