import KafkaWire

/// The handler of one API: a request's body in, what becomes of it out.
protocol RequestHandler: SendableMetatype {
    associatedtype Request: WireRequest
    /// How the API is served.
    static var api: ServedAPI { get }
    /// Handles a request.
    static func handle(_ request: Request, _ context: RequestContext, _ node: BrokerNode) -> Outcome
}

/// An API that this broker serves. ``all`` is the one list: requests are dispatched by it, and ApiVersions tells it.
struct ServedAPI: Sendable {
    let key: APIKey
    /// The versions that are served.
    let versions: ClosedRange<Int16>
    /// The versions that ApiVersions tells; wider only where clients need it.
    let advertised: ClosedRange<Int16>
    /// The response's type, which decides the form of the answer's header.
    let response: any WireMessage.Type
    /// Decodes a body and handles it; throws where the bytes are not a request of that version.
    let handle: @Sendable (Bytes, RequestContext, BrokerNode) throws(WireError) -> Outcome

    init<H: RequestHandler>(_: H.Type, advertisedFrom lowest: Int16? = nil) {
        key = H.Request.api
        let latest = API.of(key)?.latestStable ?? H.Request.versions.upperBound
        versions = H.Request.versions.lowerBound...latest
        advertised = (lowest ?? versions.lowerBound)...latest
        response = H.Request.Response.self
        handle = { (body, context, node) throws(WireError) in
            H.handle(try Self.decode(H.Request.self, body, context.version), context, node)
        }
    }

    /// How many bytes a request other than Produce may have. Kafka has no such limit; two bytes of a request can become
    /// a hundred when it is decoded, and nothing but records needs so many.
    private static let bodyLimit = 32 << 20

    /// Bytes behind a request's end are passed over, as Kafka does: librdkafka 2.16 sends three more than the Metadata
    /// requests for all topics have from v9 on.
    private static func decode<R: WireRequest>(_: R.Type, _ body: Bytes, _ version: Int16) throws(WireError) -> R {
        guard R.api == .produce || body.count <= bodyLimit else {
            throw WireError(.tooLong(body.count, limit: bodyLimit), message: "\(R.self) v\(version)")
        }
        do throws(WireError) {
            return try R.decode(body, version: version)
        } catch {
            guard case .trailing(let count) = error.reason, (1..<body.count).contains(count) else { throw error }
            return try R.decode(body[0..<body.count - count], version: version)
        }
    }

    /// Every API that is served, in the order of the numbers.
    static let all = (forClients + forAdministration).sorted { $0.key < $1.key }

    /// What clients need to produce, to consume and to create topics.
    private static let forClients: [ServedAPI] = [
        ProduceHandler.api, FetchHandler.api, ListOffsetsHandler.api, MetadataHandler.api, OffsetCommitHandler.api,
        OffsetFetchHandler.api, FindCoordinatorHandler.api, JoinGroupHandler.api, HeartbeatHandler.api,
        LeaveGroupHandler.api, SyncGroupHandler.api, ApiVersionsHandler.api, CreateTopicsHandler.api,
        DeleteTopicsHandler.api, InitProducerIdHandler.api, AddPartitionsToTxnHandler.api, AddOffsetsToTxnHandler.api,
        EndTxnHandler.api, WriteTxnMarkersHandler.api, TxnOffsetCommitHandler.api, DescribeClusterHandler.api,
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
        DescribeQuorumHandler.api, UpdateFeaturesHandler.api, UnregisterBrokerHandler.api,
    ]

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    /// The API with that number, or nil where it is not served.
    static func of(_ key: APIKey) -> ServedAPI? { byKey[key] }
}
