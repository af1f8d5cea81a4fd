import KafkaWire

/// The broker's state and what handlers may do with it. Knows nothing of sockets: requests come in with the time, and
/// answers go out, at once or later through ``takeAnswers()``. Lives on the loop.
final class BrokerNode {
    /// An answer that comes later than its request's turn.
    struct LateAnswer {
        var ticket: RequestTicket
        var response: any WireMessage
    }

    let configuration: KafkaBroker.Configuration
    let clusterId: String
    let advertisedHost: String
    let advertisedPort: UInt16
    private(set) var topics: TopicRegistry
    var configs: ConfigStore
    var quotas = ClientQuotas()
    var groups: GroupCoordinator
    var transactions: TransactionCoordinator
    var sessions: FetchSessions
    var waitingFetches = WaitingFetches()
    private var random: RandomSource
    /// How many bytes the logs hold together.
    private(set) var storedBytes = 0
    private var answers: [LateAnswer] = []
    /// The versions of joins that wait, since the form of a refusal depends on it.
    private var joinVersions: [RequestTicket: Int16] = [:]

    /// Throws where a topic of the configuration cannot be created.
    init(_ configuration: KafkaBroker.Configuration, port: UInt16) throws(TopicRegistry.Refusal) {
        self.configuration = configuration
        advertisedHost = configuration.advertisedHost ?? configuration.host
        advertisedPort = configuration.advertisedPort ?? port
        random = RandomSource(seed: configuration.seed)
        clusterId = configuration.clusterId ?? Uuid.random(using: &random).description
        topics = TopicRegistry(partitionLimit: configuration.maximumPartitions)
        configs = ConfigStore(
            statics: configuration.settings(host: advertisedHost, port: advertisedPort), nodeId: configuration.nodeId)
        groups = GroupCoordinator(
            sessionTimeouts: configuration.sessionTimeouts, initialDelay: configuration.initialRebalanceDelay,
            memberLimit: configuration.maximumGroupSize, offsetsRetention: configuration.offsetsRetention,
            random: random.split())
        transactions = TransactionCoordinator(
            maximumTimeout: configuration.maximumTransactionTimeout,
            expiration: configuration.transactionalIdExpiration)
        sessions = FetchSessions(limit: configuration.fetchSessionLimit, random: random.split())
        for (name, partitions) in configuration.topics.sorted(by: { $0.key < $1.key }) {
            try createTopic(name, partitions: Int32(clamping: partitions))
        }
    }

    // MARK: - Requests and time

    /// Handles a request that was decoded by its API's handler.
    func handle(_ api: ServedAPI, _ body: Bytes, _ context: RequestContext) throws(WireError) -> Outcome {
        let outcome = try api.handle(body, context, self)
        if api.key == .joinGroup { joinVersions[context.ticket] = context.version }
        settle(now: context.now)
        return outcome
    }

    /// Does what is due at `now`.
    func tick(now: Instant) {
        groups.tick(now: now)
        transactions.tick(now: now)
        writeMarkers(now: now)
        for fetch in waitingFetches.due(now) { answer(fetch) }
        settle(now: now)
    }

    /// When ``tick(now:)`` has something to do next.
    var nextDeadline: Instant? {
        [groups.nextDeadline, transactions.nextDeadline, waitingFetches.nextDeadline].compactMap { $0 }.min()
    }

    /// The connection is gone: what waits for it is forgotten. Members of groups stay until their sessions run out.
    func forget(_ ticket: RequestTicket) {
        waitingFetches.remove(ticket)
        joinVersions[ticket] = nil
    }

    /// The answers to earlier requests that have become known since the last call.
    func takeAnswers() -> [LateAnswer] {
        guard !answers.isEmpty else { return [] }
        defer { answers = [] }
        return answers
    }

    /// Looks at the consequences of what was done: transactions that end, fetches that have enough now, members that are
    /// answered.
    private func settle(now: Instant) {
        writeMarkers(now: now)
        for fetch in waitingFetches.takeTouched() where FetchHandler.isSatisfied(fetch, self) { answer(fetch) }
        for action in groups.takeActions() {
            switch action {
            case .answerJoin(let ticket, let response):
                let version = joinVersions.removeValue(forKey: ticket) ?? JoinGroupRequest.versions.upperBound
                answers.append(LateAnswer(ticket: ticket, response: response.readable(in: version)))
            case .answerSync(let ticket, let response):
                answers.append(LateAnswer(ticket: ticket, response: response))
            }
        }
    }

    private func answer(_ fetch: WaitingFetch) {
        waitingFetches.remove(fetch.context.ticket)
        answers.append(LateAnswer(ticket: fetch.context.ticket, response: FetchHandler.answer(fetch, self)))
    }

    // MARK: - Topics and records

    @discardableResult
    func createTopic(_ name: String, partitions: Int32, configs own: [String: String] = [:]) throws(TopicRegistry
        .Refusal)
        -> Topic
    {
        try topics.create(
            name: name, partitions: partitions, configs: own, settings: configs.settings(ofTopic: own),
            id: TopicID(Uuid.random(using: &random)))
    }

    func deleteTopic(_ topic: Topic) {
        topics.remove(topic)
        groups.forgetOffsets(ofTopic: topic.name)
        for partition in topic.partitions {
            storedBytes -= partition.log.size
            waitingFetches.touch(partition)
        }
    }

    /// Adds partitions to a topic; to be asked about before.
    func addPartitions(_ count: Int, to topic: Topic) { topics.addPartitions(count, to: topic) }

    /// Removes the records before an offset that the log contains.
    func deleteRecords(before offset: Offset, in partition: Partition) {
        storedBytes -= partition.log.deleteRecords(before: offset)
        partition.aborted.remove(before: partition.log.startOffset)
    }

    /// The partition that a fetch is about, or nil where there is none (any more).
    func partition(of target: FetchTarget) -> Partition? {
        let topic = target.topicId == .zero ? topics[target.topic] : topics[target.topicId]
        return topic?.partition(target.partition)
    }

    /// Appends a checked batch, wakes fetches, and makes room where there is too much; gives the first record's offset.
    func append(_ batch: RecordBatch, to partition: Partition, of topic: Topic) -> Offset {
        let offset = store(batch, in: partition)
        partition.producers.remember(batch, at: offset)
        makeRoom(in: partition, of: topic)
        return offset
    }

    /// Appends a batch to the log alone.
    private func store(_ batch: RecordBatch, in partition: Partition) -> Offset {
        storedBytes += batch.bytes.count
        if !partition.waiting.isEmpty { waitingFetches.touch(partition) }
        return partition.log.append(batch, leaderEpoch: partition.leaderEpoch)
    }

    private func makeRoom(in partition: Partition, of topic: Topic) {
        if let retention = topic.settings.retentionBytes, partition.log.size > retention {
            storedBytes -= partition.log.removeOldest(keeping: retention)
            partition.aborted.remove(before: partition.log.startOffset)
        }
        if storedBytes > configuration.memoryLimit { makeRoom() }
    }

    private func makeRoom() {
        let partitions = topics.byName.values.flatMap(\.partitions)
        while storedBytes > configuration.memoryLimit,
            let largest = partitions.max(by: { $0.log.size < $1.log.size })
        {
            let removed = largest.log.removeOldestSegment()
            guard removed > 0 else { return }
            storedBytes -= removed
            largest.aborted.remove(before: largest.log.startOffset)
        }
    }

    // MARK: - The end of transactions

    /// Tells partitions and groups of the transactions whose end was decided.
    private func writeMarkers(now: Instant) {
        for markers in transactions.takeMarkers() {
            for key in markers.partitions {
                // The topic may have been deleted meanwhile.
                guard let topic = topics[key.topic], let partition = topic.partition(key.partition) else { continue }
                mark(
                    partition, of: topic, producer: markers.producer, commit: markers.commit,
                    coordinatorEpoch: TransactionCoordinator.epoch)
            }
            for group in markers.groups {
                groups.endTransaction(of: markers.producer.id, group: group, commit: markers.commit)
            }
            transactions.complete(markers.transactionalId, now: now)
        }
    }

    /// Appends the marker that ends a producer's transaction in a partition.
    func mark(
        _ partition: Partition, of topic: Topic, producer: ProducerIdentity, commit: Bool, coordinatorEpoch: Int32
    ) {
        let timestamp = configuration.timestamp()
        guard
            let bytes = try? ControlBatch.marker(
                commit ? .commit : .abort, producerId: producer.id, producerEpoch: producer.epoch,
                coordinatorEpoch: coordinatorEpoch, timestamp: timestamp),
            let batch = try? RecordBatch(Bytes(bytes))
        else { preconditionFailure("a marker can be written and read") }
        let offset = store(batch, in: partition)
        let start = partition.producers.end(
            producer.id, epoch: producer.epoch, coordinatorEpoch: coordinatorEpoch, timestamp: timestamp)
        if let start, !commit {
            partition.aborted.append(
                .init(
                    producerId: producer.id, firstOffset: start, markerOffset: offset,
                    lastStableOffset: partition.lastStableOffset))
        }
        makeRoom(in: partition, of: topic)
    }
}
