import ChangeEvents
import TestSupport
import Testing

@testable import Detectors

/// What rules remember, as bytes: who takes it over judges as who wrote it would have, and nothing damaged is taken.
@Suite(.turn) struct DetectorStateTests {
    @Test(
        arguments: [
            ([0], [0x00]), ([-1], [0x01]), ([1], [0x02]), ([63], [0x7E]), ([-64], [0x7F]), ([64], [0x80, 0x01]),
            ([300, -300], [0xD8, 0x04, 0xD7, 0x04]),
            ([.max], [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
            ([.min], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        ] as [([Int64], [UInt8])])
    func numbersAreVarints(numbers: [Int64], bytes: [UInt8]) {
        var written: [UInt8] = []
        for number in numbers { StateBytes.append(number, to: &written) }
        #expect(written == bytes)
        #expect(StateBytes.numbers(bytes[...], limit: 2) == numbers)
        #expect(StateBytes.numbers((bytes + [0, 0]).dropFirst(0), limit: 1) == nil)
        for count in 0..<bytes.count where bytes.prefix(count).last.map({ $0 >= 0x80 }) ?? false {
            #expect(StateBytes.numbers(bytes.prefix(count), limit: 2) == nil)
        }
    }

    @Test func aNumberOfMoreThan64BitsIsNone() {
        let most = [UInt8](repeating: 0xFF, count: 9)
        #expect(StateBytes.numbers((most + [0x02])[...], limit: 1) == nil)
        #expect(StateBytes.numbers((most + [0xFF, 0x01])[...], limit: 1) == nil)
    }

    private static func rows(_ count: Int, seed: UInt64) -> [Transaction] {
        var random = SeededNumbers(state: seed)
        var time: Int64 = 1_700_000_000_000_000
        return (0..<count).map { id in
            time += Int64.random(in: -2_000_000..<4_000_000, using: &random)
            return Transaction(
                id: Int64(id), userID: Int64.random(in: -3..<20, using: &random),
                amount: Amount(cents: Int64.random(in: -5_00..<6000_00, using: &random)),
                createdAt: EventTime(microseconds: time))
        }
    }

    /// At every tenth row the memory goes over to another one, by bytes alone.
    @Test(arguments: 1...5 as ClosedRange<UInt64>) func whoTakesOverJudgesTheSame(seed: UInt64) {
        var (anomaly, velocity, memory) = (AnomalyDetector(), VelocityDetector(), RowMemory())
        var (anomalyHeir, velocityHeir, rowHeir) = (AnomalyDetector(), VelocityDetector(), RowMemory())
        for (index, row) in Self.rows(3000, seed: seed).enumerated() {
            if index.isMultiple(of: 10) {
                (anomalyHeir, velocityHeir, rowHeir) = (AnomalyDetector(), VelocityDetector(), RowMemory())
                for user in -3..<20 as Range<Int64> {
                    var (amounts, times) = ([UInt8](), [UInt8]())
                    if anomaly.appendState(of: user, to: &amounts) {
                        let isTaken = anomalyHeir.restore(user, partition: 3, from: amounts[...])
                        #expect(isTaken)
                    }
                    if velocity.appendState(of: user, to: &times) {
                        let isTaken = velocityHeir.restore(user, partition: 3, from: times[...])
                        #expect(isTaken)
                    }
                }
                for group in 0...Int64(index / 64) {
                    var prints: [UInt8] = []
                    guard memory.appendState(of: group, partition: 3, to: &prints) else { continue }
                    let isTaken = rowHeir.restore(group, partition: 3, from: prints[...])
                    #expect(isTaken)
                }
            }
            let (amount, heirsAmount) = (anomaly.observe(row, partition: 3), anomalyHeir.observe(row, partition: 3))
            #expect(amount == heirsAmount)
            let (speed, heirsSpeed) = (velocity.observe(row, partition: 3), velocityHeir.observe(row, partition: 3))
            #expect(speed == heirsSpeed)
            let (isRepeated, isHeirs) = (memory.isRepeated(row, partition: 3), rowHeir.isRepeated(row, partition: 3))
            #expect(isRepeated == isHeirs)
            let again = rowHeir.isRepeated(row, partition: 3)
            #expect(again)
            _ = memory.isRepeated(row, partition: 3)
        }
        #expect(anomalyHeir.userCount == anomaly.userCount && velocityHeir.userCount == velocity.userCount)
    }

    @Test func nothingDamagedIsTaken() {
        var (anomaly, velocity, memory) = (AnomalyDetector(), VelocityDetector(), RowMemory())
        let tooMany = [UInt8](repeating: 0, count: 256)
        var tooLarge: [UInt8] = []
        StateBytes.append((1 << 55) + 1, to: &tooLarge)
        for bytes in [[0x80], tooMany, tooLarge] as [[UInt8]] {
            #expect(anomaly.restore(1, partition: 0, from: bytes[...]) == false)
        }
        // Times that go back.
        for bytes in [[0x80], tooMany, [0x04, 0x01]] as [[UInt8]] {
            #expect(velocity.restore(1, partition: 0, from: bytes[...]) == false)
        }
        // A row without its print, a print without its row, one of 0, one below it, and one of more than 32 bits.
        for bytes in [[0x80], [2], [0, 2], [2, 0], [2, 1], [2, 0x80, 0x80, 0x80, 0x80, 0x20], tooMany] as [[UInt8]] {
            #expect(memory.restore(1, partition: 0, from: bytes[...]) == false)
        }
        #expect(anomaly.userCount == 0 && velocity.userCount == 0)
        var random = SeededNumbers(state: 7)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<24, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = anomaly.restore(1, partition: 0, from: bytes[...])
            _ = velocity.restore(1, partition: 0, from: bytes[...])
            _ = memory.restore(1, partition: 0, from: bytes[...])
        }
        for row in Self.rows(200, seed: 1) {
            _ = anomaly.observe(row, partition: 0)
            _ = velocity.observe(row, partition: 0)
        }
    }

    @Test func whoMakesRoomIsTold() {
        var rule = AnomalyDetector.Rule()
        rule.maximumUsers = 2
        var detector = AnomalyDetector(rule)
        detector.tellsEvicted = true
        for user in 1...3 as ClosedRange<Int64> {
            _ = detector.observe(
                Transaction(id: user, userID: user, amount: .zero, createdAt: EventTime(microseconds: 0)),
                partition: Int32(user))
        }
        let evicted = detector.takeEvicted()
        #expect(evicted.map(\.user) == [1] && evicted.map(\.partition) == [1])
        #expect(detector.takeEvicted().isEmpty)
        var bytes: [UInt8] = []
        #expect(!detector.appendState(of: 1, to: &bytes) && bytes.isEmpty)
    }
}
