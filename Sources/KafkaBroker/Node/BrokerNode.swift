import KafkaWire

/// The broker's state, of all its nodes together, and what handlers may do with it. Knows nothing of sockets: requests
/// come in with the time and the node that they reached, and answers go out, at once or later through
/// ``takeAnswers()``. Lives on the loop.
final class BrokerNode {
    /// What becomes of a request later than in its own turn.
    struct LateAnswer {
        var ticket: RequestTicket
        var outcome: Outcome
        /// How long it was worked on meanwhile, where that is counted.
        var spent = Duration.zero
    }

    /// A request that a hook holds back.
    struct Delayed {
        var api: ServedAPI
        var body: Bytes
        var context: RequestContext
        var until: Instant
    }

    let configuration: BrokerConfiguration
    let clusterId: String
    /// The nodes: which there are, and who coordinates what.
    var cluster: ClusterMap
    /// Where clients begin, for those who cannot wait for the loop: all nodes, also those that are stopped.
    let bootstrapServers: Locked<String>
    /// What the broker is held to speak; nil is everything.
    var release: KafkaRelease?
    var topics: TopicRegistry
    var configs: ConfigStore
    var quotas = ClientQuotas()
    /// What clients have spent of their quotas.
    var ledger: QuotaLedger
    /// How many connections are taken.
    var connectionBounds: ConnectionBounds
    /// The passwords of those who log in with SCRAM.
    var scramUsers = ScramUsers()
    var delegationTokens: DelegationTokens
    /// Decides what clients may do; nil where everybody may do everything.
    var authorizer: Authorizer?
    var groups: GroupCoordinator
    var transactions: TransactionCoordinator
    var sessions: FetchSessions
    var waitingFetches = WaitingFetches()
    let time: BrokerTime
    private var random: RandomSource
    /// How many bytes the logs hold together.
    var storedBytes = 0
    /// Where the broker keeps its state; nil where it is in memory alone.
    let storage: BrokerStorage?
    /// Ends of transactions that could not be written yet, and when it is tried again.
    private(set) var unwrittenMarkers: [TransactionCoordinator.Markers] = []
    private var markersRetry: Instant?
    /// When leaders are elected that could not be when nodes came or went.
    var electionRetry: Instant?
    /// What was cut off logs when the broker started.
    var recoveryCuts: [LogRecovery.Cut] = []
    /// What was told of the data directory when the broker started.
    var recoveryRemarks: [String] = []
    /// When logs are looked through for what is too old, and files are made safe.
    var maintenance: MaintenanceSchedule
    /// What was decided of earlier requests.
    var answers: [LateAnswer] = []
    /// The requests that are worked on in parts, and how many steps that has taken.
    var works = LongWorks()
    var workSteps = 0
    private(set) var delayed: [Delayed] = []
    /// The versions of joins that wait, since the form of a refusal depends on it.
    private(set) var joinVersions: [RequestTicket: Int16] = [:]

    /// Throws where a topic of the configuration cannot be created, or what is kept cannot be read.
    init(
        _ configuration: BrokerConfiguration, nodes: [ClusterMap.Node], time: BrokerTime, seed: UInt64
    ) throws(BrokerStartError) {
        self.configuration = configuration
        self.time = time
        cluster = ClusterMap(nodes)
        bootstrapServers = Locked(cluster.addresses)
        release = configuration.speaks.flatMap(KafkaRelease.named)
        var random = RandomSource(seed: seed)
        storage = try BrokerStorage.open(configuration, random: &random)
        clusterId =
            storage?.directory.clusterId ?? configuration.clusterId ?? Uuid.random(using: &random).description
        topics = TopicRegistry(partitionLimit: configuration.maximumPartitions)
        configs = ConfigStore(
            statics: configuration.settings(of: nodes[0]),
            nodeId: configuration.nodeId)
        ledger = QuotaLedger(window: configuration.quotaWindow, mutationWindow: configuration.controllerQuotaWindow)
        connectionBounds = configuration.connectionBounds
        if configuration.delegationTokens?.isEnabled == true, let absence = CredentialHashes.absence {
            throw BrokerStartError(
                description:
                    "The broker cannot start: it is to give out delegation tokens, and \(absence)"
            )
        }
        // A source of its own, so that the ids of everything else are the same with tokens as without.
        delegationTokens = DelegationTokens(configuration.delegationTokens, random: RandomSource(seed: ~seed))
        authorizer = configuration.authorization.authorizer
        groups = GroupCoordinator(
            sessionTimeouts: configuration.sessionTimeouts, initialDelay: configuration.initialRebalanceDelay,
            memberLimit: configuration.maximumGroupSize, offsetsRetention: configuration.offsetsRetention,
            random: random.split())
        transactions = TransactionCoordinator(
            maximumTimeout: configuration.maximumTransactionTimeout,
            expiration: configuration.transactionalIdExpiration)
        sessions = FetchSessions(
            limit: configuration.fetchSessionLimit, partitionLimit: configuration.fetchSessionPartitionLimit,
            random: random.split())
        maintenance = MaintenanceSchedule(
            now: time.now(), flush: storage == nil ? .never : configuration.flush,
            producersExpireAfter: configs.producerIdExpiration,
            tokensCheckedEvery: delegationTokens.isEnabled ? configuration.delegationTokens?.expiryCheckInterval : nil)
        self.random = random
        try restore()
        connectionBounds = configs.connectionBounds(configuration)
        maintenance.set(producersExpireAfter: configs.producerIdExpiration, now: time.now())
        try addScramUsers(RandomSource(seed: ~seed &+ 1))
        try addFirstAcls()
        try createTopics()
    }

    /// A broker of one node on `port`, and on no loop: its time stands still but where the configuration says otherwise.
    convenience init(_ configuration: BrokerConfiguration, port: UInt16) throws(BrokerStartError) {
        try self.init(
            configuration, nodes: [configuration.node(0, port: port)], time: configuration.time(on: nil),
            seed: configuration.seed ?? 0)
    }

    // MARK: - Requests and time

    /// Handles a request that was decoded by its API's handler.
    func handle(_ api: ServedAPI, _ body: Bytes, _ context: RequestContext) throws(WireError) -> Outcome {
        if let reason = refusal(of: api.key, context) { return .hangUp(reason) }
        let noted = storage?.noteCount
        let outcome = try api.handle(body, context, self)
        if api.key == .joinGroup, case .later = outcome { joinVersions[context.ticket] = context.version }
        do throws(StorageError) {
            try save(now: context.now)
        } catch {
            // Who only reads is answered also where the disk is full.
            guard storage?.noteCount == noted else {
                forget(context.ticket)
                return .hangUp(Self.unkept(api.key, error))
            }
        }
        settle(now: context.now)
        guard case .work(let work) = outcome else { return outcome }
        works.add(.init(api: api.key, ticket: context.ticket, work: work))
        return .later
    }

    /// Handles a request later; until then its answer is awaited.
    func handle(_ api: ServedAPI, _ body: Bytes, _ context: RequestContext, after delay: Duration) {
        delayed.append(Delayed(api: api, body: body, context: context, until: context.now + max(.zero, delay)))
    }

    private func handleDelayed(now: Instant) {
        guard !delayed.isEmpty else { return }
        let due = delayed.filter { $0.until <= now }.sorted { $0.until < $1.until }
        delayed.removeAll { $0.until <= now }
        for request in due {
            var context = request.context
            context.now = now
            context.timestamp = time.timestamp()
            let outcome: Outcome
            do { outcome = try handle(request.api, request.body, context) } catch { outcome = .hangUp("\(error)") }
            if case .later = outcome { continue }
            answers.append(LateAnswer(ticket: context.ticket, outcome: outcome))
        }
    }

    /// Does what is due at `now`.
    func tick(now: Instant) {
        handleDelayed(now: now)
        groups.tick(now: now)
        transactions.tick(now: now)
        maintain(now: now)
        settle(now: now)
        while let fetch = waitingFetches.takeDue(now) { answer(fetch) }
    }

    /// When ``tick(now:)`` has something to do next.
    var nextDeadline: Instant? {
        [
            groups.nextDeadline, transactions.nextDeadline, waitingFetches.nextDeadline, markersRetry,
            electionRetry, maintenance.nextDeadline, delayed.map(\.until).min(),
            storage?.isRewriting == true ? time.now() : nil,
        ].compactMap { $0 }.min()
    }

    /// The connection is gone: what waits for it is forgotten. Members of groups stay until their sessions run out, which
    /// count from now on; see ``GroupMember/abandon(_:_:)``.
    func forget(_ ticket: RequestTicket) {
        waitingFetches.remove(ticket)
        works.remove(ticket)
        joinVersions[ticket] = nil
        groups.forget(ticket, now: time.now())
        delayed.removeAll { $0.context.ticket == ticket }
    }

    /// The connection with that number is gone: what was kept for its further requests is forgotten.
    func forget(connection: UInt64) { sessions.forget(connection: connection) }

    /// The answers to earlier requests that have become known since the last call.
    func takeAnswers() -> [LateAnswer] {
        guard !answers.isEmpty else { return [] }
        defer { answers = [] }
        return answers
    }

    /// Looks at the consequences of what was done: transactions that end, fetches that have enough now, members that are
    /// answered.
    func settle(now: Instant) {
        writeMarkers(now: now)
        electIfDue(now: now)
        // What cannot be written now stays noted, and is written before the next answer.
        try? save(now: now)
        let satisfied = waitingFetches.takeSatisfied { fetch, target in
            partition(of: fetch.targets[target]).flatMap { fetch.share(of: fetch.targets[target], in: $0) }
        }
        for fetch in satisfied { answer(fetch) }
        for action in groups.takeActions() {
            switch action {
            case .answerJoin(let ticket, let response):
                let version = joinVersions.removeValue(forKey: ticket) ?? JoinGroupRequest.versions.upperBound
                answers.append(LateAnswer(ticket: ticket, outcome: .answer(response.readable(in: version))))
            case .answerSync(let ticket, let response):
                answers.append(LateAnswer(ticket: ticket, outcome: .answer(response)))
            }
        }
    }

    private func answer(_ fetch: WaitingFetch) {
        let ticket = fetch.context.ticket
        let outcome = begin(FetchWork(fetch))
        if case .work(let work) = outcome {
            works.add(.init(api: .fetch, ticket: ticket, work: work))
        } else {
            answers.append(LateAnswer(ticket: ticket, outcome: outcome))
        }
    }

    /// An id that was not given before.
    func makeId() -> Uuid { Uuid.random(using: &random) }

    // MARK: - Topics and records

    /// Creates a topic, whose partitions go to the nodes of `assignment`, or get as many replicas as are asked for.
    @discardableResult
    func createTopic(
        _ name: String, partitions: Int32, configs own: [String: String] = [:], replication: Int? = nil,
        assignment: [[BrokerID]]? = nil
    ) throws(TopicRegistry.Refusal) -> Topic {
        if let refusal = topics.objection(name: name, partitions: partitions, configs: own) { throw refusal }
        try makeWay(for: name, partitions: 0..<partitions)
        let topic = try topics.create(
            name: name, partitions: partitions, configs: own, settings: configs.settings(ofTopic: own),
            id: TopicID(Uuid.random(using: &random)), folders: storage?.directory.folders)
        place(topic.partitions[...], replication: replication ?? configuration.replicationFactor, on: assignment)
        note(topic, from: 0)
        return topic
    }

    func deleteTopic(_ topic: Topic) {
        storage?.noteRemoval(of: topic)
        topics.remove(topic)
        groups.forgetOffsets(ofTopic: topic.name)
        for partition in topic.partitions {
            storedBytes -= partition.log.size
            waitingFetches.touch(partition)
        }
    }

    /// Adds partitions to a topic; to be asked about before.
    func addPartitions(_ count: Int, to topic: Topic, assignment: [[BrokerID]]? = nil) {
        let first = topic.partitions.count
        let replication = topic.partitions.first?.leadership.replicas.count ?? configuration.replicationFactor
        topics.addPartitions(count, to: topic)
        place(topic.partitions.suffix(count), replication: replication, on: assignment)
        note(topic, from: first)
    }

    /// Does something to a partition's log, and counts what it holds then: whatever makes a log longer or shorter goes
    /// through here, also what fails halfway.
    @discardableResult
    func counted<R>(_ partition: Partition, _ change: () throws(StorageError) -> R) throws(StorageError) -> R {
        let before = partition.log.size
        defer { storedBytes += partition.log.size - before }
        return try change()
    }

    /// The same of what cannot fail.
    @discardableResult
    func counted<R>(_ partition: Partition, _ change: () -> R) -> R {
        let before = partition.log.size
        defer { storedBytes += partition.log.size - before }
        return change()
    }

    /// Removes the records before an offset that the log contains.
    func deleteRecords(before offset: Offset, in partition: Partition, of topic: Topic) {
        storage?.note(startOffset: offset, of: TopicPartition(topic.name, partition.index))
        counted(partition) { _ = partition.log.deleteRecords(before: offset) }
        partition.aborted.remove(before: partition.log.startOffset)
    }

    /// The partition that a fetch is about, or nil where there is none (any more).
    func partition(of target: FetchTarget) -> Partition? {
        let topic = target.topicId == .zero ? topics[target.topic] : topics[target.topicId]
        return topic?.partition(target.partition)
    }

    /// Appends a checked batch, wakes fetches, and makes room where there is too much; gives the first record's offset.
    func append(_ batch: RecordBatch, to partition: Partition, of topic: Topic) throws(StorageError) -> Offset {
        let offset = try store(batch, in: partition)
        partition.producers.remember(batch, at: offset)
        makeRoom(in: partition, of: topic)
        return offset
    }

    /// Appends a batch to the log alone.
    private func store(_ batch: RecordBatch, in partition: Partition) throws(StorageError) -> Offset {
        let offset = try counted(partition) { () throws(StorageError) in
            try partition.log.append(batch, leaderEpoch: partition.leaderEpoch)
        }
        if !partition.waiting.isEmpty { waitingFetches.touch(partition) }
        return offset
    }

    private func makeRoom(in partition: Partition, of topic: Topic) {
        if let retention = topic.settings.retentionBytes, partition.log.size > retention {
            counted(partition) { _ = partition.log.removeOldest(keeping: retention) }
            partition.aborted.remove(before: partition.log.startOffset)
        }
        if storage == nil, storedBytes > configuration.memoryLimit { makeRoom() }
    }

    private func makeRoom() {
        let partitions = topics.sorted.flatMap(\.partitions)
        while storedBytes > configuration.memoryLimit,
            let largest = partitions.max(by: { $0.log.size < $1.log.size })
        {
            guard counted(largest, { largest.log.removeOldestSegment() }) > 0 else { return }
            largest.aborted.remove(before: largest.log.startOffset)
        }
    }

    // MARK: - The end of transactions

    /// Tells partitions and groups of the transactions whose end was decided.
    private func writeMarkers(now: Instant) {
        let due = unwrittenMarkers + transactions.takeMarkers()
        unwrittenMarkers = []
        markersRetry = nil
        for markers in due {
            do throws(StorageError) {
                // That the end is decided is kept before anybody is told.
                try save(now: now)
                try write(markers)
                transactions.complete(markers.transactionalId, now: now)
            } catch {
                unwrittenMarkers.append(markers)
                markersRetry = now + .milliseconds(100)
                configuration.logger.error("A transaction cannot be ended yet: \(error)")
            }
        }
    }

    /// Appends markers, once more where that was tried before: a second one changes nothing.
    private func write(_ markers: TransactionCoordinator.Markers) throws(StorageError) {
        for key in markers.partitions {
            // The topic may have been deleted meanwhile.
            guard let topic = topics[key.topic], let partition = topic.partition(key.partition) else { continue }
            let isSpared = PlantedMistake.commitsOnePartition.isMade && key != markers.partitions.first
            try mark(
                partition, of: topic, producer: markers.producer, commit: markers.commit && !isSpared,
                coordinatorEpoch: TransactionCoordinator.epoch)
        }
        groups.endTransaction(of: markers.producer, commit: markers.commit)
    }

    /// Appends the marker that ends a producer's transaction in a partition.
    func mark(
        _ partition: Partition, of topic: Topic, producer: ProducerIdentity, commit: Bool, coordinatorEpoch: Int32
    ) throws(StorageError) {
        let marker = TransactionMarker(
            producer: producer, isCommit: commit, coordinatorEpoch: coordinatorEpoch,
            timestamp: time.timestamp())
        let offset = try store(marker.batch, in: partition)
        partition.aborted.end(with: marker, at: offset, in: &partition.producers)
        makeRoom(in: partition, of: topic)
    }
}
