import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What a partition knows of transactions: who is in one, what is stable, what was aborted.
@Suite(.turn) struct TransactionLogTests {
    private func made(_ producer: ProducerID, _ sequence: Int32, epoch: ProducerEpoch = 0, isTransactional: Bool = true)
        throws -> RecordBatch
    {
        let bytes = try batch(["a"]) {
            $0.producerId = producer
            $0.producerEpoch = epoch
            $0.baseSequence = sequence
            if isTransactional { $0.marks = .init(rawValue: 1 << 4) }
        }
        guard let batch = try RecordBatch(Bytes(bytes)) else { throw Cut() }
        return batch
    }

    @Test func theOldestTransactionHoldsTheStableOffset() throws {
        var states = ProducerStates()
        #expect(states.firstUnstableOffset == nil)
        for (offset, producer) in [(10, 1), (11, 2), (12, 1), (13, 3)] as [(Offset, ProducerID)] {
            states.remember(try made(producer, offset == 12 ? 1 : 0), at: offset)
        }
        #expect(states.firstUnstableOffset == 10)
        #expect(states.isInTransaction(2, epoch: 0) && !states.isInTransaction(2, epoch: 1))
        #expect(states.end(2, epoch: 0, coordinatorEpoch: 0, timestamp: 5) == 11)
        #expect(states.firstUnstableOffset == 10)
        #expect(states.end(1, epoch: 1, coordinatorEpoch: 0, timestamp: 5) == 10)
        #expect(states.firstUnstableOffset == 13)
        #expect(states.end(1, epoch: 1, coordinatorEpoch: 0, timestamp: 5) == nil)
        #expect(states.end(3, epoch: 0, coordinatorEpoch: 0, timestamp: 5) == 13)
        #expect(states.firstUnstableOffset == nil)
    }

    @Test func aMarkerMayBringANewEpochAndTheSequenceBeginsAnew() throws {
        var states = ProducerStates()
        states.remember(try made(1, 0), at: 0)
        #expect(try states.check(made(1, 1, isTransactional: false)) == .refuse(.invalidTxnState))
        _ = states.end(1, epoch: 1, coordinatorEpoch: 0, timestamp: 5)
        #expect(try states.check(made(1, 1)) == .refuse(.invalidProducerEpoch))
        #expect(try states.check(made(1, 7, epoch: 1)) == .refuse(.outOfOrderSequenceNumber))
        #expect(try states.check(made(1, 0, epoch: 1)) == .append)
        #expect(states.active.map(\.lastSequence) == [-1])
        // With the same epoch it goes on (version 1).
        states.remember(try made(1, 0, epoch: 1), at: 2)
        _ = states.end(1, epoch: 1, coordinatorEpoch: 0, timestamp: 5)
        #expect(try states.check(made(1, 1, epoch: 1)) == .append)
        #expect(try states.check(made(1, 0, epoch: 1)) == .duplicate(baseOffset: 2))
    }

    @Test func markersOfThePastAreRefused() throws {
        var states = ProducerStates()
        func objection(_ epoch: ProducerEpoch, _ coordinator: Int32 = 3, isVersion2: Bool = false) -> ErrorCode? {
            states.objection(toMarkerOf: 1, epoch: epoch, coordinatorEpoch: coordinator, isVersion2: isVersion2)
        }
        #expect(objection(0) == nil)
        states.remember(try made(1, 0, epoch: 4), at: 0)
        #expect(objection(3) == .invalidProducerEpoch)
        #expect(objection(4) == nil)
        #expect(objection(4, isVersion2: true) == .invalidProducerEpoch)
        #expect(objection(5, isVersion2: true) == nil)
        _ = states.end(1, epoch: 4, coordinatorEpoch: 3, timestamp: 5)
        #expect(objection(4, 2) == .transactionCoordinatorFenced)
        #expect(objection(4, isVersion2: true) == nil)
    }

    @Test func producersInTransactionsAreNotForgotten() throws {
        var states = ProducerStates(limit: 10)
        states.remember(try made(100, 0), at: 0)
        for producer in ProducerID(0).rawValue..<50 {
            states.remember(try made(ProducerID(producer), 0, isTransactional: false), at: Offset(producer + 1))
        }
        #expect(states.active.count <= 11)
        #expect(states.isInTransaction(100, epoch: 0) && states.firstUnstableOffset == 0)
    }

    @Test func abortedTransactionsAreFoundByRange() {
        var aborted = AbortedTransactions()
        // Producer 1: 0…10, 2: 5…20, 3: 12…30 while one from 8 on goes on, which ends at 40.
        let entries: [(ProducerID, Offset, Offset, Offset)] = [
            (1, 0, 10, 5), (2, 5, 20, 8), (3, 12, 30, 8), (4, 8, 40, 41), (1, 50, 60, 61),
        ]
        for (producer, first, marker, stable) in entries {
            aborted.append(
                .init(producerId: producer, firstOffset: first, markerOffset: marker, lastStableOffset: stable))
        }
        func found(_ start: Offset, _ end: Offset) -> [ProducerID] {
            aborted.overlapping(from: start, before: end).map(\.producerId)
        }
        #expect(found(0, 5) == [1])
        #expect(found(0, 6) == [1, 2])
        #expect(found(10, 13) == [1, 2, 3, 4])
        #expect(found(11, 12) == [2, 4])
        #expect(found(31, 50) == [4])
        #expect(found(41, 50) == [])
        #expect(found(41, 51) == [1])
        #expect(found(61, 100) == [])
        aborted.remove(before: 21)
        #expect(aborted.entries.map(\.producerId) == [3, 4, 1])
    }

    @Test(arguments: [1, 1 << 20]) func aLogIsReadUpToALimit(segmentBytes: Int) throws {
        var log = PartitionLog(rolling: SegmentRolling(bytes: segmentBytes))
        for value in ["a", "b", "c"] { try log.append([value, value]) }
        for (limit, bytes) in [(0, 0), (2, 1), (4, 2), (6, 3)] as [(Offset, Int)] {
            #expect(log.available(from: 0, before: limit) == bytes * log.size / 3)
            var offset: Offset = 0
            var read = 0
            while true {
                let slice = try log.read(from: offset, before: limit, maxBytes: 1 << 20, atLeastOneBatch: true)
                if slice.bytes.isEmpty { break }
                read += slice.bytes.count
                offset = slice.endOffset
            }
            #expect(read == bytes * log.size / 3)
            #expect(offset == limit)
        }
    }
}
