import KafkaWire

/// What the cluster consists of, as KRaft's `__cluster_metadata` holds it (KIP-631): a record per change, without keys.
/// Unlike KRaft this broker writes no snapshots: the log is written anew when it has grown.
enum MetadataLog {
    /// The folder's name.
    static let name = TopicRules.metadata

    static func append(_ records: [MetadataRecord], to log: StateLog, timestamp: Int64) throws(StorageError) {
        // A batch is read as a whole; that of a large cluster should not have to be.
        var rest = records[...]
        while !rest.isEmpty {
            var entries: [StateLog.Entry] = []
            for record in rest.prefix(20_000) {
                let value = try StorageError.encoding("write to \(name)") { () throws(WireError) in try record.encode()
                }
                entries.append(.init(key: nil, value: value))
            }
            try log.append(entries, timestamp: timestamp)
            rest = rest.dropFirst(20_000)
        }
    }

    /// What the records in `log` come to. Throws where one cannot be read: to go on without it could mean to go on
    /// without a topic.
    static func read(_ log: StateLog) throws(StorageError) -> ClusterMetadata {
        var metadata = ClusterMetadata()
        try log.forEachBatch { batch throws(StorageError) in
            do {
                for record in try batch.records() {
                    guard let value = record.value else { continue }
                    metadata.apply(try MetadataRecord(value))
                }
            } catch {
                throw StorageError("read \(name) at offset \(batch.baseOffset)", "\(error)", StorageError.wayOn)
            }
        }
        return metadata
    }
}
