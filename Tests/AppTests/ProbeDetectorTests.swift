import ChangeEvents
import TestSupport
import Testing

@testable import Detectors

/// Large payments behind small ones, by event time: the rule against a plain statement of it, its edges, and its memory.
@Suite(.turn) struct ProbeDetectorTests {
    private static let second: Int64 = 1_000_000

    private static func row(
        _ user: Int64, _ cents: Int64, at time: Int64, merchant: Int64? = 1, id: Int64 = 1
    ) -> Transaction {
        Transaction(
            id: id, userID: user, amount: Amount(cents: cents), merchantID: merchant,
            createdAt: EventTime(microseconds: time))
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func probesAgreeWithTheReference(_ seed: UInt64) {
        struct Probe { var (time, number, merchant): (Int64, Int, Int64) }
        var random = SeededNumbers(state: seed)
        var detector = ProbeDetector()
        var histories: [Int64: [Probe]] = [:]
        var latest: [Int32: Int64] = [:]
        var (alerts, lates, clock) = (0, 0, 1_795_000_000 * Self.second)
        for number in 0..<6_000 {
            clock += Int64.random(in: 0..<4 * Self.second, using: &random)
            let user = Int64.random(in: 0..<24, using: &random)
            let partition = Int32(user % 3)
            let isBehind = Int.random(in: 0..<4, using: &random) == 0
            let time = isBehind ? clock - Int64.random(in: 0..<90 * Self.second, using: &random) : clock
            let cents =
                Int64.random(in: 0..<2, using: &random) * 700_00 + Int64.random(in: -20_00..<180_00, using: &random)
            let merchant = Int64.random(in: 0..<5, using: &random)
            let isLate = latest[partition].map { time < $0 - 60 * Self.second } ?? false
            var count = 0
            if !isLate {
                latest[partition] = max(latest[partition] ?? time, time)
                let known = histories[user, default: []].sorted { ($0.time, $0.number) < ($1.time, $1.number) }.suffix(
                    12)
                if cents > 500_00 {
                    let within = known.filter { $0.time <= time && $0.time > time - 600 * Self.second }
                    count = Set(within.map(\.merchant)).count
                } else if (0...100_00).contains(cents) {
                    histories[user, default: []].append(Probe(time: time, number: number, merchant: merchant))
                }
            }
            let verdict = detector.observe(Self.row(user, cents, at: time, merchant: merchant), partition: partition)
            #expect(verdict == .init(isAlert: count >= 3, merchants: count, isLate: isLate))
            alerts += count >= 3 ? 1 : 0
            lates += isLate ? 1 : 0
        }
        #expect(alerts > 100 && lates > 100)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// Second, cents, merchant.
        var events: [(Int64, Int64, Int64?)]
        /// What is said of the last one.
        var merchants: Int
        var isAlert = false
        var testDescription: String { name }
    }

    private static let small: [(Int64, Int64, Int64?)] = [(0, 5_00, 1), (1, 5_00, 2), (2, 5_00, 3)]

    static let cases = [
        Case(name: "three merchants", events: small + [(3, 500_01, 9)], merchants: 3, isAlert: true),
        Case(name: "not over 500", events: small + [(3, 500_00, 9)], merchants: 0),
        Case(name: "two merchants", events: Array(small.prefix(2)) + [(3, 900_00, 3)], merchants: 2),
        Case(name: "the same merchant again", events: small.prefix(2) + [(2, 5_00, 2), (3, 900_00, 9)], merchants: 2),
        Case(
            name: "100.00 is small", events: small.prefix(2) + [(2, 100_00, 3), (3, 900_00, 9)], merchants: 3,
            isAlert: true),
        Case(name: "100.01 is not", events: small.prefix(2) + [(2, 100_01, 3), (3, 900_00, 9)], merchants: 2),
        Case(
            name: "0.00 is small", events: small.prefix(2) + [(2, 0, 3), (3, 900_00, 9)], merchants: 3, isAlert: true),
        Case(name: "a refund is not", events: small.prefix(2) + [(2, -1, 3), (3, 900_00, 9)], merchants: 2),
        Case(name: "no merchant is named", events: small.prefix(2) + [(2, 5_00, nil), (3, 900_00, 9)], merchants: 2),
        Case(name: "its own names none", events: small + [(3, 900_00, nil)], merchants: 3, isAlert: true),
        Case(name: "at the same moment", events: small + [(2, 900_00, 9)], merchants: 3, isAlert: true),
        Case(name: "the window's edge", events: small + [(599, 900_00, 9)], merchants: 3, isAlert: true),
        Case(name: "behind the window's edge", events: small + [(600, 900_00, 9)], merchants: 2),
        Case(name: "a probe that is later", events: small.prefix(2) + [(5, 5_00, 3), (3, 900_00, 9)], merchants: 2),
        Case(
            name: "out of order", events: [(50, 1_00, 8), (2, 5_00, 3), (1, 5_00, 2), (0, 5_00, 1), (60, 900_00, 9)],
            merchants: 4, isAlert: true),
        Case(
            name: "many at one merchant push out the others",
            events: small + (0..<12).map { (3 + $0, 1_00, 4) } + [(20, 900_00, 9)], merchants: 1),
        Case(
            name: "nine at one merchant do not",
            events: small + (0..<9).map { (3 + $0, 1_00, 4) } + [(20, 900_00, 9)], merchants: 4, isAlert: true),
    ]

    @Test(arguments: cases) func edges(_ item: Case) {
        var detector = ProbeDetector()
        var verdict: ProbeDetector.Verdict?
        for (time, cents, merchant) in item.events {
            verdict = detector.observe(Self.row(7, cents, at: time * Self.second, merchant: merchant), partition: 0)
        }
        #expect(verdict == .init(isAlert: item.isAlert, merchants: item.merchants, isLate: false))
    }

    /// Times in seconds, by partition, and which are late.
    @Test(
        arguments: [
            ([(0, 0), (0, 100), (0, 40), (0, 39)], [false, false, false, true]),
            // A late one moves nothing, and each partition has its own.
            ([(0, 100), (0, 30), (0, 40), (1, 0), (1, 61), (1, 0)], [false, true, false, false, false, true]),
            ([(0, -100), (0, -160), (0, -161)], [false, false, true]),
        ] as [([(Int32, Int64)], [Bool])])
    func whatIsBehindTheWatermarkIsLate(_ events: [(Int32, Int64)], _ isLate: [Bool]) {
        var detector = ProbeDetector()
        let found = events.map { partition, time in
            detector.observe(Self.row(1, 5_00, at: time * Self.second), partition: partition).isLate
        }
        #expect(found == isLate)
        #expect(detector.userCount == 1)
    }

    @Test func aLateProbeIsNotRemembered() {
        var detector = ProbeDetector()
        for (time, merchant) in [(100, 1), (101, 2), (40, 3)] as [(Int64, Int64)] {
            _ = detector.observe(Self.row(1, 5_00, at: time * Self.second, merchant: merchant), partition: 0)
        }
        #expect(detector.observe(Self.row(1, 900_00, at: 102 * Self.second), partition: 0).merchants == 2)
    }

    /// One row of the year 2100 would have silenced the rule.
    @Test func aTimeAheadOfItsArrivalMovesNoWatermark() {
        var detector = ProbeDetector()
        let arrival = EventTime(microseconds: 1000 * Self.second)
        let times: [Int64] = [4_000_000_000, 1000, 1060, 1061, 1000, 999]
        let isLate = times.map {
            detector.observe(Self.row(1, 5_00, at: $0 * Self.second), partition: 0, arrival: arrival).isLate
        }
        // 1061 is a second too far ahead: the watermark is 1000.
        #expect(isLate == [false, false, false, false, false, true])
    }

    @Test func theEndsOfTimeDoNotTrap() {
        var wide = ProbeDetector.Rule()
        (wide.windowMicroseconds, wide.latenessMicroseconds, wide.leastMerchants) = (.max, .max, .max)
        for rule in [ProbeDetector.Rule(), wide] {
            var detector = ProbeDetector(rule)
            let times: [Int64] = [.min, .max, 0, .min + 1, .max - 1, -1, .min, .max]
            for (index, time) in times.enumerated() {
                for cents in [.min, .max, 0, 50_00] as [Int64] {
                    for arrival in [nil, .min, .max, 0] as [Int64?] {
                        _ = detector.observe(
                            Self.row(.max, cents, at: time, merchant: Int64(index)), partition: .min,
                            arrival: arrival.map { EventTime(microseconds: $0) })
                    }
                }
            }
            var bytes: [UInt8] = []
            let isKnown = detector.appendState(of: .max, to: &bytes)
            #expect(isKnown)
            let isTaken = detector.restore(.min, partition: .max, from: bytes[...])
            #expect(isTaken)
        }
        var rule = ProbeDetector.Rule()
        (rule.windowMicroseconds, rule.latenessMicroseconds, rule.leastMerchants) = (.min, .min, .min)
        var detector = ProbeDetector(rule)
        #expect(!detector.observe(Self.row(1, 900_00, at: 0), partition: 0).isAlert)
    }

    // MARK: - Memory

    @Test func aRevokedPartitionIsForgotten() {
        var detector = ProbeDetector()
        for user: Int64 in 0..<40 {
            _ = detector.observe(Self.row(user, 5_00, at: 100 * Self.second), partition: Int32(user % 4))
        }
        #expect(detector.forget(partition: 3) == 10 && detector.userCount == 30)
        // Its watermark too.
        #expect(!detector.observe(Self.row(3, 5_00, at: 0), partition: 3).isLate)
        #expect(detector.observe(Self.row(2, 5_00, at: 0), partition: 2).isLate)
        var bytes: [UInt8] = []
        #expect(!detector.appendState(ofPartition: 9, to: &bytes) && bytes.isEmpty)
    }

    @Test func usersAreBoundedAndWhoMakesRoomIsTold() {
        var rule = ProbeDetector.Rule()
        rule.maximumUsers = 2
        var detector = ProbeDetector(rule)
        detector.tellsEvicted = true
        for user in 1...3 as ClosedRange<Int64> {
            _ = detector.observe(Self.row(user, 5_00, at: user), partition: Int32(user))
        }
        let evicted = detector.takeEvicted()
        #expect(evicted.map(\.user) == [1] && evicted.map(\.partition) == [1] && detector.userCount == 2)
        // Who pays no small amounts takes no place.
        _ = detector.observe(Self.row(4, 900_00, at: 5), partition: 0)
        _ = detector.observe(Self.row(5, 300_00, at: 5), partition: 0)
        #expect(detector.userCount == 2 && detector.takeEvicted().isEmpty)
        #expect(detector.remembers(3) && !detector.remembers(1) && !detector.remembers(4))
    }

    private static func rows(_ count: Int, seed: UInt64) -> [Transaction] {
        var random = SeededNumbers(state: seed)
        var time: Int64 = 1_795_000_000 * second
        return (0..<count).map { id in
            time += Int64.random(in: -40..<60, using: &random) * second
            let cents =
                Int64.random(in: 0..<2, using: &random) * 600_00 + Int64.random(in: 1_00..<90_00, using: &random)
            return row(
                Int64.random(in: -3..<20, using: &random), cents, at: time,
                merchant: Int64.random(in: 0..<6, using: &random), id: Int64(id))
        }
    }

    /// At every tenth row the memory goes over to another one, by bytes alone.
    @Test(arguments: 1...5 as ClosedRange<UInt64>) func whoTakesOverJudgesTheSame(seed: UInt64) {
        var detector = ProbeDetector()
        var heir = ProbeDetector()
        for (index, row) in Self.rows(3000, seed: seed).enumerated() {
            if index.isMultiple(of: 10) {
                heir = ProbeDetector()
                var whole: [UInt8] = []
                if detector.appendState(ofPartition: 3, to: &whole) {
                    let isTaken = heir.restore(partition: 3, from: whole[...])
                    #expect(isTaken)
                }
                for user in -3..<20 as Range<Int64> {
                    var state: [UInt8] = []
                    guard detector.appendState(of: user, to: &state) else { continue }
                    let isTaken = heir.restore(user, partition: 3, from: state[...])
                    #expect(isTaken)
                }
            }
            let (verdict, heirs) = (detector.observe(row, partition: 3), heir.observe(row, partition: 3))
            #expect(verdict == heirs)
        }
        #expect(heir.userCount == detector.userCount)
    }

    @Test func nothingDamagedIsTaken() {
        var detector = ProbeDetector()
        for bytes in [[0x80], [0], [0, 0, 1, 0], [UInt8](repeating: 0, count: 122)] as [[UInt8]] {
            let isTaken = detector.restore(1, partition: 0, from: bytes[...])
            #expect(!isTaken)
        }
        for bytes in [[0x80], [0, 0]] as [[UInt8]] {
            let isTaken = detector.restore(partition: 0, from: bytes[...])
            #expect(!isTaken)
        }
        #expect(detector.userCount == 0)
        var random = SeededNumbers(state: 7)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<24, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = detector.restore(1, partition: 0, from: bytes[...])
            _ = detector.restore(partition: 0, from: bytes[...])
        }
        for row in Self.rows(200, seed: 1) { _ = detector.observe(row, partition: 0) }
    }

    /// More are told apart, or fewer: what fits of what is known stays.
    @Test func otherNumbersKeepWhatIsKnown() {
        var detector = ProbeDetector()
        for merchant in 1...4 as ClosedRange<Int64> {
            _ = detector.observe(Self.row(1, 5_00, at: merchant * Self.second, merchant: merchant), partition: 2)
        }
        var rule = ProbeDetector.Rule()
        for (least, isAlert) in [(5, false), (4, true), (1, true), (15, false)] {
            rule.leastMerchants = least
            detector.change(to: rule)
            #expect(detector.observe(Self.row(1, 900_00, at: 9 * Self.second), partition: 2).isAlert == isAlert)
        }
        rule.leastMerchants = 3
        rule.large = Amount(cents: 1000_00)
        detector.change(to: rule)
        #expect(!detector.observe(Self.row(1, 1000_00, at: 9 * Self.second), partition: 2).isAlert)
        // The watermark is known as well.
        _ = detector.observe(Self.row(1, 5_00, at: 100 * Self.second), partition: 2)
        rule.leastMerchants = 2
        detector.change(to: rule)
        #expect(detector.observe(Self.row(1, 5_00, at: 0), partition: 2).isLate)
        #expect(detector.forget(partition: 2) == 1)
    }

    @Test func linesSayWhatWasFound() throws {
        var detector = ProbeDetector()
        var text: [UInt8] = []
        for merchant in 1...3 as ClosedRange<Int64> {
            let row = Self.row(2354, 9_99, at: 70 * Self.second, merchant: merchant, id: merchant)
            Report.append(detector.observe(row, partition: 0), of: row, to: &text)
        }
        let large = Self.row(2354, 4488_34, at: 71 * Self.second, id: 9)
        let verdict = detector.observe(large, partition: 0)
        Report.append(verdict, of: large, to: &text)
        let late = Self.row(1, 5_00, at: 0, id: 10)
        Report.append(detector.observe(late, partition: 0), of: late, to: &text)
        let alert = try #require(Alert(verdict, of: large, at: RecordPlace(partition: 3, offset: 12)))
        Report.append(alert, to: &text)
        alert.appendJSON(to: &text)
        #expect(
            String(decoding: text, as: UTF8.self) == """
                Transaction OK: 1 (Merchants: 0, Amt: $9.99)
                Transaction OK: 2 (Merchants: 0, Amt: $9.99)
                Transaction OK: 3 (Merchants: 0, Amt: $9.99)
                CARD TESTED: User 2354 | Merchants: 3 | Amt: $4488.34
                Transaction late, not judged: 10
                CARD TESTED: User 2354 | Merchants: 3 | Amt: $4488.34
                {"agent":"probe","user_id":2354,"transaction_id":9,"amount":"4488.34","merchants":3,\
                "event_time":"1970-01-01T00:01:11.000000Z","partition":3,"offset":12}
                """)
    }
}
