/// An answer that says how long its client is to hold back, because it has used more than its quota allows (KIP-219).
package protocol ThrottledResponse: WireMessage {
    var throttleTimeMs: Milliseconds { get set }
}

extension ThrottledResponse {
    /// How long no further request may go to the broker. Brokers before Kafka 2.0 answer late instead: a client that speaks
    /// a version of theirs has waited already.
    func throttleTime(_ version: Int16) -> Duration? {
        guard throttleTimeMs > 0, version >= Self.obeyedFrom else { return nil }
        return throttleTimeMs.duration
    }

    /// From which version on brokers answer before they hold back (Java's `shouldClientThrottle`); all of APIs that came
    /// later do.
    static var obeyedFrom: Int16 { obeyedVersions[api] ?? 0 }
}

private let obeyedVersions: [APIKey: Int16] = [
    .produce: 6, .fetch: 8, .listOffsets: 3, .metadata: 6, .offsetCommit: 4, .offsetFetch: 4, .findCoordinator: 2,
    .joinGroup: 3, .heartbeat: 2, .leaveGroup: 2, .syncGroup: 2, .describeGroups: 2, .listGroups: 2, .apiVersions: 2,
    .createTopics: 3, .deleteTopics: 2, .deleteRecords: 1, .initProducerId: 1, .addPartitionsToTxn: 1,
    .addOffsetsToTxn: 1, .endTxn: 1, .txnOffsetCommit: 1, .describeAcls: 1, .createAcls: 1, .deleteAcls: 1,
    .describeConfigs: 2, .alterConfigs: 1, .alterReplicaLogDirs: 1, .describeLogDirs: 1, .createPartitions: 1,
    .createDelegationToken: 1, .renewDelegationToken: 1, .expireDelegationToken: 1, .describeDelegationToken: 1,
    .deleteGroups: 1,
]

extension ProduceResponse: ThrottledResponse {}
extension FetchResponse: ThrottledResponse {}
extension ListOffsetsResponse: ThrottledResponse {}
extension MetadataResponse: ThrottledResponse {}
extension OffsetCommitResponse: ThrottledResponse {}
extension OffsetFetchResponse: ThrottledResponse {}
extension FindCoordinatorResponse: ThrottledResponse {}
extension JoinGroupResponse: ThrottledResponse {}
extension HeartbeatResponse: ThrottledResponse {}
extension LeaveGroupResponse: ThrottledResponse {}
extension SyncGroupResponse: ThrottledResponse {}
extension DescribeGroupsResponse: ThrottledResponse {}
extension ListGroupsResponse: ThrottledResponse {}
extension ApiVersionsResponse: ThrottledResponse {}
extension CreateTopicsResponse: ThrottledResponse {}
extension DeleteTopicsResponse: ThrottledResponse {}
extension DeleteRecordsResponse: ThrottledResponse {}
extension InitProducerIdResponse: ThrottledResponse {}
extension OffsetForLeaderEpochResponse: ThrottledResponse {}
extension AddPartitionsToTxnResponse: ThrottledResponse {}
extension AddOffsetsToTxnResponse: ThrottledResponse {}
extension EndTxnResponse: ThrottledResponse {}
extension TxnOffsetCommitResponse: ThrottledResponse {}
extension DescribeAclsResponse: ThrottledResponse {}
extension CreateAclsResponse: ThrottledResponse {}
extension DeleteAclsResponse: ThrottledResponse {}
extension DescribeConfigsResponse: ThrottledResponse {}
extension AlterConfigsResponse: ThrottledResponse {}
extension AlterReplicaLogDirsResponse: ThrottledResponse {}
extension DescribeLogDirsResponse: ThrottledResponse {}
extension CreatePartitionsResponse: ThrottledResponse {}
extension CreateDelegationTokenResponse: ThrottledResponse {}
extension RenewDelegationTokenResponse: ThrottledResponse {}
extension ExpireDelegationTokenResponse: ThrottledResponse {}
extension DescribeDelegationTokenResponse: ThrottledResponse {}
extension DeleteGroupsResponse: ThrottledResponse {}
extension ElectLeadersResponse: ThrottledResponse {}
extension IncrementalAlterConfigsResponse: ThrottledResponse {}
extension AlterPartitionReassignmentsResponse: ThrottledResponse {}
extension ListPartitionReassignmentsResponse: ThrottledResponse {}
extension OffsetDeleteResponse: ThrottledResponse {}
extension DescribeClientQuotasResponse: ThrottledResponse {}
extension AlterClientQuotasResponse: ThrottledResponse {}
extension DescribeUserScramCredentialsResponse: ThrottledResponse {}
extension AlterUserScramCredentialsResponse: ThrottledResponse {}
extension UpdateFeaturesResponse: ThrottledResponse {}
extension DescribeClusterResponse: ThrottledResponse {}
extension DescribeProducersResponse: ThrottledResponse {}
extension UnregisterBrokerResponse: ThrottledResponse {}
extension DescribeTransactionsResponse: ThrottledResponse {}
extension ListTransactionsResponse: ThrottledResponse {}
extension ConsumerGroupHeartbeatResponse: ThrottledResponse {}
extension ConsumerGroupDescribeResponse: ThrottledResponse {}
extension GetTelemetrySubscriptionsResponse: ThrottledResponse {}
extension PushTelemetryResponse: ThrottledResponse {}
extension ListConfigResourcesResponse: ThrottledResponse {}
extension DescribeTopicPartitionsResponse: ThrottledResponse {}
extension ShareGroupHeartbeatResponse: ThrottledResponse {}
extension ShareGroupDescribeResponse: ThrottledResponse {}
extension ShareFetchResponse: ThrottledResponse {}
extension ShareAcknowledgeResponse: ThrottledResponse {}
extension AddRaftVoterResponse: ThrottledResponse {}
extension RemoveRaftVoterResponse: ThrottledResponse {}
extension StreamsGroupHeartbeatResponse: ThrottledResponse {}
extension StreamsGroupDescribeResponse: ThrottledResponse {}
extension DescribeShareGroupOffsetsResponse: ThrottledResponse {}
extension AlterShareGroupOffsetsResponse: ThrottledResponse {}
extension DeleteShareGroupOffsetsResponse: ThrottledResponse {}
