import KafkaWire

// Where the leader is, in answers that refuse a partition: saves the client a round of Metadata (KIP-951).

extension ErrorCode {
    /// Whether the client believes in another leader than the one that there is.
    var isAboutLeaders: Bool { self == .notLeaderOrFollower || self == .fencedLeaderEpoch }
}

extension ProduceResponse {
    /// Adds where the leaders can be reached that `responses` name.
    mutating func addEndpoints(_ cluster: ClusterMap) {
        var leaders: Set<BrokerID> = []
        for topic in responses {
            for partition in topic.partitionResponses { leaders.insert(partition.currentLeader.leaderId) }
        }
        nodeEndpoints = cluster.runningNodes.filter { leaders.contains($0.id) }.map { node in
            .with {
                $0.nodeId = node.id
                $0.host = node.host
                $0.port = Int32(node.port)
            }
        }
    }
}

extension FetchResponse {
    /// Adds where the leaders can be reached that `responses` name.
    mutating func addEndpoints(_ cluster: ClusterMap) {
        var leaders: Set<BrokerID> = []
        for topic in responses {
            for partition in topic.partitions { leaders.insert(partition.currentLeader.leaderId) }
        }
        nodeEndpoints = cluster.runningNodes.filter { leaders.contains($0.id) }.map { node in
            .with {
                $0.nodeId = node.id
                $0.host = node.host
                $0.port = Int32(node.port)
            }
        }
    }
}

extension Partition {
    /// `records` as fetches get them: whole, unless a test wants batches with wrong checksums. A byte of the last record
    /// is turned over, in a copy.
    func asServed(_ served: Records) -> Records {
        guard !damaged.isEmpty else { return served }
        let records = served.bytes
        var bytes = records.withUnsafeBytes { Array($0) }
        var start = 0
        var isChanged = false
        while let batch = try? RecordBatch(records[start..<records.count]) {
            let end = start + batch.bytes.count
            if damaged.contains(batch.baseOffset) {
                bytes[end - 1] ^= 0xFF
                isChanged = true
            }
            start = end
            if start >= records.count { break }
        }
        return isChanged ? Records(Bytes(bytes)) : served
    }
}
