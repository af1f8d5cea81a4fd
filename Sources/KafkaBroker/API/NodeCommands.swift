import KafkaWire

extension KafkaBroker {
    /// Why a command was not carried out, in a sentence.
    public struct CommandError: Error, CustomStringConvertible, Sendable, Equatable {
        public let description: String
        init(_ description: String) { self.description = description }
    }

    /// Makes `node` the leader of a partition, with the next leader epoch. A node that holds no replica of it takes the
    /// place of the leader that was. Clients hear of it as of Kafka's own elections: NOT_LEADER_OR_FOLLOWER or
    /// FENCED_LEADER_EPOCH from the old leader. Nothing happens where the node leads already.
    ///
    /// - Throws: A sentence where there is no such partition, or the node does not run.
    public func moveLeader(of topic: String, partition: PartitionID, to node: BrokerID) async throws(CommandError) {
        try await server.command { (state) throws(CommandError) in
            let partition = try state.partition(topic, partition)
            try state.requireRunning(node)
            state.change(partition) { $0.lead(node, from: $1) }
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
    @discardableResult
    public func addNode() async throws(CommandError) -> BrokerID { try await server.addNode() }

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
}

extension BrokerNode {
    fileprivate func partition(_ topic: String, _ index: PartitionID) throws(KafkaBroker.CommandError) -> Partition {
        guard let found = topics[topic] else { throw .init("There is no topic '\(topic)'.") }
        guard let partition = found.partition(index) else {
            throw .init("Topic '\(topic)' has \(found.partitions.count) partitions, and no partition \(index).")
        }
        return partition
    }

    /// The partition and the first offset of the batch that contains `offset`.
    fileprivate func batch(_ topic: String, _ index: PartitionID, _ offset: Offset) throws(KafkaBroker.CommandError)
        -> (Partition, Offset)
    {
        let partition = try partition(topic, index)
        let found = try? partition.log.read(from: offset, maxBytes: 1, atLeastOneBatch: true)
        guard let bytes = found?.bytes, let batch = try? RecordBatch(bytes) else {
            throw .init(
                "Partition \(index) of '\(topic)' has no record with offset \(offset): it holds "
                    + "\(partition.log.startOffset) up to \(partition.log.endOffset), without the last.")
        }
        return (partition, batch.baseOffset)
    }

    func requireNode(_ id: BrokerID) throws(KafkaBroker.CommandError) {
        guard cluster[id] == nil else { return }
        throw .init("There is no node \(id); there are \(cluster.nodes.map { "\($0.id)" }.joined(separator: ", ")).")
    }

    func requireRunning(_ id: BrokerID) throws(KafkaBroker.CommandError) {
        try requireNode(id)
        guard cluster.isRunning(id) else { throw .init("Node \(id) is stopped.") }
    }
}

extension BrokerServer {
    /// Changes the broker's state, and answers what this has decided.
    func command(_ body: @Sendable (BrokerNode) throws(KafkaBroker.CommandError) -> Void)
        throws(KafkaBroker.CommandError)
    {
        try body(node)
        settle()
    }

    func stopNode(_ id: BrokerID) throws(KafkaBroker.CommandError) {
        try node.requireNode(id)
        guard node.cluster.isRunning(id) else { return }
        closeListener(of: id)
        node.stopped(id)
        settle()
    }

    func startNode(_ id: BrokerID) async throws(KafkaBroker.CommandError) {
        try node.requireNode(id)
        guard let found = node.cluster[id], !found.isRunning else { return }
        let socket = try await listen(on: found.listenedPort)
        // The command may have been given twice meanwhile, or the node removed.
        guard node.cluster[id]?.isRunning == false, !isStopped else { return socket.close() }
        open(socket, for: id)
        node.started(id)
        settle()
    }

    func addNode() async throws(KafkaBroker.CommandError) -> BrokerID {
        guard node.cluster.highestId.rawValue < .max else { throw .init("No node id is left after \(Int32.max).") }
        let offset = Int(node.cluster.highestId.rawValue - configuration.nodeId.rawValue) + 1
        let port: UInt16
        do { port = try Listeners.port(configuration, offset) } catch { throw .init(error.description) }
        let socket = try await listen(on: port)
        guard !isStopped else {
            socket.close()
            throw .init("The broker is stopped.")
        }
        let place = Int(node.cluster.highestId.rawValue - configuration.nodeId.rawValue) + 1
        let added = configuration.node(place, port: socket.localPort)
        node.added(added)
        open(socket, for: added.id)
        settle()
        return added.id
    }

    func removeNode(_ id: BrokerID) throws(KafkaBroker.CommandError) {
        try node.requireNode(id)
        guard node.cluster.hasSeveralNodes else {
            throw .init("Node \(id) is the last one; stop the broker instead.")
        }
        try stopNode(id)
        node.removed(id)
        settle()
    }

    private func listen(on port: UInt16) async throws(KafkaBroker.CommandError) -> TCPSocket {
        do throws(KafkaBroker.StartError) {
            return try await Listeners.open(configuration.host, port)
        } catch {
            throw .init(error.description)
        }
    }

    func speak(as release: KafkaRelease?) { node.release = release }

    /// Moves the clock to each deadline on the way, so that what is due happens in its order.
    func advance(_ clock: ManualClock, by duration: Duration) {
        let end = clock.now + duration
        while let next = node.nextDeadline, next <= end {
            // A deadline that has been passed already moves nothing; then one tick has to do.
            let isProgress = next > clock.now
            clock.move(to: next)
            tick()
            if !isProgress, node.nextDeadline == next { break }
        }
        clock.move(to: end)
        tick()
    }
}
