import TestSupport
import Testing

@testable import Detectors

/// Tables by ids that come from outside, held against the standard library's.
@Suite(.turn) struct SlotIndexTests {
    /// Ids as databases give them: one behind the other, far apart, at the ends.
    private static func id(_ random: inout SeededNumbers) -> Int64 {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: Int64.random(in: 0..<300, using: &random)
        case 1: Int64.random(in: 0..<300, using: &random) << 32
        case 2: .max - Int64.random(in: 0..<20, using: &random)
        default: .min + Int64.random(in: 0..<20, using: &random)
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>) func anIndexFindsWhatADictionaryFinds(seed: UInt64) {
        var random = SeededNumbers(state: seed)
        var index = SlotIndex()
        var keys: [Int64] = []
        var slots: [Int64: Int] = [:]
        for _ in 0..<4000 {
            let key = Self.id(&random)
            let hash = SlotIndex.hash(key)
            #expect(index.slot(hash) { keys[$0] == key } == slots[key])
            #expect((index.likely(hash) != nil) || slots[key] == nil)
            if let slot = slots[key] {
                guard Bool.random(using: &random) else { continue }
                index.remove(slot, hash)
                slots[key] = nil
            } else {
                keys.append(key)
                index.insert(keys.count - 1, hash)
                slots[key] = keys.count - 1
            }
            #expect(index.count == slots.count)
        }
        for (key, slot) in slots { #expect(index.slot(SlotIndex.hash(key)) { keys[$0] == key } == slot) }
    }

    /// The partition counts: the same row number stands in each of them.
    @Test func keysOfTwoPartsDifferInBoth() {
        let hashes = Set((0..<1000 as Range<Int64>).flatMap { key in (0..<16).map { SlotIndex.hash(key, $0) } })
        #expect(hashes.count == 16_000)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func aTableIsAsBigAsItsLimit(seed: UInt64) {
        var random = SeededNumbers(state: seed)
        var table = UserTable(limit: 100)
        table.tellsEvicted = true
        var known: [Int64: Int32] = [:]
        for _ in 0..<5000 {
            let (user, partition) = (Self.id(&random), Int32.random(in: 0..<4, using: &random))
            #expect((table.known(user) != nil) == (known[user] != nil))
            let (slot, isNew) = table.slot(of: user, partition: partition)
            #expect(isNew == (known[user] == nil) && slot < 100)
            for (gone, home) in table.takeEvicted() { #expect(known.removeValue(forKey: gone) == home) }
            known[user] = partition
            if Int.random(in: 0..<500, using: &random) == 0 {
                let dropped = table.forget(partition: partition)
                #expect(dropped == known.values.count { $0 == partition })
                known = known.filter { $0.value != partition }
            }
            #expect(table.count == known.count)
        }
        #expect(Dictionary(uniqueKeysWithValues: table.everybody.map { ($0.user, $0.partition) }) == known)
    }

    @Test func numbersAreInASetOnceAndInOrder() {
        var set: NumberSet = [3, 1, 3, 3, -7, 1, .max]
        #expect(set.numbers == [3, 1, -7, .max] && set.count == 4 && !set.isEmpty && NumberSet().isEmpty)
        #expect(set.contains(-7) && !set.contains(7))
        #expect(set == [.max, -7, 1, 3] && set != [3, 1] && set != [3, 1, -7, .min])
        set.formUnion([5, 3, 6])
        #expect(set.numbers == [3, 1, -7, .max, 5, 6])
    }

    /// One amount that takes more room, and all of before is as it was.
    @Test(arguments: [1, 100 * (Int64(Int32.max) + 1), .min, 100 * Int64(Int32.max)] as [Int64])
    func amountsKeepTheirValuesWhenOneIsWide(wide: Int64) {
        var rings = AmountRings(width: 3)
        rings.reach(700)
        for slot in 0...700 { rings[slot, slot % 3] = Int64(slot) * -100 }
        rings[300, 1] = wide
        rings.reach(2000)
        rings[2000, 0] = -1
        #expect(rings[300, 1] == wide && rings[2000, 0] == -1)
        for slot in 0...700 where slot != 300 { #expect(rings[slot, slot % 3] == Int64(slot) * -100) }
        #expect(rings[300, 0] == -30_000 && rings[700, 2] == 0)
    }

    @Test func copiesOfStorageAreIndependent() {
        var one = SlotStorage<Int64>(width: 3, blank: -1)
        one.reach(600)
        one[600, 2] = 5
        var other = one
        other[600, 2] = 6
        other.withRow(599) { $0[0] = 7 }
        #expect(Array(one[600]) == [-1, -1, 5] && Array(other[600]) == [-1, -1, 6])
        #expect(one[599, 0] == -1 && other[599, 0] == 7)
    }
}
