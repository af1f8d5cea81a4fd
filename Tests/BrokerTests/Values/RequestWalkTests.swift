import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Every field of every request that is served, in every version, at the ends of what it can hold and beside them, null,
/// empty and twice, to a broker that has something of everything: it lives, answers or says why not, keeps in order what
/// it has, and has it again after a kill.
@Suite(.serialized, .heavy) struct RequestWalkTests {
    @Test(arguments: ServedAPI.all.map(\.key)) func aBrokerLivesThroughEveryValueOfEveryField(key: APIKey) throws {
        let api = try #require(ServedAPI.of(key))
        let type = try #require(API.of(key)).request
        var sent = 0
        for version in api.versions {
            // The oldest and the newest form on a disk; the others in memory, which is quicker.
            let isOnDisk = version == api.versions.lowerBound || version == api.versions.upperBound
            let folder = TemporaryFolder()
            var broker = WalkedBroker(isOnDisk ? folder.path : nil)
            let known = try broker.populate()
            var target = 0
            var places = 1
            while target < places {
                var choice = 0
                var choices = 1
                while choice < choices {
                    let made = try Self.request(type, version, target, choice, known)
                    (places, choices) = (made.filler.places, max(1, made.filler.choices))
                    try broker.send(made.frame, "\(key) v\(version), \(made.filler.name), value \(choice)")
                    sent += 1
                    choice += 1
                }
                target += 1
            }
            broker.server?.advance(.seconds(3600))
            _ = broker.server?.takeEvents()
            #expect(broker.server?.objections == [], "\(key) v\(version)")
            guard isOnDisk else { continue }
            let before = try broker.listings("after \(key) v\(version)")
            try broker.killAndRestart()
            #expect(broker.server?.objections == [], "after \(key) v\(version) and a kill")
            let after = try broker.listings("after \(key) v\(version) and a kill")
            #expect(before == after, "after \(key) v\(version) and a kill")
        }
        #expect(sent >= api.versions.count)
    }

    private static func request<R: WireRequest>(
        _: R.Type, _ version: Int16, _ target: Int, _ choice: Int, _ known: PlaceFiller.Known
    ) throws -> (frame: Bytes, filler: PlaceFiller) {
        var filler = PlaceFiller(
            version: version, flexible: R.flexible.contains(version), target: target, choice: choice, known)
        var message = R()
        try filler.visit(&message)
        return (try WalkedBroker.frame(message, version), filler)
    }
}

/// A broker without sockets that has records, groups of both kinds, a transaction, a session, settings, quotas and a SCRAM
/// user.
private struct WalkedBroker {
    private(set) var server: OfflineServer?
    private var configuration = KafkaBroker.Configuration(topics: ["t": 2, "u": 1])

    init(_ directory: String?) {
        configuration.dataDirectory = directory
        configuration.clusterId = "walk"
        configuration.seed = 1
        configuration.maximumPartitions = 64
        server = try? OfflineServer(configuration, connections: 2)
    }

    /// The broker is forgotten, as by a kill, and another one takes over its directory.
    mutating func killAndRestart() throws {
        server = nil
        // A topic that was deleted is not made again.
        configuration.topics = [:]
        server = try OfflineServer(configuration, connections: 2)
    }

    static func frame<R: WireRequest>(_ request: R, _ version: Int16) throws -> Bytes {
        let frame = try Frame.request(request, version: version, correlationId: 1, clientId: "walk")
        return Bytes(frame)[4..<frame.count]
    }

    /// Sends a request, which has an answer in its version, waits, or ends its connection with a reason that is not the
    /// broker's own fault.
    func send(_ frame: Bytes, _ what: String) throws {
        let server = try #require(server)
        server.receive(frame, on: 0)
        for event in server.takeEvents() {
            switch event {
            case .answer(_, let key, let version, _, let frame):
                let response = try #require(API.of(key)).response
                #expect(throws: Never.self, "\(what)") {
                    try Self.decode(response, Bytes(frame)[4..<frame.count], version)
                }
            case .hangUp(_, let reason):
                #expect(!reason.contains("could not be"), "\(what): \(reason)")
            case .silence: break
            case .stray: Issue.record("\(what): an answer that nobody waits for")
            }
        }
        if server.waiting > 0 { server.disconnect(0) }
    }

    private static func decode<R: WireMessage>(_ type: R.Type, _ body: Bytes, _ version: Int16) throws {
        _ = try Frame.decodeResponse(type, body, version: version)
    }

    private func ask<R: WireRequest>(_ request: R, _ version: Int16) throws -> R.Response {
        let server = try #require(server)
        server.receive(try Self.frame(request, version), on: 1)
        if server.waiting > 0 { server.advance(.milliseconds(200)) }
        for event in server.takeEvents() {
            guard case .answer(1, R.api, version, _, let frame) = event else { continue }
            return try Frame.decodeResponse(R.Response.self, Bytes(frame)[4..<frame.count], version: version)
        }
        throw Unanswered(api: R.api, version: version)
    }

    private struct Unanswered: Error {
        var api: APIKey
        var version: Int16
    }

    // MARK: - What it has

    func populate() throws -> PlaceFiller.Known {
        var known = PlaceFiller.Known()
        known.records = Bytes(try batch(["a"], timestamps: [1_700_000_000_000]))
        for _ in 0..<3 {
            _ = try ask(TestClient.produceRequest("t", try batch(["a", "b"], timestamps: [1, 1_700_000_000_000])), 12)
        }
        let metadata = try ask(MetadataRequest.with { $0.topics = [.with { $0.name = "t" }] }, 12)
        known.topicId = try #require(metadata.topics.first).topicId.rawValue
        for group in ["g", "o"] { _ = try ask(Self.commit(group), 8) }
        let joined = try ask(
            JoinGroupRequest.with {
                $0.groupId = "g"
                $0.sessionTimeoutMs = 60_000
                $0.rebalanceTimeoutMs = 60_000
                $0.protocolType = "consumer"
                $0.protocols = [.with { $0.name = "range" }]
            }, 3)
        known.memberId = joined.memberId
        _ = try ask(
            SyncGroupRequest.with {
                $0.groupId = "g"
                $0.generationId = joined.generationId
                $0.memberId = joined.memberId
            }, 3)
        _ = try ask(
            ConsumerGroupHeartbeatRequest.with {
                $0.groupId = "c"
                $0.memberId = "member"
                $0.rebalanceTimeoutMs = 10_000
                $0.subscribedTopicNames = ["t"]
                $0.topicPartitions = []
            }, 1)
        let producer = try ask(
            InitProducerIdRequest.with {
                $0.transactionalId = "ty"
                $0.transactionTimeoutMs = 900_000
                $0.producerId = .none
                $0.producerEpoch = .none
            }, 5)
        known.producerId = producer.producerId.rawValue
        known.producerEpoch = Int64(producer.producerEpoch.rawValue)
        _ = try ask(
            AddPartitionsToTxnRequest.with {
                $0.v3AndBelowTransactionalId = "ty"
                $0.v3AndBelowProducerId = producer.producerId
                $0.v3AndBelowProducerEpoch = producer.producerEpoch
                $0.v3AndBelowTopics = [
                    .with {
                        $0.name = "u"
                        $0.partitions = [0]
                    }
                ]
            }, 3)
        var open = TestClient.produceRequest(
            "u",
            try batch(["x"]) {
                $0.producerId = producer.producerId
                $0.producerEpoch = producer.producerEpoch
                $0.baseSequence = 0
                $0.marks = .init(rawValue: 1 << 4)
            })
        open.transactionalId = "ty"
        _ = try ask(open, 11)
        _ = try ask(TestClient.fetchRequest("t", offset: 0), 12)
        _ = try ask(
            IncrementalAlterConfigsRequest.with {
                let changes: [(Int8, String, String, String)] = [
                    (2, "t", "retention.ms", "-1"), (4, "", "log.retention.ms", "86400000"),
                ]
                $0.resources = changes.map { change in
                    .with {
                        $0.resourceType = change.0
                        $0.resourceName = change.1
                        $0.configs = [
                            .with {
                                $0.name = change.2
                                $0.value = change.3
                            }
                        ]
                    }
                }
            }, 1)
        _ = try ask(
            AlterClientQuotasRequest.with {
                $0.entries = [
                    .with {
                        $0.entity = [
                            .with {
                                $0.entityType = "user"
                                $0.entityName = "alice"
                            }
                        ]
                        $0.ops = [
                            .with {
                                $0.key = "producer_byte_rate"
                                $0.value = 1024
                            }
                        ]
                    }
                ]
            }, 1)
        _ = try ask(
            AlterUserScramCredentialsRequest.with {
                $0.upsertions = [
                    .with {
                        $0.name = "alice"
                        $0.mechanism = 1
                        $0.iterations = 4096
                        $0.saltedPassword = [1]
                    }
                ]
            }, 0)
        return known
    }

    private static func commit(_ group: String) -> OffsetCommitRequest {
        .with {
            $0.groupId = group
            $0.generationIdOrMemberEpoch = -1
            $0.topics = [
                .with {
                    $0.name = "t"
                    $0.partitions = [.with { $0.committedOffset = 1 }]
                }
            ]
        }
    }

    // MARK: - What tools ask for

    /// Everything is listed in every version; gives what has to be the same after a restart.
    func listings(_ what: String) throws -> [String] {
        var kept: [String] = []
        func all<R: WireRequest>(_ request: R, _ keep: (R.Response) -> String = { _ in "" }) throws {
            let versions = try #require(ServedAPI.of(R.api)).versions
            for version in versions where (try? request.encode(version: version)) != nil {
                let answer = try ask(request, version)
                if version == versions.upperBound { kept.append("\(R.api): \(keep(answer))") }
            }
        }
        var topics: [String] = []
        try all(MetadataRequest.with { $0.topics = nil }) { answer in
            topics = answer.topics.compactMap(\.name)
            return "\(answer.topics.map { "\($0.name ?? "") \($0.topicId) \($0.partitions.count)" })"
        }
        var groups: [String] = []
        try all(ListGroupsRequest()) { answer in
            groups = answer.groups.map(\.groupId)
            return ""
        }
        try all(DescribeGroupsRequest.with { $0.groups = groups })
        try all(ListTransactionsRequest()) {
            "\($0.transactionStates.map { "\($0.transactionalId) \($0.producerId)" })"
        }
        try all(DescribeUserScramCredentialsRequest.with { $0.users = nil }) {
            "\($0.results.map { "\($0.user) \($0.credentialInfos.map { "\($0.mechanism) \($0.iterations)" })" })"
        }
        try all(DescribeClientQuotasRequest()) { "\($0.entries?.count ?? 0)" }
        for group in groups {
            let answer = try ask(
                OffsetFetchRequest.with {
                    $0.groupId = group
                    $0.topics = nil
                }, 7)
            let positions = answer.topics.flatMap { topic in
                topic.partitions.map { "\(topic.name)-\($0.partitionIndex) \($0.committedOffset) \($0.metadata ?? "")" }
            }
            if !positions.isEmpty { kept.append("\(group): \(positions)") }
        }
        for topic in topics {
            let answer = try ask(
                ListOffsetsRequest.with {
                    $0.replicaId = -1
                    $0.topics = [
                        .with {
                            $0.name = topic
                            $0.partitions = [.with { $0.timestamp = -1 }]
                        }
                    ]
                }, 5)
            kept.append("\(topic) \(answer.topics.first?.partitions.first?.offset ?? -1)")
            let settings = try ask(
                DescribeConfigsRequest.with {
                    $0.resources = [
                        .with {
                            $0.resourceType = 2
                            $0.resourceName = topic
                            $0.configurationKeys = nil
                        }
                    ]
                }, 4)
            kept.append("\(settings.results.flatMap(\.configs).map { "\($0.name)=\($0.value ?? "")" })")
        }
        return kept
    }
}
