import KafkaWire

extension KafkaBroker {
    /// Makes `node` the leader of a partition, with the next leader epoch. A node that holds no replica of it takes the
    /// place of the leader that was. Clients hear of it as of Kafka's own elections: NOT_LEADER_OR_FOLLOWER or
    /// FENCED_LEADER_EPOCH from the old leader. Nothing happens where the node leads already.
    ///
    /// - Throws: A sentence where there is no such partition, the node does not run, or the change cannot be written.
    public func moveLeader(of topic: String, partition: PartitionID, to node: BrokerID) async throws(CommandError) {
        try await server.command { (state) throws(CommandError) in
            let partition = try state.partition(topic, partition)
            try state.requireRunning(node)
            try state.written { () throws(StorageError) in try state.change(partition) { $0.lead(node, from: $1) } }
        }
    }

    /// Elects a leader that has not got the last records, as `unclean.leader.election.enable` lets Kafka do where no other
    /// is left: the batches from the one that contains `offset` on are gone for all nodes, and `node` leads with the next
    /// epoch; without it, the leader of now. What comes next gets the offsets of what is gone. Clients that bring epochs
    /// hear of it (KIP-320), others do not.
    ///
    /// - Throws: A sentence where there is no such partition, the node does not run, or the log's file cannot be cut or the change
    ///   not be written.
    public func electUncleanly(
        _ node: BrokerID? = nil, of topic: String, partition: PartitionID, losingFrom offset: Offset
    ) async throws(CommandError) {
        try await server.command { (state) throws(CommandError) in
            let partition = try state.partition(topic, partition)
            let node = node ?? partition.leadership.leader
            try state.requireRunning(node)
            try state.written { () throws(StorageError) in
                try state.counted(partition) { () throws(StorageError) in try partition.loseRecords(from: offset) }
                try state.change(partition) { $0.leadUncleanly(node, from: $1) }
            }
        }
    }

    /// From now on the partition's other replicas get nothing of what its leader appends, as when they are slow or cut off:
    /// the high watermark stays where it is, and consumers see nothing behind it. To followers, whose logs end there, what is
    /// behind it is out of range. Producers that want all replicas (`acks=all`) are told NOT_ENOUGH_REPLICAS_AFTER_APPEND; when
    /// the leader changes meanwhile, what it had alone is gone. A partition with one replica has no others, and nothing happens.
    ///
    /// - Throws: A sentence where there is no such partition.
    public func holdReplication(of topic: String, partition: PartitionID) async throws(CommandError) {
        try await server.command { (state) throws(CommandError) in
            let partition = try state.partition(topic, partition)
            guard partition.leadership.replicas.count > 1, partition.heldAt == nil else { return }
            partition.heldAt = partition.log.endOffset
        }
    }

    /// The replicas have all that the leader has again; see ``holdReplication(of:partition:)``.
    ///
    /// - Throws: A sentence where there is no such partition.
    public func resumeReplication(of topic: String, partition: PartitionID) async throws(CommandError) {
        try await server.command { (state) throws(CommandError) in
            let partition = try state.partition(topic, partition)
            partition.heldAt = nil
            state.waitingFetches.touch(partition)
        }
    }

    /// From now on `node` coordinates the group, as long as it runs; other nodes answer NOT_COORDINATOR. The group keeps
    /// its members, and a join or sync that waits at the old coordinator is still answered there.
    ///
    /// - Throws: A sentence where the node does not run.
    public func moveCoordinator(ofGroup group: String, to node: BrokerID) async throws(CommandError) {
        try await server.command { (state) throws(CommandError) in
            try state.requireRunning(node)
            state.cluster.move(.group(group), to: node)
        }
    }

    /// From now on `node` coordinates the transactional id, as long as it runs; other nodes answer NOT_COORDINATOR.
    ///
    /// - Throws: A sentence where the node does not run.
    public func moveCoordinator(ofTransaction id: String, to node: BrokerID) async throws(CommandError) {
        try await server.command { (state) throws(CommandError) in
            try state.requireRunning(node)
            state.cluster.move(.transaction(id), to: node)
        }
    }

    /// The node that coordinates the group.
    public func coordinator(ofGroup group: String) async -> BrokerID {
        await server.withNode { $0.cluster.coordinator(of: .group(group)) }
    }

    /// The node that coordinates the transactional id.
    public func coordinator(ofTransaction id: String) async -> BrokerID {
        await server.withNode { $0.cluster.coordinator(of: .transaction(id)) }
    }

    /// Stops a node as if it had failed: its port and its connections close, other replicas lead its partitions with the
    /// next leader epoch, and other nodes coordinate its groups and transactions. A partition of which it held the only
    /// replica has no leader until the node is back. Nothing happens where it is stopped already.
    ///
    /// - Throws: A sentence where there is no such node.
    public func stopNode(_ node: BrokerID) async throws(CommandError) { try await server.stopNode(node) }

    /// Starts a stopped node again, on the same port. It is in sync at once and leads what nobody leads; other leaders
    /// stay until they are moved, or an election of preferred leaders is asked for (ElectLeaders).
    ///
    /// - Throws: A sentence where there is no such node, or its port has been taken meanwhile.
    public func startNode(_ node: BrokerID) async throws(CommandError) { try await server.startNode(node) }

    /// Adds a node, which has no partitions yet, and gives its id: the one after the highest that there was. It listens
    /// on any free port, or with a fixed port on the one that follows from its id.
    ///
    /// - Parameter rack: Where it stands (`broker.rack`); nil is what ``BrokerConfiguration/racks`` and
    ///   ``BrokerConfiguration/rack`` say, and the empty name no rack.
    /// - Throws: A sentence where the rack's name is too long for clients, no port is free, or no id is left.
    @discardableResult
    public func addNode(rack: String? = nil) async throws(CommandError) -> BrokerID {
        try await server.addNode(rack: rack)
    }

    /// Stops a node and forgets it: its replicas move to nodes that do not have the partition yet, where there are any.
    ///
    /// - Throws: A sentence where there is no such node, or it is the last one.
    public func removeNode(_ node: BrokerID) async throws(CommandError) { try await server.removeNode(node) }

    /// From now on every fetch that contains the batch with that offset gets it with a byte turned over, so that its
    /// checksum is wrong. The batch itself stays whole: ``restoreBatch(_:_:_:)`` makes fetches right again.
    ///
    /// - Throws: A sentence where there is no such batch.
    public func corruptBatch(_ topic: String, _ partition: PartitionID, _ offset: Offset) async throws(CommandError) {
        try await server.command { (state) throws(CommandError) in
            let (partition, base) = try state.batch(topic, partition, offset)
            partition.damaged.insert(base)
        }
    }

    /// Undoes ``corruptBatch(_:_:_:)``.
    ///
    /// - Throws: A sentence where there is no such batch.
    public func restoreBatch(_ topic: String, _ partition: PartitionID, _ offset: Offset) async throws(CommandError) {
        try await server.command { (state) throws(CommandError) in
            let (partition, base) = try state.batch(topic, partition, offset)
            partition.damaged.remove(base)
        }
    }

    /// Moves the broker's manual clock, and does what falls due on the way, each at its time: sessions and rebalances
    /// that time out, transactions that took too long, fetches that waited long enough, retention. When the call
    /// returns, all of that has been done, and the answers are on their way to the clients.
    ///
    /// - Throws: A sentence where the broker's clock is the system's, or the duration is negative.
    public func advance(by duration: Duration) async throws(CommandError) {
        guard case .manual(let clock) = clock else {
            throw CommandError(
                "This broker's time is the system's; give it a clock of its own: "
                    + "configuration.clock = .manual(ManualClock())")
        }
        guard duration >= .zero else { throw CommandError("A clock does not go back: \(duration)") }
        await server.advance(clock, by: duration)
    }

    /// From now on the broker speaks as one of that release of Apache Kafka: it tells and takes no later versions of its
    /// APIs, and none that the release did not have. Connections stay; one that goes on in a later version is closed, as
    /// after a downgrade. See also ``BrokerConfiguration/speaks``.
    ///
    /// Versions that Kafka 4 has removed are not served all the same (KIP-896).
    ///
    /// - Parameter release: Such as `2.8`; nil for all that the broker speaks.
    /// - Throws: A sentence with the releases that are known, where this one is not.
    public func speak(as release: String?) async throws(CommandError) {
        let found = try release.map(Self.release)
        await server.speak(as: found)
    }

    static func release(_ name: String) throws(CommandError) -> KafkaRelease {
        if let release = KafkaRelease.named(name) { return release }
        throw CommandError(
            "Apache Kafka \(name) is not known here; these releases are: "
                + KafkaRelease.all.map(\.name).joined(separator: ", "))
    }
}
