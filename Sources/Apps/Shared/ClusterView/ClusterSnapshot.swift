import KafkaWire

/// What one look at a cluster tells. A value: ``ClusterSampler`` makes it, ``ClusterHistory`` compares it with the ones
/// before.
package struct ClusterSnapshot: Sendable, Equatable {
    /// When the answers had come, on a clock that only goes forward, from any origin.
    package var at: Duration
    /// The cluster's id.
    package var id: String
    /// The broker that changes go to, or -1.
    package var controller: BrokerID
    /// Where we asked first, as `host:port`.
    package var bootstrap: String
    /// By id.
    package var brokers: [Broker] = []
    /// By name.
    package var topics: [Topic] = []
    /// By id.
    package var groups: [Group] = []
    /// What the brokers told of their disks last; nil where none did, or none was asked.
    package var logs: Logs?
    /// What could not be told, each a sentence.
    package var troubles: [String] = []

    package init(at: Duration, id: String = "", controller: BrokerID = .none, bootstrap: String = "") {
        self.at = at
        self.id = id
        self.controller = controller
        self.bootstrap = bootstrap
    }

    /// A broker.
    package struct Broker: Sendable, Equatable {
        package var id: BrokerID
        package var address: String
        package var rack: String?

        package init(id: BrokerID, address: String, rack: String? = nil) {
            self.id = id
            self.address = address
            self.rack = rack
        }
    }

    /// A topic.
    package struct Topic: Sendable, Equatable {
        package var name: String
        package var id: TopicID
        package var isInternal: Bool
        /// By number.
        package var partitions: [Partition]

        package init(_ name: String, id: TopicID = .zero, isInternal: Bool = false, partitions: [Partition] = []) {
            self.name = name
            self.id = id
            self.isInternal = isInternal
            self.partitions = partitions
        }

        /// How many copies its partitions have, at most.
        package var replicas: Int { partitions.map(\.replicas.count).max() ?? 0 }
        /// How many of its partitions nobody leads.
        package var leaderless: Int { partitions.count { $0.leader == nil } }
        /// How many of its partitions have copies that are not in sync.
        package var underReplicated: Int { partitions.count { $0.isUnderReplicated } }
        /// How many offsets lie between starts and ends, where these are known: of a compacted topic more than records.
        package var records: Int64? {
            let known = partitions.compactMap(\.records)
            return known.isEmpty ? nil : known.saturatedSum()
        }
    }

    /// A partition.
    package struct Partition: Sendable, Equatable {
        package var number: PartitionID
        package var leader: BrokerID?
        package var replicas: [BrokerID]
        package var inSync: [BrokerID]
        /// The first offset; nil where it is not known.
        package var start: Int64?
        /// The offset behind the last record; nil where it is not known.
        package var end: Int64?

        package init(
            _ number: PartitionID, leader: BrokerID?, replicas: [BrokerID] = [], inSync: [BrokerID] = [],
            start: Int64? = nil, end: Int64? = nil
        ) {
            self.number = number
            self.leader = leader
            self.replicas = replicas
            self.inSync = inSync
            self.start = start
            self.end = end
        }

        package var isUnderReplicated: Bool { inSync.count < replicas.count }
        package var records: Int64? {
            guard let start, let end else { return nil }
            return max(0, end.subtractingSaturated(start))
        }
    }

    /// A group.
    package struct Group: Sendable, Equatable {
        package var id: String
        /// `classic`, `consumer`, …; empty where the broker does not tell.
        package var type: String
        /// `Stable`, `Empty`, …; empty where the broker does not tell.
        package var state: String
        /// What its members do, such as `consumer`.
        package var protocolType: String
        package var assignor = ""
        package var coordinator: BrokerID?
        package var members: [Member] = []
        /// What it has committed.
        package var committed: [TopicPartition: Int64] = [:]

        package init(_ id: String, type: String = "", state: String = "", protocolType: String = "") {
            self.id = id
            self.type = type
            self.state = state
            self.protocolType = protocolType
        }

        /// The topics that it has committed to, or has members for.
        package var topics: Set<String> {
            Set(committed.keys.map(\.topic)).union(members.flatMap { $0.assignment.map(\.topic) })
        }
    }

    /// A member of a group.
    package struct Member: Sendable, Equatable {
        package var id: String
        package var clientId: String
        package var host: String
        package var instanceId: String?
        package var assignment: [TopicPartition]

        package init(
            id: String, clientId: String, host: String, instanceId: String? = nil, assignment: [TopicPartition] = []
        ) {
            self.id = id
            self.clientId = clientId
            self.host = host
            self.instanceId = instanceId
            self.assignment = assignment
        }
    }

    /// What brokers keep on their disks.
    package struct Logs: Sendable, Equatable {
        /// When they told, on the clock of ``ClusterSnapshot/at``.
        package var at: Duration
        /// The size of each copy in bytes, by broker.
        package var sizes: [BrokerID: [TopicPartition: Int64]]
        /// The bytes that are free in all directories of a broker; left out where it does not tell.
        package var free: [BrokerID: Int64]

        package init(at: Duration, sizes: [BrokerID: [TopicPartition: Int64]] = [:], free: [BrokerID: Int64] = [:]) {
            self.at = at
            self.sizes = sizes
            self.free = free
        }
    }

    // MARK: - What follows from it

    /// The topic of that name.
    package func topic(_ name: String) -> Topic? { topics.first { $0.name == name } }
    /// The group with that id.
    package func group(_ id: String) -> Group? { groups.first { $0.id == id } }

    /// The end of every partition whose end is known.
    package var ends: [TopicPartition: Int64] {
        var ends: [TopicPartition: Int64] = [:]
        for topic in topics {
            for partition in topic.partitions {
                if let end = partition.end { ends[TopicPartition(topic.name, partition.number)] = end }
            }
        }
        return ends
    }

    /// The bytes of a partition at its leader; nil where it does not tell.
    package func size(of partition: TopicPartition, leader: BrokerID?) -> Int64? {
        leader.flatMap { logs?.sizes[$0]?[partition] }
    }

    /// The bytes of a topic: one copy of each partition, or all copies.
    package func size(of topic: Topic, allCopies: Bool = false) -> Int64? {
        guard let logs else { return nil }
        var total: Int64?
        for partition in topic.partitions {
            let key = TopicPartition(topic.name, partition.number)
            let copies = allCopies ? partition.replicas : partition.leader.map { [$0] } ?? []
            for broker in copies {
                if let size = logs.sizes[broker]?[key] { total = (total ?? 0).addingSaturated(size) }
            }
        }
        return total
    }
}
