import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What is answered where only a part of the topics may be used, as Kafka answers it.
@Suite(.turn) struct TopicAccessTests {
    private func names(_ answer: MetadataResponse) -> [String] {
        answer.topics.map { "\($0.name ?? "null") \($0.errorCode)" }
    }

    private static func metadata(_ names: [String]?, creates: Bool = false) -> MetadataRequest {
        .with {
            $0.topics = names?.map { name in .with { $0.name = name } }
            $0.allowAutoTopicCreation = creates
            $0.includeTopicAuthorizedOperations = true
        }
    }

    // MARK: - Topics

    @Test func topicsThatMayNotBeSeenAreLeftOutOrRefusedByName() throws {
        let access = try AccessNode(topics: ["t": 1, "u": 1])
        access.allow(.describe, .topic, "t")
        let all = try access.ask(Self.metadata(nil))
        #expect(names(all) == ["t NONE"])
        #expect(all.topics[0].topicAuthorizedOperations == 1 << 8)
        // Whether a topic is there is not told.
        let named = try access.ask(Self.metadata(["u", "t", "nowhere"]))
        #expect(
            names(named) == ["u TOPIC_AUTHORIZATION_FAILED", "t NONE", "nowhere TOPIC_AUTHORIZATION_FAILED"])
        #expect(named.topics[0].topicId == .zero && named.topics[0].partitions.isEmpty)
        let id = try #require(access.node.topics["u"]).id
        let byId = try access.ask(MetadataRequest.with { $0.topics = [.with { $0.topicId = id }] }, version: 12)
        #expect(byId.topics.map(\.errorCode) == [.topicAuthorizationFailed])
        #expect(byId.topics[0].name != "u")
        let unknown = TopicID(Uuid(high: 9, low: 9))
        let nobody = try access.ask(MetadataRequest.with { $0.topics = [.with { $0.topicId = unknown }] }, version: 12)
        #expect(nobody.topics.map(\.errorCode) == [.unknownTopicId])
    }

    @Test(arguments: [AclResourceType.topic, .cluster]) func toCreateByAskingTakesCreate(on resource: AclResourceType)
        throws
    {
        let access = try AccessNode(topics: [:])
        access.allow(.describe, .topic, "n", kind: .prefixed)
        let refused = try access.ask(Self.metadata(["new"], creates: true))
        #expect(names(refused) == ["new TOPIC_AUTHORIZATION_FAILED"])
        #expect(access.node.topics["new"] == nil)
        let notAsked = try access.ask(Self.metadata(["new"], creates: false))
        #expect(names(notAsked) == ["new UNKNOWN_TOPIC_OR_PARTITION"])
        access.allow(.create, resource, "new")
        #expect(names(try access.ask(Self.metadata(["new"], creates: true))) == ["new NONE"])
        #expect(access.node.topics["new"] != nil)
    }

    @Test func topicPartitionsAreDescribedAsFarAsTheyMayBe() throws {
        let access = try AccessNode(topics: ["t": 1, "u": 1])
        access.allow(.describe, .topic, "t")
        let all = try access.ask(DescribeTopicPartitionsRequest.with { $0.responsePartitionLimit = 10 })
        #expect(all.topics.map(\.name) == ["t"])
        let named = try access.ask(
            DescribeTopicPartitionsRequest.with {
                $0.topics = ["u", "t", "x"].map { name in .with { $0.name = name } }
                $0.responsePartitionLimit = 10
            })
        #expect(
            named.topics.map { "\($0.name ?? "") \($0.errorCode)" } == [
                "t NONE", "u TOPIC_AUTHORIZATION_FAILED", "x TOPIC_AUTHORIZATION_FAILED",
            ])
        #expect(named.topics[1].topicId == .zero)
    }

    private static func produce(_ topics: [String], acks: Int16 = 1) throws -> ProduceRequest {
        let records = Records(Bytes(try batch(["a"])))
        return .with {
            $0.acks = acks
            $0.topicData = topics.map { name in
                .with {
                    $0.name = name
                    $0.partitionData = [.with { $0.records = records }]
                }
            }
        }
    }

    @Test func aPartOfAProduceIsRefusedInTheOrderOfTheRequest() throws {
        let access = try AccessNode(topics: ["t": 1, "u": 1, "v": 1])
        access.allow(.write, .topic, "u")
        let answer = try access.ask(try Self.produce(["t", "u", "v"]), version: 9)
        let told = answer.responses.map { "\($0.name) \($0.partitionResponses.map { "\($0.errorCode)" })" }
        #expect(
            told == [
                "t [\"TOPIC_AUTHORIZATION_FAILED\"]", "u [\"NONE\"]", "v [\"TOPIC_AUTHORIZATION_FAILED\"]",
            ])
        #expect(access.node.topics["u"]?.partitions[0].log.endOffset == 1)
        #expect(access.node.topics["t"]?.partitions[0].log.endOffset == 0)
    }

    @Test func aProduceWithoutAnAnswerIsToldByTheEndOfItsConnection() throws {
        let access = try AccessNode(topics: ["t": 1, "u": 1])
        access.allow(.write, .topic, "u")
        for (topics, appended) in [(["t"], 0), (["t", "u"], 1)] {
            guard
                case .hangUp(let reason) = try access.outcome(
                    try Self.produce(topics, acks: 0), version: 9, as: AccessNode.alice)
            else {
                Issue.record("no end for \(topics)")
                continue
            }
            #expect(reason.contains("acks=0"))
            #expect(access.node.topics["u"]?.partitions[0].log.endOffset == Offset(Int64(appended)))
        }
        guard case .silent = try access.outcome(try Self.produce(["u"], acks: 0), version: 9, as: AccessNode.alice)
        else {
            Issue.record("an allowed Produce with acks=0 is silent")
            return
        }
    }

    /// The id counts only with records of a transaction.
    @Test func aTransactionalIdIsAskedAboutWhereItIsUsed() throws {
        let access = try AccessNode(topics: ["t": 1])
        access.allow(.write, .topic, "t")
        var plain = try Self.produce(["t"])
        plain.transactionalId = "x"
        #expect(try access.ask(plain, version: 9).responses[0].partitionResponses[0].errorCode == .none)
        let records = try batch(["a"]) {
            $0.producerId = 5
            $0.producerEpoch = 0
            $0.baseSequence = 0
            $0.marks = .init(rawValue: 1 << 4)
        }
        plain.topicData[0].partitionData[0].records = Records(Bytes(records))
        #expect(
            try access.ask(plain, version: 9).responses[0].partitionResponses[0].errorCode
                == .transactionalIdAuthorizationFailed)
    }

    @Test func aFetchIsAnsweredForEachTopicAlsoInASession() throws {
        let access = try AccessNode(topics: ["t": 1, "u": 1])
        access.allow(.read, .topic, "u")
        _ = try access.ask(try Self.produce(["t", "u"]), version: 9, as: AccessNode.root)
        func fetch(_ session: Int32, _ epoch: Int32, _ topics: [String]) -> FetchRequest {
            .with {
                $0.maxBytes = 1 << 20
                $0.sessionId = session
                $0.sessionEpoch = epoch
                $0.topics = topics.map { name in
                    .with {
                        $0.topic = name
                        $0.partitions = [.with { $0.partitionMaxBytes = 1 << 20 }]
                    }
                }
            }
        }
        func told(_ answer: FetchResponse) -> [String] {
            answer.responses.map {
                "\($0.topic) \($0.partitions[0].errorCode) \($0.partitions[0].records?.count ?? 0 > 0)"
            }
        }
        let first = try access.ask(fetch(0, 0, ["t", "u"]), version: 12)
        #expect(told(first) == ["t TOPIC_AUTHORIZATION_FAILED false", "u NONE true"])
        // A rule is in force with the next fetch of a session.
        access.allow(.read, .topic, "u", .deny)
        access.allow(.read, .topic, "t")
        let second = try access.ask(fetch(first.sessionId, 1, []), version: 12)
        #expect(Set(told(second)) == ["t NONE true", "u TOPIC_AUTHORIZATION_FAILED false"])
    }

    @Test func aFollowerNeedsClusterAction() throws {
        let access = try AccessNode(topics: ["t": 1])
        access.allow(.read, .topic, "t")
        let fetch = FetchRequest.with {
            $0.replicaId = 1
            $0.topics = [
                .with {
                    $0.topic = "t"
                    $0.partitions = [.with { $0.partitionMaxBytes = 100 }]
                }
            ]
        }
        #expect(try access.ask(fetch, version: 12).responses[0].partitions[0].errorCode == .topicAuthorizationFailed)
        access.allow(.clusterAction, .cluster)
        #expect(try access.ask(fetch, version: 12).responses[0].partitions[0].errorCode == .none)
    }

    @Test func aNewTopicIsNotDescribedToWhomMayNotSeeItsSettings() throws {
        let access = try AccessNode(topics: [:])
        access.allow(.create, .topic, "a", kind: .prefixed)
        let asked = CreateTopicsRequest.with {
            $0.topics = ["b", "ab", "b", "aa", "c", "__cluster_metadata"].map { name in
                .with {
                    $0.name = name
                    $0.numPartitions = 2
                    $0.replicationFactor = 1
                }
            }
        }
        let answer = try access.ask(asked, version: 7)
        let told = answer.topics.map { "\($0.name) \($0.errorCode) \($0.topicConfigErrorCode) \($0.numPartitions)" }
        #expect(
            told == [
                "b INVALID_REQUEST NONE -1", "ab NONE TOPIC_AUTHORIZATION_FAILED -1",
                "aa NONE TOPIC_AUTHORIZATION_FAILED -1", "c TOPIC_AUTHORIZATION_FAILED NONE -1",
                "__cluster_metadata INVALID_REQUEST NONE -1",
            ])
        #expect(answer.topics[3].errorMessage == "Authorization failed.")
        #expect(access.node.topics["aa"]?.partitions.count == 2 && access.node.topics["c"] == nil)
        access.allow(.describeConfigs, .topic, "ac")
        let described = try access.ask(
            CreateTopicsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = "ac"
                        $0.numPartitions = 2
                        $0.replicationFactor = 1
                    }
                ]
            }, version: 7)
        #expect(described.topics[0].numPartitions == 2 && described.topics[0].configs?.isEmpty == false)
    }

    @Test func whatIsDeletedIsNotBetrayed() throws {
        let access = try AccessNode(topics: ["seen": 1, "own": 1, "hidden": 1])
        access.allow(.describe, .topic, "seen")
        access.allow(.delete, .topic, "own")
        access.allow(.describe, .topic, "gone")
        let byName = try access.ask(
            DeleteTopicsRequest.with {
                $0.topics = ["hidden", "seen", "own", "gone", "nowhere"].map { name in .with { $0.name = name } }
            })
        #expect(
            byName.responses.map { "\($0.name ?? "null") \($0.errorCode)" } == [
                "hidden TOPIC_AUTHORIZATION_FAILED", "seen TOPIC_AUTHORIZATION_FAILED", "own NONE",
                "gone UNKNOWN_TOPIC_OR_PARTITION", "nowhere TOPIC_AUTHORIZATION_FAILED",
            ])
        let ids = ["hidden", "seen"].compactMap { access.node.topics[$0]?.id } + [TopicID(Uuid(high: 1, low: 1))]
        let byId = try access.ask(
            DeleteTopicsRequest.with {
                $0.topics = ids.map { id in
                    .with {
                        $0.name = nil
                        $0.topicId = id
                    }
                }
            })
        #expect(
            byId.responses.map { "\($0.name ?? "null") \($0.errorCode)" } == [
                "null TOPIC_AUTHORIZATION_FAILED", "seen TOPIC_AUTHORIZATION_FAILED", "null UNKNOWN_TOPIC_ID",
            ])
        #expect(access.node.topics.sorted.map(\.name) == ["hidden", "seen"])
        access.allow(.delete, .cluster)
        let all = try access.ask(
            DeleteTopicsRequest.with { $0.topics = ["hidden", "seen"].map { name in .with { $0.name = name } } })
        #expect(all.responses.map(\.errorCode) == [.none, .none])
    }

    @Test func settingsAreAskedOfTheirResource() throws {
        let access = try AccessNode(topics: ["t": 1])
        let resources: [(Int8, String, ErrorCode)] = [
            (2, "t", .topicAuthorizationFailed), (4, "1", .clusterAuthorizationFailed),
            (8, "1", .clusterAuthorizationFailed), (16, "m", .clusterAuthorizationFailed),
            (32, "g", .groupAuthorizationFailed), (99, "x", .invalidRequest),
        ]
        let describe = DescribeConfigsRequest.with {
            $0.resources = resources.map { type, name, _ in
                .with {
                    $0.resourceType = type
                    $0.resourceName = name
                    $0.configurationKeys = nil
                }
            }
        }
        #expect(try access.ask(describe).results.map(\.errorCode) == resources.map(\.2))
        #expect(try access.ask(describe).results[0].errorMessage == "Topic authorization failed.")
        let alter = IncrementalAlterConfigsRequest.with {
            $0.resources = resources.map { type, name, _ in
                .with {
                    $0.resourceType = type
                    $0.resourceName = name
                }
            }
        }
        #expect(try access.ask(alter).responses.map(\.errorCode) == resources.map(\.2))
        // To alter settings is to see them, too.
        access.allow(.alterConfigs, .group, "g")
        #expect(try access.ask(describe).results[4].errorCode == .none)
        access.allow(.alterConfigs, .cluster)
        #expect(try access.ask(describe).results.map(\.errorCode)[1...3] == [.none, .none, .none])
        // Loggers are changed by whom brokers trust.
        #expect(try access.ask(alter).responses[2].errorCode == .clusterAuthorizationFailed)
    }

    @Test func theHostOfARuleIsTheClients() throws {
        let access = try AccessNode(topics: ["t": 1])
        access.node.authorizer?.acls.add(
            AclBinding(
                pattern: .init(resource: .topic, name: "t"), principal: "User:alice", host: "10.1.2.3", operation: .read
            ),
            id: Uuid(high: 1, low: 1))
        let request = Self.metadata(["t"])
        #expect(names(try access.ask(request, host: "/10.1.2.3")) == ["t NONE"])
        #expect(names(try access.ask(request, host: "/10.1.2.30")) == ["t TOPIC_AUTHORIZATION_FAILED"])
    }
}
