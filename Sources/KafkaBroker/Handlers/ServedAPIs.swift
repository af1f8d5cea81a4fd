import KafkaWire

extension ServedAPI {
    /// Every API that is served, in the order of the numbers.
    static let all = (forClients + forAdministration).sorted { $0.key < $1.key }

    /// What clients need to produce, to consume and to create topics.
    private static let forClients: [ServedAPI] = [
        ProduceHandler.api, FetchHandler.api, ListOffsetsHandler.api, MetadataHandler.api, OffsetCommitHandler.api,
        OffsetFetchHandler.api, FindCoordinatorHandler.api, JoinGroupHandler.api, HeartbeatHandler.api,
        LeaveGroupHandler.api, SyncGroupHandler.api, ApiVersionsHandler.api, CreateTopicsHandler.api,
        DeleteTopicsHandler.api, InitProducerIdHandler.api, AddPartitionsToTxnHandler.api, AddOffsetsToTxnHandler.api,
        EndTxnHandler.api, WriteTxnMarkersHandler.api, TxnOffsetCommitHandler.api, ConsumerGroupHeartbeatHandler.api,
        DescribeClusterHandler.api, SaslHandshakeHandler.api, SaslAuthenticateHandler.api,
        DescribeProducersHandler.api, DescribeTransactionsHandler.api, ListTransactionsHandler.api,
    ]

    /// What tools ask for.
    private static let forAdministration: [ServedAPI] = [
        DescribeConfigsHandler.api, AlterConfigsHandler.api, IncrementalAlterConfigsHandler.api,
        ListConfigResourcesHandler.api,
        DescribeGroupsHandler.api, ListGroupsHandler.api, DeleteGroupsHandler.api, OffsetDeleteHandler.api,
        ConsumerGroupDescribeHandler.api, DeleteRecordsHandler.api, OffsetForLeaderEpochHandler.api,
        AlterReplicaLogDirsHandler.api, DescribeLogDirsHandler.api, CreatePartitionsHandler.api,
        ElectLeadersHandler.api, AlterPartitionReassignmentsHandler.api, ListPartitionReassignmentsHandler.api,
        DescribeTopicPartitionsHandler.api, DescribeAclsHandler.api, CreateAclsHandler.api, DeleteAclsHandler.api,
        DescribeClientQuotasHandler.api, AlterClientQuotasHandler.api, DescribeUserScramCredentialsHandler.api,
        AlterUserScramCredentialsHandler.api, CreateDelegationTokenHandler.api, RenewDelegationTokenHandler.api,
        ExpireDelegationTokenHandler.api, DescribeDelegationTokenHandler.api,
        DescribeQuorumHandler.api, UpdateFeaturesHandler.api, UnregisterBrokerHandler.api,
    ]

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    /// The API with that number, or nil where it is not served.
    static func of(_ key: APIKey) -> ServedAPI? { byKey[key] }
}
