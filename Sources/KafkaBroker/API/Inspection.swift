import KafkaWire

// What a broker shows of its inside, as values.

extension KafkaBroker {
    /// A topic at one moment.
    public struct TopicInfo: Sendable, Equatable {
        /// The topic's name.
        public let name: String
        /// The id that the protocol uses beside the name (KIP-516).
        public let id: TopicID
        /// The partitions, in the order of their numbers.
        public let partitions: [PartitionInfo]
    }

    /// A partition at one moment.
    public struct PartitionInfo: Sendable, Equatable {
        /// The first offset that can be read.
        public let startOffset: Offset
        /// The offset that the next record gets.
        public let endOffset: Offset
        /// Before which offset every transaction has ended; what `read_committed` shows ends here.
        public let lastStableOffset: Offset
        /// How many bytes of record batches are held.
        public let bytes: Int
        /// The node that leads it; -1 where none of its replicas runs.
        public let leader: BrokerID
        /// Counts its leaders.
        public let leaderEpoch: LeaderEpoch
        /// The nodes that hold it, the preferred leader first.
        public let replicas: [BrokerID]
        /// Those of them that are in sync.
        public let inSyncReplicas: [BrokerID]
    }

    /// A node of the cluster at one moment.
    public struct NodeInfo: Sendable, Equatable {
        /// The node's id.
        public let id: BrokerID
        /// Where clients are told to connect to.
        public let host: String
        /// The port that clients are told to connect to.
        public let port: UInt16
        /// Where it stands (`broker.rack`); nil where that is not said.
        public let rack: String?
        /// Whether it runs, and was not stopped on command.
        public let isRunning: Bool
    }

    /// A client's connection at one moment.
    public struct ConnectionInfo: Sendable, Equatable {
        /// Counts the connections of the broker.
        public let id: UInt64
        /// The other side: address and port.
        public let peer: String
        /// The node that it is connected to.
        public let node: BrokerID
        /// What the client called itself in its last request, or nil.
        public let clientId: String?
        /// The name and version of the client's library, where it has told them (ApiVersions from v3 on, KIP-511).
        public let softwareName: String?
        /// The library's version; nil where it has not told one.
        public let softwareVersion: String?
        /// The name of the listener that it came in by.
        public let listener: String
        /// Who the client is, as far as its listener asks: `User:ANONYMOUS` where nobody said.
        public let principal: KafkaPrincipal
        /// How many requests it has sent.
        public let requests: UInt64
        /// The bytes of its requests, and those of the answers that have left.
        public let bytesReceived: Int
        /// The bytes of the answers that have left for it.
        public let bytesSent: Int
    }

    /// What was cut off a log, or out of it; see ``BrokerLogCut``.
    public typealias LogCut = BrokerLogCut

    /// A consumer group at one moment.
    public struct GroupInfo: Sendable, Equatable {
        /// The group's id (`group.id`).
        public let id: String
        /// The protocol that the group is under.
        public let kind: GroupKind
        /// What the members share: `consumer` for topics, others such as `connect`; nil where no member ever was.
        public let protocolType: String?
        /// Kafka's name of the state: Empty and Stable; PreparingRebalance and CompletingRebalance of a classic group,
        /// Assigning and Reconciling of one under the newer protocol.
        public let state: String
        /// Counts a classic group's rebalances; the epoch of a group under the newer protocol.
        public let generation: Int32
        /// The epoch that the partitions were last given out for, under the newer protocol; nil of a classic group.
        public let assignmentEpoch: Int32?
        /// The strategy that was chosen, such as `range`; nil of a classic group without members.
        public let protocolName: String?
        /// The id of the member that assigns partitions; nil without members.
        public let leader: String?
        /// The members, in the order in which they joined.
        public let members: [MemberInfo]
        /// The committed positions, in the order of topics and partitions.
        public let committed: [CommittedOffset]
    }

    /// The protocols that groups can be under.
    public enum GroupKind: String, Sendable {
        /// The members agree among themselves (JoinGroup, SyncGroup).
        case classic = "Classic"
        /// The coordinator decides (ConsumerGroupHeartbeat, KIP-848).
        case consumer = "Consumer"
    }

    /// A transactional id at one moment.
    public struct TransactionInfo: Sendable, Equatable {
        /// The id (`transactional.id`).
        public let id: String
        /// Kafka's name of the state: Empty, Ongoing, CompleteCommit or CompleteAbort.
        public let state: String
        /// The producer that owns the id.
        public let producerId: ProducerID
        /// Counts the owners, and with version 2 the transactions.
        public let producerEpoch: ProducerEpoch
        /// The partitions of the transaction that goes on, in the order of topics and numbers.
        public let partitions: [TopicPartition]
        /// The groups that get their offsets when it is committed, in the order of their ids.
        public let groups: [String]
    }

    /// A member of a group.
    public struct MemberInfo: Sendable, Equatable {
        /// The member's id, which the coordinator or, under KIP-848, the member has made.
        public let id: String
        /// The name of a static member, or nil.
        public let instanceId: String?
        /// What the client calls itself.
        public let clientId: String
        /// What the leader of a classic group has assigned, as the group's protocol encodes it.
        public let assignment: Bytes
        /// The member's epoch under the newer protocol (-2 of a static member that is away); nil in a classic group.
        public let epoch: Int32?
        /// The partitions that the member has, in the order of topics and numbers; empty where its group shares others.
        public let partitions: [TopicPartition]
        /// The partitions that the member is to have; the same as ``partitions`` in a classic group.
        public let target: [TopicPartition]
    }

    /// A group's position in a partition.
    public struct CommittedOffset: Sendable, Equatable {
        /// The topic's name.
        public let topic: String
        /// The partition's number, from 0.
        public let partition: PartitionID
        /// The offset of the next record to read.
        public let offset: Offset
        /// What the consumer stored with it.
        public let metadata: String
    }
}

extension KafkaBroker.TopicInfo {
    init(_ topic: Topic) {
        name = topic.name
        id = topic.id
        partitions = topic.partitions.map {
            .init(
                startOffset: $0.log.startOffset, endOffset: $0.log.endOffset, lastStableOffset: $0.lastStableOffset,
                bytes: $0.log.size, leader: $0.leadership.leader, leaderEpoch: $0.leaderEpoch,
                replicas: $0.leadership.replicas, inSyncReplicas: $0.leadership.inSync)
        }
    }
}

extension KafkaBroker.GroupInfo {
    init(_ group: GroupCoordinator.Group) {
        id = group.id
        state = group.stateName
        protocolType = group.protocolType
        committed = group.offsets.sorted.flatMap { topic, positions in
            positions.map {
                .init(
                    topic: topic, partition: $0.partition, offset: $0.committed.offset,
                    metadata: $0.committed.metadata)
            }
        }
        if let consumer = group.consumer {
            kind = .consumer
            generation = consumer.epoch
            assignmentEpoch = consumer.assignmentEpoch
            protocolName = consumer.assignor.rawValue
            leader = nil
            members = consumer.ordered.map { .init($0, of: consumer) }
        } else {
            kind = .classic
            generation = group.classic.generation
            assignmentEpoch = nil
            protocolName = group.classic.protocolName
            leader = group.classic.leader
            members = group.classic.ordered.map { .init($0, of: group.classic) }
        }
    }
}

extension KafkaBroker.MemberInfo {
    fileprivate init(_ member: GroupMember, of group: ClassicGroup) {
        id = member.id
        instanceId = member.instanceId
        clientId = member.clientId
        assignment = member.assignment
        epoch = nil
        var partitions: [TopicPartition] = []
        if group.protocolType == ClassicGroup.consumerType,
            let known = try? ConsumerProtocolAssignment.decodeVersioned(member.assignment)
        {
            partitions = known.assignedPartitions.flatMap { topic in
                topic.partitions.map { TopicPartition(topic.topic, $0) }
            }
        }
        self.partitions = partitions.sorted()
        target = self.partitions
    }

    fileprivate init(_ member: ConsumerGroupMember, of group: ConsumerGroup) {
        id = member.id
        instanceId = member.instanceId
        clientId = member.clientId
        assignment = Bytes()
        epoch = member.epoch
        let names = Dictionary(group.topics.map { ($0.value.id, $0.key) }, uniquingKeysWith: min)
        func named(_ partitions: some Sequence<TopicIDPartition>) -> [TopicPartition] {
            partitions.compactMap { partition in
                names[partition.topic].map { TopicPartition($0, partition.partition) }
            }.sorted()
        }
        partitions = named(member.assigned.keys)
        target = named(group.target[member.id] ?? [])
    }
}

extension KafkaBroker.TransactionInfo {
    init(_ transaction: Transaction) {
        id = transaction.id
        state = transaction.state.rawValue
        producerId = transaction.producer.id
        producerEpoch = transaction.producer.epoch
        partitions = transaction.partitions.sorted()
        groups = transaction.groups.sorted()
    }
}

extension KafkaBroker {
    /// The nodes, in the order of their ids; those that are stopped too.
    public var nodes: [NodeInfo] {
        get async {
            await server.withNode { state in
                state.cluster.nodes.map {
                    NodeInfo(id: $0.id, host: $0.host, port: $0.port, rack: $0.rack, isRunning: $0.isRunning)
                }
            }
        }
    }

    /// The clients' connections, in the order in which they came.
    public var connections: [ConnectionInfo] { get async { await server.connectionInfos } }

    /// How many requests of each API have been handled since the broker was started; those that hooks have taken count.
    public var requestCounts: [APIKey: Int] { get async { await server.requestCounts } }
}

extension BrokerServer {
    fileprivate var connectionInfos: [KafkaBroker.ConnectionInfo] {
        connections.values.sorted { $0.id < $1.id }.map {
            .init(
                id: $0.id, peer: $0.peer, node: $0.node, clientId: $0.clientId, softwareName: $0.software?.name,
                softwareVersion: $0.software?.version, listener: $0.security.name,
                principal: $0.authentication.principal, requests: $0.requestCount, bytesReceived: $0.bytesIn,
                bytesSent: $0.bytesOut)
        }
    }
}
