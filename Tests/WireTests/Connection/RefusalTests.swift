import TestSupport
import Testing

@testable import KafkaWire

/// What a refusal says: which operation on which resource, in whose words.
@Suite(.turn) struct RefusalTests {
    /// Kafka's documentation, "Operations and Resources on Protocols" (security.html): which operations a client's request asks on
    /// which kinds of resources.
    private static let asked: [(APIKey, ErrorCode, String)] = [
        (.produce, .transactionalIdAuthorizationFailed, "WRITE"), (.produce, .topicAuthorizationFailed, "WRITE"),
        (.fetch, .clusterAuthorizationFailed, "CLUSTER_ACTION"), (.fetch, .topicAuthorizationFailed, "READ"),
        (.listOffsets, .topicAuthorizationFailed, "DESCRIBE"), (.metadata, .topicAuthorizationFailed, "DESCRIBE"),
        (.offsetCommit, .groupAuthorizationFailed, "READ"), (.offsetCommit, .topicAuthorizationFailed, "READ"),
        (.offsetFetch, .groupAuthorizationFailed, "DESCRIBE"), (.offsetFetch, .topicAuthorizationFailed, "DESCRIBE"),
        (.findCoordinator, .groupAuthorizationFailed, "DESCRIBE"),
        (.findCoordinator, .transactionalIdAuthorizationFailed, "DESCRIBE"),
        (.joinGroup, .groupAuthorizationFailed, "READ"), (.heartbeat, .groupAuthorizationFailed, "READ"),
        (.leaveGroup, .groupAuthorizationFailed, "READ"), (.syncGroup, .groupAuthorizationFailed, "READ"),
        (.describeGroups, .groupAuthorizationFailed, "DESCRIBE"),
        (.listGroups, .clusterAuthorizationFailed, "DESCRIBE"),
        (.createTopics, .clusterAuthorizationFailed, "CREATE"), (.createTopics, .topicAuthorizationFailed, "CREATE"),
        (.deleteTopics, .topicAuthorizationFailed, "DELETE"), (.deleteRecords, .topicAuthorizationFailed, "DELETE"),
        (.initProducerId, .transactionalIdAuthorizationFailed, "WRITE"),
        (.initProducerId, .clusterAuthorizationFailed, "IDEMPOTENT_WRITE"),
        (.addPartitionsToTxn, .transactionalIdAuthorizationFailed, "WRITE"),
        (.addPartitionsToTxn, .topicAuthorizationFailed, "WRITE"),
        (.addOffsetsToTxn, .transactionalIdAuthorizationFailed, "WRITE"),
        (.addOffsetsToTxn, .groupAuthorizationFailed, "READ"),
        (.endTxn, .transactionalIdAuthorizationFailed, "WRITE"),
        (.txnOffsetCommit, .transactionalIdAuthorizationFailed, "WRITE"),
        (.txnOffsetCommit, .groupAuthorizationFailed, "READ"), (.txnOffsetCommit, .topicAuthorizationFailed, "READ"),
        (.describeAcls, .clusterAuthorizationFailed, "DESCRIBE"), (.createAcls, .clusterAuthorizationFailed, "ALTER"),
        (.deleteAcls, .clusterAuthorizationFailed, "ALTER"),
        (.describeConfigs, .clusterAuthorizationFailed, "DESCRIBE_CONFIGS"),
        (.describeConfigs, .topicAuthorizationFailed, "DESCRIBE_CONFIGS"),
        (.alterConfigs, .clusterAuthorizationFailed, "ALTER_CONFIGS"),
        (.alterConfigs, .topicAuthorizationFailed, "ALTER_CONFIGS"),
        (.incrementalAlterConfigs, .clusterAuthorizationFailed, "ALTER_CONFIGS"),
        (.incrementalAlterConfigs, .topicAuthorizationFailed, "ALTER_CONFIGS"),
        (.alterReplicaLogDirs, .clusterAuthorizationFailed, "ALTER"),
        (.describeLogDirs, .clusterAuthorizationFailed, "DESCRIBE"),
        (.createPartitions, .topicAuthorizationFailed, "ALTER"),
        (.deleteGroups, .groupAuthorizationFailed, "DELETE"), (.electLeaders, .clusterAuthorizationFailed, "ALTER"),
        (.alterPartitionReassignments, .clusterAuthorizationFailed, "ALTER"),
        (.listPartitionReassignments, .clusterAuthorizationFailed, "DESCRIBE"),
        (.offsetDelete, .groupAuthorizationFailed, "DELETE"), (.offsetDelete, .topicAuthorizationFailed, "READ"),
        (.describeClientQuotas, .clusterAuthorizationFailed, "DESCRIBE_CONFIGS"),
        (.alterClientQuotas, .clusterAuthorizationFailed, "ALTER_CONFIGS"),
        (.describeUserScramCredentials, .clusterAuthorizationFailed, "DESCRIBE"),
        (.alterUserScramCredentials, .clusterAuthorizationFailed, "ALTER"),
        (.describeQuorum, .clusterAuthorizationFailed, "DESCRIBE"),
        (.updateFeatures, .clusterAuthorizationFailed, "ALTER"),
        (.unregisterBroker, .clusterAuthorizationFailed, "ALTER"),
        (.describeProducers, .topicAuthorizationFailed, "READ"),
        (.describeTransactions, .transactionalIdAuthorizationFailed, "DESCRIBE"),
        (.consumerGroupHeartbeat, .groupAuthorizationFailed, "READ"),
        (.consumerGroupDescribe, .groupAuthorizationFailed, "DESCRIBE"),
    ]

    @Test func everyRefusalNamesItsOperationAndItsResource() {
        for (api, code, operation) in Self.asked {
            let message = KafkaError.refused(code, "could not do it", api: api, topic: "t", of: "x").message
            let names: [ErrorCode: String] = [
                .topicAuthorizationFailed: " on the topic t", .groupAuthorizationFailed: " on the group x",
                .transactionalIdAuthorizationFailed: " on the transactional id x",
                .clusterAuthorizationFailed: " on the cluster",
            ]
            #expect(message.contains("\(operation)\(names[code] ?? "?")"), "\(api): \(message)")
        }
    }

    @Test func whoUsesAClientIsToldWhatTheUseNeeds() {
        let metadata = KafkaError.refused(.topicAuthorizationFailed, "could not", api: .metadata, topic: "t")
        #expect(metadata.told(for: .consuming).message.contains("it takes READ on the topic t,"))
        #expect(metadata.told(for: .producing).message.contains("it takes WRITE on the topic t,"))
        let group = KafkaError.refused(.groupAuthorizationFailed, "could not", api: .findCoordinator, of: "g")
        #expect(group.told(for: .consuming).message.contains("it takes READ on the group g,"))
        let id = KafkaError.refused(.transactionalIdAuthorizationFailed, "could not", api: .findCoordinator, of: "i")
        #expect(id.told(for: .producing).message.contains("it takes WRITE on the transactional id i,"))
        let other = KafkaError(.timedOut, "it takes DESCRIBE on the topic t")
        #expect(other.told(for: .consuming) == other)
    }

    /// As Apache Kafka 4.0 answers.
    @Test func whatABrokerDumpsOfItsOwnObjectsIsLeftOut() {
        let dump =
            "Request Request(processor=1, connectionId=127.0.0.1:19094-127.0.0.1:51234-0-12, session=org.apache.kafka) is not "
            + "authorized."
        #expect(KafkaError.words(of: dump) == "")
        #expect(KafkaError.words(of: nil) == "" && KafkaError.words(of: "") == "")
        #expect(KafkaError.words(of: "Topic 't' is marked for deletion.") == " (Topic 't' is marked for deletion.)")
    }

    /// What is told of a token that has ended, and of a port that wants a login, is known where it comes twice.
    @Test func whatIsClosedBehindTheDoorIsKnown() {
        #expect(KafkaError.tokenEnded("b:1").isOfDoor && KafkaError.wantsSASL("b:1").isOfDoor)
        #expect(!KafkaError.tokenEnded("b:1").isOfLogin)
        #expect(!KafkaError.unauthenticated(.saslAuthenticationFailed, nil, "PLAIN", broker: "b:1").isOfDoor)
        #expect(KafkaError.unauthenticated(.saslAuthenticationFailed, nil, "PLAIN", broker: "b:1").isOfLogin)
        #expect(!KafkaError(.tlsFailed, "broke").isOfLogin)
    }

    /// The root logger has no name, and a class may be about tokens.
    @Test func whatALoggerWritesIsNoSecret() {
        for name in ["", "org.apache.kafka.controller.DelegationTokenControlManager"] {
            let told = DescribeConfigsResponse.DescribeConfigsResult.DescribeConfigsResourceResult.with {
                $0.name = name
                $0.value = "INFO"
            }
            #expect(KafkaAdmin.entry(told, of: .brokerLogger).value == "INFO")
            #expect(!KafkaAdmin.entry(told, of: .brokerLogger).isSensitive)
            #expect(KafkaAdmin.entry(told, of: .broker).value == nil)
        }
    }
}
