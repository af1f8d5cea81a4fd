import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Compaction, held against what it may and must leave.
@Suite(.turn) struct LogCleanerTests {
    private let temporary = TemporaryFolder()

    /// What a test writes: a record with a key and a value, or without one.
    private struct Written: Equatable {
        var offset: Offset
        var key: String
        var value: String?
    }

    private func partition(onDisk: Bool, segmentBytes: Int) -> Partition {
        Partition(
            index: 0,
            log: PartitionLog(
                rolling: SegmentRolling(bytes: segmentBytes), folder: onDisk ? temporary.logFolder : nil))
    }

    private func append(
        _ records: [(key: String?, value: String?)], to partition: Partition, timestamp: Int64 = 1000,
        producer: ProducerIdentity? = nil, sequence: Int32 = 0, isTransactional: Bool = false,
        codec: Compression = .none
    ) throws -> Offset {
        var builder = RecordBatchBuilder()
        for record in records {
            let key = record.key.map { Array($0.utf8) }
            let value = record.value.map { Array($0.utf8) }
            (key ?? []).withUnsafeBytes { k in
                (value ?? []).withUnsafeBytes { v in
                    builder.append(key: key == nil ? nil : k, value: value == nil ? nil : v, timestamp: timestamp)
                }
            }
        }
        var options = RecordBatchBuilder.Options()
        options.compression = codec
        if let producer {
            options.producerId = producer.id
            options.producerEpoch = producer.epoch
            options.baseSequence = sequence
            if isTransactional { options.marks = .init(rawValue: 1 << 4) }
        }
        guard let batch = try RecordBatch(Bytes(try builder.finish(options))) else { throw Cut() }
        let offset = try partition.log.append(batch, leaderEpoch: 0)
        partition.producers.remember(batch, at: offset)
        return offset
    }

    private func mark(_ producer: ProducerIdentity, commit: Bool, in partition: Partition, timestamp: Int64 = 1000)
        throws
    {
        let marker = TransactionMarker(
            producer: producer, isCommit: commit, coordinatorEpoch: 0, timestamp: timestamp)
        let offset = try partition.log.append(marker.batch, leaderEpoch: 0)
        partition.aborted.end(with: marker, at: offset, in: &partition.producers)
    }

    /// Every batch, read as a consumer does: from its own end on.
    private func batches(_ partition: Partition) throws -> [RecordBatch] {
        var found: [RecordBatch] = []
        var offset = partition.log.startOffset
        while offset < partition.log.endOffset {
            let slice = try partition.log.read(from: offset, maxBytes: 1, atLeastOneBatch: true)
            let batches = try Records(slice.bytes).batches()
            guard let last = batches.last else { break }
            try #require(last.lastOffset >= offset, "a reader at \(offset) gets on")
            for batch in batches { try batch.verifyChecksum() }
            found += batches
            offset = last.lastOffset + 1
        }
        return found
    }

    private func records(_ partition: Partition) throws -> [Written] {
        try batches(partition).filter { !$0.attributes.isControl }.flatMap { batch in
            try batch.records().map {
                Written(offset: $0.offset, key: $0.key?.text ?? "", value: $0.value?.text)
            }
        }
    }

    @Test(arguments: [false, true], [Compression.none, .gzip])
    func theLastRecordOfAKeyIsKeptWhereItWas(onDisk: Bool, codec: Compression) throws {
        let partition = partition(onDisk: onDisk, segmentBytes: 1)
        for (key, value) in [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1")] {
            _ = try append([(key, value), ("x", value)], to: partition, codec: codec)
        }
        _ = try append([("active", "1")], to: partition)
        #expect(try LogCleaner.clean(partition, .init(), now: 5000) > 0)
        let wanted = [
            Written(offset: 2, key: "b", value: "1"), Written(offset: 4, key: "a", value: "2"),
            Written(offset: 6, key: "c", value: "1"), Written(offset: 7, key: "x", value: "1"),
            Written(offset: 8, key: "active", value: "1"),
        ]
        #expect(try records(partition) == wanted)
        #expect(partition.log.endOffset == 9 && partition.log.startOffset == 0)
        #expect(try LogCleaner.clean(partition, .init(), now: 5000) == 0)
        if onDisk {
            let recovery = try LogRecovery(temporary.logFolder, verifies: true)
            let again = Partition(
                index: 0,
                log: PartitionLog(
                    rolling: .init(), folder: temporary.logFolder, segments: recovery.segments, startOffset: 0))
            #expect(try records(again) == wanted && recovery.cuts.isEmpty)
        }
    }

    @Test func tombstonesStayForTheirTime() throws {
        let partition = partition(onDisk: false, segmentBytes: 1)
        _ = try append([("a", "1")], to: partition)
        _ = try append([("a", nil)], to: partition)
        _ = try append([("z", "1")], to: partition)
        let rules = CompactionRules(dirtyRatio: 0, deleteRetention: 100)
        #expect(try LogCleaner.clean(partition, rules, now: 5000) > 0)
        #expect(try records(partition).map(\.offset) == [1, 2])
        let tombstone = try #require(try batches(partition).first)
        #expect(tombstone.attributes.hasDeleteHorizon && tombstone.baseTimestamp == 5100)
        #expect(try tombstone.records().first?.timestamp == 1000)
        // Something new has to be written before the log is looked at again.
        _ = try append([("y", "1")], to: partition)
        _ = try LogCleaner.clean(partition, rules, now: 5099)
        #expect(try records(partition).map(\.offset) == [1, 2, 3])
        _ = try append([("x", "1")], to: partition)
        _ = try LogCleaner.clean(partition, rules, now: 5100)
        #expect(try records(partition).map(\.offset) == [2, 3, 4])
    }

    @Test func whatIsYoungOrDirtyEnoughIsLeftAlone() throws {
        let partition = partition(onDisk: false, segmentBytes: 1)
        for _ in 0..<4 { _ = try append([("a", "1")], to: partition, timestamp: 1000) }
        #expect(try LogCleaner.clean(partition, .init(minimumLag: 500), now: 1499) == 0)
        #expect(try LogCleaner.clean(partition, .init(minimumLag: 500), now: 1500) > 0)
        for key in ["b", "c", "d", "e", "f"] { _ = try append([(key, "1")], to: partition) }
        _ = try LogCleaner.clean(partition, .init(dirtyRatio: 0), now: 2000)
        _ = try append([("b", "2")], to: partition)
        // One of six is new.
        #expect(try LogCleaner.clean(partition, .init(), now: 2000) == 0)
        #expect(partition.log.cleanedOffset == 8)
        _ = try LogCleaner.clean(partition, .init(maximumLag: 10), now: 2000)
        #expect(partition.log.cleanedOffset == 9)
    }

    @Test func abortedRecordsGoAndOpenOnesStay() throws {
        let partition = partition(onDisk: false, segmentBytes: 1)
        let one = ProducerIdentity(id: 1, epoch: 0)
        let two = ProducerIdentity(id: 2, epoch: 0)
        _ = try append([("a", "old")], to: partition)
        _ = try append([("a", "aborted")], to: partition, producer: one, isTransactional: true)
        try mark(one, commit: false, in: partition)
        _ = try append([("b", "committed")], to: partition, producer: one, sequence: 1, isTransactional: true)
        try mark(one, commit: true, in: partition)
        _ = try append([("a", "open")], to: partition, producer: two, isTransactional: true)
        _ = try append([("c", "1")], to: partition)
        _ = try LogCleaner.clean(partition, .init(dirtyRatio: 0, deleteRetention: 100), now: 5000)
        #expect(try records(partition).map { $0.value ?? "" } == ["old", "committed", "open", "1"])
        #expect(try batches(partition).filter(\.attributes.isControl).map(\.baseOffset) == [2, 4])
        // Of the aborted transaction nothing is left: its marker goes when its time is up, that of the other one stays.
        try mark(two, commit: true, in: partition)
        _ = try append([("d", "1")], to: partition)
        _ = try LogCleaner.clean(partition, .init(dirtyRatio: 0, deleteRetention: 100), now: 5100)
        #expect(try batches(partition).filter(\.attributes.isControl).map(\.baseOffset) == [4, 7])
        #expect(try records(partition).map { $0.value ?? "" } == ["committed", "open", "1", "1"])
    }

    @Test func theLastBatchOfAProducerStaysForItsSequence() throws {
        let partition = partition(onDisk: true, segmentBytes: 1)
        let producer = ProducerIdentity(id: 9, epoch: 2)
        _ = try append([("a", "1")], to: partition, producer: producer, sequence: 0)
        _ = try append([("a", "2")], to: partition, producer: producer, sequence: 1)
        _ = try append([("a", "3")], to: partition)
        _ = try append([("b", "3")], to: partition)
        _ = try LogCleaner.clean(partition, .init(), now: 5000)
        let left = try batches(partition)
        #expect(left.map(\.baseOffset) == [1, 2, 3] && left.map(\.recordCount) == [0, 1, 1])
        let recovery = try LogRecovery(temporary.logFolder, verifies: true)
        #expect(recovery.producers.active.map(\.lastSequence) == [1])
    }

    /// Random keys, tombstones and transactions, cleaned at random moments: a consumer of what is committed ends with
    /// the same table as without compaction, sees no record twice, and none that was not written.
    @Test(arguments: 0..<20) func theTableThatAConsumerBuildsIsTheSame(seed: Int) throws {
        var random = RandomSource(seed: UInt64(seed))
        let partition = partition(onDisk: seed.isMultiple(of: 2), segmentBytes: 300)
        var written: [Offset: Written] = [:]
        var table: [String: String] = [:]
        var open: [ProducerIdentity: [Written]] = [:]
        var sequences: [ProducerIdentity: Int32] = [:]
        for step in 0..<300 {
            let timestamp = Int64(step * 10)
            let producer = ProducerIdentity(id: ProducerID(Int64.random(in: 0..<3, using: &random)), epoch: 0)
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                guard let records = open.removeValue(forKey: producer) else { continue }
                let commit = Bool.random(using: &random)
                try mark(producer, commit: commit, in: partition, timestamp: timestamp)
                if commit { for record in records { table[record.key] = record.value } }
            case 1:
                _ = try LogCleaner.clean(
                    partition, .init(dirtyRatio: 0, deleteRetention: 200), now: timestamp)
            default:
                // Keys are apart by producer: else the end of a transaction, and not the offset, would decide.
                let records = (0..<Int.random(in: 1...3, using: &random)).map { _ -> (key: String?, value: String?) in
                    let key = "\(producer.id)-\(Int.random(in: 0..<4, using: &random))"
                    return (key, Int.random(in: 0..<4, using: &random) == 0 ? nil : "\(step)")
                }
                let sequence = sequences[producer] ?? 0
                sequences[producer] = sequence + Int32(records.count)
                let base = try append(
                    records, to: partition, timestamp: timestamp, producer: producer, sequence: sequence,
                    isTransactional: true)
                for (index, record) in records.enumerated() {
                    let one = Written(offset: base + Int64(index), key: record.key ?? "", value: record.value)
                    written[one.offset] = one
                    open[producer, default: []].append(one)
                }
            }
        }
        for producer in open.keys.sorted(by: { $0.id < $1.id }) {
            try mark(producer, commit: false, in: partition, timestamp: 3000)
        }
        var seen: [String: String] = [:]
        var last: Offset = -1
        for batch in try batches(partition) where !batch.attributes.isControl {
            for record in try batch.records() {
                #expect(record.offset > last)
                last = record.offset
                let one = Written(offset: record.offset, key: record.key?.text ?? "", value: record.value?.text)
                #expect(one == written[one.offset])
                if !partition.aborted.holds(batch.baseOffset, of: batch.producerId) { seen[one.key] = one.value }
            }
        }
        #expect(seen == table)
    }
}
