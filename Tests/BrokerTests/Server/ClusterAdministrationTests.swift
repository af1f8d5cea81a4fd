import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What tools ask of the cluster, through real sockets.
@Suite(.serialized, .turn) struct ClusterAdministrationTests {
    private func alter(
        _ client: TestClient, _ entity: [(String, String?)], _ ops: [(String, Double?)], validateOnly: Bool = false,
        version: Int16 = 1
    ) throws -> ErrorCode? {
        let request = AlterClientQuotasRequest.with {
            $0.validateOnly = validateOnly
            $0.entries = [
                .with {
                    $0.entity = entity.map { kind, name in
                        .with {
                            $0.entityType = kind
                            $0.entityName = name
                        }
                    }
                    $0.ops = ops.map { key, value in
                        .with {
                            $0.key = key
                            $0.value = value ?? 0
                            $0.remove = value == nil
                        }
                    }
                }
            ]
        }
        return try client.call(request, version: version).entries.first?.errorCode
    }

    /// The quotas that match, as `kind=name … : key=value …`.
    private func quotas(
        _ client: TestClient, _ filter: [(String, Int8, String?)], strict: Bool = false, version: Int16 = 1
    ) throws -> (error: ErrorCode, entries: [String]?) {
        let request = DescribeClientQuotasRequest.with {
            $0.strict = strict
            $0.components = filter.map { kind, type, match in
                .with {
                    $0.entityType = kind
                    $0.matchType = type
                    $0.match = match
                }
            }
        }
        let answer = try client.call(request, version: version)
        return (
            answer.errorCode,
            answer.entries?.map { entry in
                (entry.entity.map { "\($0.entityType)=\($0.entityName ?? "*")" } + [":"]
                    + entry.values.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
            }
        )
    }

    @Test(arguments: Int16(0)...1) func quotasAreKept(version: Int16) async throws {
        let broker = try await KafkaBroker.start()
        let client = try TestClient(port: broker.port)
        let table: [([(String, String?)], [(String, Double?)], ErrorCode)] = [
            ([("user", "ann")], [("producer_byte_rate", 1000), ("request_percentage", 12.5)], .none),
            ([("user", nil)], [("consumer_byte_rate", 5)], .none),
            ([("client-id", "c"), ("user", "ann")], [("consumer_byte_rate", 7)], .none),
            ([("ip", "127.0.0.1")], [("connection_creation_rate", 3)], .none),
            ([("ip", "127.0.0.1")], [("producer_byte_rate", 3)], .invalidRequest),
            ([("user", "ann")], [("connection_creation_rate", 3)], .invalidRequest),
            ([("user", "ann")], [("producer_byte_rate", 0)], .invalidRequest),
            ([("user", "ann")], [("producer_byte_rate", 1.5)], .invalidRequest),
            ([("user", "ann")], [("producer_byte_rate", .infinity)], .invalidRequest),
            ([("user", "ann")], [("producer_byte_rate", .nan)], .invalidRequest),
            ([], [("producer_byte_rate", 1)], .invalidRequest), ([("group", "g")], [], .invalidRequest),
            ([("user", "")], [], .invalidRequest), ([("user", "a"), ("user", "b")], [], .invalidRequest),
            ([("user", "a"), ("ip", "::1")], [], .invalidRequest),
        ]
        for (entity, ops, error) in table {
            #expect(try alter(client, entity, ops, validateOnly: true, version: version) == error, "\(entity) \(ops)")
        }
        #expect(try quotas(client, [], version: version).entries == [])
        for (entity, ops, error) in table {
            #expect(try alter(client, entity, ops, version: version) == error, "\(entity) \(ops)")
        }
        let ann = "user=ann : producer_byte_rate=1000.0 request_percentage=12.5"
        let both = "client-id=c user=ann : consumer_byte_rate=7.0"
        let everybody = "user=* : consumer_byte_rate=5.0"
        let address = "ip=127.0.0.1 : connection_creation_rate=3.0"
        let filters: [([(String, Int8, String?)], Bool, [String])] = [
            ([], false, [both, address, everybody, ann]), ([("user", 0, "ann")], false, [both, ann]),
            ([("user", 0, "ann")], true, [ann]), ([("user", 1, nil)], false, [everybody]),
            ([("user", 2, nil)], true, [everybody, ann]), ([("user", 0, "bob")], false, []),
            ([("user", 0, "ann"), ("client-id", 2, nil)], true, [both]), ([("ip", 2, nil)], false, [address]),
        ]
        for (filter, strict, wanted) in filters {
            let found = try quotas(client, filter, strict: strict, version: version)
            #expect(found.error == .none && found.entries == wanted, "\(filter)")
        }
        let refused: [([(String, Int8, String?)], ErrorCode)] = [
            ([("", 2, nil)], .invalidRequest), ([("group", 2, nil)], .unsupportedVersion),
            ([("user", 0, nil)], .invalidRequest), ([("user", 1, "x")], .invalidRequest),
            ([("user", 9, nil)], .invalidRequest), ([("user", 2, nil), ("user", 2, nil)], .invalidRequest),
            ([("user", 2, nil), ("ip", 2, nil)], .invalidRequest),
        ]
        for (filter, error) in refused {
            let found = try quotas(client, filter, version: version)
            #expect(found.error == error && found.entries == nil, "\(filter)")
        }
        #expect(try alter(client, [("user", "ann")], [("producer_byte_rate", nil)]) == ErrorCode.none)
        #expect(
            try quotas(client, [("user", 0, "ann")], strict: true).entries == ["user=ann : request_percentage=12.5"])
        #expect(try alter(client, [("user", "ann")], [("request_percentage", nil)]) == ErrorCode.none)
        #expect(try quotas(client, [("user", 0, "ann")], strict: true).entries == [])
        await broker.stop()
    }

    @Test func withoutAnAuthorizerThereIsNoAccessControl() async throws {
        let broker = try await KafkaBroker.start()
        let client = try TestClient(port: broker.port)
        for version in Int16(1)...3 {
            let described = try client.call(
                DescribeAclsRequest.with {
                    $0.resourceTypeFilter = 1
                    $0.patternTypeFilter = 1
                    $0.operation = 1
                    $0.permissionType = 1
                }, version: version)
            #expect(described.errorCode == .securityDisabled && described.errorMessage?.isEmpty == false)
            let created = try client.call(
                CreateAclsRequest.with { $0.creations = [.init(), .init()] }, version: version)
            #expect(created.results.map(\.errorCode) == [.securityDisabled, .securityDisabled])
            let deleted = try client.call(DeleteAclsRequest.with { $0.filters = [.init()] }, version: version)
            #expect(deleted.filterResults.map(\.errorCode) == [.securityDisabled])
        }
        let everybody = try client.call(DescribeUserScramCredentialsRequest.with { $0.users = nil })
        #expect(everybody.errorCode == .none && everybody.results.isEmpty)
        let named = try client.call(
            DescribeUserScramCredentialsRequest.with {
                $0.users = ["a", "b", "a"].map { name in .with { $0.name = name } }
            })
        #expect(named.results.map(\.user) == ["a", "b"])
        #expect(named.results.map(\.errorCode) == [.duplicateResource, .resourceNotFound])
        await broker.stop()
    }

    @Test func theQuorumIsThisBroker() async throws {
        var configuration = KafkaBroker.Configuration()
        configuration.nodeId = 7
        configuration.timestamp = { 99 }
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        func quorum(_ topics: [(String, [PartitionID])], _ version: Int16) throws -> DescribeQuorumResponse {
            let request = DescribeQuorumRequest.with {
                $0.topics = topics.map { name, partitions in
                    .with {
                        $0.topicName = name
                        $0.partitions = partitions.map { index in .with { $0.partitionIndex = index } }
                    }
                }
            }
            return try client.call(request, version: version)
        }
        for version in Int16(0)...2 {
            let answer = try quorum([("__cluster_metadata", [0])], version)
            let partition = try #require(answer.topics.first?.partitions.first)
            #expect(answer.topics.flatMap(\.partitions).count == 1 && partition.errorCode == .none)
            #expect(partition.leaderId == 7 && partition.currentVoters.map(\.replicaId) == [7])
            #expect(partition.currentVoters.first?.lastCaughtUpTimestamp == (version >= 1 ? 99 : -1))
            #expect(answer.nodes.map(\.nodeId) == (version >= 2 ? [7] : []))
            // As in Kafka, one that asks for anything else as well is refused as a whole.
            for wrong in [
                [("t", [0])], [("__cluster_metadata", [1])], [("__cluster_metadata", [0, 0])],
                [("__cluster_metadata", [0]), ("t", [0])],
            ] as [[(String, [PartitionID])]] {
                let refused = try quorum(wrong, version).topics.flatMap(\.partitions)
                #expect(refused.count == wrong.reduce(0) { $0 + $1.1.count })
                #expect(refused.allSatisfy { $0.errorCode == .unknownTopicOrPartition && $0.currentVoters.isEmpty })
            }
        }
        let other = try client.call(UnregisterBrokerRequest.with { $0.brokerId = 8 })
        #expect(other.errorCode == .brokerIdNotRegistered)
        #expect(try client.call(UnregisterBrokerRequest.with { $0.brokerId = 7 }).errorCode == .invalidRequest)
        for version in Int16(0)...2 {
            let request = UpdateFeaturesRequest.with {
                $0.featureUpdates = ([("metadata.version", 99), ("kraft.version", 0)] as [(String, Int16)]).map {
                    name, level in
                    .with {
                        $0.feature = name
                        $0.maxVersionLevel = level
                    }
                }
            }
            let answer = try client.call(request, version: version)
            #expect(answer.errorCode == (version >= 2 ? .invalidUpdateVersion : .none))
            #expect(answer.results.map(\.errorCode) == (version >= 2 ? [] : [.invalidUpdateVersion, .none]))
        }
        await broker.stop()
    }
}
