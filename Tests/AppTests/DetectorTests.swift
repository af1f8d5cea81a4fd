import ChangeEvents
import Detectors
import Foundation
import JSONLines
import TestSupport
import Testing

/// The rules, against a plain statement of them over whole histories.
@Suite(.turn) struct DetectorTests {
    private static func row(_ user: Int64, _ cents: Int64, at microseconds: Int64, id: Int64 = 1) -> Transaction {
        Transaction(
            id: id, userID: user, amount: Amount(cents: cents), createdAt: EventTime(microseconds: microseconds))
    }

    @Test(arguments: [1, 2, 3])
    func anomaliesAgreeWithTheReference(_ seed: UInt64) {
        var random = SeededNumbers(state: seed)
        var detector = AnomalyDetector()
        var histories: [Int64: [Int64]] = [:]
        var anomalies = 0
        for _ in 0..<30_000 {
            let user = Int64.random(in: 1000..<1060, using: &random)
            let cents =
                Int64.random(in: 0..<10, using: &random) == 0
                ? Int64.random(in: -100_00..<5000_00, using: &random) : Int64.random(in: 0..<400_00, using: &random)
            let history = histories[user, default: []].suffix(50)
            let expected =
                history.count >= 3 && cents > 500_00 && cents * Int64(history.count) > 3 * history.reduce(0, +)
            let verdict = detector.observe(Self.row(user, cents, at: 0), partition: 0)
            #expect(verdict.isAnomaly == expected)
            #expect(verdict.history == history.count)
            anomalies += expected ? 1 : 0
            histories[user, default: []].append(cents)
        }
        #expect(anomalies > 100)
    }

    @Test func anomalyEdges() {
        var detector = AnomalyDetector()
        func observe(_ cents: Int64) -> Bool { detector.observe(Self.row(1, cents, at: 0), partition: 0).isAnomaly }
        #expect([200_00, 200_00, 200_00].map(observe) == [false, false, false])
        #expect(!observe(600_00))  // three times the mean is not over it
        #expect(observe(900_01))  // the mean is 300.00
        var poor = AnomalyDetector()
        let amounts: [Int64] = [1_00, 1_00, 1_00, 500_00, 500_01]
        let found = amounts.map { poor.observe(Self.row(1, $0, at: 0), partition: 0).isAnomaly }
        #expect(found == [false, false, false, false, true])  // 500.00 is not over 500; the mean is then 125.75
    }

    @Test func extremeAmountsDoNotTrap() {
        var anomaly = AnomalyDetector()
        var velocity = VelocityDetector()
        for index in 0..<200 {
            let cents = index % 3 == 0 ? Int64.min : Int64.max
            let row = Self.row(1, cents, at: index % 2 == 0 ? Int64.min : Int64.max)
            let verdict = anomaly.observe(row, partition: 0)
            var line: [UInt8] = []
            Report.append(verdict, of: row, to: &line)
            row.createdAt.appendISO8601(to: &line)
            #expect(velocity.observe(row, partition: 0).count >= 1)
        }
    }

    @Test(arguments: [4, 5, 6])
    func velocityAgreesWithTheReference(_ seed: UInt64) {
        var random = SeededNumbers(state: seed)
        var detector = VelocityDetector()
        var histories: [Int64: [Int64]] = [:]
        var alerts = 0
        var clock: Int64 = 1_795_000_000_000_000
        for _ in 0..<30_000 {
            clock += Int64.random(in: 0..<400_000, using: &random)
            let user = Int64.random(in: 1000..<1040, using: &random)
            let late = Int64.random(in: 0..<8, using: &random) == 0 ? Int64.random(in: 0..<90, using: &random) : 0
            let time = clock - late * 1_000_000
            let cents = Int64.random(in: 5_00...5000_00, using: &random)
            // The newest 24 times are known; of those, the ones in (t − 60 s, t], and the present one.
            let known = histories[user, default: []].sorted().suffix(24)
            let count = known.count { $0 <= time && $0 > time - 60_000_000 } + 1
            let score = (count > 5 ? 40 : 0) + (cents > 4000_00 ? 50 : 0)
            let verdict = detector.observe(Self.row(user, cents, at: time), partition: 0)
            #expect(verdict.count == count)
            #expect(verdict.score == score)
            #expect(verdict.isAlert == (score > 70))
            alerts += score > 70 ? 1 : 0
            histories[user, default: []].append(time)
        }
        #expect(alerts > 100)
    }

    @Test func theWindowsEdge() {
        for (last, expected) in [(59_999_999, 40), (60_000_000, 0)] as [(Int64, Int)] {
            var detector = VelocityDetector()
            for time: Int64 in [0, 1, 2, 3, 4] { _ = detector.observe(Self.row(1, 1_00, at: time), partition: 0) }
            #expect(detector.observe(Self.row(1, 1_00, at: last), partition: 0).score == expected)
        }
        var high = VelocityDetector()
        #expect(high.observe(Self.row(2, 4000_00, at: 0), partition: 0).score == 0)
        #expect(high.observe(Self.row(2, 4000_01, at: 0), partition: 0).score == 50)
    }

    @Test func arrivalTimeIsAnOption() {
        var rule = VelocityDetector.Rule()
        rule.clock = .arrival
        var detector = VelocityDetector(rule)
        let scores = (0..<6).map { index in
            detector.observe(
                Self.row(1, 1_00, at: index * 3_600_000_000), partition: 0, arrival: EventTime(microseconds: index)
            ).score
        }
        #expect(scores == [0, 0, 0, 0, 0, 40])
    }

    @Test func aRevokedPartitionsUsersAreForgotten() {
        var anomaly = AnomalyDetector()
        var velocity = VelocityDetector()
        for user: Int64 in 0..<100 {
            for _ in 0..<3 {
                _ = anomaly.observe(Self.row(user, 10_00, at: 0), partition: Int32(user % 4))
                _ = velocity.observe(Self.row(user, 10_00, at: 0), partition: Int32(user % 4))
            }
        }
        _ = anomaly.observe(Self.row(3, 10_00, at: 0), partition: 0)  // user 3 moved from partition 3 to 0
        #expect(anomaly.forget(partition: 3) == 24)
        #expect(velocity.forget(partition: 3) == 25)
        #expect(anomaly.userCount == 76)
        #expect(velocity.userCount == 75)
        #expect(anomaly.observe(Self.row(7, 10_00, at: 0), partition: 3).history == 0)
        #expect(anomaly.observe(Self.row(3, 10_00, at: 0), partition: 0).history == 4)
        #expect(velocity.observe(Self.row(7, 10_00, at: 0), partition: 3).count == 1)
    }

    @Test func usersAreBounded() {
        var rule = AnomalyDetector.Rule()
        rule.maximumUsers = 10
        var detector = AnomalyDetector(rule)
        for user: Int64 in 0..<1000 {
            _ = detector.observe(Self.row(-1, 10_00, at: 0), partition: 0)  // seen all the time: stays
            #expect(detector.observe(Self.row(user, 10_00, at: 0), partition: 0).history == 0)
        }
        #expect(detector.userCount == 10)
        #expect(detector.observe(Self.row(-1, 10_00, at: 0), partition: 0).history == 50)
        // More at once; fewer as others come: nobody is dropped for it.
        rule.maximumUsers = 12
        detector.change(to: rule)
        for user: Int64 in 0..<5 { _ = detector.observe(Self.row(user, 10_00, at: 0), partition: 0) }
        #expect(detector.userCount == 12)
        rule.maximumUsers = 3
        detector.change(to: rule)
        _ = detector.observe(Self.row(77, 10_00, at: 0), partition: 0)
        #expect(detector.userCount == 12 && detector.rule.maximumUsers == 3)
    }

    @Test func linesAreThoseOfTheExercise() throws {
        var anomaly = AnomalyDetector()
        var velocity = VelocityDetector()
        var text: [UInt8] = []
        let first = Self.row(2284, 4093_71, at: 0)
        Report.append(anomaly.observe(first, partition: 0), of: first, to: &text)
        for _ in 0..<3 { _ = anomaly.observe(Self.row(4010, 100_05, at: 0), partition: 0) }
        let spike = Self.row(4010, 3684_14, at: 1_795_242_360_500_000, id: 77)
        let verdict = anomaly.observe(spike, partition: 0)
        Report.append(verdict, of: spike, to: &text)
        let fine = Self.row(7, 1331_43, at: 0, id: 39304)
        for _ in 0..<5 { _ = velocity.observe(fine, partition: 0) }
        Report.append(velocity.observe(fine, partition: 0), of: fine, to: &text)
        let fast = Self.row(2354, 4488_34, at: 0)
        for _ in 0..<5 { _ = velocity.observe(fast, partition: 0) }
        let score = velocity.observe(fast, partition: 0)
        Report.append(score, of: fast, to: &text)
        #expect(
            String(decoding: text, as: UTF8.self) == """
                Profile updated for User 2284 - Amount: $4093.71
                ANOMALY DETECTED: User 4010 spent $3684.14 (Significantly higher than average)
                Transaction OK: 39304 (Score: 40, Amt: $1331.43)
                HIGH FRAUD ALERT: User 2354 | Score: 90 | Amt: $4488.34

                """)
        var json: [UInt8] = []
        let place = RecordPlace(partition: 3, offset: 12)
        try #require(Alert(verdict, of: spike, at: place)).appendJSON(to: &json)
        json.append(10)
        try #require(Alert(score, of: fast, at: place)).appendJSON(to: &json)
        let expected = [
            #"{"agent":"anomaly","user_id":4010,"transaction_id":77,"amount":"3684.14","mean":"100.05","#
                + #""event_time":"2026-11-21T06:26:00.500000Z","partition":3,"offset":12}"#,
            #"{"agent":"velocity","user_id":2354,"transaction_id":1,"amount":"4488.34","score":90,"#
                + #""event_time":"1970-01-01T00:00:00.000000Z","partition":3,"offset":12}"#,
        ]
        #expect(String(decoding: json, as: UTF8.self) == expected.joined(separator: "\n"))
    }
}

/// The same numbers on every run.
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state ^ (state >> 29)) &* 0x9E37_79B9_7F4A_7C15
    }
}
