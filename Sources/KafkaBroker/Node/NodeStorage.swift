import KafkaWire

// What a node keeps on disk, and finds there when it starts.

extension BrokerStorage {
    /// Opens the data directory of `configuration`; nil where there is none.
    static func open(_ configuration: BrokerConfiguration, random: inout RandomSource)
        throws(BrokerStartError) -> BrokerStorage?
    {
        guard let path = configuration.dataDirectory else { return nil }
        do throws(StorageError) {
            let directory = try DataDirectory(
                path, on: configuration.disk, clusterId: configuration.clusterId, nodeId: configuration.nodeId,
                salvages: configuration.salvagesDamage, newId: { Uuid.random(using: &random) })
            return try BrokerStorage(directory)
        } catch {
            throw BrokerStartError(description: "The broker cannot start: \(error).")
        }
    }
}

extension BrokerNode {
    // MARK: - The start

    /// Takes over what the data directory holds.
    func restore() throws(BrokerStartError) {
        guard let storage else { return }
        do throws(StorageError) {
            for stray in try storage.directory.setStraysAside(storage.metadata) {
                tell("\(stray) belongs to no topic that is known, and was given this name")
            }
            for (resource, values) in storage.metadata.configs where resource.kind != .topic {
                configs[resource] = values
            }
            // Two may be for one address, as localhost and 127.0.0.1: the last of them counts.
            for (entity, values) in storage.metadata.quotas.sorted(by: { "\($0.key.inOrder)" < "\($1.key.inOrder)" }) {
                quotas.restore(values, of: entity)
                ledger.set(values, of: entity)
            }
            restoreUsers(storage.metadata)
            restoreAcls(storage.metadata.acls)
            var found: [FoundLog] = []
            for (id, topic) in storage.metadata.topics.sorted(by: { $0.value.name < $1.value.name }) {
                // Brokers of before let clients create such topics, whose folders are those of the state itself.
                if TopicRules.reservation(of: topic.name) != nil {
                    configuration.logger.warning(
                        "The topic \(topic.name) is forgotten: the broker's own log has its name")
                    storage.note([.removeTopic(.with { $0.topicId = id })])
                    continue
                }
                found += try restore(topic, id: id, storage)
            }
            try storage.directory.begin()
            for log in found { try settle(log, storage) }
            try storage.restore(
                &transactions, &groups, WallClock(now: time.now(), timestamp: time.timestamp()))
            // The broker may have been killed when a topic's deletion was written, and that of its positions was not.
            // Positions in a topic of which nothing is known are kept: it may be that the topic is what was lost.
            for name in Set(storage.metadata.removed.values).sorted() where topics[name] == nil {
                groups.forgetOffsets(ofTopic: name)
            }
            for log in found where !log.recovery.damages.isEmpty || log.recovery.missing != nil {
                try endLostTransactions(log, storage)
            }
            endLostPositions(storage)
            storage.directory.forgetBounds(but: storage.metadata.topics)
            for remark in storage.directory.remarks + storage.remarks { tell(remark) }
            for cut in storage.cuts { tell(cut) }
        } catch {
            throw BrokerStartError(description: "The broker cannot start: \(error).")
        }
    }

    /// A partition's log as it was found, before anything is changed.
    private struct FoundLog {
        var partition: Partition
        var topic: String
        var record: PartitionRecord
        var recovery: LogRecovery
        var startOffset: Offset
    }

    private func restore(_ found: ClusterMetadata.Topic, id: TopicID, _ storage: BrokerStorage) throws(StorageError)
        -> [FoundLog]
    {
        let own = storage.metadata.configs[ConfigResource(kind: .topic, name: found.name)] ?? [:]
        let topic: Topic
        do throws(TopicRegistry.Refusal) {
            topic = try topics.create(
                name: found.name, partitions: Int32(clamping: found.partitions.count), configs: own,
                settings: configs.settings(ofTopic: own), id: id, folders: storage.directory.folders)
        } catch {
            throw StorageError("take over the topic \(found.name)", error.message)
        }
        var logs: [FoundLog] = []
        for (partition, record) in zip(topic.partitions, found.partitions) {
            guard let folder = partition.log.folder else { continue }
            let recovery = try LogRecovery(folder, verifies: !storage.directory.wasStopped)
            let start = try storage.startOffset(of: TopicPartition(topic.name, partition.index), recovery)
            logs.append(
                FoundLog(
                    partition: partition, topic: topic.name, record: record, recovery: recovery, startOffset: start))
        }
        return logs
    }

    /// Takes what is damaged out of a partition's log, and goes on with the rest.
    private func settle(_ found: FoundLog, _ storage: BrokerStorage) throws(StorageError) {
        let partition = found.partition
        guard let folder = partition.log.folder else { return }
        var recovery = found.recovery
        let isOpen = recovery.expected != nil || !recovery.segments.isEmpty || !recovery.damages.isEmpty
        if isOpen {
            if let missing = recovery.missing {
                tell("Records are missing in \(folder.folder.path): \(missing)")
            }
            try recovery.settle()
            partition.log = PartitionLog(
                rolling: partition.log.rolling, folder: folder, segments: recovery.segments,
                startOffset: min(found.startOffset, recovery.endOffset))
            // Offsets that were given out do not come again: a group that has committed them would pass the new ones over.
            if let end = recovery.expected?.end, end > partition.log.endOffset { try partition.log.goOn(at: end) }
            _ = partition.log.deleteRecords(before: found.startOffset)
            partition.producers = recovery.producers
            partition.aborted = recovery.aborted
            storedBytes += partition.log.size
            for cut in recovery.cuts { tell(cut) }
        }
        let known = found.record.replicas.filter { cluster[$0] != nil }
        let end = partition.log.endOffset
        partition.leadership = Leadership(
            replicas: known.isEmpty ? cluster.place(max(1, found.record.replicas.count)) : known,
            running: cluster.running, leader: found.record.leader,
            epochs: LeaderEpochs(found: recovery.epochs, latest: max(found.record.leaderEpoch, 0), from: end),
            from: end)
        if partition.record != found.record { storage.note([.partition(partition.record)]) }
    }

    /// Where the marker was damaged or is missing that ended a transaction, nobody would read on: it is written anew, as the
    /// coordinator has decided.
    private func endLostTransactions(_ found: FoundLog, _ storage: BrokerStorage) throws(StorageError) {
        let key = TopicPartition(found.topic, found.partition.index)
        guard let topic = topics[found.topic] else { return }
        for producer in found.partition.producers.active where producer.transactionStart != nil {
            guard let end = storage.end(of: ProducerIdentity(id: producer.id, epoch: producer.epoch), in: key),
                let now = transactions.transactions[end.transaction.id],
                now.state != .ongoing && !now.state.isPreparing || !now.partitions.contains(key)
            else { continue }
            let place = "\(key.topic)-\(key.partition)"
            guard end.isCertain else {
                tell(
                    "\(place): it is lost how a transaction of producer \(producer.id) ended; kafka-transactions.sh abort "
                        + "ends it")
                continue
            }
            tell("\(place): the end of a transaction of producer \(producer.id) is written anew")
            try mark(
                found.partition, of: topic, producer: end.transaction.producer,
                commit: end.transaction.state == .prepareCommit, coordinatorEpoch: TransactionCoordinator.epoch)
        }
    }

    /// Positions may be pending whose transaction's end is lost, or all that was known of it: nobody would ever end that, and the
    /// group would not get its positions. They hold where the coordinator had decided so.
    private func endLostPositions(_ storage: BrokerStorage) {
        for producer in hangingProducers {
            let end = storage.end(of: producer, in: nil)
            let holds = end.map { $0.isCertain && $0.transaction.state == .prepareCommit } ?? false
            let reason =
                end == nil
                ? "nothing is known of its transaction"
                : "its transaction was \(holds ? "committed" : "aborted, or it is lost how it ended")"
            tell("The positions of producer \(producer.id) in groups \(holds ? "hold" : "are dropped"): \(reason)")
            groups.endTransaction(of: producer, commit: holds)
        }
    }

    private func tell(_ cut: LogRecovery.Cut) {
        tell(
            "\(cut.file): \(cut.bytes) bytes were cut \(cut.isEnd ? "off" : "out"), the log goes on at offset \(cut.offset): \(cut.reason); they are in \(cut.keptAs) now"
        )
        recoveryCuts.append(cut)
    }

    func tell(_ remark: String) {
        configuration.logger.warning("\(remark)")
        recoveryRemarks.append(remark)
    }

    /// Creates the topics of the configuration that are not there.
    func createTopics() throws(BrokerStartError) {
        do throws(TopicRegistry.Refusal) {
            for (name, partitions) in configuration.topics.sorted(by: { $0.key < $1.key }) {
                // A topic that was kept is as it was left.
                if storage != nil, topics[name] != nil { continue }
                try createTopic(name, partitions: Int32(clamping: partitions))
            }
        } catch {
            throw BrokerStartError(description: "The broker cannot start: \(error.message).")
        }
        do throws(StorageError) {
            try save(now: time.now())
        } catch {
            throw BrokerStartError(description: "The broker cannot start: \(error).")
        }
    }

    // MARK: - Changes

    /// Requests of which every one that is answered leaves something to be kept. Those that make room are not here.
    private static let keeping: Set<APIKey> = [
        .addOffsetsToTxn, .addPartitionsToTxn, .alterClientQuotas, .alterConfigs, .alterUserScramCredentials,
        .createAcls, .createDelegationToken, .createPartitions, .createTopics, .deleteAcls, .deleteGroups, .endTxn,
        .expireDelegationToken, .incrementalAlterConfigs, .initProducerId, .offsetCommit, .offsetDelete,
        .renewDelegationToken,
        .txnOffsetCommit,
    ]

    /// Why a request is not handled: what was noted before cannot be written, and more should not come to it. Nil where
    /// it may be.
    func refusal(of key: APIKey, _ context: RequestContext) -> String? {
        guard let storage, !storage.isSaved else { return nil }
        do throws(StorageError) {
            try save(now: context.now)
            return nil
        } catch {
            return Self.keeping.contains(key) ? Self.unkept(key, error) : nil
        }
    }

    static func unkept(_ key: APIKey, _ error: StorageError) -> String {
        "\(key) cannot be answered, since its effects could not be kept: \(error)"
    }

    /// Writes what has changed; an answer may leave only after this.
    func save(now: Instant) throws(StorageError) {
        guard let storage else { return }
        storage.note(transactions.takeChanges())
        storage.note(groups.takeChanges())
        try storage.save(WallClock(now: now, timestamp: time.timestamp()))
        if PlantedMistake.forgetsToFlush.isMade { return }
        if configuration.flush == .everyProduce { try storage.directory.pool.sync() }
    }

    /// Writes down what the logs hold: once for all that a turn has appended, before its answers leave.
    func saveBounds() { storage?.directory.bounds.save() }

    /// Notes a topic, or what was added to it from the partition `first` on.
    func note(_ topic: Topic, from first: Int) {
        guard let storage else { return }
        var records: [MetadataRecord] = []
        if first == 0 {
            records.append(
                .topic(
                    .with {
                        $0.name = topic.name
                        $0.topicId = topic.id
                    }))
            let resource = ConfigResource(kind: .topic, name: topic.name)
            records += ClusterMetadata.changes(of: resource, from: [:], to: topic.configs)
        }
        records += topic.partitions[first...].map { .partition($0.record) }
        storage.note(records)
    }

    /// Sees to it that nothing stands where a new partition's folder will be; of a topic to which there is no objection.
    func makeWay(for topic: String, partitions: Range<Int32>) throws(TopicRegistry.Refusal) {
        guard let storage else { return }
        do throws(StorageError) {
            // A topic of that name whose deletion is not written yet has its folders there.
            if storage.hasDoomed { try save(now: time.now()) }
            for partition in partitions { try storage.directory.makeWay(for: topic, PartitionID(partition)) }
        } catch {
            throw TopicRegistry.Refusal(code: .kafkaStorageError, message: "\(error)")
        }
    }

    /// Changes the quotas of an entity; only says whether it could where `validateOnly` is set.
    func alterQuotas(
        _ parts: [(kind: String, name: String?)], _ changes: [ClientQuotas.Change], validateOnly: Bool
    ) throws(ClientQuotas.Refusal) {
        let before = quotas.held(parts)
        try quotas.alter(parts, changes, validateOnly: validateOnly)
        guard let before, let after = quotas.held(parts) else { return }
        ledger.set(after.values, of: after.entity)
        guard let storage else { return }
        storage.note(ClusterMetadata.changes(of: before.entity, from: before.values, to: after.values))
    }

    /// The broker stops: everything is written, so that the next start need not look for damage.
    func close() {
        guard let storage else { return }
        do throws(StorageError) {
            try save(now: time.now())
            try storage.close()
        } catch {
            configuration.logger.error("The broker stops without having written everything: \(error)")
        }
    }
}

extension Partition {
    /// The partition in the cluster's metadata.
    var record: PartitionRecord { record(of: leadership) }

    /// The partition in the cluster's metadata, when it is led like that.
    func record(of leadership: Leadership) -> PartitionRecord {
        .with {
            $0.partitionId = index
            $0.topicId = topicId
            $0.replicas = leadership.replicas
            $0.isr = leadership.inSync
            $0.leader = leadership.leader
            $0.leaderEpoch = leadership.epoch
            $0.partitionEpoch = 0
        }
    }
}
