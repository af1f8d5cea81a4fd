import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Indexes of groups, held against walking through all.
@Suite(.turn) struct RankedKeysTests {
    @Test func theFirstIsTheFirstOfAll() {
        var random = RandomSource(seed: 4)
        var index = RankedKeys<Int, Int>()
        var plain: [Int: Int] = [:]
        for step in 0..<20_000 {
            let key = Int(random.next() % 50)
            let rank = random.next() % 4 == 0 ? nil : Int(random.next() % 30)
            index[key] = rank
            plain[key] = rank
            #expect(index.first?.rank == plain.values.min() && index.count == plain.count)
            if let first = index.first { #expect(plain[first.key] == first.rank) }
            guard step % 500 == 0 else { continue }
            let due = index.take(upTo: 10, most: 5)
            let ranks = due.compactMap { plain.removeValue(forKey: $0) }
            #expect(ranks == ranks.sorted() && ranks.count == due.count && ranks.allSatisfy { $0 <= 10 })
            #expect(due.count == 5 || plain.values.allSatisfy { $0 > 10 })
        }
    }

    /// Changing one rank again and again leaves no trail of what it was.
    @Test func whatIsOutOfDateIsDropped() {
        var index = RankedKeys<Int, Int>()
        for key in 0..<10 { index[key] = -key }
        for rank in 0..<100_000 { index[100] = rank }
        #expect(index.first?.key == 9 && index.entryCount < 50)
        #expect(index.take(upTo: .max).count == 11 && index.isEmpty)
    }
}

/// What a group has committed, by random commits, transactions and deletions.
@Suite(.turn) struct GroupOffsetsTests {
    @Test func theBooksAgree() {
        var random = RandomSource(seed: 8)
        func number(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
        for _ in 0..<50 {
            var offsets = GroupOffsets()
            var order: UInt64 = 0
            for _ in 0..<200 {
                order += 1
                let key = TopicPartition(["t", "u", "v"][number(3)], PartitionID(index: number(3)))
                let producer = ProducerIdentity(
                    id: ProducerID(Int64(number(3))), epoch: ProducerEpoch(Int16(number(2))))
                let position = GroupOffsets.Committed(
                    offset: Offset(Int64(order)), leaderEpoch: -1, metadata: String(repeating: "m", count: number(9)),
                    order: order)
                switch number(6) {
                case 0, 1: offsets.store(position, for: key)
                case 2, 3:
                    offsets.storePending(position, for: key, producer: producer)
                    #expect(offsets.isUnstable(key))
                case 4: offsets.endTransaction(of: producer.id, commit: number(2) == 0)
                default: if number(3) == 0 { _ = offsets.forget(topic: key.topic) } else { _ = offsets.remove(key) }
                }
                #expect(offsets.objections == [])
            }
            for topic in ["t", "u", "v"] { _ = offsets.forget(topic: topic) }
            #expect(offsets == GroupOffsets())
        }
    }
}
