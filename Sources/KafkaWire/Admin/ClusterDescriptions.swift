// The cluster itself: brokers, the metadata quorum.

extension KafkaAdmin {
    /// A cluster and its brokers.
    public struct ClusterDescription: Sendable, Equatable {
        /// The cluster's id.
        public var id: String
        /// The controller's broker id, or -1. Under KRaft any broker, which passes on what is for the controller.
        public var controller: BrokerID
        /// The brokers, by id.
        public var nodes: [Node]
        /// What the client may do with the cluster; nil where the broker does not tell.
        public var authorizedOperations: Set<AclOperation>?

        /// The brokers' addresses, as `host:port`, by id.
        public var brokers: [BrokerID: String] {
            Dictionary(nodes.map { ($0.id, $0.address) }, uniquingKeysWith: { first, _ in first })
        }

        /// A broker.
        public struct Node: Sendable, Equatable {
            /// Its id.
            public var id: BrokerID
            /// Its host, as it advertises it.
            public var host: String
            /// Its port, as it advertises it.
            public var port: Int32
            /// Its rack (`broker.rack`); nil where it has none.
            public var rack: String?
            /// Whether it is registered but takes no part (KIP-1073).
            public var isFenced = false

            /// Its address, as `host:port`.
            public var address: String { "\(host):\(port)" }
        }
    }

    /// The cluster and its brokers (DescribeCluster, KIP-700; through Metadata from brokers before Kafka 2.8).
    ///
    /// - Parameter includeFenced: Whether to tell of fenced brokers too (KIP-1073, Kafka 4.0).
    public func describeCluster(includeFenced: Bool = false) async throws(KafkaError) -> ClusterDescription {
        do throws(KafkaError) {
            return try await one("describe the cluster", at: .any) { version throws(KafkaError) in
                guard version >= 2 || !includeFenced else {
                    throw Self.tooOld("tells of fenced brokers", api: .describeCluster, since: "4.0")
                }
                return DescribeClusterRequest.with {
                    $0.includeClusterAuthorizedOperations = true
                    $0.includeFencedBrokers = includeFenced
                }
            } whole: {
                ($0.errorCode, $0.errorMessage)
            } value: { response in
                ClusterDescription(
                    id: response.clusterId, controller: response.controllerId,
                    nodes: response.brokers.map {
                        .init(id: $0.brokerId, host: $0.host, port: $0.port, rack: $0.rack, isFenced: $0.isFenced)
                    }.sorted { $0.id < $1.id },
                    authorizedOperations: AclOperation.set(response.clusterAuthorizedOperations))
            }
        } catch {
            guard error.code == .unsupportedVersion, !includeFenced else { throw error }
        }
        return try await one("describe the cluster", at: .any) { version in
            MetadataRequest.with {
                $0.topics = []
                if version >= 4 { $0.allowAutoTopicCreation = false }
                if (8...10).contains(version) { $0.includeClusterAuthorizedOperations = true }
            }
        } whole: {
            ($0.errorCode, nil)
        } value: { response in
            ClusterDescription(
                id: response.clusterId ?? "", controller: response.controllerId,
                nodes: response.brokers.map { .init(id: $0.nodeId, host: $0.host, port: $0.port, rack: $0.rack) }
                    .sorted { $0.id < $1.id },
                authorizedOperations: AclOperation.set(response.clusterAuthorizedOperations))
        }
    }

    /// Forgets a broker that is gone for good (UnregisterBroker, KIP-631, KRaft only, Kafka 3.3).
    /// BROKER_ID_NOT_REGISTERED: there is none with that id.
    public func unregisterBroker(_ id: BrokerID) async throws(KafkaError) {
        try await one("unregister broker \(id)", at: .controller, final: .finalFromController) { _ in
            UnregisterBrokerRequest.with { $0.brokerId = id }
        } whole: {
            ($0.errorCode, $0.errorMessage)
        } value: { _ in
            ()
        }
    }

    /// The controllers, and how far each of them has got with the log of the cluster's metadata.
    public struct MetadataQuorum: Sendable, Equatable {
        /// The controller that leads.
        public var leader: BrokerID
        /// Since which election.
        public var leaderEpoch: LeaderEpoch
        /// How far the log is committed.
        public var highWatermark: Offset
        /// Who votes, by id.
        public var voters: [Replica]
        /// Who only follows, by id: brokers and further controllers.
        public var observers: [Replica]
        /// The voters' addresses, as `LISTENER://host:port`, by id (KIP-853); empty where the broker does not tell.
        public var endpoints: [BrokerID: [String]]

        /// A copy of the log.
        public struct Replica: Sendable, Equatable {
            /// The node's id.
            public var id: BrokerID
            /// Its log directory (KIP-853); all zero where the broker does not tell.
            public var directory: Uuid
            /// Where its log ends.
            public var logEnd: Offset
            /// When it fetched last, in milliseconds since 1970; nil where the broker does not tell (KIP-836).
            public var lastFetch: Int64?
            /// When it had caught up last, in milliseconds since 1970; nil where the broker does not tell (KIP-836).
            public var lastCaughtUp: Int64?
        }
    }

    /// The quorum of controllers (DescribeQuorum, KIP-595, Kafka 3.3 with KRaft).
    public func describeMetadataQuorum() async throws(KafkaError) -> MetadataQuorum {
        let name = "__cluster_metadata"
        @Sendable func log(
            _ response: DescribeQuorumResponse
        ) -> DescribeQuorumResponse.TopicData.PartitionData? {
            response.topics.first { $0.topicName == name }?.partitions.first { $0.partitionIndex == 0 }
        }
        let response = try await one("describe the metadata quorum", at: .any) { _ in
            DescribeQuorumRequest.ofMetadata
        } whole: { response in
            guard response.errorCode == .none, let partition = log(response) else {
                return (response.errorCode, response.errorMessage)
            }
            return (partition.errorCode, partition.errorMessage)
        } value: {
            $0
        }
        guard let partition = log(response) else {
            throw KafkaError(
                .malformedResponse, "could not describe the metadata quorum: the broker left it out of its answer",
                api: .describeQuorum, isRetriable: false)
        }
        func replica(_ state: DescribeQuorumResponse.ReplicaState) -> MetadataQuorum.Replica {
            .init(
                id: state.replicaId, directory: state.replicaDirectoryId, logEnd: state.logEndOffset,
                lastFetch: state.lastFetchTimestamp < 0 ? nil : state.lastFetchTimestamp,
                lastCaughtUp: state.lastCaughtUpTimestamp < 0 ? nil : state.lastCaughtUpTimestamp)
        }
        return MetadataQuorum(
            leader: partition.leaderId, leaderEpoch: partition.leaderEpoch, highWatermark: partition.highWatermark,
            voters: partition.currentVoters.map(replica).sorted { $0.id < $1.id },
            observers: partition.observers.map(replica).sorted { $0.id < $1.id },
            endpoints: Dictionary(
                response.nodes.map { node in
                    (node.nodeId, node.listeners.map { "\($0.name)://\($0.host):\($0.port)" })
                }, uniquingKeysWith: { first, _ in first }))
    }
}

extension DescribeQuorumRequest {
    /// About the cluster's metadata, the one log that has a quorum.
    static var ofMetadata: DescribeQuorumRequest {
        .with {
            $0.topics = [
                .with {
                    $0.topicName = "__cluster_metadata"
                    $0.partitions = [.with { $0.partitionIndex = 0 }]
                }
            ]
        }
    }
}
