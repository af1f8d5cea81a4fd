import KafkaWire

/// What groups have committed, as Kafka's `__consumer_offsets` holds it: a record per position, whose value is empty
/// where the position is gone; those of a transaction in a transactional batch, which counts from its marker on.
struct OffsetsLog {
    /// The folder's name. Kafka spreads groups over fifty partitions; one process needs one.
    static let name = TopicRules.offsets

    let clock: WallClock

    /// Appends changes, as many to a batch as belong together.
    func append(_ changes: [OffsetChange], to log: StateLog) throws(StorageError) {
        var entries: [StateLog.Entry] = []
        var size = 0
        var owner: ProducerIdentity?
        func flush(_ next: ProducerIdentity?) throws(StorageError) {
            try log.append(entries, producer: owner, timestamp: clock.timestamp)
            entries = []
            size = 0
            owner = next
        }
        func add(_ key: [UInt8], _ value: [UInt8]?) throws(StorageError) {
            entries.append(.init(key: key, value: value))
            size += key.count + (value?.count ?? 0)
            // Each key holds the group's name: a short request can mean a long log.
            if size > StateLog.batchLimit { try flush(owner) }
        }
        for change in changes {
            switch change {
            case .committed(let group, let key, let committed):
                if owner != nil { try flush(nil) }
                try add(self.key(group, key), value(committed))
            case .removed(let group, let key):
                if owner != nil { try flush(nil) }
                try add(self.key(group, key), nil)
            case .pending(let group, let key, let committed, let producer):
                if owner != producer { try flush(producer) }
                try add(self.key(group, key), value(committed))
            case .ended(let producer, let commit):
                try flush(nil)
                try log.append(
                    TransactionMarker(
                        producer: producer, isCommit: commit, coordinatorEpoch: TransactionCoordinator.epoch,
                        timestamp: clock.timestamp
                    ).batch)
            }
        }
        try flush(nil)
    }

    /// Reads the changes back.
    func forEachChange(in log: StateLog, _ body: (OffsetChange) -> Void) throws(StorageError) {
        try log.forEachBatch { batch throws(StorageError) in
            if batch.attributes.isControl {
                guard let marker = TransactionMarker(batch) else { return }
                return body(.ended(producer: marker.producer, commit: marker.isCommit))
            }
            let producer = ProducerIdentity(id: batch.producerId, epoch: batch.producerEpoch)
            for record in try StateLog.records(of: batch, in: Self.name) {
                // Kinds of records beyond offsets, such as those of groups' members, are passed over.
                guard let bytes = record.key, let version = try? OffsetCommitKey.versionPrefix(bytes).version,
                    OffsetCommitKey.versions.contains(version), let key = try? OffsetCommitKey.decodeVersioned(bytes)
                else { continue }
                let partition = TopicPartition(key.topic, key.partition)
                guard let value = record.value else {
                    body(.removed(group: key.group, key: partition))
                    continue
                }
                guard let value = try? OffsetCommitValue.decodeVersioned(value) else { continue }
                let committed = GroupCoordinator.Committed(
                    offset: value.offset, leaderEpoch: value.leaderEpoch, metadata: value.metadata,
                    committedAt: clock.instant(value.commitTimestamp),
                    expiresAt: value.expireTimestamp < 0 ? nil : clock.instant(value.expireTimestamp))
                body(
                    batch.attributes.isTransactional
                        ? .pending(group: key.group, key: partition, committed, producer: producer)
                        : .committed(group: key.group, key: partition, committed))
            }
        }
    }

    private func key(_ group: String, _ key: TopicPartition) throws(StorageError) -> [UInt8] {
        try StorageError.encoding("write an offset of the group \(group)") { () throws(WireError) in
            try OffsetCommitKey.with {
                $0.group = group
                $0.topic = key.topic
                $0.partition = key.partition
            }.encodeVersioned(version: 1)
        }
    }

    private func value(_ committed: GroupCoordinator.Committed) throws(StorageError) -> [UInt8] {
        try StorageError.encoding("write a committed offset") { () throws(WireError) in
            try OffsetCommitValue.with {
                $0.offset = committed.offset
                $0.leaderEpoch = committed.leaderEpoch
                $0.metadata = committed.metadata
                $0.commitTimestamp = clock.milliseconds(committed.committedAt)
                $0.expireTimestamp = committed.expiresAt.map(clock.milliseconds) ?? -1
                // Only version 1 says until when the client wanted it kept; as in Kafka, that counts more.
            }.encodeVersioned(version: committed.expiresAt == nil ? 3 : 1)
        }
    }
}
