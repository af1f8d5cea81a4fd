import TestSupport
import Testing

@testable import KafkaWire

/// What numbers stand for. The codes are those of the Java client's enums.
@Suite(.turn) struct NumberMeaningTests {
    @Test(
        arguments: [
            ("errorCode", "X", 3, "UNKNOWN_TOPIC_OR_PARTITION"),
            ("topicConfigErrorCode", "X", 29, "TOPIC_AUTHORIZATION_FAILED"),
            ("apiKey", "ApiVersion", 1, "Fetch"), ("acks", "ProduceRequest", -1, "all in-sync replicas"),
            ("isolationLevel", "FetchRequest", 1, "read_committed"),
            ("throttleTimeMs", "X", 0, "not throttled"), ("throttleTimeMs", "X", 5, nil),
            ("sessionEpoch", "FetchRequest", 0, "begins a session"), ("keyType", "X", 1, "transaction"),
            ("memberEpoch", "ConsumerGroupHeartbeatRequest", -2, "leaves for a while (static member)"),
            ("memberEpoch", "ConsumerGroupHeartbeatResponse", -1, "none"), ("memberEpoch", "Member", 4, nil),
            ("resourceType", "DescribeConfigsResource", 2, "topic"), ("resourceType", "AclCreation", 2, "TOPIC"),
            ("resourceType", "AlterConfigsResource", 32, "group"), ("patternType", "X", 3, "LITERAL"),
            ("operation", "AclCreation", 4, "WRITE"), ("permissionType", "X", 3, "ALLOW"),
            ("mechanism", "CredentialInfo", 2, "SCRAM-SHA-512"), ("matchType", "ComponentData", 1, "the default"),
            ("configSource", "DescribeConfigsResourceResult", 5, "default"), ("configType", "X", 9, "password"),
            ("source", "DescribeConfigsSynonym", 4, "static broker"), ("configOperation", "X", 2, "append"),
            ("expiryTimestampMs", "X", 1_700_000_000_123, "2023-11-14 22:13:20.123 UTC"),
            ("logAppendTimeMs", "X", -1, "none"), ("unheardOf", "X", 1, nil),
            ("authorizedOperations", "X", -2_147_483_648, "not asked for"), ("authorizedOperations", "X", 0, "none"),
            ("authorizedOperations", "X", 0x1F8, "READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE"),
            ("authorizedOperations", "X", 1 << 20, "bit 20"), ("authorizedOperations", "X", .max, nil),
        ] as [(String, String, Int64, String?)])
    func meanings(field: String, structure: String, value: Int64, meaning: String?) {
        #expect(NumberMeaning.of(field, in: structure, value).text == meaning)
    }

    /// The special timestamps of a ListOffsets request; the answer's -1 means that there is none.
    @Test func theTimesOfListOffsets() throws {
        for (time, meaning) in [(-1, "the latest offset"), (-2, "the earliest offset"), (-3, "the highest timestamp")] {
            let request = ListOffsetsRequest.with {
                $0.topics = [.with { $0.partitions = [.with { $0.timestamp = Int64(time) }] }]
            }
            let body = Bytes(try request.encode(version: 7))
            let rows = Explanation(body: body, of: ListOffsetsRequest.self, version: 7).rows
            #expect(rows.first { $0.name == "timestamp" }?.note == meaning)
        }
        let response = ListOffsetsResponse.with {
            $0.topics = [.with { $0.partitions = [.with { $0.timestamp = -1 }] }]
        }
        let body = Bytes(try response.encode(version: 7))
        let rows = Explanation(body: body, of: ListOffsetsResponse.self, version: 7).rows
        #expect(rows.first { $0.name == "timestamp" }?.note == "none")
    }

    @Test func theBlobsOfDescribeGroups() throws {
        let topics = ConsumerProtocolSubscription.with { $0.topics = ["t"] }
        let partitions = ConsumerProtocolAssignment.with {
            $0.assignedPartitions = [
                .with {
                    $0.topic = "t"
                    $0.partitions = [4]
                }
            ]
        }
        for (kind, isExplained) in [("consumer", true), ("connect", false)] {
            let response = DescribeGroupsResponse.with {
                $0.groups = [
                    .with {
                        $0.protocolType = kind
                        $0.members = [
                            .with {
                                $0.memberMetadata = Bytes((try? topics.encodeVersioned(version: 1)) ?? [])
                                $0.memberAssignment = Bytes((try? partitions.encodeVersioned(version: 1)) ?? [])
                            }
                        ]
                    }
                ]
            }
            let body = Bytes(try response.encode(version: 5))
            let explanation = Explanation(body: body, of: DescribeGroupsResponse.self, version: 5)
            #expect(explanation.failure == nil)
            ExplanationTests.expectCoverage(explanation, body)
            let member = "groups[0].members[0]"
            let paths = explanation.rows.map(\.path)
            #expect(paths.contains("\(member).memberMetadata.topics[0]") == isExplained)
            #expect(paths.contains("\(member).memberAssignment.assignedPartitions[0].partitions[0]") == isExplained)
        }
    }
}
