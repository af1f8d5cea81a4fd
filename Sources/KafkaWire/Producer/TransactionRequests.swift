/// The requests of a transactional producer to its coordinators: each asked once, with what came of it.
extension ProducerEngine {
    /// Asks a coordinator once. Where it has moved or is away, it is looked for before the next try.
    private func ask<R: WireRequest>(
        _: R.Type, _ target: Cluster.Target, atMost: Int16 = .max, _ what: String,
        codes: (R.Response) -> [(code: ErrorCode, part: TopicPartition?)],
        _ build: @Sendable (Int16) throws(KafkaError) -> R
    ) async -> CoordinatorAnswer<R.Response> {
        let outcome: Result<Cluster.Answer<R.Response>, KafkaError>
        do throws(KafkaError) {
            outcome = .success(try await cluster.send(to: target, atMost: atMost, build))
        } catch {
            outcome = .failure(error)
        }
        let answer = CoordinatorAnswer(outcome, of: R.api, what, on: configuration.transactionalId, codes: codes)
        if case .refused(_, .lookUp) = answer { await cluster.forgetCoordinator(target) }
        return answer
    }

    private var coordinator: Cluster.Target { .transactionCoordinator(id: configuration.transactionalId ?? "") }
    private var under: String { "under transactional.id \(configuration.transactionalId ?? "")" }

    /// InitProducerId: an id and epoch; `current` is who the producer was.
    func askIdentity(_ current: ProducerIdentity.Given?) async -> CoordinatorAnswer<InitProducerIdResponse> {
        let (id, time) = (configuration.transactionalId, configuration.transactionTimeout)
        let answer = await ask(
            InitProducerIdRequest.self, coordinator, "could not get a producer id \(under)",
            codes: { [($0.errorCode, nil)] }
        ) { version in
            .with {
                $0.transactionalId = id
                $0.transactionTimeoutMs = Milliseconds(time)
                guard version >= 3, let current else { return }
                $0.producerId = current.id
                $0.producerEpoch = current.epoch
            }
        }
        guard case .done(let response, _) = answer, response.producerId < 0 else { return answer }
        return .refused(
            KafkaError(
                .malformedResponse, "\(ProducerIdentity.what) \(under): the coordinator gave \(response.producerId)",
                api: .initProducerId, isRetriable: true), .again)
    }

    /// Whether the coordinator gives further epochs to a producer that says who it is (KIP-360).
    func canBump() async -> Bool {
        do throws(KafkaError) {
            return try await cluster.version(of: InitProducerIdRequest.self, at: coordinator) >= 3
        } catch {
            return true
        }
    }

    /// EndTxn; from version 5 on the answer has another epoch.
    func askEnd(isCommit: Bool, _ state: TransactionState) async -> CoordinatorAnswer<EndTxnResponse> {
        let given = identity.current ?? .init(id: .none, epoch: .none)
        return await ask(
            EndTxnRequest.self, coordinator, atMost: state.isVersion2 ? .max : 4,
            "could not \(isCommit ? "commit" : "abort") the transaction \(under)", codes: { [($0.errorCode, nil)] }
        ) { _ in
            .with {
                $0.transactionalId = state.id
                $0.producerId = given.id
                $0.producerEpoch = given.epoch
                $0.committed = isCommit
            }
        }
    }

    // MARK: - Partitions

    /// Adds the partitions that batches wait for to the transaction, in the background.
    func addPartitions() {
        guard let work = transactions, !work.isAdding, !work.state.partitionsToAdd.isEmpty else { return }
        transactions?.isAdding = true
        Task(executorPreference: loop) { await self.add() }
    }

    private func add() async {
        defer {
            transactions?.isAdding = false
            drain()
            resumeWaiters()
        }
        var failures = 0
        // Asked for and not answered, they may have been added: what is asked for again then is the same.
        var unanswered: [TopicPartition] = []
        while ending == nil, let state = transactions?.state {
            let isOpen = state.phase == .inTransaction || state.phase == .committing
            let partitions = isOpen ? state.partitionsToAdd : unanswered
            guard !partitions.isEmpty else { return }
            switch await askToAdd(partitions) {
            case .done:
                transactions?.state.added(partitions)
                (failures, unanswered) = (0, [])
                drain()
            case .refused(let error, let verdict):
                unanswered = error.code.broker == nil ? partitions : []
                guard verdict == .again || verdict == .lookUp else {
                    return failed(error, verdict)
                }
                transactions?.lastError = error
                failures += 1
                let pause = backoff.pause(after: failures)
                let isFirst = error.code == .broker(.concurrentTransactions) && !state.hasStarted
                try? await loop.sleep(for: isFirst ? min(pause, Self.pauseBehindAnother) : pause)
            }
        }
    }

    /// Markers of the transaction before are being written, which does not take long (Java's
    /// `ADD_PARTITIONS_RETRY_BACKOFF_MS`).
    private static let pauseBehindAnother = Duration.milliseconds(20)

    /// AddPartitionsToTxn; version 4 and later are for brokers.
    private func askToAdd(_ partitions: [TopicPartition]) async -> CoordinatorAnswer<AddPartitionsToTxnResponse> {
        let given = identity.current ?? .init(id: .none, epoch: .none)
        let id = configuration.transactionalId ?? ""
        let answer = await ask(
            AddPartitionsToTxnRequest.self, coordinator, atMost: 3,
            "could not add partitions to the transaction \(under)",
            codes: { response in
                response.resultsByTopicV3AndBelow.flatMap { topic in
                    topic.resultsByPartition.map {
                        ($0.partitionErrorCode, TopicPartition(topic.name, $0.partitionIndex))
                    }
                }
            }
        ) { _ in
            .with {
                $0.v3AndBelowTransactionalId = id
                $0.v3AndBelowProducerId = given.id
                $0.v3AndBelowProducerEpoch = given.epoch
                $0.v3AndBelowTopics = byTopic(partitions) { $0 }.map { topic, partitions in
                    .with {
                        $0.name = topic
                        $0.partitions = partitions.map(\.partition)
                    }
                }
            }
        }
        guard case .done(let response, _) = answer else { return answer }
        var missing = Set(partitions)
        for topic in response.resultsByTopicV3AndBelow {
            for partition in topic.resultsByPartition {
                missing.remove(TopicPartition(topic.name, partition.partitionIndex))
            }
        }
        guard let left = missing.min() else { return answer }
        return .refused(
            .leftOut(
                "could not add \(left) to the transaction \(under)", api: .addPartitionsToTxn, topic: left.topic,
                left.partition), .again)
    }

    // MARK: - Positions of a group

    /// Commits positions of a group with the transaction. What fails or takes longer than `max.block.ms` leaves the
    /// transaction to be aborted: nobody could say whether they are in it.
    func sendOffsets(
        _ offsets: [TopicPartition: CommittedOffset], group: ConsumerGroupMetadata
    ) async throws(KafkaError) {
        guard transactions != nil else {
            throw KafkaError(
                .invalidTransactionState, "this producer has no transactions: set its transactional.id",
                setting: "transactional.id")
        }
        try transactions?.state.checkOpen("send offsets of group \(group.groupId)")
        guard !offsets.isEmpty else { return }
        let limit = configuration.maximumBlock
        let arrival = Arrival<Result<Void, KafkaError>>()
        let timer = loop.schedule(at: now + limit) {
            arrival.give(
                .failure(
                    KafkaError(
                        .timedOut,
                        "could not send offsets of group \(group.groupId) with the transaction within \(limit)",
                        setting: "max.block.ms")))
        }
        transactions?.offsetsUnderWay += 1
        Task(executorPreference: loop) { arrival.give(await self.offsetsSent(offsets, group)) }
        let result = await arrival.value()
        loop.cancel(timer)
        guard case .failure(let error) = result else { return }
        if transactions?.state.phase == .inTransaction { failed(error, .abortable) }
        throw transactions?.state.error ?? error
    }

    private func offsetsSent(
        _ offsets: [TopicPartition: CommittedOffset], _ group: ConsumerGroupMetadata
    ) async -> Result<Void, KafkaError> {
        defer {
            transactions?.offsetsUnderWay -= 1
            resumeWaiters()
        }
        do throws(KafkaError) { return .success(try await commitOffsets(offsets, group)) } catch {
            return .failure(error)
        }
    }

    private func commitOffsets(
        _ offsets: [TopicPartition: CommittedOffset], _ group: ConsumerGroupMetadata
    ) async throws(KafkaError) {
        var failures = 0
        var isAdded = transactions?.state.isVersion2 ?? true
        var left = offsets
        while true {
            try transactions?.state.checkOpen("send offsets of group \(group.groupId)")
            if !isAdded {
                switch await askToAdd(group) {
                case .done:
                    transactions?.state.startedWithOffsets()
                    isAdded = true
                case .refused(let error, let verdict): try await settle(error, verdict, &failures)
                }
                continue
            }
            // Under version 2 the first request adds the group, whether its answer comes or not.
            transactions?.state.startedWithOffsets()
            let asked = left
            var refused: Set<TopicPartition> = []
            switch await askToCommit(asked, group, &refused) {
            case .done: return
            case .refused(let error, let verdict):
                if !refused.isEmpty { left = left.filter { refused.contains($0.key) } }
                try await settle(error, verdict, &failures)
            }
        }
    }

    /// AddOffsetsToTxn.
    private func askToAdd(_ group: ConsumerGroupMetadata) async -> CoordinatorAnswer<AddOffsetsToTxnResponse> {
        let given = identity.current ?? .init(id: .none, epoch: .none)
        let id = configuration.transactionalId ?? ""
        return await ask(
            AddOffsetsToTxnRequest.self, coordinator,
            "could not add group \(group.groupId) to the transaction \(under)",
            codes: { [($0.errorCode, nil)] }
        ) { _ in
            .with {
                $0.transactionalId = id
                $0.producerId = given.id
                $0.producerEpoch = given.epoch
                $0.groupId = group.groupId
            }
        }
    }

    /// TxnOffsetCommit, at the group's coordinator; from version 5 on it adds the group to the transaction. `refused` are the
    /// positions that were not taken.
    private func askToCommit(
        _ offsets: [TopicPartition: CommittedOffset], _ group: ConsumerGroupMetadata,
        _ refused: inout Set<TopicPartition>
    ) async -> CoordinatorAnswer<TxnOffsetCommitResponse> {
        let given = identity.current ?? .init(id: .none, epoch: .none)
        let id = configuration.transactionalId ?? ""
        let what = "could not send offsets of group \(group.groupId) with the transaction \(under)"
        var taken: Set<TopicPartition> = []
        let answer = await ask(
            TxnOffsetCommitRequest.self, .coordinator(group: group.groupId),
            atMost: transactions?.state.isVersion2 ?? true ? .max : 4, what,
            codes: { response in
                response.topics.flatMap { topic in
                    topic.partitions.map { partition in
                        let place = TopicPartition(topic.name, partition.partitionIndex)
                        if partition.errorCode == .none { taken.insert(place) }
                        return (partition.errorCode, place)
                    }
                }
            }
        ) { version throws(KafkaError) in
            guard version >= 3 || !group.namesMember else {
                throw KafkaError(
                    .unsupportedVersion,
                    "\(what): the coordinator cannot check which member sends them, which takes a broker of Kafka 2.5",
                    api: .txnOffsetCommit)
            }
            return .with {
                $0.transactionalId = id
                $0.groupId = group.groupId
                $0.producerId = given.id
                $0.producerEpoch = given.epoch
                if version >= 3 {
                    $0.generationId = group.generation
                    $0.memberId = group.memberId
                    $0.groupInstanceId = group.groupInstanceId
                }
                $0.topics = byTopic(offsets) { $0.key }.map { topic, offsets in
                    .with {
                        $0.name = topic
                        $0.partitions = offsets.map { partition, offset in
                            .with {
                                $0.partitionIndex = partition.partition
                                $0.committedOffset = offset.offset
                                $0.committedLeaderEpoch = offset.leaderEpoch
                                $0.committedMetadata = offset.metadata
                            }
                        }
                    }
                }
            }
        }
        refused = Set(offsets.keys).subtracting(taken)
        guard case .done = answer, let missing = refused.min() else { return answer }
        return .refused(.leftOut(what, api: .txnOffsetCommit, topic: missing.topic, missing.partition), .again)
    }
}
