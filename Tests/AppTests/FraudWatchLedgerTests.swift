import ChangeEvents
import ClusterView
import Detectors
import KafkaWire
import TestSupport
import Testing

@testable import FraudView

/// What the view keeps of alerts and events, whoever wrote them.
@Suite(.turn) struct FraudWatchLedgerTests {
    private static let now = WatchSamples.start + 60_000

    // MARK: - Alerts as they are written

    @Test(arguments: [
        (Alert.Finding.anomaly(mean: Amount(cents: 4250)), "anomaly", "mean 42.50"),
        (.velocity(score: 90), "velocity", "score 90"), (.probe(merchants: 3), "probe", "merchants 3"),
    ]) func anAgentsAlertIsRead(finding: Alert.Finding, rule: String, words: String) throws {
        let payment = WatchSamples.payment(41, user: 7, partition: 3, cents: 123_456)
        let alert = try SeenAlert(WatchSamples.alert(5, of: payment, finding))
        #expect(alert.rule == rule && alert.finding == words && alert.user == 7 && alert.amount == "1234.56")
        #expect(alert.value == 1234.56 && alert.transaction == 141 && alert.place == payment.place)
        // The event's own time is 50 ms in front of its record, the alert 20 ms behind it.
        #expect(alert.sinceEvent == 70 && alert.sinceRecord == nil && alert.merchant == nil)
        #expect(alert.id == SeenAlert.ID(partition: 0, offset: 5))
    }

    @Test(
        arguments: [
            ("", .notJSON), ("x", .notJSON), ("[]", .notJSON), ("null", .notJSON), ("{\"agent\":", .notJSON),
            (#"{"agent":"a","user_id":1,"amount":"1"}}"#, .notJSON), ("{}", .rule), (#"{"agent":1}"#, .rule),
            (#"{"agent":""}"#, .rule), (#"{"agent":null,"user_id":1,"amount":"1"}"#, .rule),
            (#"{"agent":"\#(String(repeating: "a", count: 41))"}"#, .rule), (#"{"agent":"a"}"#, .user),
            (#"{"agent":"a","user_id":"1"}"#, .user), (#"{"agent":"a","user_id":1.5}"#, .user),
            (#"{"agent":"a","user_id":92233720368547758070}"#, .user), (#"{"agent":"a","user_id":1e99}"#, .user),
            (#"{"agent":"a","user_id":1}"#, .amount), (#"{"agent":"a","user_id":1,"amount":""}"#, .amount),
            (#"{"agent":"a","user_id":1,"amount":"NaN"}"#, .amount),
            (#"{"agent":"a","user_id":1,"amount":"inf"}"#, .amount),
            (#"{"agent":"a","user_id":1,"amount":"0x10"}"#, .amount),
            (#"{"agent":"a","user_id":1,"amount":1e400}"#, .amount),
            (#"{"agent":"a","user_id":1,"amount":1e15}"#, .amount),
            (#"{"agent":"a","user_id":1,"amount":[1]}"#, .amount),
            (#"{"agent":"a","user_id":1,"amount":true}"#, .amount),
            (#"{"agent":"a","user_id":1,"amount":"\#(String(repeating: "1", count: 41))"}"#, .amount),
            (String(repeating: #"{"a":"#, count: 500), .notJSON),
            (#"{"a":\#(String(repeating: "[", count: 500))\#(String(repeating: "]", count: 500))}"#, .notJSON),
            (String(repeating: " ", count: SeenAlert.longest + 1), .tooLong),
        ] as [(String, AlertFlaw)]) func whatIsNoAlertIsSaid(json: String, flaw: AlertFlaw)
    {
        #expect(throws: flaw) { try SeenAlert(WatchSamples.message(0, json)) }
        var ledger = FraudLedger()
        ledger.take(WatchSamples.delivery([WatchSamples.message(12, json)]), now: Self.now)
        #expect(ledger.malformed == 1 && ledger.total == 0 && ledger.flaws == [flaw: 1])
        #expect(ledger.lastFlaw?.place == "0@12" && ledger.lastFlaw?.flaw == flaw)
    }

    @Test func anAlertWithoutAValueIsNone() {
        #expect(throws: AlertFlaw.null) { try SeenAlert(WatchSamples.message(0, nil)) }
    }

    /// What is odd beside what is needed is left out, and steers nothing.
    @Test(arguments: [
        #""partition":-1,"offset":5"#, #""partition":2147483648,"offset":5"#, #""partition":0,"offset":-1"#,
        #""partition":0"#, #""partition":"0","offset":"1""#, #""partition":0.5,"offset":1e99"#,
        #""event_time":"@5""#, #""event_time":"15m""#, #""event_time":99"#,
        #""event_time":"2026-13-41T99:00:00.000000Z""#,
        #""event_time":"\#(String(repeating: "9", count: 60))""#, #""processed_at_us":"x""#, #""processed_at_us":1e9"#,
        #""merchant_id":null"#, #""transaction_id":[1]"#,
    ]) func whatIsOddIsLeftOut(fields: String) throws {
        let json = #"{"agent":"a","user_id":1,"amount":5,"reason":"a\u001b[2Jb",\#(fields)}"#
        let alert = try SeenAlert(WatchSamples.message(0, json))
        #expect(alert.place == nil && alert.eventTime == nil && alert.processedAt == nil)
        #expect(alert.merchant == nil && alert.transaction == nil && alert.amount == "5")
        #expect(alert.finding == #"reason a\x1b[2Jb"#)
    }

    /// Numbers at the ends of what they can be.
    @Test func timesAtTheEndsTrapNothing() {
        var ledger = FraudLedger()
        var offset: Int64 = 0
        for time in [Int64.min, -1, 0, .max] {
            for processed in [Int64.min, 0, .max] {
                let json =
                    #"{"agent":"a","user_id":1,"amount":-1e14,"event_time":"9999-12-31T23:59:59.000000Z","#
                    + #""processed_at_us":\#(processed),"partition":2147483647,"offset":9223372036854775807}"#
                ledger.take(WatchSamples.delivery([WatchSamples.message(offset, json, at: time)]), now: Self.now)
                offset += 1
            }
        }
        ledger.take(lookedUp: [WatchSamples.payment(0, user: 1)], now: .max)
        #expect(ledger.total == 12 && ledger.malformed == 0)
        #expect(ledger.sinceEvent.summary(at: .max) == nil && ledger.sinceEvent.summary(at: .min) == nil)
        let places = ledger.nextLookUp()
        #expect(places.isEmpty)
    }

    // MARK: - Bounds

    @Test func theNewestAlertsAreKept() {
        var ledger = FraudLedger()
        for start in stride(from: 0 as Int64, to: 6000, by: 500) {
            let messages = (start..<start + 500).map { number in
                WatchSamples.alert(number, of: WatchSamples.payment(number, user: number, merchant: nil))
            }
            ledger.take(WatchSamples.delivery(messages), now: Self.now)
        }
        #expect(ledger.total == 6000 && ledger.alerts.count == FraudLedger.keptAlerts)
        #expect(ledger.alerts.first?.id.offset == 5000 && ledger.alerts.last?.id.offset == 5999)
        // A quarter of the users makes room at once.
        #expect(ledger.users.count <= 5000 && ledger.users.evicted == 1250 && ledger.users[5999]?.count == 1)
        #expect(ledger.users[0] == nil && ledger.rules["velocity"]?.count == 6000)
    }

    @Test func theUsersSeenLastAreRemembered() {
        var memory = PaymentMemory(users: 10, each: 3)
        for number in 0..<100 as Range<Int64> {
            memory.add(WatchSamples.payment(number, user: 100 + number, partition: 1))
        }
        #expect(memory.count == 10 && memory.evicted == 90)
        #expect(memory.payments(of: 100).isEmpty && memory.payments(of: 199).count == 1)
        for number in 0..<100 as Range<Int64> { memory.add(WatchSamples.payment(number, user: 1)) }
        #expect(memory.count == 10 && memory.evicted == 91)
        #expect(memory.payments(of: 1).map(\.place.offset) == [97, 98, 99])
        #expect(memory.payment(of: 1, at: RecordPlace(partition: 0, offset: 98)) != nil)
        #expect(memory.payment(of: 1, at: RecordPlace(partition: 0, offset: 3)) == nil)
    }

    // MARK: - An alert and its event

    @Test(arguments: [true, false]) func anAlertFindsItsEvent(isEventFirst: Bool) {
        let payment = WatchSamples.payment(5, user: 7, merchant: 33)
        let alerts = WatchSamples.delivery([
            WatchSamples.alert(0, of: payment), WatchSamples.alert(1, of: payment, .probe(merchants: 3), latency: 40),
        ])
        let events = WatchSamples.delivery([payment, WatchSamples.payment(6, user: 8)])
        var ledger = FraudLedger()
        if isEventFirst {
            ledger.take(events, now: Self.now)
            ledger.take(alerts, now: Self.now)
        } else {
            ledger.take(alerts, now: Self.now)
            #expect(ledger.alerts.allSatisfy { $0.merchant == nil } && ledger.merchants.count == 0)
            ledger.take(events, now: Self.now)
        }
        #expect(ledger.alerts.map(\.merchant) == [33, 33] && ledger.alerts.map(\.sinceRecord) == [20, 40])
        #expect(ledger.merchants[33]?.count == 2 && ledger.users[7]?.count == 2)
        #expect(ledger.sinceRecord.summary(at: Self.now)?.count == 2)
        let places = ledger.nextLookUp()
        #expect(places.isEmpty)
    }

    /// An alert that names another user's event is not told that user's merchant.
    @Test func anEventOfAnotherUserIsNotItsOwn() {
        var ledger = FraudLedger()
        ledger.take(
            WatchSamples.delivery([
                WatchSamples.message(0, #"{"agent":"a","user_id":1,"amount":5,"partition":0,"offset":5}"#)
            ]), now: Self.now)
        ledger.take(WatchSamples.delivery([WatchSamples.payment(5, user: 2)]), now: Self.now)
        #expect(ledger.alerts[0].payment == nil && ledger.alerts[0].merchant == nil)
    }

    @Test func whatTheTailHasPassedIsLookedUpOnce() {
        var ledger = FraudLedger()
        ledger.beginEvents([0: 100, 1: 100])
        let payments = [
            WatchSamples.payment(5, user: 1), WatchSamples.payment(6, user: 2),
            WatchSamples.payment(7, user: 3, partition: 1), WatchSamples.payment(100, user: 4),
        ]
        ledger.take(
            WatchSamples.delivery(payments.enumerated().map { WatchSamples.alert(Int64($0.offset), of: $0.element) }),
            now: Self.now)
        // Of one partition at a time, the newest alert's first; what is still to come is waited for.
        let first = ledger.nextLookUp()
        let second = ledger.nextLookUp()
        let third = ledger.nextLookUp()
        #expect(first == [payments[2].place])
        #expect(second == [payments[1].place, payments[0].place])
        #expect(third.isEmpty)
        ledger.take(lookedUp: [payments[0], payments[2]], now: Self.now)
        #expect(ledger.alerts.map { $0.payment != nil } == [true, false, true, false])
        ledger.take(WatchSamples.delivery([payments[3]]), now: Self.now)
        #expect(ledger.alerts[3].payment == payments[3])
    }

    @Test func whatIsToldAgainIsPassedOver() {
        var ledger = FraudLedger()
        let alerts = WatchSamples.delivery(
            (0..<3).map { WatchSamples.alert($0, of: WatchSamples.payment($0, user: 1)) })
        ledger.take(alerts, now: Self.now)
        ledger.take(alerts, now: Self.now)
        #expect(ledger.total == 3)
        ledger.beginAlerts()
        ledger.take(alerts, now: Self.now)
        #expect(ledger.total == 6)
    }

    // MARK: - Figures

    @Test(
        arguments: [
            (1, 1.0, 1.0, 1.0), (2, 1, 2, 2), (10, 5, 9, 10), (100, 50, 90, 99), (1000, 500, 900, 990),
            (6000, 3500, 5500, 5950),
        ] as [(Int64, Double, Double, Double)])
    func latenciesAreRanked(count: Int64, median: Double, p90: Double, p99: Double) {
        var window = LatencyWindow()
        for latency in 1...count { window.add(latency, at: Self.now - 1000) }
        let summary = window.summary(at: Self.now)
        // Of more than 5000 the newest count.
        #expect(summary?.count == Int(min(count, 5000)) && summary?.largest == Double(count))
        #expect(summary?.median == median && summary?.p90 == p90 && summary?.p99 == p99)
        #expect(window.summary(at: Self.now + 60_000) == nil)
    }

    @Test func aMinuteIsAMinute() {
        var count = RecentCount()
        for second in 0..<300 as Range<Int64> { count.add(at: WatchSamples.start + second * 1000) }
        // In whole steps of ten seconds: the last one has just begun.
        #expect(count.count(at: WatchSamples.start + 299_999) == 60)
        #expect(count.count(at: WatchSamples.start + 310_000) == 40)
        #expect(count.count(at: WatchSamples.start + 400_000) == 0)
    }
}
