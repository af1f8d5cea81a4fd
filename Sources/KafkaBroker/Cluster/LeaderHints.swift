import KafkaWire

// Where the leader is, in answers that refuse a partition: saves the client a round of Metadata (KIP-951).

extension ErrorCode {
    /// Whether the client believes in another leader than the one that there is.
    var isAboutLeaders: Bool { self == .notLeaderOrFollower || self == .fencedLeaderEpoch }
}

extension ProduceResponse {
    /// Adds where the leaders can be reached that `responses` name.
    mutating func addEndpoints(_ cluster: ClusterMap, at listener: Int) {
        var leaders: Set<BrokerID> = []
        for topic in responses {
            for partition in topic.partitionResponses { leaders.insert(partition.currentLeader.leaderId) }
        }
        nodeEndpoints = cluster.runningNodes(at: listener).filter { leaders.contains($0.id) }.map { node in
            .with {
                $0.nodeId = node.id
                $0.host = node.host
                $0.port = Int32(node.port)
                $0.rack = node.rack
            }
        }
    }
}

extension FetchResponse {
    /// Adds where the leaders can be reached that `responses` name.
    mutating func addEndpoints(_ cluster: ClusterMap, at listener: Int) {
        var leaders: Set<BrokerID> = []
        for topic in responses {
            for partition in topic.partitions { leaders.insert(partition.currentLeader.leaderId) }
        }
        nodeEndpoints = cluster.runningNodes(at: listener).filter { leaders.contains($0.id) }.map { node in
            .with {
                $0.nodeId = node.id
                $0.host = node.host
                $0.port = Int32(node.port)
                $0.rack = node.rack
            }
        }
    }
}
