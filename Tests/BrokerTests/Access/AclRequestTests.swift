import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// CreateAcls, DescribeAcls and DeleteAcls, and where rules are kept.
@Suite(.turn) struct AclRequestTests {
    private static func creation(_ change: (inout CreateAclsRequest.AclCreation) -> Void = { _ in })
        -> CreateAclsRequest.AclCreation
    {
        .with {
            $0.resourceType = 2
            $0.resourceName = "t"
            $0.resourcePatternType = 3
            $0.principal = "User:alice"
            $0.host = "*"
            $0.operation = 3
            $0.permissionType = 3
            change(&$0)
        }
    }

    private static let everything = DescribeAclsRequest.with {
        $0.resourceTypeFilter = 1
        $0.resourceNameFilter = nil
        $0.patternTypeFilter = 1
        $0.principalFilter = nil
        $0.hostFilter = nil
        $0.operation = 1
        $0.permissionType = 1
    }

    private static func filter(_ change: (inout DeleteAclsRequest.DeleteAclsFilter) -> Void = { _ in })
        -> DeleteAclsRequest.DeleteAclsFilter
    {
        .with {
            $0.resourceTypeFilter = 1
            $0.resourceNameFilter = nil
            $0.patternTypeFilter = 1
            $0.principalFilter = nil
            $0.hostFilter = nil
            $0.operation = 1
            $0.permissionType = 1
            change(&$0)
        }
    }

    private static func told(_ answer: DescribeAclsResponse) -> [String] {
        answer.resources.flatMap { resource in
            resource.acls.map {
                "\(resource.resourceType) \(resource.patternType) \(resource.resourceName) \($0.principal) \($0.host) "
                    + "\($0.operation) \($0.permissionType)"
            }
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var message: String?
        var code = ErrorCode.invalidRequest
        var change: @Sendable (inout CreateAclsRequest.AclCreation) -> Void
        var testDescription: String { message ?? "in order" }
    }

    private static let rows: [Row] = [
        Row(message: nil, code: .none) { _ in },
        Row(message: nil, code: .none) { $0.resourcePatternType = 4 },
        Row(message: nil, code: .none) { $0.permissionType = 2 },
        Row(message: nil, code: .none) { $0.resourceName = "*" },
        Row(message: nil, code: .none) {
            $0.resourceType = 4
            $0.resourceName = "kafka-cluster"
        },
        Row(message: nil, code: .none) { $0.resourceType = 5 },
        Row(message: nil, code: .none) { $0.resourceType = 6 },
        Row(message: nil, code: .none) {
            $0.resourceType = 7
            $0.resourceName = "User:bob"
            $0.operation = 13
        },
        Row(message: nil, code: .none) { $0.principal = "Group:" },
        Row(message: "The only valid name for the CLUSTER resource is kafka-cluster") {
            $0.resourceType = 4
            $0.resourceName = "c"
        },
        Row(message: "Invalid empty resource name") { $0.resourceName = "" },
        Row(message: "Invalid resourceType UNKNOWN") { $0.resourceType = 0 },
        Row(message: "Invalid resourceType ANY") { $0.resourceType = 1 },
        Row(message: "Invalid resourceType UNKNOWN") { $0.resourceType = 8 },
        Row(message: "Invalid resourceType UNKNOWN") { $0.resourceType = -1 },
        Row(message: "Invalid patternType UNKNOWN") { $0.resourcePatternType = 0 },
        Row(message: "Invalid patternType ANY") { $0.resourcePatternType = 1 },
        Row(message: "Invalid patternType MATCH") { $0.resourcePatternType = 2 },
        Row(message: "Invalid patternType UNKNOWN") { $0.resourcePatternType = 5 },
        Row(message: "Invalid operation UNKNOWN") { $0.operation = 0 },
        Row(message: "Invalid operation ANY") { $0.operation = 1 },
        Row(message: "Invalid operation UNKNOWN") { $0.operation = 16 },
        Row(message: "Invalid permissionType UNKNOWN") { $0.permissionType = 0 },
        Row(message: "Invalid permissionType ANY") { $0.permissionType = 1 },
        Row(message: "Invalid permissionType UNKNOWN") { $0.permissionType = 4 },
        Row(
            message:
                "Could not parse principal from `alice` (no colon is present separating the principal type from the "
                + "principal name)"
        ) { $0.principal = "alice" },
    ]

    @Test(arguments: rows) func aRuleIsChecked(row: Row) throws {
        let access = try AccessNode()
        let request = CreateAclsRequest.with { $0.creations = [Self.creation(row.change)] }
        let answer = try access.ask(request, as: AccessNode.root)
        #expect(answer.results.map(\.errorCode) == [row.code])
        #expect(answer.results[0].errorMessage == row.message)
        #expect(access.node.authorizer?.acls.count == (row.code == .none ? 1 : 0))
    }

    @Test func rulesAreCreatedToldAndDeleted() throws {
        let access = try AccessNode(topics: ["t": 1])
        let created = try access.ask(
            CreateAclsRequest.with {
                $0.creations = [
                    Self.creation(), Self.creation { $0.operation = 1 }, Self.creation { $0.principal = "User:bob" },
                    Self.creation(), Self.creation { $0.resourcePatternType = 4 },
                ]
            }, as: AccessNode.root)
        #expect(created.results.map(\.errorCode) == [.none, .invalidRequest, .none, .none, .none])
        let all = try access.ask(Self.everything, as: AccessNode.root)
        #expect(
            Self.told(all) == [
                "2 3 t User:alice * 3 3", "2 3 t User:bob * 3 3", "2 4 t User:alice * 3 3",
            ])
        #expect(all.resources.count == 2)
        // They are in force at once.
        let metadata = MetadataRequest.with { $0.topics = [.with { $0.name = "t" }] }
        #expect(try access.ask(metadata).topics.map(\.errorCode) == [.none])
        // One that two filters match is told with both.
        let deleted = try access.ask(
            DeleteAclsRequest.with {
                $0.filters = [
                    Self.filter { $0.principalFilter = "User:alice" }, Self.filter { $0.patternTypeFilter = 0 },
                    Self.filter {
                        $0.resourceTypeFilter = 2
                        $0.resourceNameFilter = "t"
                        $0.patternTypeFilter = 3
                    }, Self.filter { $0.principalFilter = "User:carol" },
                ]
            }, as: AccessNode.root)
        #expect(deleted.filterResults.map(\.errorCode) == [.none, .invalidRequest, .none, .none])
        #expect(deleted.filterResults.map(\.matchingAcls.count) == [2, 0, 2, 0])
        #expect(deleted.filterResults[1].errorMessage == "Unknown patternFilter.")
        #expect(try access.ask(Self.everything, as: AccessNode.root).resources.isEmpty)
        #expect(try access.ask(metadata).topics.map(\.errorCode) == [.topicAuthorizationFailed])
    }

    @Test func filtersOfUnknownNumbersAreRefused() throws {
        let access = try AccessNode()
        let changes: [(inout DescribeAclsRequest) -> Void] = [
            { $0.resourceTypeFilter = 0 }, { $0.resourceTypeFilter = 8 }, { $0.patternTypeFilter = 5 },
            { $0.operation = 0 }, { $0.operation = 16 }, { $0.permissionType = 4 },
        ]
        for change in changes {
            var request = Self.everything
            change(&request)
            #expect(try access.ask(request, as: AccessNode.root).errorCode == .invalidRequest)
        }
        #expect(try access.ask(Self.everything, as: AccessNode.root).errorCode == .none)
    }

    @Test func withoutAnAuthorizerThereAreNoRules() throws {
        let access = try AccessNode { $0.authorization = .off }
        #expect(try access.ask(Self.everything).errorCode == .securityDisabled)
        #expect(try access.ask(Self.everything).errorMessage == "No Authorizer is configured on the broker")
        let created = try access.ask(CreateAclsRequest.with { $0.creations = [Self.creation(), Self.creation()] })
        #expect(created.results.map(\.errorCode) == [.securityDisabled, .securityDisabled])
        let deleted = try access.ask(DeleteAclsRequest.with { $0.filters = [Self.filter()] })
        #expect(deleted.filterResults.map(\.errorCode) == [.securityDisabled])
    }

    // MARK: - On the disk

    private static func node(_ folder: TemporaryFolder, _ authorization: BrokerConfiguration.Authorization) throws
        -> AccessNode
    {
        try AccessNode(topics: [:]) {
            $0.dataDirectory = folder.path
            $0.authorization = authorization
        }
    }

    @Test func rulesOutliveTheBrokerAlsoWithoutAnAuthorizer() throws {
        let folder = TemporaryFolder()
        let on = BrokerConfiguration.Authorization.on(superUsers: [AccessNode.root])
        var before: [String] = []
        do {
            let access = try Self.node(folder, on)
            _ = try access.ask(
                CreateAclsRequest.with {
                    $0.creations = [
                        Self.creation { $0.resourceName = "é" }, Self.creation { $0.operation = 4 },
                        Self.creation { $0.permissionType = 2 },
                    ]
                }, as: AccessNode.root)
            _ = try access.ask(
                DeleteAclsRequest.with { $0.filters = [Self.filter { $0.permissionType = 2 }] }, as: AccessNode.root)
            before = Self.told(try access.ask(Self.everything, as: AccessNode.root))
            #expect(before.count == 2)
            // It is not closed, as by a kill.
        }
        do {
            let access = try Self.node(folder, on)
            #expect(Self.told(try access.ask(Self.everything, as: AccessNode.root)) == before)
            let metadata = MetadataRequest.with {
                $0.topics = [.with { $0.name = "t" }]
                $0.allowAutoTopicCreation = false
            }
            #expect(try access.ask(metadata).topics.map(\.errorCode) == [.unknownTopicOrPartition])
            access.node.close()
        }
        do {
            // A broker that is started without an authorizer keeps them, and nobody is held to them.
            let access = try Self.node(folder, .off)
            #expect(try access.ask(Self.everything).errorCode == .securityDisabled)
            #expect(access.node.storage?.metadata.acls.count == 2)
            access.node.close()
        }
        do {
            let access = try Self.node(folder, on)
            #expect(Self.told(try access.ask(Self.everything, as: AccessNode.root)) == before)
            // They are deleted by the ids that they were kept under.
            let deleted = try access.ask(DeleteAclsRequest.with { $0.filters = [Self.filter()] }, as: AccessNode.root)
            #expect(deleted.filterResults[0].matchingAcls.count == 2)
            access.node.close()
        }
        let access = try Self.node(folder, on)
        #expect(try access.ask(Self.everything, as: AccessNode.root).resources.isEmpty)
    }

    /// The log is written anew with the rules that are left.
    @Test func rulesAreAmongWhatTheMetadataComeTo() throws {
        var metadata = ClusterMetadata()
        let rules = (1...3).map { number in
            AccessControlEntryRecord(
                AclBinding(
                    pattern: .init(resource: .topic, name: ExactName("t\(number)")), principal: "User:a",
                    operation: .read),
                id: Uuid(high: 1, low: UInt64(number)))
        }
        for rule in rules { metadata.apply(.acl(rule)) }
        metadata.apply(.removeAcl(.with { $0.id = rules[1].id }))
        var again = ClusterMetadata()
        for record in metadata.records { again.apply(try MetadataRecord(Bytes(try record.encode()))) }
        #expect(again == metadata)
        #expect(Set(again.acls.values.map(\.resourceName)) == ["t1", "t3"])
        #expect(again.acls[rules[0].id]?.binding == rules[0].binding)
    }

    /// The bytes of a record as Kafka's definition (`AccessControlEntryRecord.json`, kind 18, version 0) gives them, by hand.
    @Test func aRuleIsWrittenAsKafkaDefinesIt() throws {
        let record = AccessControlEntryRecord(
            AclBinding(
                pattern: .init(resource: .topic, kind: .prefixed, name: "ab"), principal: "User:c", host: "*",
                operation: .write, permission: .deny), id: Uuid(high: 1, low: 2))
        let id: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]
        let expected: [UInt8] =
            [1, 18, 0] + id + [2, 3] + Array("ab".utf8) + [4, 7] + Array("User:c".utf8) + [2, 0x2A, 4, 2, 0]
        #expect(try MetadataRecord.acl(record).encode() == expected)
        #expect(try MetadataRecord(Bytes(expected)) == .acl(record))
        let removal: [UInt8] = [1, 19, 0] + id + [0]
        #expect(try MetadataRecord.removeAcl(.with { $0.id = Uuid(high: 1, low: 2) }).encode() == removal)
    }

    // MARK: - Settings

    @Test func theAuthorizerIsSetUnderKafkasNames() throws {
        var configuration = BrokerConfiguration()
        #expect(configuration.authorization == .off)
        let report = try configuration.apply([
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:admin; User:CN=a,O=b:c ;", "allow.everyone.if.no.acl.found": "TRUE",
        ])
        #expect(
            configuration.authorization
                == .on(
                    superUsers: [KafkaPrincipal("admin"), KafkaPrincipal("CN=a,O=b:c")], allowsWithoutAcl: true))
        #expect(report.withoutEffect.isEmpty)
        for (name, properties) in [
            "authorizer.class.name": ["authorizer.class.name": "kafka.security.authorizer.AclAuthorizer"],
            "super.users": [
                "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users": "admin",
            ],
        ] {
            do {
                _ = try BrokerConfiguration(properties: properties)
                Issue.record("\(properties) was taken")
            } catch {
                #expect(error.name == name)
            }
        }
        let alone = try configuration.apply(["super.users": "User:a"])
        #expect(alone.remarks.count == 1)
        #expect(try BrokerConfiguration(properties: ["super.users": "User:a"]).authorization == .off)
    }
}
