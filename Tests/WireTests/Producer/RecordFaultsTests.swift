import TestSupport
import Testing

@testable import KafkaWire

/// What each record of a refused batch is told (KIP-467), as `Sender.failBatch` in Java.
@Suite(.turn) struct RecordFaultsTests {
    private static let error = KafkaError.refused(
        .invalidTimestamp, "could not send 5 records to t-3", by: "b:1", api: .produce, topic: "t", partition: 3)

    private static func faults(
        _ blamed: [(index: Int32, words: String?)], words: String? = nil, key: Bytes? = Bytes(utf8: "k")
    ) -> RecordFaults? {
        RecordFaults(
            blamed.map { blame in
                .with {
                    $0.batchIndex = blame.index
                    $0.batchIndexErrorMessage = blame.words
                }
            }, count: 5, words: words, error, key: { _ in key })
    }

    @Test func oneAtFaultHasTheBatchsCodeAndTheOthersAreToldOfIt() throws {
        let faults = try #require(Self.faults([(2, "too old")], words: "of the batch"))
        let fault = faults.error(of: 2)
        #expect(fault.code == .broker(.invalidTimestamp) && !fault.isRetriable)
        #expect(fault.topic == "t" && fault.partition == 3 && fault.broker == "b:1" && fault.api == .produce)
        #expect(
            fault.message
                == "could not send a record with key \"k\" to t-3, record 2 of its batch: broker b:1 answered "
                + "INVALID_TIMESTAMP (too old)")
        for index in [0, 1, 3, 4] {
            let other = faults.error(of: index)
            #expect(other.code == .refusedBatch && other.isRetriable && other.topic == "t" && other.partition == 3)
            #expect(other.message.contains("another one of its batch was refused"))
            #expect(other.message.contains("record 2 of its batch"))
        }
        #expect(faults.first == fault)
        #expect(faults.runs(of: 5).map(\.count) == [2, 1, 2])
        #expect(faults.runs(of: 5).map(\.error.code) == [.refusedBatch, .broker(.invalidTimestamp), .refusedBatch])
    }

    @Test func severalAtFaultAreInvalidRecordsEach() throws {
        let faults = try #require(Self.faults([(4, nil), (1, "bad")], words: "of the batch", key: nil))
        #expect(faults.error(of: 1).code == .broker(.invalidRecord))
        #expect(faults.error(of: 1).message.contains("without a key") && faults.error(of: 1).message.contains("(bad)"))
        // Who says nothing of the record says something of the batch.
        #expect(faults.error(of: 4).message.contains("(of the batch)"))
        #expect(faults.error(of: 0).message.contains("2 others of its batch were refused"))
        #expect(faults.first.message.contains("record 1 of"))
        #expect(faults.runs(of: 5).map(\.count) == [1, 1, 2, 1])
    }

    @Test(arguments: [[], [5], [-1], [.max], [-1, 99]] as [[Int32]])
    func recordsThatTheBatchDoesNotHaveAreNobodys(_ indices: [Int32]) {
        #expect(Self.faults(indices.map { ($0, nil) }) == nil)
    }

    @Test(
        arguments: [
            (Bytes(utf8: "äö"), "\"äö\""), (Bytes([0xFF, 0x00]), "0xff00"), (Bytes(utf8: "a\nb"), "0x610a62"),
            (Bytes([UInt8](repeating: 0x61, count: 65)), "\"" + String(repeating: "a", count: 64) + "…\""),
        ] as [(Bytes, String)])
    func keysAreShownInOneLineOfBoundedLength(_ key: Bytes, _ shown: String) {
        #expect(Self.faults([(0, nil)], key: key)?.first.message.contains("with key \(shown) to") == true)
    }

    @Test func eachRecordOfABatchIsToldItsOwn() async throws {
        let batch = ProducerBatch(TopicPartition("t", 3), created: Instant(nanoseconds: 0))
        batch.takeOver([UInt8](repeating: 0, count: 100), count: 5)
        let told = Locked<[Int: KafkaError.Code]>([:])
        batch.whenSettled(2) { outcome in
            if case .failure(let error) = outcome { told.withLock { $0[2] = error.code } }
        }
        batch.complete(.failure(Self.error), faults: Self.faults([(2, nil)]))
        batch.whenSettled(3) { outcome in
            if case .failure(let error) = outcome { told.withLock { $0[3] = error.code } }
        }
        #expect(told.withLock { $0 } == [2: .broker(.invalidTimestamp), 3: .refusedBatch])
        let parts = await batch.parts()
        #expect(parts.map(\.count) == [2, 1, 2])
        let error = await #expect(throws: KafkaError.self) { try await batch.offset(of: 2) }
        #expect(error?.code == .broker(.invalidTimestamp))
    }

    /// Who is told of a record is told of it where it goes on in another batch.
    @Test func whoIsToldOfARecordIsToldByThePartThatHasIt() {
        func batch(_ count: Int32) -> ProducerBatch {
            let batch = ProducerBatch(TopicPartition("t", 0), created: Instant(nanoseconds: 0))
            batch.takeOver([UInt8](repeating: 0, count: 100), count: count)
            return batch
        }
        let whole = batch(5)
        let parts = [batch(2), batch(3)]
        let told = Locked<[Int: ProducerBatch.Landing]>([:])
        for index in 0..<5 {
            whole.whenSettled(index) { outcome in told.withLock { $0[index] = try? outcome.get() } }
        }
        whole.complete(in: parts)
        #expect(!whole.isThrough && whole.unsettledRecords == 5)
        parts[1].complete(.success(40), logAppendTime: 9)
        #expect(whole.unsettledRecords == 2)
        parts[0].complete(.success(30))
        #expect(whole.isThrough && whole.unsettledRecords == 0)
        let landings = told.withLock { told in (0..<5).map { told[$0] } }
        #expect(landings.map { $0?.offset } == [30, 31, 40, 41, 42])
        #expect(landings.map { $0?.logAppendTime } == [-1, -1, 9, 9, 9])
    }
}
