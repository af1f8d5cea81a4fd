import KafkaBroker
import KafkaWire

/// Fills a broker, and writes down how.
struct Population {
    enum Step: Sendable {
        case request(Bytes, connection: Int)
        case pause(Duration)
    }

    struct Recipe: Sendable {
        var steps: [Step] = []
        var known = KnownValues()
    }

    private let server: OfflineServer
    private(set) var recipe = Recipe()
    private var requests: Int32 = 0
    private static let time: Int64 = 1_700_000_000_000

    init(_ server: OfflineServer) { self.server = server }

    mutating func make(_ content: PopulatedBroker.Content) {
        // Topics and their settings first: records are stored as they say.
        if content.contains(.settings) { makeSettings() }
        if content.contains(.records) { makeRecords() }
        if content.contains(.groups) { makeGroups() }
        if content.contains(.transactions) { makeTransactions() }
        if content.contains(.sessions) { makeSessions() }
    }

    // MARK: - Asking

    /// Sends a request, and gives the answer as far as it has come.
    @discardableResult
    private mutating func ask<R: WireRequest>(_ request: R, v version: Int16? = nil, on connection: Int = 0)
        -> R.Response?
    {
        requests += 1
        let version = version ?? API.of(R.api)?.latestStable ?? R.versions.upperBound
        let frame = BrokerScript.frame(request, version, requests)
        recipe.steps.append(.request(frame, connection: connection))
        server.receive(frame, on: connection)
        return answer(R.self, version)
    }

    private mutating func pause(_ duration: Duration) {
        recipe.steps.append(.pause(duration))
        server.advance(duration)
    }

    /// What the broker has answered last, if it was that.
    private mutating func answer<R: WireRequest>(_: R.Type, _ version: Int16? = nil) -> R.Response? {
        let wanted = version ?? API.of(R.api)?.latestStable ?? R.versions.upperBound
        var found: R.Response?
        for event in server.takeEvents() {
            switch event {
            case .answer(_, R.api, wanted, _, let frame):
                let body = Bytes(Array(frame.dropFirst(4)))
                found = try? Frame.decodeResponse(R.Response.self, body, version: wanted)
                if let values = try? found?.values(version: wanted) { recipe.known.learn(values, named: "") }
            case .hangUp(_, let reason): preconditionFailure("a broker cannot be filled: \(reason)")
            default: break
            }
        }
        return found
    }

    // MARK: - Settings

    private mutating func makeSettings() {
        func topic(_ name: String, _ configs: KeyValuePairs<String, String>) -> CreateTopicsRequest.CreatableTopic {
            .with {
                $0.name = name
                $0.numPartitions = 1
                $0.replicationFactor = 1
                $0.configs = configs.map { name, value in
                    .with {
                        $0.name = name
                        $0.value = value
                    }
                }
            }
        }
        ask(
            CreateTopicsRequest.with {
                $0.topics = [
                    topic(
                        "compact",
                        [
                            "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01",
                            "segment.bytes": "1048576",
                            "delete.retention.ms": "0",
                        ]),
                    topic("stamped", ["message.timestamp.type": "LogAppendTime", "retention.ms": "-1"]),
                    topic("zipped", ["compression.type": "gzip", "retention.bytes": "100000"]),
                ]
            })
        func setting(_ kind: Int8, _ name: String, _ key: String, _ value: String)
            -> IncrementalAlterConfigsRequest.AlterConfigsResource
        {
            .with {
                $0.resourceType = kind
                $0.resourceName = name
                $0.configs = [
                    .with {
                        $0.name = key
                        $0.value = value
                    }
                ]
            }
        }
        ask(
            IncrementalAlterConfigsRequest.with {
                $0.resources = [
                    setting(2, "t", "max.message.bytes", "60000"), setting(4, "", "log.retention.ms", "86400000"),
                    setting(4, "1", "message.max.bytes", "65000"),
                    setting(32, "c", "consumer.session.timeout.ms", "45000"),
                    setting(16, "m", "interval.ms", "60000"),
                ]
            })
        ask(
            AlterClientQuotasRequest.with {
                $0.entries = [("user", "alice"), ("client-id", nil)].map { kind, name in
                    .with {
                        $0.entity = [
                            .with {
                                $0.entityType = kind
                                $0.entityName = name
                            }
                        ]
                        $0.ops = [
                            .with {
                                $0.key = "producer_byte_rate"
                                $0.value = 1024
                            }
                        ]
                    }
                }
            })
    }

    // MARK: - Records

    /// A batch of `count` records with the keys k0, k1, … in turn.
    private static func batch(
        _ count: Int, size: Int = 3, keys: Int = 2, tombstones: Bool = false,
        _ configure: (inout RecordBatchBuilder.Options) -> Void = { _ in }
    ) -> Records {
        var builder = RecordBatchBuilder()
        let value = [UInt8](repeating: 0x61, count: size)
        let header = RecordHeader("h", [1, 2])
        for index in 0..<count {
            let key = Array("k\(index % keys)".utf8)
            key.withUnsafeBytes { key in
                value.withUnsafeBytes { value in
                    builder.append(
                        key: key, value: tombstones && index % 3 == 2 ? nil : value,
                        headers: index % 4 == 3 ? [header] : [], timestamp: time + Int64(index))
                }
            }
        }
        var options = RecordBatchBuilder.Options()
        configure(&options)
        return Records(Bytes((try? builder.finish(options)) ?? []))
    }

    private mutating func produce(
        _ topic: String, _ partition: PartitionID, _ records: Records, transaction: String? = nil
    ) {
        ask(
            ProduceRequest.with {
                $0.transactionalId = transaction
                $0.acks = -1
                $0.topicData = [
                    .with {
                        $0.name = topic
                        $0.partitionData = [
                            .with {
                                $0.index = partition
                                $0.records = records
                            }
                        ]
                    }
                ]
            }, v: 9)
    }

    private mutating func makeRecords() {
        for codec in Compression.allCases { produce("t", 0, Self.batch(3) { $0.compression = codec }) }
        produce("t", 1, Self.batch(5))
        produce("u", 0, Self.batch(2, size: 900))
        ask(
            DeleteRecordsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = [
                            .with {
                                $0.partitionIndex = 1
                                $0.offset = 2
                            }
                        ]
                    }
                ]
            })
        // Where there are no settings, these create topics with the defaults; else they are stored as those say. The
        // first segment of the compacted one is full.
        ask(
            MetadataRequest.with {
                $0.topics = ["compact", "stamped", "zipped"].map { name in .with { $0.name = name } }
            })
        produce("compact", 0, Self.batch(18, size: 900, keys: 3, tombstones: true))
        produce("compact", 0, Self.batch(2, size: 900))
        produce("stamped", 0, Self.batch(3))
        produce("zipped", 0, Self.batch(3))
    }

    // MARK: - Groups

    private mutating func makeGroups() {
        join("g", instance: nil)
        join("s", instance: "i")
        let ids = Dictionary(server.topics.map { ($0.name, $0.id) }) { $1 }
        let member = ask(
            ConsumerGroupHeartbeatRequest.with {
                $0.groupId = "c"
                $0.memberId = "c-member"
                $0.rebalanceTimeoutMs = 300_000
                $0.subscribedTopicNames = ["t", "u"]
                $0.topicPartitions = []
            })
        ask(
            ConsumerGroupHeartbeatRequest.with {
                $0.groupId = "c"
                $0.memberId = "c-member"
                $0.memberEpoch = member?.memberEpoch ?? 1
                $0.topicPartitions = [
                    .with {
                        $0.topicId = ids["t"] ?? .zero
                        $0.partitions = [0, 1]
                    }
                ]
            })
        commit("c", member: "c-member", generation: member?.memberEpoch ?? 1, offset: 1)
        commit("h", member: "", generation: -1, offset: 1)
    }

    /// A member of a classic group that has the topic t, and a position in it.
    private mutating func join(_ group: String, instance: String?) {
        let metadata = ConsumerProtocolSubscription.with { $0.topics = ["t"] }
        var request = JoinGroupRequest.with {
            $0.groupId = group
            $0.sessionTimeoutMs = 45_000
            $0.rebalanceTimeoutMs = 300_000
            $0.groupInstanceId = instance
            $0.protocolType = "consumer"
            $0.protocols = [
                .with {
                    $0.name = "range"
                    $0.metadata = Bytes((try? metadata.encodeVersioned(version: 3)) ?? [])
                }
            ]
        }
        var joined = ask(request)
        if joined?.errorCode == .memberIdRequired {
            request.memberId = joined?.memberId ?? ""
            joined = ask(request)
        }
        pause(.milliseconds(60))
        joined = answer(JoinGroupRequest.self) ?? joined
        let member = joined?.memberId ?? ""
        let generation = joined?.generationId ?? 1
        let assignment = ConsumerProtocolAssignment.with {
            $0.assignedPartitions = [
                .with {
                    $0.topic = "t"
                    $0.partitions = [0, 1]
                }
            ]
        }
        ask(
            SyncGroupRequest.with {
                $0.groupId = group
                $0.generationId = generation
                $0.memberId = member
                $0.groupInstanceId = instance
                $0.protocolType = "consumer"
                $0.protocolName = "range"
                $0.assignments = [
                    .with {
                        $0.memberId = member
                        $0.assignment = Bytes((try? assignment.encodeVersioned(version: 3)) ?? [])
                    }
                ]
            })
        commit(group, member: member, generation: generation, offset: 2)
    }

    private mutating func commit(_ group: String, member: String, generation: Int32, offset: Offset) {
        ask(
            OffsetCommitRequest.with {
                $0.groupId = group
                $0.memberId = member
                $0.generationIdOrMemberEpoch = generation
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = [PartitionID(0), 1].map { partition in
                            .with {
                                $0.partitionIndex = partition
                                $0.committedOffset = offset
                                $0.committedMetadata = "m"
                            }
                        }
                    }
                ]
            }, v: 9)
    }

    // MARK: - Transactions and sessions

    /// `tx` is committed, `tz` aborted, `ty` goes on with records and positions.
    private mutating func makeTransactions() {
        for id in ["tx", "tz", "ty"] {
            guard
                let begun = ask(
                    InitProducerIdRequest.with {
                        $0.transactionalId = id
                        $0.transactionTimeoutMs = 60_000
                    }, v: 4)
            else { continue }
            ask(
                AddPartitionsToTxnRequest.with {
                    $0.v3AndBelowTransactionalId = id
                    $0.v3AndBelowProducerId = begun.producerId
                    $0.v3AndBelowProducerEpoch = begun.producerEpoch
                    $0.v3AndBelowTopics = [
                        .with {
                            $0.name = "u"
                            $0.partitions = [0]
                        }
                    ]
                }, v: 3)
            let records = Self.batch(2) {
                $0.producerId = begun.producerId
                $0.producerEpoch = begun.producerEpoch
                $0.baseSequence = 0
                $0.marks = RecordBatch.Attributes(rawValue: 0x10)
            }
            produce("u", 0, records, transaction: id)
            if id != "ty" {
                ask(
                    EndTxnRequest.with {
                        $0.transactionalId = id
                        $0.producerId = begun.producerId
                        $0.producerEpoch = begun.producerEpoch
                        $0.committed = id == "tx"
                    }, v: 3)
                continue
            }
            ask(
                TxnOffsetCommitRequest.with {
                    $0.transactionalId = id
                    $0.groupId = "h"
                    $0.producerId = begun.producerId
                    $0.producerEpoch = begun.producerEpoch
                    $0.topics = [
                        .with {
                            $0.name = "u"
                            $0.partitions = [.with { $0.committedOffset = 1 }]
                        }
                    ]
                }, v: 5)
        }
    }

    private mutating func makeSessions() {
        ask(
            FetchRequest.with {
                $0.sessionEpoch = 0
                $0.topics = [
                    .with {
                        $0.topic = "t"
                        $0.partitions = [PartitionID(0), 1].map { partition in
                            .with {
                                $0.partition = partition
                                $0.fetchOffset = 2
                                $0.partitionMaxBytes = 1000
                            }
                        }
                    },
                    .with {
                        $0.topic = "nowhere"
                        $0.partitions = [.with { $0.partitionMaxBytes = 1000 }]
                    },
                ]
            }, v: 11, on: 2)
    }
}
